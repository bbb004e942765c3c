"""Step 1 without AWS: valid and invalid parameters."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline import aws, messages
from pipeline.errors import InvalidInput
from pipeline.get_movies_and_send_to_queue import MAX_BATCH_SIZE, Parameters, whole_number
from pipeline.settings import GetMoviesAndSendToQueueSettings

SETTINGS = GetMoviesAndSendToQueueSettings("bronze", "https://queue.example", "s3://lists/top.json", 250, 10)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({}, (250, 10)),
        ({"top_n": 20}, (20, 10)),
        ({"batch_size": 5}, (250, 5)),
        ({"top_n": 20, "batch_size": 5}, (20, 5)),
        ({"top_n": 10**6, "batch_size": MAX_BATCH_SIZE}, (10**6, 100)),
        ({"top_n": 1, "batch_size": 1}, (1, 1)),
    ],
)
def test_both_parameters_are_optional(event: dict[str, Any], expected: tuple[int, int]) -> None:
    assert Parameters.from_event(event, SETTINGS) == Parameters(*expected)


@pytest.mark.parametrize("name", ["top_n", "batch_size"])
@pytest.mark.parametrize("value", [0, -1, 2.5, 2.0, "x", "5", "", None, True, [], {}, float("nan")])
def test_invalid_numbers_are_refused(name: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        Parameters.from_event({name: value}, SETTINGS)

    assert str(caught.value).startswith(f"{name}: must be a whole number ")
    assert str(caught.value).endswith("; nothing was started")
    assert not caught.value.retryable


@pytest.mark.parametrize("event", [None, [], "text", 5, True])
def test_an_event_that_is_not_an_object_is_refused(event: Any) -> None:
    with pytest.raises(InvalidInput, match="parameters: must be an object; nothing was started"):
        Parameters.from_event(event, SETTINGS)


def test_a_batch_has_a_limit() -> None:
    with pytest.raises(InvalidInput, match="from 1 to 100, not '101'"):
        Parameters.from_event({"batch_size": 101}, SETTINGS)


@pytest.mark.parametrize("who", ["schedule", "person", "nightly-check_2", None])
def test_requested_by_is_optional(who: str | None) -> None:
    assert Parameters.from_event({"requested_by": who}, SETTINGS).requested_by == who
    assert Parameters.from_event({}, SETTINGS).requested_by is None


@pytest.mark.parametrize("who", ["", "a b", "x" * 41, "[red]", "\x1b[2J", "é", 5, True, ["person"]])
def test_requested_by_must_be_a_short_word(who: Any) -> None:
    with pytest.raises(InvalidInput, match="requested_by: must be a word"):
        Parameters.from_event({"requested_by": who}, SETTINGS)


def test_an_unknown_parameter_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match=r"unknown: topn; known: top_n, batch_size.*; nothing was started"):
        Parameters.from_event({"topn": 5, "top_n": 5}, SETTINGS)


def test_a_long_value_is_not_repeated_in_full() -> None:
    with pytest.raises(InvalidInput) as caught:
        whole_number("top_n", "x" * 10_000)

    assert len(str(caught.value)) < 250


def test_messages_wait_visible_delayed_and_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    class Queue:
        def get_queue_attributes(self, *, AttributeNames: list[str], **_: str) -> dict[str, Any]:  # noqa: N803
            counts = {"": "1", "Delayed": "2", "NotVisible": "4"}
            held = {f"ApproximateNumberOfMessages{state}": count for state, count in counts.items()}
            return {"Attributes": {name: held[name] for name in AttributeNames}}

    monkeypatch.setattr(aws, "client", lambda _: Queue())

    assert messages.depth("queue") == (3, 4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24T03:00:00Z", datetime(2026, 11, 24, 3, tzinfo=UTC)),
        ("2026-11-24T05:00:00+02:00", datetime(2026, 11, 24, 3, tzinfo=UTC)),
        (None, None),
        ("<aws.scheduler.scheduled-time>", None),
    ],
)
def test_the_scheduled_time_is_read_as_utc(text: str | None, expected: datetime | None) -> None:
    assert Parameters.from_event({"scheduled_time": text}, SETTINGS).scheduled_time == expected


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-11-24", "2026-11-24T03:00:00", "2099-01-01T00:00:00Z", "0001-01-01T00:00:00+23:00", 5],
)
def test_an_invalid_scheduled_time_is_refused(text: Any) -> None:
    with pytest.raises(InvalidInput, match="scheduled_time: must be a past time"):
        Parameters.from_event({"scheduled_time": text}, SETTINGS)
