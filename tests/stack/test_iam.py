"""Least privilege: a probe with each function's own role makes calls that the function needs, and its neighbours'."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline import aws
from reelhouse.stack import Stack

RUN = "run_id=20261124T000000Z-00000000"
FILM = f"{RUN}/imdb_id=tt0000001.json"
PROBE = """
import boto3, botocore

def handler(event, context):
    try:
        getattr(boto3.client(event["service"]), event["method"])(**event["arguments"])
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    return "allowed"
"""
FUNCTIONS = ("GetMoviesAndSendToQueue", "EnrichAndStoreMovie", "ProcessBronzeToSilver", "AggregateToGold")


def s3(method: str, bucket: str, key: str | None = None, **more: Any) -> tuple[str, str, dict[str, Any]]:
    arguments = {"Bucket": f"{bucket}BucketName", **({"Key": key} if key else {}), **more}
    return "s3", method, arguments


SEND_FILMS = ("sqs", "send_message", {"QueueUrl": "MovieQueueUrl", "MessageBody": "probe"})
# What each role may do; every other role is denied it, but for what both are named as doing.
ALLOWED = {
    "GetMoviesAndSendToQueue": [
        s3("put_object", "Bronze", f"runs/{RUN}/manifest.json"),
        s3("put_object", "Bronze", f"source/{RUN}/list.json"),
        SEND_FILMS,
    ],
    "EnrichAndStoreMovie": [
        s3("put_object", "Bronze", f"movies/{FILM}"),
        s3("put_object", "Bronze", f"rejected/{FILM}"),
        ("secretsmanager", "get_secret_value", {"SecretId": "OmdbSecretName"}),
        # It sends only what it has received: the copy of a message that has waited long for OMDb's quota.
        SEND_FILMS,
    ],
    "ProcessBronzeToSilver": [
        s3("get_object", "Bronze", f"runs/{RUN}/manifest.json"),
        s3("put_object", "Silver", f"quarantine/{FILM}"),
    ],
    "AggregateToGold": [
        s3("list_objects_v2", "Silver"),
        s3("get_object", "Silver", f"quarantine/{FILM}"),
        s3("put_object", "Gold", "probe/probe.parquet"),
        s3("list_objects_v2", "Gold"),
    ],
}
# What nobody may do.
FORBIDDEN = [
    s3("delete_object", "Bronze", f"movies/{FILM}"),
    s3("delete_object", "Silver", f"quarantine/{FILM}"),
    s3("delete_object", "Gold", "probe/probe.parquet"),
    s3("put_bucket_versioning", "Bronze", VersioningConfiguration={"Status": "Suspended"}),
    ("sqs", "purge_queue", {"QueueUrl": "MovieQueueUrl"}),
    ("secretsmanager", "put_secret_value", {"SecretId": "OmdbSecretName", "SecretString": "stolen"}),
    ("lambda", "invoke", {"FunctionName": "GetMoviesAndSendToQueueName"}),
    ("iam", "list_roles", {}),
]


@pytest.fixture(scope="module")
def probes() -> dict[str, str]:
    """Names of the probes made so far, by function; they go with the stack."""
    return {}


@pytest.fixture(autouse=True)
def nothing_left_behind(stack: Stack) -> Iterator[None]:
    """Objects that the probes wrote are no films and no tables: readers of the same stack must not meet them."""
    yield
    s3 = aws.client("s3")
    for bucket in ("Bronze", "Silver", "Gold"):
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=stack[f"{bucket}BucketName"])
        versions = [one for page in pages for kind in ("Versions", "DeleteMarkers") for one in page.get(kind, [])]
        for found in versions:
            if RUN in found["Key"] or found["Key"].startswith("probe/"):
                s3.delete_object(Bucket=stack[f"{bucket}BucketName"], Key=found["Key"], VersionId=found["VersionId"])


@pytest.fixture
def call(stack: Stack, probes: dict[str, str]) -> Any:
    """Make a call with a function's role; says "allowed" or the error's code."""
    client = aws.client("lambda")

    def make(function: str, service: str, method: str, arguments: dict[str, Any]) -> str:
        if function not in probes:
            role = client.get_function_configuration(FunctionName=stack[f"{function}Name"])["Role"]
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w") as archive:
                archive.writestr("probe.py", PROBE)
            probes[function] = client.create_function(
                FunctionName=f"probe-{function}", Runtime="python3.13", Role=role, Handler="probe.handler",
                Code={"ZipFile": packed.getvalue()}, Timeout=60,
            )["FunctionName"]  # fmt: skip
        named = {n: stack.outputs.get(v, v) if isinstance(v, str) else v for n, v in arguments.items()}
        event = {"service": service, "method": method, "arguments": named}
        answer = client.invoke(FunctionName=probes[function], Payload=json.dumps(event).encode())
        return str(json.loads(answer["Payload"].read()))

    return make


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_role_allows_what_its_function_does(call: Any, function: str) -> None:
    for service, method, arguments in ALLOWED[function]:
        assert call(function, service, method, arguments) in {"allowed", "NoSuchKey"}, (service, method, arguments)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_role_denies_what_its_neighbours_do(call: Any, function: str) -> None:
    for neighbour in FUNCTIONS:
        for service, method, arguments in ALLOWED[neighbour] if neighbour != function else FORBIDDEN:
            if (service, method, arguments) in ALLOWED[function]:
                continue
            assert call(function, service, method, arguments) in DENIED, (service, method, arguments)


DENIED = {"AccessDenied", "AccessDeniedException"}
