"""When messages wait for OMDb's quota, by the function's log lines."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from reelhouse.run.status import quota_wait

NOW = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)


def line(error: str, timestamp: str) -> str:
    return json.dumps({"level": "ERROR", "error": error, "timestamp": timestamp})


SPENT, OTHER = "OmdbQuotaSpent", "OmdbUnavailable"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([line(SPENT, "2026-11-24 15:00:00,123+0000")], datetime(2026, 11, 25, 0, 5, tzinfo=UTC)),
        ([line(OTHER, "2026-11-24 15:00:00,123+0000"), line(SPENT, "2026-11-24 15:01:00,123+0000")],
         datetime(2026, 11, 25, 0, 5, tzinfo=UTC)),
        ([line(SPENT, "2026-11-24 15:00:00,123+0000"), line(OTHER, "2026-11-24 15:01:00,123+0000")], None),
        ([line(SPENT, "2026-11-23 23:59:00,123+0000")], None),
        ([line(SPENT, "2026-11-24 15:00:00,123+0000"), "no JSON", "[]", '{"level": "ERROR"}'],
         datetime(2026, 11, 25, 0, 5, tzinfo=UTC)),
        ([], None),
    ],
)  # fmt: skip
def test_the_last_failure_tells(lines: list[str], expected: datetime | None) -> None:
    assert quota_wait(lines, NOW) == expected
