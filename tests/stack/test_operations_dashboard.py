"""CloudWatch's dashboard as deployed: every name on it belongs to a resource of the stack."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline import aws
from reelhouse.commands import doctor
from reelhouse.stack import Stack


@pytest.fixture
def widgets(stack: Stack) -> list[dict[str, Any]]:
    body = json.loads(aws.client("cloudwatch").get_dashboard(DashboardName=f"{stack.name}-operations")["DashboardBody"])
    assert "${" not in json.dumps(body), "all names are filled in"
    return list(body["widgets"])


def values(widgets: list[dict[str, Any]], dimension: str) -> set[str]:
    """Values of one dimension, on all widgets."""
    rows = [row for widget in widgets for row in widget["properties"].get("metrics", [])]
    return {row[row.index(dimension) + 1] for row in rows if dimension in row}


def test_queues_functions_and_logs_are_the_stacks(stack: Stack, widgets: list[dict[str, Any]]) -> None:
    queues = {url.rpartition("/")[2] for name, url in stack.outputs.items() if name.endswith("Url")}
    functions = {name for output, name in stack.outputs.items() if f"{stack.name}-{output[:-4]}" == name}
    groups = {f"/aws/lambda/{name}" for name in functions}
    queries = [widget["properties"]["query"] for widget in widgets if widget["type"] == "log"]

    assert values(widgets, "QueueName") <= queues
    assert len(values(widgets, "QueueName")) == 7
    assert values(widgets, "FunctionName") == functions
    assert values(widgets, "service") == {stack.name}
    assert queries
    assert all({f"'{group}'" in query for group in groups} == {True} for query in queries)


def test_every_alarm_exists_and_notifies_the_topic(stack: Stack) -> None:
    alarms = aws.client("cloudwatch").describe_alarms()["MetricAlarms"]

    # The alarm of RunsCompleted exists only while the schedule is on.
    names = {alarm["MetricName"] for alarm in alarms}
    assert {"OmdbKeyRefused", "Errors", "ApproximateNumberOfMessagesVisible"} <= names
    assert "RunsCompleted" not in names
    assert all(alarm["AlarmActions"] == [stack["AlarmsTopicArn"]] for alarm in alarms)


def test_doctor_reports_scheduled_runs_that_did_not_start(stack: Stack) -> None:
    url, sqs = stack["ScheduleDeadLettersUrl"], aws.client("sqs")
    before = {check.name: check.ok for check in doctor.examine(None)}
    sqs.send_message(QueueUrl=url, MessageBody='{"top_n": 250}')
    (after,) = (check for check in doctor.examine(None) if check.name == "schedules")
    sqs.purge_queue(QueueUrl=url)

    assert before["schedules"] is True
    assert (after.ok, after.found) == (False, "1 scheduled invocation did not start")
    assert "A schedule starts nothing" in after.advice
