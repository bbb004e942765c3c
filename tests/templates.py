"""The templates as data: resources by type, and the statements of every role."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.cloudformation import read_template

ROOT = Path(__file__).parents[1]
MAIN, REPORTS, IMAGE = "template.yaml", "lambdas/run_reports.template.yaml", "lambdas/run_reports_image.template.yaml"
# The other nested templates (QuickSight, Glue tables) grant no access; a test asserts it.
TEMPLATES: dict[str, Any] = {name: read_template(ROOT / name) for name in (MAIN, REPORTS, IMAGE)}


def resources(kind: str) -> dict[str, tuple[str, Any]]:
    """Return all resources of a type: template and properties by ``template: logical id``."""
    return {
        f"{template}: {name}": (template, body.get("Properties", {}))
        for template, document in TEMPLATES.items()
        for name, body in document["Resources"].items()
        if body["Type"] == kind
    }


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def target(value: Any) -> str:
    """Return the logical id in ``!Ref X`` or ``!GetAtt X.Arn``."""
    return str(value["Ref"]) if "Ref" in value else str(value["Fn::GetAtt"][0])


ROLES, BUCKETS, QUEUES = resources("AWS::IAM::Role"), resources("AWS::S3::Bucket"), resources("AWS::SQS::Queue")
BUCKET_POLICIES, TOPICS = resources("AWS::S3::BucketPolicy"), resources("AWS::SNS::Topic")
GRANTS = [
    (name, statement)
    for name, (_, body) in (ROLES | resources("AWS::IAM::Policy")).items()
    for policy in body.get("Policies", [body])
    for statement in policy["PolicyDocument"]["Statement"]
]
RESOURCE_POLICIES = [
    (name, statement)
    for kind in ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")
    for name, (_, body) in resources(kind).items()
    for statement in body["PolicyDocument"]["Statement"]
]
# What a reference to a resource or parameter becomes in the resource of an IAM statement.
_ARNS = {
    "AWS::S3::Bucket": "arn:aws:s3:::name",
    "AWS::SQS::Queue": "arn:aws:sqs:eu-central-1:123456789012:name",
    "AWS::SNS::Topic": "arn:aws:sns:eu-central-1:123456789012:name",
    "AWS::Logs::LogGroup": "arn:aws:logs:eu-central-1:123456789012:log-group:name:*",
    "AWS::StepFunctions::StateMachine": "arn:aws:states:eu-central-1:123456789012:stateMachine:name",
    "AWS::ECR::Repository": "arn:aws:ecr:eu-central-1:123456789012:repository/name",
    "AWS::Lambda::Function": "arn:aws:lambda:eu-central-1:123456789012:function:name",
}
_PARAMETERS = {"AlarmsTopicArn": _ARNS["AWS::SNS::Topic"], "ScheduleDeadLettersArn": _ARNS["AWS::SQS::Queue"]}
_PSEUDO = {"AWS::Partition": "aws", "AWS::Region": "eu-central-1", "AWS::AccountId": "123456789012"}


def resolved(where: str, statement: dict[str, Any]) -> dict[str, Any]:
    """Return a statement with an ARN of the right form for each reference, as CloudFormation would make it."""
    declared = TEMPLATES[where.partition(": ")[0]]["Resources"]

    def name(reference: str) -> str:
        logical, _, attribute = reference.partition(".")
        if attribute == "Arn":
            return _ARNS[declared[logical]["Type"]]
        return _PARAMETERS.get(reference) or _PSEUDO.get(reference, "name")

    def arn(value: Any) -> str:
        if isinstance(value, str):
            return value
        if "Ref" in value:
            logical = value["Ref"]
            return _ARNS[declared[logical]["Type"]] if logical in declared else name(logical)
        if "Fn::GetAtt" in value:
            return name(".".join(value["Fn::GetAtt"]))
        pattern = value["Fn::Sub"] if isinstance(value["Fn::Sub"], str) else value["Fn::Sub"][0]
        return re.sub(r"\$\{([\w.:]+)\}", lambda match: name(match[1]), pattern)

    conditions = {
        operator: {key: value if isinstance(value, str) else name(value["Ref"]) for key, value in keys.items()}
        for operator, keys in statement.get("Condition", {}).items()
    }
    body = {**statement, "Resource": [arn(one) for one in listed(statement["Resource"])]}
    return body | ({"Condition": conditions} if conditions else {})
