"""The shared S3 operations: objects are written once, and failures of AWS become our errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, cast

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, EndpointConnectionError, UnauthorizedSSOTokenError

from pipeline import aws
from pipeline.errors import StorageFailed
from tests.integration.moto_lake import Lake


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "with s3cr3t-key in it"}}, "PutObject")


class FakeS3:
    """An S3 whose puts meet these faults, one after the other."""

    def __init__(self, *faults: str) -> None:
        self.faults, self.puts = list(faults), 0

    def put_object(self, **_: Any) -> dict[str, str]:
        self.puts += 1
        if self.faults:
            raise client_error(self.faults.pop(0))
        return {"ETag": '"1"'}


@pytest.mark.parametrize(
    ("variables", "region"),
    [
        ({"AWS_REGION": "eu-west-1"}, "eu-west-1"),
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-1"}, "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "us-east-1"}, "us-east-1"),
    ],
)
def test_the_region_is_that_of_either_variable(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], region: str
) -> None:
    """The AWS CLI prefers AWS_REGION, which boto3 does not read."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    aws.session.cache_clear()
    try:
        assert aws.session().region_name == region
    finally:
        aws.session.cache_clear()


def test_an_object_is_written_once(lake: Lake) -> None:
    assert aws.put_once(lake.s3, "bronze", "a", b"first")
    assert not aws.put_once(lake.s3, "bronze", "a", b"second")
    assert lake.get("bronze", "a") == b"first"


@pytest.mark.parametrize(
    ("faults", "expected", "puts"),
    [
        ((), True, 1),
        (("PreconditionFailed",), False, 1),
        (("ConditionalRequestConflict",), True, 2),
        (("ConditionalRequestConflict", "PreconditionFailed"), False, 2),
        (("ConditionalRequestConflict",) * 3, client_error("ConditionalRequestConflict"), 3),
        (("AccessDenied",), client_error("AccessDenied"), 1),
    ],
)
def test_concurrent_writers_of_one_object(faults: tuple[str, ...], expected: Any, puts: int) -> None:
    s3 = FakeS3(*faults)
    write: Callable[[], bool] = lambda: aws.put_once(cast("Any", s3), "bronze", "a", b"")  # noqa: E731

    if isinstance(expected, ClientError):
        with pytest.raises(ClientError, match=aws.error_code(expected)):
            write()
    else:
        assert write() is expected
    assert s3.puts == puts


def test_an_object_that_is_gone_counts_as_replaced_and_a_missing_bucket_does_not() -> None:
    def write(etag: str | None) -> str | None:
        return aws.put_if_unchanged(cast("Any", FakeS3("NoSuchKey")), "gold", "a", b"", etag)

    assert write('"1"') is None
    with pytest.raises(ClientError):
        write(None)


def test_whether_an_object_exists(lake: Lake) -> None:
    lake.put("bronze", "a", b"")

    assert (aws.exists(lake.s3, "bronze", "a"), aws.exists(lake.s3, "bronze", "b")) == (True, False)
    assert aws.get_json(lake.s3, "bronze", "b") is None


class PagedS3:
    """An S3 that lists two objects on a page, and none on the last."""

    def get_paginator(self, operation: str) -> PagedS3:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, Bucket: str, Prefix: str) -> list[dict[str, Any]]:  # noqa: N803
        assert (Bucket, Prefix) == ("silver", "movies/")
        written = {"LastModified": datetime(2026, 11, 24, tzinfo=UTC)}
        listed = [{"Key": f"movies/{name}", "ETag": f'"{name}"', "Size": 1} | written for name in "abcd"]
        return [{"Contents": listed[:2]}, {"Contents": listed[2:]}, {}]


def test_a_listing_returns_all_pages_in_order() -> None:
    objects = aws.list_objects(cast("Any", PagedS3()), "silver", "movies/")

    assert objects == [aws.StoredObject(f"movies/{name}", f'"{name}"', 1) for name in "abcd"]
    assert {entry.modified for entry in objects} == {datetime(2026, 11, 24, tzinfo=UTC)}


class RefusingS3:
    """An S3 whose deletions end in an error."""

    def __init__(self, code: str) -> None:
        self.code = code

    def delete_object(self, Bucket: str, Key: str, IfMatch: str) -> None:  # noqa: N803
        assert (Bucket, Key, IfMatch) == ("silver", "a", '"1"')
        raise client_error(self.code)


def test_only_an_unchanged_object_is_deleted(lake: Lake) -> None:
    lake.put("silver", "a", b"")
    entry = aws.list_objects(lake.s3, "silver")[0]

    assert aws.delete_unchanged(lake.s3, "silver", entry.key, entry.etag) is True
    assert lake.keys("silver") == []
    for code in ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"):
        assert aws.delete_unchanged(cast("Any", RefusingS3(code)), "silver", "a", '"1"') is False
    with pytest.raises(ClientError):
        aws.delete_unchanged(cast("Any", RefusingS3("AccessDenied")), "silver", "a", '"1"')


