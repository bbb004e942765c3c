"""``reelhouse dashboard`` on the deployed stack: the page shows its Gold, and nothing of QuickSight is deployed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from insights.reports.store import FolderStore, put, write_index
from pipeline import aws
from reelhouse import lake
from reelhouse.cli import app
from reelhouse.stack import Stack


def test_the_page_is_of_the_stacks_gold(stack: Stack, tmp_path: Path) -> None:
    output = tmp_path / "new" / "dashboard.html"
    report = {
        "name": "06_dashboard", "title": "Dashboard", "stamp": "20261124T030000.000000Z", "seconds": 1.0,
        "status": "succeeded", "error": None, "started_at": "2026-11-24T03:00:00.000000Z", "parameters": {},
        "data": None, "headlines": [], "findings": [],
    }  # fmt: skip
    put(FolderStore(output.parent), report, "page", "{}")
    write_index(FolderStore(output.parent), datetime.now(UTC))
    assert 'href="dashboard.html"' not in (output.parent / "index.html").read_text(encoding="utf-8")

    ran = CliRunner().invoke(app, ["dashboard", "--output", str(output), "--json"])

    films = lake.table("movies")
    said = json.loads(ran.stdout)
    assert ran.exit_code == 0
    assert said["page"] == str(output)
    assert said["run_id"] == stack.build().newest_run
    assert said["numbers"]["films"]["value"] == len(films)
    scores = films["rotten_tomatoes"].astype("float64")
    assert said["numbers"]["rotten_tomatoes"]["value"] == pytest.approx(scores.mean())
    assert said["numbers"]["rotten_tomatoes"]["n"] == scores.count()
    assert said["run_id"] in output.read_text(encoding="utf-8")
    assert 'href="dashboard.html"' in (output.parent / "index.html").read_text(encoding="utf-8")


def test_a_page_in_a_folder_without_reports_leaves_its_index_alone(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("somebody's own", encoding="utf-8")

    ran = CliRunner().invoke(app, ["dashboard", "--output", str(tmp_path / "dashboard.html"), "--json"])

    assert ran.exit_code == 0
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == "somebody's own"


@pytest.mark.usefixtures("stack")
def test_a_file_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    ran = CliRunner().invoke(app, ["dashboard", "--output", str(tmp_path / "file" / "dashboard.html"), "--json"])

    assert ran.exit_code == 1
    assert "--output" in json.loads(ran.stdout)["error"]


def test_without_a_principal_nothing_of_quicksight_is_deployed(stack: Stack) -> None:
    listed = aws.client("cloudformation").list_stack_resources(StackName=stack.name)["StackResourceSummaries"]

    assert len(listed) > 20
    assert not [one for one in listed if one["LogicalResourceId"] == "QuickSight"]
    assert "QuickSightDashboardId" not in stack.outputs
