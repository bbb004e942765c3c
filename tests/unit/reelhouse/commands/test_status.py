"""When messages wait for OMDb's quota, from the errors that the function logged."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reelhouse.commands.status import quota_wait
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
