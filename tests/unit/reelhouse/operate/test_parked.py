"""Listing parked messages ends for any response of the queue, and makes every message visible again."""

from __future__ import annotations

from contextlib import nullcontext
from itertools import count
from typing import Any

import pytest

from pipeline import aws
from reelhouse import logs
from reelhouse.logs import LoggedError
from reelhouse.operate import parked
from reelhouse.stack import Stack


class FakeQueue:
    """A queue that answers receives from a list of batches, again and again."""

    def __init__(self, *batches: list[str]) -> None:
        self.batches, self.received, self.released = batches, 0, set[str]()

    def receive_message(self, **_: Any) -> dict[str, Any]:
        batch = self.batches[self.received % len(self.batches)]
        self.received += 1
        return {"Messages": [{"MessageId": each, "ReceiptHandle": f"{each}-{self.received}"} for each in batch]}

    def change_message_visibility_batch(self, **asked: Any) -> None:
        entries = asked["Entries"]
        assert len(entries) <= 10
        assert {entry["VisibilityTimeout"] for entry in entries} == {0}
        self.released |= {entry["ReceiptHandle"].split("-")[0] for entry in entries}


def held(queue: FakeQueue, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(aws, "client", lambda _: queue)
    with parked.received("url") as messages:
        return [message["MessageId"] for message in messages]


def test_an_empty_receive_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = FakeQueue(["a", "b"], ["c"], [])

    assert held(queue, monkeypatch) == ["a", "b", "c"]
    assert queue.received == 3
    assert queue.released == {"a", "b", "c"}


def test_messages_that_became_visible_again_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = FakeQueue(["a", "b"], ["c"])

    assert held(queue, monkeypatch) == ["a", "b", "c"]
    assert queue.received == 3
    assert queue.released == {"a", "b", "c"}


def test_it_ends_before_the_first_messages_become_visible_again(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = FakeQueue(*([str(number)] for number in range(1000)))
    clock = count(step=10)
    monkeypatch.setattr(parked.time, "monotonic", lambda: float(next(clock)))

    messages = held(queue, monkeypatch)

    assert len(messages) * 10 < parked.HIDDEN_SECONDS
    assert queue.released == set(messages)


def test_it_ends_at_2000_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = FakeQueue(*([f"{batch}.{number}" for number in range(10)] for batch in range(1000)))

    assert len(held(queue, monkeypatch)) == parked.MOST_SHOWN


def test_a_message_that_killed_its_function_is_not_explained_by_a_film_of_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    attributes = {"SentTimestamp": "1795575600000", "ApproximateReceiveCount": "11"}
    message = {"MessageId": "killed", "ReceiptHandle": "h", "Body": MESSAGE, "Attributes": attributes}
    logged = [LoggedError("", "film failed unexpectedly", "", "2026-11-25 04:00:00")]
    monkeypatch.setattr(parked, "received", lambda _: nullcontext([message]))
    monkeypatch.setattr(logs, "errors", lambda *_: logged)

    (one,) = parked.parked(Stack("s", {"MovieQueueDeadLettersUrl": "url"}), "MovieQueue")

    assert "logged no error" in one.why
    logged.append(LoggedError("StorageFailed", "the invocation failed: S3", "", "2026-11-25 05:00:00"))
    (one,) = parked.parked(Stack("s", {"MovieQueueDeadLettersUrl": "url"}), "MovieQueue")
    assert one.why == "the invocation failed: S3"


RUN = "20261124T030000Z-1a2b3c4d"
EVENT = '{"Records": [{"s3": {"object": {"key": "movies/run_id%3D' + RUN + '/imdb_id%3Dtt0068646.json"}}}]}'
MESSAGE = '{"schema": 1, "run_id": "' + RUN + '", "batch": 1, "batches": 1, "movies": [{"id": "tt0068646"}]}'


@pytest.mark.parametrize(("queue", "body"), [("MovieQueue", MESSAGE), ("BronzeEvents", EVENT)])
def test_a_message_names_its_run_and_films(queue: str, body: str) -> None:
    assert parked.about(queue, body) == (RUN, ["tt0068646"])


@pytest.mark.parametrize("queue", ["MovieQueue", "BronzeEvents", "SilverEvents"])
@pytest.mark.parametrize("body", ["", "<b>poison</b>", "[]", '{"Records": 3}', "null", "[" * 100_000])
def test_a_message_that_is_not_ours_is_about_no_film(queue: str, body: str) -> None:
    assert parked.about(queue, body) == (None, [])