def test_objects_are_read_in_order_and_fail_separately(lake: Lake) -> None:
    for name in ("a", "c"):
        lake.put("bronze", name, name.encode())

    first, second, third = aws.get_many(lake.s3, "bronze", ["a", "b", "c"])

    assert isinstance(first, tuple)
    assert isinstance(third, tuple)
    assert (first[0], third[0]) == (b"a", b"c")
    assert isinstance(second, ClientError)


def test_a_missing_object_is_an_error_that_names_it_or_is_left_out(lake: Lake) -> None:
    lake.put("bronze", "a", b"A")

    with pytest.raises(StorageFailed, match=r"verify: b: GetObject answered NoSuchKey"):
        aws.get_all(lake.s3, "bronze", ["a", "b"], "verify")
    assert aws.get_all(lake.s3, "bronze", ["a", "b"], "verify", skip_missing=True) == {"a": b"A"}


@pytest.mark.parametrize("error", [client_error("InternalError"), EndpointConnectionError(endpoint_url="x")])
def test_faults_of_aws_become_ours_without_their_text(error: Exception) -> None:
    with pytest.raises(StorageFailed) as caught, aws.failures_of("Step", "tt0111161", "its message is retried"):
        raise error

    assert str(caught.value).startswith("Step: tt0111161: ")
    assert str(caught.value).endswith("; its message is retried")
    assert "s3cr3t-key" not in str(caught.value)
    assert caught.value.__cause__ is error


def test_an_expired_session_says_how_it_is_renewed() -> None:
    with pytest.raises(StorageFailed, match="aws sso login"), aws.failures_of("Step", "tt0111161"):
        raise UnauthorizedSSOTokenError


def test_denied_access_names_role_action_and_resource() -> None:
    text = (
        "User: arn:aws:sts::1:assumed-role/R/f is not authorized to perform: s3:PutObject on resource: arn:aws:s3:::b/k"
    )

    with pytest.raises(StorageFailed) as caught, aws.failures_of("Step", "tt0111161"):
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": text}}, "PutObject")

    assert caught.value.cause == f"PutObject answered AccessDenied ({text})"


# ── Answers of status 200 that are not AWS's ─────────────────────────────────────────────────────────────────────

Call = Callable[[Any], Any]
CALLS: dict[str, tuple[str, Call]] = {
    "ListObjectsV2": ("s3", lambda s3: aws.list_objects(s3, "bronze")),
    "ListObjectVersions": ("s3", lambda s3: s3.list_object_versions(Bucket="bronze")),
    "PutObject": ("s3", lambda s3: aws.put_once(s3, "bronze", "a", b"x")),
    "GetObject": ("s3", lambda s3: aws.get(s3, "bronze", "a")),
    "HeadObject": ("s3", lambda s3: aws.exists(s3, "bronze", "a")),
    "SendMessage": ("sqs", lambda sqs: sqs.send_message(QueueUrl="https://sqs/1/q", MessageBody="x")),
    "GetQueueAttributes": ("sqs", lambda sqs: sqs.get_queue_attributes(QueueUrl="https://sqs/1/q")),
    "GetSecretValue": ("secretsmanager", lambda secrets: secrets.get_secret_value(SecretId="x")),
}


ODD_BODIES = [b"", b"<html><body>Welcome</body></html>"]


@pytest.mark.parametrize(
    ("operation", "body"),
    [(operation, body) for operation in CALLS for body in ODD_BODIES]
    + [(operation, b"{}") for operation, (service, _) in CALLS.items() if service != "s3"],
)
def test_an_answer_without_its_fields_is_a_failure(lake: Lake, operation: str, body: bytes) -> None:
    service, call = CALLS[operation]
    client = aws.client(service)

    def answer(request: Any, **_: Any) -> AWSResponse:
        return AWSResponse(request.url, 200, {"Content-Type": "text/html"}, RawBody(body))

    client.meta.events.register_first(f"before-send.{service}", answer)
    try:
        with (
            pytest.raises(StorageFailed, match=r"IncompleteAnswer|ResponseParserError|answered 500"),
            aws.failures_of("Step", "x"),
        ):
            call(client)
    finally:
        client.meta.events.unregister(f"before-send.{service}", answer)


def test_a_real_answer_has_every_required_field(lake: Lake) -> None:
    assert aws.put_once(lake.s3, "bronze", "a", b"x")
    assert aws.get(lake.s3, "bronze", "a")[0] == b"x"
    assert aws.exists(lake.s3, "bronze", "a")
    assert aws.list_objects(lake.s3, "gold") == []
    lake.s3.list_object_versions(Bucket="bronze")
    lake.sqs.send_message(QueueUrl=lake.queue_url, MessageBody="x")
    lake.sqs.get_queue_attributes(QueueUrl=lake.queue_url, AttributeNames=["All"])
    aws.client("secretsmanager").get_secret_value(SecretId="omdb-api-key")


class RawBody(BytesIO):
    """A body as urllib3 returns it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        """Return all of it."""
        yield self.read()
