"""Times and build ids by which Gold is read as it was."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from pipeline.errors import InvalidInput
from pipeline.gold.as_of import parse_moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-24", datetime(2026, 11, 24, 23, 59, 59, 999999, UTC)),
        ("20261124", datetime(2026, 11, 24, 23, 59, 59, 999999, UTC)),
        ("2026-11-24T06:00", datetime(2026, 11, 24, 6, tzinfo=UTC)),
        ("2026-11-24T06:00+02:00", datetime(2026, 11, 24, 4, tzinfo=UTC)),
    ],
)
def test_a_date_means_its_end_and_a_time_without_a_zone_is_utc(text: str, moment: datetime) -> None:
    assert parse_moment(text) == moment
    assert parse_moment(datetime(2026, 11, 24, 6)) == datetime(2026, 11, 24, 6, tzinfo=UTC)
    assert parse_moment(date(2026, 11, 24)) == parse_moment("2026-11-24")


def test_today_means_now() -> None:
    before = datetime.now(UTC)

    assert before <= parse_moment(f"{before:%Y-%m-%d}") <= datetime.now(UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "0001-01-01T00:00+05:00", "9999-12-31T23:59-05:00"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="is neither a time nor a build id"):
        parse_moment(text)
