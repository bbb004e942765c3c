"""The templates, transformed by SAM's own translator, deployed to a second emulator: moto's CloudFormation.

moto lacks some resource types. They are left out, and references to them become plain names.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import Any

import pytest

from pipeline import aws
from tests.integration.moto_lake import REGION
from tests.templates import IMAGE, MAIN, REPORTS, TEMPLATES

CODE = "s3://artifacts/code.zip"
# What moto's CloudFormation cannot create, and is therefore proven by the first emulator or by documents only.
LACKING = {
    "AWS::Athena::WorkGroup", "AWS::CloudWatch::Alarm", "AWS::CodeBuild::Project", "AWS::Glue::Database",
    "AWS::Lambda::EventInvokeConfig", "AWS::Lambda::Url", "AWS::S3::BucketPolicy", "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy", "AWS::Scheduler::Schedule", "AWS::SecretsManager::Secret",
}  # fmt: skip
PRINCIPAL = "arn:aws:quicksight:eu-central-1:123456789012:group/default/films"
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
PARAMETERS = {
    MAIN: {"OmdbApiKey": "k", "GoldEngine": "athena", "QuickSightPrincipalArn": PRINCIPAL, "AlarmEmail": "a@b.example"},
    REPORTS: {
        "NamePrefix": "films", "ReportsImageUri": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/reports:1",
        "GoldBucketName": "gold", "GoldDatabaseName": "films_gold", "LogRetentionDays": "30", "LogLevel": "INFO",
        "AlarmsTopicArn": "arn:aws:sns:eu-central-1:123456789012:alarms", "ScheduleState": "ENABLED",
        "ScheduleDeadLettersArn": "arn:aws:sqs:eu-central-1:123456789012:parked",
        "LanguageModelSecretName": "films-language-model-key",
    },
    IMAGE: {"NamePrefix": "films", "LogRetentionDays": "30"},
}  # fmt: skip


def transformed(name: str) -> dict[str, Any]:
    """Return a template as `sam deploy` and SAM's transform make it, with all code in one package."""
    template: dict[str, Any] = json.loads(json.dumps(TEMPLATES[name], default=str))
    template.get("Globals", {}).get("Function", {}).pop("CodeUri", None)
    for resource in template["Resources"].values():
        package = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}
        if resource["Type"] in package:
            resource["Properties"][package[resource["Type"]]] = CODE
    # Slow to import, and every test process imports this file.
    from samtranslator.parser.parser import Parser  # type: ignore[import-untyped]  # noqa: PLC0415
    from samtranslator.translator.translator import Translator  # type: ignore[import-untyped]  # noqa: PLC0415

    result: dict[str, Any] = Translator({}, Parser()).translate(template, {}) if name == MAIN else template
    return result


def without(value: Any, gone: set[str]) -> Any:
    """Return a part of a template in which references to absent resources are plain names."""
    if isinstance(value, list):
        return [without(one, gone) for one in value]
    if not isinstance(value, dict):
        return value
    attribute = value.get("Fn::GetAtt", [""])
    if value.get("Ref") in gone or (attribute if isinstance(attribute, list) else attribute.split("."))[0] in gone:
        return "absent"
    if isinstance(text := value.get("Fn::Sub"), str):
        return {"Fn::Sub": re.sub(rf"\$\{{({'|'.join(gone)})(\.\w+)?\}}", "absent", text)}
    return {name: without(one, gone) for name, one in value.items()}


@pytest.mark.parametrize("name", [MAIN, REPORTS, IMAGE])
def test_the_second_emulator_creates_every_resource_that_it_knows(cloud: None, name: str) -> None:
    template = transformed(name)
    # Nested stacks are deployed by themselves: they name databases, which moto lacks.
    kinds = {logical: body["Type"] for logical, body in template["Resources"].items()}
    from moto.cloudformation.parsing import resource_class_from_type  # noqa: PLC0415

    lacking = {kind for kind in kinds.values() if resource_class_from_type(kind) is None}
    gone = {logical for logical, kind in kinds.items() if kind in lacking or kind == "AWS::CloudFormation::Stack"}
    template["Resources"] = without({n: b for n, b in template["Resources"].items() if n not in gone}, gone)
    template.pop("Outputs")
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("index.py", "")
    aws.ensure_bucket(aws.client("s3"), "artifacts", REGION)
    aws.client("s3").put_object(Bucket="artifacts", Key="code.zip", Body=package.getvalue())

    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(
        StackName="films",
        TemplateBody=json.dumps(template),
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in (PARAMETERS[name] | {"PermissionsBoundary": BOUNDARY}).items()
        ],
        Capabilities=["CAPABILITY_IAM"],
    )

    assert cloudformation.describe_stacks(StackName="films")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName="films")
    created = {one["LogicalResourceId"] for page in pages for one in page["StackResourceSummaries"]}
    assert created == set(template["Resources"])
    assert lacking <= LACKING
    roles = aws.client("iam").list_roles()["Roles"]
    bounded = [aws.client("iam").get_role(RoleName=role["RoleName"])["Role"] for role in roles]
    assert {role["PermissionsBoundary"]["PermissionsBoundaryArn"] for role in bounded} == {BOUNDARY}
