"""Least privilege: each role may make the calls that its function needs, and none that only other roles need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest

from pipeline import aws
from reelhouse.local.state import State
from reelhouse.stack import Stack
from tests import role_stack
from tests.role_calls import ALLOWED, DENIED, FORBIDDEN, LET_IN, LIST_BUCKET, NOT_HERE, WIDER, Call
from tests.templates import GRANTS, listed

QUICKSIGHT = "arn:aws:quicksight:eu-central-1:123456789012:group/default/films"
IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/reports:1"
# All optional parts, so that every role exists.
MAIN = {
    "OmdbApiKey": "a", "RequireTls": "false", "GoldEngine": "athena", "QuickSightPrincipalArn": QUICKSIGHT,
    "ReportsImageUri": IMAGE, "UseLanguageModel": "true", "SourceListUri": f"s3://{LIST_BUCKET}/list.json",
}  # fmt: skip


@dataclass(frozen=True)
class Roles:
    """Deployed roles: physical ids by logical id, and one client per role and service."""

    ids: dict[str, str]
    # A single session loads each service's model once.
    opened: boto3.Session = field(default_factory=boto3.Session)
    keys: dict[str, dict[str, str]] = field(default_factory=dict)
    clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def outcome(self, role: str, call: Call) -> str:
        """Make a call as a role."""
        if (role, call.service) not in self.clients:
            self.keys.setdefault(role, role_stack.credentials(self.ids[role]))
            self.clients[role, call.service] = self.opened.client(call.service, **self.keys[role])  # type: ignore[call-overload]
        arguments = {name: self._named(value) for name, value in call.arguments.items()}
        return role_stack.outcome(self.clients[role, call.service], call.method, arguments)

    def _named(self, value: Any) -> Any:
        return self.ids.get(value, value) if isinstance(value, str) else value


def arn_of_queue(url: str) -> str:
    answer = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])


@pytest.fixture(scope="module")
def deployed_roles(local: State) -> Iterator[Roles]:
    """The roles of all templates, in stacks of their own on the emulator."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in local.connection().items():
            patch.setenv(name, value)
        aws.forget_clients()
        aws.ensure_bucket(aws.client("s3"), LIST_BUCKET, "eu-central-1")
        with role_stack.deployed("roles", "template.yaml", MAIN) as main:
            names = {"NamePrefix": "roles", "LogRetentionDays": "1"}
            reports = names | {
                "ReportsImageUri": IMAGE, "GoldBucketName": main["GoldBucket"],
                "GoldDatabaseName": main["GoldDatabase"],
                "AlarmsTopicArn": main["Alarms"], "LogLevel": "INFO", "ScheduleState": "DISABLED",
                "LanguageModelSecretName": "roles-language-model-key",
                "ScheduleDeadLettersArn": arn_of_queue(main["ScheduleDeadLetters"]),
            }  # fmt: skip
            with (
                role_stack.deployed("roles-reports", "lambdas/run_reports.template.yaml", reports) as reporting,
                role_stack.deployed("roles-image", "lambdas/run_reports_image.template.yaml", names) as building,
            ):
                yield Roles(building | reporting | main | {"ReportsScheduleRole": reporting["ScheduleRole"]})
        aws.client("s3").delete_bucket(Bucket=LIST_BUCKET)
    aws.forget_clients()


@pytest.fixture
def roles(stack: Stack, deployed_roles: Roles) -> Roles:
    return deployed_roles


@pytest.mark.parametrize("role", ALLOWED)
def test_each_role_allows_the_calls_it_needs(roles: Roles, role: str) -> None:
    answers = [(call, roles.outcome(role, call)) for call in ALLOWED[role]]

    assert not [(call, answer) for call, answer in answers if answer not in LET_IN]


@pytest.mark.parametrize("role", ALLOWED)
def test_each_role_denies_the_calls_of_other_roles(roles: Roles, role: str) -> None:
    own = [*ALLOWED[role], *WIDER.get(role, [])]
    neighbours = [call for calls in ALLOWED.values() for call in calls]
    answers = [(call, roles.outcome(role, call)) for call in [*neighbours, *FORBIDDEN] if call not in own]

    assert not [(call, answer) for call, answer in answers if answer not in DENIED]


def test_every_granted_action_is_tried_or_excused() -> None:
    granted = set()
    for where, grant in GRANTS:
        template, _, role = where.partition(": ")
        role = {"AggregateToGoldByAthena": "AggregateToGoldRole", "RunReportsReadsTheKey": "RunReportsRole"}.get(
            role, role
        )
        if role == "ScheduleRole" and template != "template.yaml":
            role = "ReportsScheduleRole"
        granted |= {(role, str(action)) for action in listed(grant["Action"])}
    tried = {(role, call.action) for role, calls in ALLOWED.items() for call in calls}

    assert {action for _, action in granted - tried} == set(NOT_HERE)
    assert tried <= granted


def test_each_deployed_function_uses_its_own_role(stack: Stack) -> None:
    functions = aws.client("lambda").list_functions()["Functions"]
    ours = {
        f["FunctionName"].removeprefix("reelhouse-"): f["Role"] for f in functions if "reelhouse-" in f["FunctionName"]
    }

    assert len(ours) >= 5
    for name, role in ours.items():
        assert f"{name}Role" in role
