"""What `reelhouse doctor` reports about QuickSight, from recorded responses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from insights.dashboard.definition import load
from reelhouse.operate import quicksight

ACCOUNT, DASHBOARD = "123456789012", "reelhouse-dashboard"
BUILT, AFTER, BEFORE = (
    "2026-11-24T03:10:00+00:00",
    datetime(2026, 11, 24, 4, tzinfo=UTC),
    datetime(2026, 11, 23, tzinfo=UTC),
)


class FakeQuickSight:
    """Answers as it is told, the same for every data set but ``odd``."""

    def __init__(self, answer: dict[str, Any], odd: list[dict[str, Any]] | None = None) -> None:
        self.answer, self.odd = answer, odd

    def describe_dashboard_definition(self, **asked: str) -> dict[str, Any]:
        assert asked == {"AwsAccountId": ACCOUNT, "DashboardId": DASHBOARD}
        return self.answer

    def list_ingestions(self, **asked: str) -> dict[str, Any]:
        good = [ingestion("FAILED", BEFORE), ingestion("COMPLETED", AFTER)]
        return {"Ingestions": self.odd if asked["DataSetId"] == "reelhouse-films" and self.odd is not None else good}


def ingestion(status: str, at: datetime) -> dict[str, Any]:
    error = {"ErrorInfo": {"Type": "PERMISSION_DENIED", "Message": "no access"}} if status == "FAILED" else {}
    return {"IngestionStatus": status, "CreatedTime": at, **error}


def test_a_whole_dashboard_is_well() -> None:
    check = quicksight.dashboard(FakeQuickSight({"ResourceStatus": "CREATION_SUCCESSFUL"}), ACCOUNT, DASHBOARD)

    assert (check.ok, check.found) == (True, "reelhouse-dashboard: CREATION_SUCCESSFUL")


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        ({"ResourceStatus": "UPDATE_FAILED"}, "UPDATE_FAILED"),
        (
            {"ResourceStatus": "CREATION_SUCCESSFUL", "Errors": [{"Type": "COLUMN_NOT_FOUND", "Message": "genre"}]},
            "genre",
        ),
        ({}, "unknown"),
    ],
)
def test_a_broken_dashboard_is_reported(answer: dict[str, Any], named: str) -> None:
    check = quicksight.dashboard(FakeQuickSight(answer), ACCOUNT, DASHBOARD)

    assert check.ok is False
    assert named in check.found


@pytest.mark.parametrize(
    ("odd", "ok", "named"),
    [
        (None, True, "as new as Gold"),
        ([], False, "reelhouse-films: never refreshed"),
        ([ingestion("FAILED", AFTER), ingestion("COMPLETED", BEFORE)], False, "FAILED PERMISSION_DENIED no access"),
        ([ingestion("COMPLETED", BEFORE)], False, "reelhouse-films: older than Gold: of 2026-11-23 00:00 UTC"),
        ([ingestion("RUNNING", AFTER), ingestion("FAILED", BEFORE)], None, "being refreshed: reelhouse-films"),
    ],
)
def test_the_newest_ingestion_of_each_data_set_counts(
    odd: list[dict[str, Any]] | None, ok: bool | None, named: str
) -> None:
    check = quicksight.data(FakeQuickSight({}, odd), ACCOUNT, DASHBOARD, BUILT)

    assert check.ok is ok
    assert named in check.found


def test_before_golds_first_build_any_ingestion_will_do() -> None:
    assert quicksight.data(FakeQuickSight({}, [ingestion("COMPLETED", BEFORE)]), ACCOUNT, DASHBOARD, None).ok


def test_the_data_sets_are_the_templates() -> None:
    ids = quicksight.data_set_ids(DASHBOARD)

    assert len(ids) == len(load().data_sets)
    assert "reelhouse-genre-share-by-year" in ids
