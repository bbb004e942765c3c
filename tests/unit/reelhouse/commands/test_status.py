"""When messages wait for OMDb's quota, from the errors that the function logged; and what the overview prints."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest

from reelhouse import console
from reelhouse.commands.status import RunSummary, Status, print_status, quota_wait
from reelhouse.logs import LoggedError

NOW = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 25, 0, 5, tzinfo=UTC)


def logged(error: str, at: str) -> LoggedError:
    return LoggedError(error, "-", "", at)


SPENT, OTHER = "OmdbQuotaSpent", "OmdbUnavailable"


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ([logged(SPENT, "2026-11-24 15:00:00,123+0000")], MIDNIGHT),
        ([logged(OTHER, "2026-11-24 15:00:00,123+0000"), logged(SPENT, "2026-11-24 15:01:00,123+0000")], MIDNIGHT),
        ([logged(SPENT, "2026-11-24 15:00:00,123+0000"), logged(OTHER, "2026-11-24 15:01:00,123+0000")], None),
        ([logged(SPENT, "2026-11-23 23:59:00,123+0000")], None),
        ([logged(SPENT, "2026-11-24 15:00:00,123+0000"), logged("", ""), logged(OTHER, "soon")], MIDNIGHT),
        ([], None),
    ],
)
def test_the_newest_error_decides(errors: list[LoggedError], expected: datetime | None) -> None:
    assert quota_wait(errors, NOW) == expected


def test_a_damaged_manifest_leaves_the_overview_a_table_of_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = io.StringIO()
    terminal = console.Terminal(file=printed, width=80, force_terminal=True, color_system=None)
    monkeypatch.setattr(console, "out", terminal)
    monkeypatch.setattr(console, "err", terminal)
    good, damaged = "20261124T040000Z-1a2b3c4d", "20261124T030000Z-1a2b3c4d"
    runs = (
        RunSummary(good, "incomplete", None, None, 9, 3, 3, 9, 8, 0, 0, 0, 1),
        RunSummary(damaged, "its manifest is damaged"),
    )

    print_status(Status("films", runs, {}, None, None, None))

    lines = printed.getvalue().splitlines()
    assert any(line.startswith(f"{good}  incomplete") for line in lines)
    assert f"run {damaged}: its manifest is damaged" in printed.getvalue()
