"""The state machine RefreshSpice of the template, executed by moto's Step Functions.

moto lacks DescribeIngestion, so a Pass state replaces it; Wait states take no time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from moto import mock_aws
from moto.quicksight.models import QuickSightBackend

from insights.dashboard import definition as dashboard_definition
from pipeline import aws, keys
from pipeline.gold.publication import Pointer, hold, publish, read_pointer
from tests.cloudformation import read_template
from tests.gold_builds import a_build
from tests.integration.moto_lake import REGION
from tests.running import wait_until

ROOT = Path(__file__).parents[2]
RESOURCES: Any = read_template(ROOT / "template.yaml")["Resources"]
NESTED: Any = read_template(ROOT / "insights" / "quicksight.template.yaml")
ACCOUNT = "123456789012"
IDS = ["films", "genre-trends"]


@pytest.fixture
def cloud(clients: None) -> Iterator[None]:
    """An AWS account in this process that executes state machines."""
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        aws.forget_clients()
        aws.ensure_bucket(aws.client("s3"), "gold", REGION)
        yield
    aws.forget_clients()


def event_of(pointer: Pointer) -> dict[str, Any]:
    """Return the event that S3 sends to EventBridge for a written pointer."""
    assert pointer.etag
    event = {"bucket": {"name": "gold"}, "object": {"key": keys.BUILD, "etag": pointer.etag.strip('"')}}
    return {"source": "aws.s3", "detail-type": "Object Created", "detail": event}


def build(number: int) -> dict[str, Any]:
    """Publish a build; return the event of its pointer."""
    return event_of(publish("gold", a_build(code_version=str(number)), read_pointer("gold")))


def held_build() -> dict[str, Any]:
    """Hold a build; return the event of its pointer."""
    return event_of(hold("gold", a_build(code_version="held"), ("odd",), read_pointer("gold")))


def definition(status: str) -> str:
    """Return the definition with a fixed ingestion status, without waiting times."""
    text = json.dumps(RESOURCES["RefreshSpice"]["Properties"]["Definition"])
    text = re.sub(r'{"Fn::Sub": ("[^"]+")}', r"\1", text).replace("${AWS::Partition}", "aws")
    machine = json.loads(text.replace("${AccountId}", ACCOUNT).replace("${DataSetIds}", ",".join(IDS)))
    if status == "COMPLETED":
        # One data set at a time, since moto runs them in threads and failed once on a busy machine.
        machine["States"]["Refresh"]["MaxConcurrency"] = 1
    inner = machine["States"]["Refresh"]["ItemProcessor"]["States"]
    assert inner["Look"]["Resource"].endswith("quicksight:describeIngestion")
    inner["Look"] = {
        "Type": "Pass",
        "Result": {"status": status},
        "ResultPath": "$.refresh",
        "Next": inner["Look"]["Next"],
    }
    for state in (machine["States"] | inner).values():
        if state["Type"] == "Wait":
            state["Seconds"] = 0
    return json.dumps(machine)


def run(event: dict[str, Any], status: str = "COMPLETED") -> str:
    """Execute the state machine; return its final status."""
    states = aws.client("stepfunctions")
    machine = states.create_state_machine(
        name="RefreshSpice", definition=definition(status), roleArn=f"arn:aws:iam::{ACCOUNT}:role/refresh"
    )["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=machine, name="build", input=json.dumps(event))["executionArn"]
    wait_until(lambda: states.describe_execution(executionArn=execution)["status"] != "RUNNING")
    return str(states.describe_execution(executionArn=execution)["status"])


@pytest.fixture
def refreshed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of data sets whose ingestion was started; moto itself does not record them."""
    started: list[str] = []
    answer = QuickSightBackend.create_ingestion

    def remember(backend: QuickSightBackend, data_set_id: str, ingestion_id: str) -> Any:
        assert re.fullmatch(r"[a-zA-Z0-9-_]{1,128}", ingestion_id)
        started.append(data_set_id)
        return answer(backend, data_set_id, ingestion_id)

    monkeypatch.setattr(QuickSightBackend, "create_ingestion", remember)
    return started


def test_a_build_refreshes_every_data_set(cloud: None, refreshed: list[str]) -> None:
    assert run(build(1)) == "SUCCEEDED"
    assert sorted(refreshed) == IDS


def test_a_build_that_is_not_the_newest_refreshes_nothing(cloud: None, refreshed: list[str]) -> None:
    first = build(1)
    build(2)

    assert run(first) == "SUCCEEDED"
    assert refreshed == []


def test_a_held_build_refreshes_nothing(cloud: None, refreshed: list[str]) -> None:
    build(1)

    assert run(held_build()) == "SUCCEEDED"
    assert refreshed == []


def test_a_build_that_is_held_meanwhile_does_not_stop_the_refresh(cloud: None, refreshed: list[str]) -> None:
    first = build(1)
    held_build()

    assert run(first) == "SUCCEEDED"
    assert sorted(refreshed) == IDS


@pytest.fixture
def _all_at_once(refreshed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no ingestion return before all have started; the state machine waits for that, here for no time."""
    remember, all_started = QuickSightBackend.create_ingestion, Barrier(len(IDS))

    def wait_for_all(backend: QuickSightBackend, data_set_id: str, ingestion_id: str) -> Any:
        ingestion = remember(backend, data_set_id, ingestion_id)
        all_started.wait(timeout=60)
        return ingestion

    monkeypatch.setattr(QuickSightBackend, "create_ingestion", wait_for_all)


@pytest.mark.usefixtures("_all_at_once")
@pytest.mark.parametrize("status", ["FAILED", "CANCELLED"])
def test_a_failed_refresh_fails_the_execution_after_all_have_started(
    cloud: None, refreshed: list[str], status: str
) -> None:
    assert run(build(1), status) == "FAILED"
    assert sorted(refreshed) == IDS


def test_only_a_new_build_of_gold_triggers_the_rule() -> None:
    pattern = RESOURCES["RefreshSpiceOnBuild"]["Properties"]["EventPattern"]

    assert pattern["detail"]["object"]["key"] == [keys.BUILD]
    assert pattern["detail"]["bucket"]["name"] == [{"Ref": "GoldBucket"}]
    notifications = RESOURCES["GoldBucket"]["Properties"]["NotificationConfiguration"]["Fn::If"]
    assert notifications[:2] == ["HasQuickSight", {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}]


def test_it_exists_only_with_quicksight() -> None:
    parts = [body for name, body in RESOURCES.items() if name.startswith("RefreshSpice")]

    assert len(parts) == 5
    assert all(body["Condition"] == "HasQuickSight" for body in parts)


def test_all_data_sets_of_the_dashboard_are_refreshed() -> None:
    (separator, ids) = NESTED["Outputs"]["DataSetIds"]["Value"]["Fn::Join"]

    assert separator == ","
    assert len(ids) == len(dashboard_definition.load().data_sets)
    # The role may refresh data sets named after the stack.
    assert all(str(one["Fn::Sub"]).startswith("${NamePrefix}-") for one in ids)
