"""RunReports' image without a container: read-only, without a home folder, and with its role's rights."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from insights.columns import INSIGHTS_TABLES
from insights.reports.store import BucketStore
from pipeline import aws, keys
from reelhouse import stack as deployed_stack
from reelhouse.local.state import State
from reelhouse.stack import Stack
from tests import lambda_image
from tests.cloudformation import read_template

ROOT = lambda_image.ROOT
TEMPLATE: Any = read_template(ROOT / "lambdas" / "run_reports.template.yaml")
VERSION = "image-under-test"
ROLE = "run-reports-of-the-image"

pytestmark = [
    pytest.mark.skipif(lambda_image.emulator() is None, reason="no runtime interface emulator for this machine"),
    pytest.mark.skipif(lambda_image.below_tmp(), reason="this environment lies below /tmp, which the sandbox empties"),
    pytest.mark.skipif(not lambda_image.namespaces(), reason="no namespaces for users on this machine"),
]


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the Dockerfile puts into the image, with a version that no checkout has."""
    folder = tmp_path_factory.mktemp("task")
    lambda_image.unpack(ROOT / "lambdas" / "Dockerfile", folder)
    (folder / "pipeline" / "CODE_VERSION").write_text(VERSION)
    return folder


def resolved(value: Any, stack: Stack) -> Any:
    """A part of the template with this stack's names."""
    names = {
        "AWS::Partition": "aws", "AWS::Region": "*", "AWS::AccountId": "*",
        "GoldBucketName": stack["GoldBucketName"], "GoldDatabaseName": stack["GoldDatabaseName"],
    }  # fmt: skip
    if isinstance(value, list):
        return [resolved(one, stack) for one in value]
    if "Fn::Sub" in value:
        return re.sub(r"\$\{([\w:]+)\}", lambda match: names[match[1]], value["Fn::Sub"])
    return stack["AlarmsTopicArn"] if value.get("Ref") == "AlarmsTopicArn" else "arn:aws:logs:*:*:log-group:none"


@pytest.fixture(scope="module")
def credentials(quiet: None) -> Iterator[dict[str, str]]:
    """Credentials with the rights that the template gives the function, and no others."""
    stack = deployed_stack.find(None)
    (policy,) = TEMPLATE["Resources"]["RunReportsRole"]["Properties"]["Policies"]
    statements = [
        {name: resolved(part, stack) if name == "Resource" else part for name, part in statement.items()}
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    anyone = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    iam = aws.client("iam")
    role = iam.create_role(
        RoleName=ROLE, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [anyone]})
    )["Role"]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName=ROLE, PolicyName="Permissions", PolicyDocument=document)
    temporary = aws.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="image")["Credentials"]
    yield {
        "AWS_ACCESS_KEY_ID": temporary["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": temporary["SecretAccessKey"],
        "AWS_SESSION_TOKEN": temporary["SessionToken"],
    }
    iam.delete_role_policy(RoleName=ROLE, PolicyName="Permissions")
    iam.delete_role(RoleName=ROLE)


@pytest.fixture(scope="module")
def address(
    task: Path, local: State, credentials: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Where the function answers."""
    stack = deployed_stack.find(None)
    environment = local.connection() | credentials | {
        "GOLD_BUCKET": stack["GoldBucketName"],
        "GOLD_DATABASE": stack["GoldDatabaseName"],
        "POWERTOOLS_SERVICE_NAME": "image",
    }  # fmt: skip
    log = tmp_path_factory.mktemp("log") / "function.log"
    with lambda_image.running(task, "lambdas.run_reports.handler", environment, log) as url:
        yield url
    text = log.read_text(encoding="utf-8")
    ours = f'"code_version": "{VERSION}"' in text or f'"{lambda_image.TASK}/insights/run_reports.py"' in text
    assert ours, f"not the image's code has run: {text}"
    assert credentials["AWS_SECRET_ACCESS_KEY"] not in text
    assert "not a writable location" not in text, "Jupyter looks for a home"
    assert text.count('"message": "invocation"') == text.count("END RequestId") > 0


def report(stack: Stack, name: str, stamp: str) -> Any:
    return json.loads(BucketStore(stack["GoldBucketName"]).get(keys.report(name, stamp, "report.json")))


def published(stack: Stack) -> list[str]:
    """Keys of all files of reports."""
    return [entry.key for entry in aws.list_objects(aws.client("s3"), stack["GoldBucketName"], keys.REPORTS)]


def test_each_schedule_s_report_is_published_as_the_command_line_publishes_it(address: str, stack: Stack) -> None:
    schedules = [one["Properties"] for one in TEMPLATE["Resources"].values() if "Schedule" in one["Type"]]
    events = [json.loads(schedule["Target"]["Input"]) for schedule in schedules]
    store = BucketStore(stack["GoldBucketName"])

    answers = [lambda_image.invoke(address, event) for event in events]

    for event, answer in zip(events, answers, strict=True):
        assert "errorMessage" not in answer, answer
        (name,) = event["names"]
        (one,) = answer["reports"]
        latest = report(stack, name, keys.LATEST)
        assert (one["name"], one["status"]) == (name, "succeeded")
        assert latest["parameters"].items() >= event["parameters"].items()
        assert latest["data"]["build_id"] == stack.build().build_id
        dated = [key for key in published(stack) if latest["stamp"] in key]
        assert sorted(Path(key).name for key in dated) == ["notebook.ipynb", "report.html", "report.json"]
        assert latest["title"] in store.get(answer["index"]).decode()
    assert set(INSIGHTS_TABLES) <= set(stack.lake().tables())


def test_a_failure_fails_the_invocation_once_its_page_is_there(address: str, stack: Stack) -> None:
    before = {key for key in published(stack) if keys.LATEST in key}

    # A coverage of 2 is a number, so it is refused by the notebook itself.
    answer = lambda_image.invoke(address, {"names": ["05_predictions"], "parameters": {"coverage": 2.0}})

    assert answer["errorType"] == "ReportFailed", answer
    assert "05_predictions" in answer["errorMessage"]
    dated = [parsed for key in published(stack) if (parsed := keys.parse_report(key)) and parsed[0] == "05_predictions"]
    stamp = max(stamp for _, stamp, _ in dated if stamp != keys.LATEST)
    assert report(stack, "05_predictions", stamp)["status"] == "failed"
    assert {key for key in published(stack) if keys.LATEST in key} == before


def test_unknown_names_and_parameters_are_rejected(address: str) -> None:
    for event in (
        {"names": ["07_nothing"]},
        {"names": ["01_gold_aggregates"], "parameters": {"colour": "red"}},
        {"name": "01_gold_aggregates"},
    ):
        assert lambda_image.invoke(address, event)["errorType"] == "InvalidInput"
