"""How long a failed message waits, and that waiting for OMDb's quota parks no message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import aws
from pipeline.errors import InvalidInput, OmdbKeyInvalid, OmdbQuotaSpent, OmdbUnavailable, ReelhouseError, StorageFailed
from pipeline.messages import QueueMessage
from pipeline.retries import is_renewed, postpone, quota_renewed_at, retry_after_seconds
from pipeline.settings import LONGEST_WAIT_SECONDS, EnrichAndStoreMovieSettings
from tests.exceptions import EXCEPTIONS, an_instance

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_the_wait_doubles_during_an_outage() -> None:
    waits = [retry_after_seconds(OmdbUnavailable("-"), receives, NOON) for receives in range(1, 11)]

    assert waits == [15, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert all(before <= after for before, after in pairwise(waits))
    assert timedelta(seconds=sum(waits[:-1])) > timedelta(hours=2), "nine waits outlast an outage of two hours"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (NOON, 12 * 3600 - 300),
        (NOON + timedelta(hours=6), 6 * 3600 + 300),
        (NOON + timedelta(hours=11, minutes=59), 360),
        (NOON.replace(hour=0), 300),
        (NOON.replace(hour=0, minute=4, second=59), 1),
        (NOON.replace(hour=0, minute=5), 900),
        (NOON.replace(hour=0, minute=59), 900),
        (NOON.replace(hour=1), LONGEST_WAIT_SECONDS),
        (datetime(2026, 12, 31, 23, tzinfo=UTC), 3900),
    ],
)
def test_a_spent_quota_waits_for_the_next_day(now: datetime, expected: int) -> None:
    assert retry_after_seconds(OmdbQuotaSpent("-"), 1, now) == expected


def test_a_setting_limits_the_wait_for_the_quota_only() -> None:
    assert retry_after_seconds(OmdbQuotaSpent("-"), 1, NOON, 60) == 60
    assert retry_after_seconds(OmdbQuotaSpent("-"), 1, NOON.replace(hour=1), 10**6) == LONGEST_WAIT_SECONDS
    assert retry_after_seconds(OmdbKeyInvalid("-"), 1, NOON, 60) == 900


@given(
    spent_days=st.integers(1, 60),
    receives=st.integers(1, 10),
    now=st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)),
)
def test_no_message_is_parked_while_the_quota_is_spent(spent_days: int, receives: int, now: datetime) -> None:
    """Of ten receives the tenth is the last: the queue parks a message that fails it, unless it was renewed."""
    end, highest, asked = now + timedelta(days=spent_days), receives, 0
    sent_at = now
    while now < end:
        asked += 1
        if is_renewed(OmdbQuotaSpent("-"), receives):
            receives, sent_at = 1, now
            continue
        now += timedelta(seconds=retry_after_seconds(OmdbQuotaSpent("-"), receives, now))
        receives += 1
        highest = max(highest, receives)
        assert now - sent_at < timedelta(days=14), "the queue keeps a message for two weeks"

    assert highest <= 10
    assert asked <= 8 * (spent_days + 1), "waiting costs a few requests a day"
    assert quota_renewed_at(now) > now


def test_only_a_spent_quota_makes_a_copy() -> None:
    assert not any(is_renewed(kind("-"), 9) for kind in (OmdbUnavailable, OmdbKeyInvalid, StorageFailed, InvalidInput))


def test_a_bad_key_waits_15_minutes() -> None:
    assert {retry_after_seconds(OmdbKeyInvalid("-"), receives, NOON) for receives in (1, 9)} == {900}


def test_a_message_that_can_never_succeed_does_not_wait() -> None:
    assert retry_after_seconds(InvalidInput("-"), 1, NOON) == 0


@given(
    error=st.sampled_from([OmdbUnavailable, OmdbQuotaSpent, OmdbKeyInvalid, StorageFailed, InvalidInput]),
    receives=st.integers(1, 10**6),
    now=st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)),
)
def test_every_wait_is_within_sqs_limits(error: type[ReelhouseError], receives: int, now: datetime) -> None:
    assert 0 <= retry_after_seconds(error("-"), receives, now) <= 12 * 3600


@pytest.mark.parametrize("kind", EXCEPTIONS)
def test_any_exception_while_one_message_is_postponed_keeps_the_others(
    kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden: list[str] = []

    class Queue:
        def change_message_visibility(self, ReceiptHandle: str, **_: Any) -> None:  # noqa: N803
            if ReceiptHandle == "second":
                raise an_instance(kind)
            hidden.append(ReceiptHandle)

    monkeypatch.setattr(aws, "client", lambda _service: Queue())
    names = ("first", "second", "third")
    errors: dict[str, ReelhouseError] = {name: OmdbUnavailable("-") for name in names}
    settings = EnrichAndStoreMovieSettings("bronze", "queue", "https://omdb", "secret")

    assert postpone([QueueMessage(name, "", name) for name in names], errors, settings) == []
    assert hidden == ["first", "third"]
