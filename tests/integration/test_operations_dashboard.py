"""Every metric of the operations dashboard and the alarms exists: emitted by a handler, or AWS's own of a resource."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from tests.cloudformation import read_template
from tests.integration.moto_lake import Cold, Lake, Omdb, Top, s3_event, sqs_event
from tools import scale

ROOT = Path(__file__).parents[2]
TEMPLATE: Any = read_template(ROOT / "template.yaml")
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
# AWS's own metrics by namespace: the dimension, the type of resource that it names, and the metrics used here, as in
# AWS's user guides.
BY_AWS = {
    "AWS/SQS": (
        "QueueName",
        "AWS::SQS::Queue",
        {
            "ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible",
            "ApproximateAgeOfOldestMessage",
        },
    ),
    "AWS/Lambda": ("FunctionName", "AWS::Serverless::Function", {"Duration", "Errors", "Throttles"}),
    "AWS/States": ("StateMachineArn", "AWS::StepFunctions::StateMachine", {"ExecutionsFailed", "ExecutionsTimedOut"}),
}  # fmt: skip
Metric = tuple[str, str, tuple[tuple[str, str], ...]]


@pytest.fixture(scope="module")
def widgets() -> list[dict[str, Any]]:
    """The dashboard's widgets, with ``${…}`` unresolved."""
    body = json.loads(RESOURCES["OperationsDashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])
    return list(body["widgets"])


def shown(widgets: list[dict[str, Any]]) -> Iterator[Metric]:
    """Yield namespace, name and dimensions of each metric on the dashboard."""
    for widget in widgets:
        for row in widget["properties"].get("metrics", []):
            if isinstance(row[0], str):
                namespace, name, *dimensions = [part for part in row if isinstance(part, str)]
                yield namespace, name, tuple(zip(dimensions[::2], dimensions[1::2], strict=True))


def watched() -> Iterator[Metric]:
    """Yield namespace, name and dimensions of each alarm's metrics."""
    for alarm in RESOURCES.values():
        if alarm["Type"] == "AWS::CloudWatch::Alarm":
            properties = alarm["Properties"]
            single = [properties] if "MetricName" in properties else []
            for one in single + [m["MetricStat"]["Metric"] for m in properties.get("Metrics", []) if "MetricStat" in m]:
                dimensions = tuple((d["Name"], reference(d["Value"])) for d in one["Dimensions"])
                yield one["Namespace"], one["MetricName"], dimensions


def reference(value: dict[str, Any]) -> str:
    """Return ``!Ref X`` or ``!GetAtt X.Y`` in the notation of ``!Sub``."""
    return f"${{{value['Ref']}}}" if "Ref" in value else f"${{{'.'.join(value['Fn::GetAtt'])}}}"


@pytest.fixture
def emitted(lake: Lake, omdb: Omdb, handler: Cold, top: Top, capsys: pytest.CaptureFixture[str]) -> set[Metric]:
    """Every metric that the handlers print during one small run."""
    top(3)
    handler("get_movies_and_send_to_queue")({"top_n": 3, "batch_size": 3})
    handler("enrich_and_store_movie")(sqs_event(*lake.receive()))
    bronze = [key for key in lake.keys("bronze") if not key.startswith("source/")]
    handler("process_bronze_to_silver")(sqs_event(*(s3_event(key) for key in bronze)))
    handler("aggregate_to_gold")(sqs_event())
    metrics: set[Metric] = set()
    for line in map(json.loads, capsys.readouterr().out.splitlines()):
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
            for names in directive["Dimensions"]:
                # POWERTOOLS_SERVICE_NAME is the stack's name.
                values = {"service": "${AWS::StackName}"}
                dimensions = tuple((name, values[name]) for name in names)
                metrics |= {(directive["Namespace"], metric["Name"], dimensions) for metric in directive["Metrics"]}
    return metrics


def test_every_reelhouse_metric_is_emitted_and_shown(widgets: list[dict[str, Any]], emitted: set[Metric]) -> None:
    ours = {metric for metric in [*shown(widgets), *watched()] if metric[0] == "Reelhouse"}

    assert ours <= emitted
    assert emitted <= set(shown(widgets)), "a metric that no widget shows"


def test_the_service_of_every_metric_is_the_stack_s_name() -> None:
    variables = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]

    assert variables["POWERTOOLS_SERVICE_NAME"] == {"Ref": "AWS::StackName"}


def test_aws_metrics_name_existing_resources(widgets: list[dict[str, Any]]) -> None:
    theirs = [metric for metric in [*shown(widgets), *watched()] if metric[0] != "Reelhouse"]

    assert theirs
    for namespace, name, dimensions in theirs:
        dimension, kind, names = BY_AWS[namespace]
        ((given, value),) = dimensions
        resource, _, attribute = value.strip("${}").partition(".")
        assert (given, RESOURCES[resource]["Type"], name in names) == (dimension, kind, True), (name, value)
        assert attribute == ("QueueName" if namespace == "AWS/SQS" else ""), value


def test_every_queue_and_function_is_on_the_dashboard(widgets: list[dict[str, Any]]) -> None:
    values = {value.strip("${}").partition(".")[0] for _, _, dimensions in shown(widgets) for _, value in dimensions}
    wanted = {
        name for name, body in RESOURCES.items() if body["Type"] in {"AWS::SQS::Queue", "AWS::Serverless::Function"}
    }

    assert wanted <= values


def test_messages_that_wait_for_a_retry_are_shown(widgets: list[dict[str, Any]]) -> None:
    (waiting,) = [widget for widget in widgets if widget["properties"].get("title") == "Messages waiting"]
    counted = {(name, queue) for _, name, ((_, queue),) in shown([waiting])}

    # While OMDb's quota is spent every message is hidden, and so not "visible".
    for queue in ("MovieQueue", "BronzeEvents", "SilverEvents"):
        for state in ("Visible", "NotVisible"):
            assert (f"ApproximateNumberOfMessages{state}", f"${{{queue}.QueueName}}") in counted


def test_widgets_fill_a_grid_of_24_columns_without_overlap(widgets: list[dict[str, Any]]) -> None:
    for widget in widgets:
        assert widget["x"] >= 0
        assert widget["x"] + widget["width"] <= 24
    for one, other in combinations(widgets, 2):
        apart = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
        above = one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
        assert apart or above, (one["properties"], other["properties"])


def test_every_number_has_a_title_and_a_label(widgets: list[dict[str, Any]]) -> None:
    for widget in widgets:
        properties = widget["properties"]
        assert properties.get("title") or widget["type"] == "text"
        if widget["type"] == "metric":
            assert properties["region"] == "${AWS::Region}"
            for row in properties["metrics"]:
                options = row[-1] if isinstance(row[-1], dict) else {}
                assert options.get("label") or options.get("visible") is False or options.get("stat"), row
                assert options.get("stat") or properties.get("stat") or "expression" in options, row


def test_every_widget_is_documented(widgets: list[dict[str, Any]]) -> None:
    explained = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    titles = [widget["properties"]["title"] for widget in widgets if "title" in widget["properties"]]

    assert [title for title in titles if f"*{title}*" not in explained] == []


def test_the_cost_estimate_counts_every_metric(emitted: set[Metric]) -> None:
    assert len(emitted) == scale.METRICS
