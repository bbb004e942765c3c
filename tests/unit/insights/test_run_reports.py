"""RunReports' events, its template, and the image's template and packages."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from insights import run_reports
from insights.columns import INSIGHTS_TABLES
from insights.reports import kernel
from insights.reports import notebooks as report_notebooks
from pipeline.errors import InvalidInput
from tests.cloudformation import read_template

ROOT = Path(__file__).parents[3]
MAIN: Any = read_template(ROOT / "template.yaml")
FUNCTION: Any = read_template(ROOT / "lambdas" / "run_reports.template.yaml")["Resources"]
IMAGE: Any = read_template(ROOT / "lambdas" / "run_reports_image.template.yaml")["Resources"]
SCHEDULES = {name: body["Properties"] for name, body in FUNCTION.items() if body["Type"] == "AWS::Scheduler::Schedule"}


def statements(resources: Any, role: str) -> dict[str, Any]:
    (policy,) = resources[role]["Properties"]["Policies"]
    return {statement.get("Sid", ""): statement for statement in policy["PolicyDocument"]["Statement"]}


# ── Events ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_event_names_reports_and_parameters() -> None:
    assert run_reports.read({"names": ["06"], "parameters": {"top": 5}}) == (["06"], {"top": 5})
    assert run_reports.read({}) == ([], {})


@pytest.mark.parametrize(
    ("event", "fault"),
    [
        ({"names": "06_dashboard"}, "names must be"),
        ({"names": [6]}, "names must be"),
        ({"parameters": ["top=5"]}, "parameters must be"),
        ({"fresh": True}, "fresh is unknown"),
        ({"name": ["06_dashboard"]}, "name is unknown"),
    ],
)
def test_an_event_of_another_shape_is_refused(event: dict[str, Any], fault: str) -> None:
    with pytest.raises(InvalidInput, match=fault):
        run_reports.read(event)


# ── Schedules and the function ───────────────────────────────────────────────────────────────────────────────────


def test_every_report_has_one_schedule_that_it_accepts() -> None:
    notebooks = report_notebooks.discover()
    events = [json.loads(schedule["Target"]["Input"]) for schedule in SCHEDULES.values()]

    assert [event["names"] for event in events] == [[notebook.name] for notebook in notebooks]
    for notebook, event in zip(notebooks, events, strict=True):
        assert report_notebooks.assign([notebook], event["parameters"])[notebook.name] == event["parameters"]


def test_reports_run_after_those_they_read_from() -> None:
    times = {}
    for schedule in SCHEDULES.values():
        minute, hour = re.fullmatch(r"cron\((\d+) (\d+) \* \* \? \*\)", schedule["ScheduleExpression"]).groups()  # type: ignore[union-attr]
        (name,) = json.loads(schedule["Target"]["Input"])["names"]
        times[name] = int(hour) * 60 + int(minute)

    for notebook in report_notebooks.discover():
        assert all(times[name] < times[notebook.name] for name in notebook.after)


def test_a_stuck_notebook_is_published_before_lambda_stops_the_function() -> None:
    longest = kernel.CELL_TIMEOUT_SECONDS + kernel.START_TIMEOUT_SECONDS

    assert longest < FUNCTION["RunReports"]["Properties"]["Timeout"] <= 900


def test_a_failure_reaches_the_topic_and_is_not_repeated() -> None:
    failures = FUNCTION["RunReportsFailures"]["Properties"]

    assert failures["MaximumRetryAttempts"] == 0
    assert failures["DestinationConfig"]["OnFailure"]["Destination"] == {"Ref": "AlarmsTopicArn"}
    assert statements(FUNCTION, "RunReportsRole")["ReportFailures"]["Action"] == "sns:Publish"


def test_the_function_writes_reports_and_insights_tables_only() -> None:
    given = statements(FUNCTION, "RunReportsRole")
    written = {str(one["Fn::Sub"]).split("/")[1] for one in given["WriteReportsAndTheirTables"]["Resource"]}
    entered = {
        str(one["Fn::Sub"]).split("/")[-1] for one in given["RegisterTables"]["Resource"] if ":table/" in str(one)
    }

    assert written == {"reports", "_summary_answers", *INSIGHTS_TABLES}
    assert entered == set(INSIGHTS_TABLES)
    assert not [action for one in given.values() for action in [one["Action"]] if "Delete" in str(action)]


# ── Conditions ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_parameters_nothing_of_it_is_made() -> None:
    for parameter, default, condition, part in (
        ("ReportsImageUri", "", "HasReports", "Reports"),
        ("ReportsImageBuild", "false", "HasReportsImageBuild", "ReportsImage"),
    ):
        assert MAIN["Parameters"][parameter]["Default"] == default
        assert MAIN["Resources"][part]["Condition"] == condition
    images = [name for name, body in MAIN["Resources"].items() if "PackageType" in body.get("Properties", {})]
    assert images == [], "`sam deploy` would ask for an image repository"


# ── The image ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_image_has_the_versions_that_are_tested() -> None:
    def pins(path: str) -> set[str]:
        return set(re.findall(r"^[a-z0-9-]+==[\w.]+", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE))

    assert pins("lambdas/reports.lock") <= pins("requirements.lock")


def test_the_docker_context_is_what_the_dockerfile_copies() -> None:
    lines = (ROOT / "lambdas" / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = {source for line in lines if line.startswith("COPY") for source in line.split()[1:-1]}
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()

    assert "*" in ignore
    assert copied == {line[1:] for line in ignore if line.startswith("!")}
    assert all((ROOT / source).exists() for source in copied)


def test_the_image_is_built_for_the_function_s_architecture() -> None:
    assert FUNCTION["RunReports"]["Properties"]["Architectures"] == ["arm64"]
    assert IMAGE["Build"]["Properties"]["Environment"]["Type"] == "ARM_CONTAINER"


def test_only_the_login_of_the_build_names_no_resource() -> None:
    stars = {sid for sid, one in statements(IMAGE, "BuildRole").items() if one["Resource"] == "*"}

    assert stars == {"LogIn"}
