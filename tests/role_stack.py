"""Deploy only the roles of a template to the emulator, with the buckets, queues and log groups they name.

Nothing starts a function there, so probes cannot touch films, messages or tables of the deployed stack. The policies
are the template's own, resolved by CloudFormation. Only the trust policies differ, so that a test may assume the roles.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline import aws
from tests.cloudformation import read_template
from tests.running import wait_until

ROOT = Path(__file__).parents[1]
KEPT = {
    "AWS::IAM::Role", "AWS::IAM::Policy", "AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy", "AWS::Logs::LogGroup", "AWS::SecretsManager::Secret", "AWS::Athena::WorkGroup",
    "AWS::Glue::Database", "AWS::StepFunctions::StateMachine", "AWS::ECR::Repository",
}  # fmt: skip
_ANYBODY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
_FUNCTION = {"Type": "AWS::Lambda::Function", "Properties": {
    "Runtime": "python3.13", "Handler": "index.handler", "Code": {"ZipFile": "def handler(event, context): pass"},
    "FunctionName": {"Fn::Sub": "${NamePrefix}-RunReports"}, "Role": {"Fn::GetAtt": ["RunReportsRole", "Arn"]},
}}  # fmt: skip


def cut(template: str) -> dict[str, Any]:
    """Return a template reduced to its roles and the resources they name."""
    document: Any = read_template(ROOT / template)
    resources: dict[str, Any] = {}
    for name, body in document["Resources"].items():
        if body["Type"] in KEPT:
            kept = {part: value for part, value in body.items() if part in ("Type", "Condition")}
            properties = {k: v for k, v in body.get("Properties", {}).items() if k != "NotificationConfiguration"}
            if body["Type"] == "AWS::IAM::Role":
                properties["AssumeRolePolicyDocument"] = _ANYBODY
            resources[name] = {**kept, "Properties": properties}
    if "RunReports" in document["Resources"]:
        resources["RunReports"] = _FUNCTION
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": document["Parameters"],
        "Conditions": document.get("Conditions", {}),
        "Resources": resources,
    }


@contextmanager
def deployed(name: str, template: str, parameters: dict[str, str]) -> Iterator[dict[str, str]]:
    """Deploy a template's roles inside the block; yield physical ids by logical id."""
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=json.dumps(cut(template)),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    wait_until(lambda: not _status(name).endswith("IN_PROGRESS"))
    assert _status(name) == "CREATE_COMPLETE", cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
    ids = {one["LogicalResourceId"]: one["PhysicalResourceId"] for p in pages for one in p["StackResourceSummaries"]}
    try:
        yield ids
    finally:
        for logical_id, bucket in ids.items():
            if logical_id.endswith("Bucket"):
                _remove(bucket)
        cloudformation.delete_stack(StackName=name)


def credentials(role: str) -> dict[str, str]:
    """Return credentials of a role as keyword arguments of boto3 clients."""
    arn = aws.client("iam").get_role(RoleName=role)["Role"]["Arn"]
    temporary = aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="probe")["Credentials"]
    return {
        "aws_access_key_id": temporary["AccessKeyId"],
        "aws_secret_access_key": temporary["SecretAccessKey"],
        "aws_session_token": temporary["SessionToken"],
    }


def outcome(client: Any, method: str, arguments: dict[str, Any]) -> str:
    """Make a call; return "allowed" or the error code."""
    try:
        getattr(client, method)(**arguments)
    except client.exceptions.ClientError as error:
        return aws.error_code(error)
    return "allowed"


def _status(name: str) -> str:
    return str(aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])


def _remove(bucket: str) -> None:
    s3 = aws.client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for one in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
    s3.delete_bucket(Bucket=bucket)
