"""Messages: batch arithmetic, the size limit, resending messages that SQS did not confirm, and counts by run."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from pipeline import messages
from pipeline.errors import InvalidInput, StorageFailed
from pipeline.messages import MAX_MESSAGE_BYTES, UNKNOWN_RUN, MovieBatch, Tally

RUN = "20261124T030000Z-1a2b3c4d"
QUEUE = "https://queue.example"
OTHER = "20261124T040000Z-1a2b3c4d"


def items(count: int, characters: int = 10) -> list[dict[str, Any]]:
    return [{"id": f"tt{number:07}", "rank": str(number), "crew": "é" * characters} for number in range(1, count + 1)]


@pytest.fixture(autouse=True)
def without_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "RESEND_AFTER_SECONDS", 0.0)


class FakeSqs:
    """A queue that takes only what its rule lets through; it counts calls and remembers what it took."""

    def __init__(self, refuses: Any = lambda body, tries: False) -> None:
        self.refuses, self.taken, self.calls, self.tries = refuses, list[str](), list[int](), dict[str, int]()

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        assert QueueUrl == QUEUE
        assert sum(len(entry["MessageBody"].encode()) for entry in Entries) <= MAX_MESSAGE_BYTES
        self.calls.append(len(Entries))
        failed, successful = [], []
        for entry in Entries:
            body = entry["MessageBody"]
            self.tries[body] = self.tries.get(body, 0) + 1
            if self.refuses(json.loads(body), self.tries[body]):
                failed.append({"Id": entry["Id"], "SenderFault": False, "Code": "InternalError"})
            else:
                self.taken.append(body)
                successful.append({"Id": entry["Id"]})
        return {"Successful": successful, "Failed": failed} if failed else {"Successful": successful}


def send(outgoing: list[dict[str, Any]], sqs: FakeSqs) -> None:
    messages.send_all(outgoing, QUEUE, cast("Any", sqs))


def test_twenty_films_in_fives_are_four_messages_of_five() -> None:
    made = messages.make(RUN, items(20), 5)

    assert [len(message["movies"]) for message in made] == [5, 5, 5, 5]
    assert [(message["batch"], message["batches"]) for message in made] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert set(made[0]) == {"schema", "run_id", "batch", "batches", "movies"}
    assert (made[0]["schema"], made[0]["run_id"]) == (1, RUN)


@given(count=st.integers(0, 60), batch_size=st.integers(1, 100))
def test_no_film_is_lost_or_sent_twice(count: int, batch_size: int) -> None:
    made = messages.make(RUN, items(count), batch_size)

    assert [movie for message in made for movie in message["movies"]] == items(count)
    assert len(made) == -(-count // batch_size)


@given(sizes=st.lists(st.integers(0, 40_000), max_size=30), batch_size=st.integers(1, 100))
def test_every_message_is_under_the_limit(sizes: list[int], batch_size: int) -> None:
    films = [{"id": f"tt{number:07}", "rank": "1", "crew": "é" * size} for number, size in enumerate(sizes)]

    made = messages.make(RUN, films, batch_size)

    assert all(len(json.dumps(message)) <= MAX_MESSAGE_BYTES for message in made)
    assert [movie for message in made for movie in message["movies"]] == films


def test_the_largest_film_that_fits_makes_a_message_under_the_limit() -> None:
    film = {"id": "tt0000001", "rank": "1", "crew": ""}
    film["crew"] = "x" * (MAX_MESSAGE_BYTES - 512 - len(json.dumps(film)))

    assert messages.fault(film) is None
    assert len(json.dumps(messages.make(RUN, [film], 1)[0])) <= MAX_MESSAGE_BYTES
    assert messages.fault({**film, "more": ""}) == "the entry is too large for a message"


def nested(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


def test_an_item_that_is_not_json_is_not_sent() -> None:
    assert messages.fault({"id": "tt0000001", "more": nested(31)}) is None
    assert messages.fault({"id": "tt0000001", "more": nested(32)}) == "the entry is nested too deeply"
    assert messages.fault({"id": "tt0000001", "more": nested(900)}) == "the entry is nested too deeply"
    assert "NaN" in str(messages.fault({"id": "tt0000001", "more": [float("nan")]}))


def test_a_message_is_read_back() -> None:
    (made,) = messages.make(RUN, items(3), 5)

    assert messages.read(json.dumps(made)) == MovieBatch(RUN, items(3))


GOOD = {"schema": 1, "run_id": RUN, "batch": 1, "batches": 1, "movies": [{"id": "tt0111161"}]}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "text",
        "[]",
        "null",
        "[" * 100_000,
        "{}",
        json.dumps({**GOOD, "schema": 2}),
        json.dumps({**GOOD, "run_id": "../x"}),
        json.dumps({**GOOD, "movies": {}}),
        json.dumps({**GOOD, "movies": ["tt0111161"]}),
        json.dumps({**GOOD, "movies": [{"id": "../../etc"}]}),
        json.dumps({**GOOD, "movies": [{"id": "tt0111161"}, {}]}),
        json.dumps({**GOOD, "movies": [{"id": "tt0111161", "rank": float("nan")}]}),
        json.dumps({**GOOD, "movies": [{"id": "tt0111161", "rank": "deep"}]}).replace('"deep"', "[" * 90 + "]" * 90),
        json.dumps({name: value for name, value in GOOD.items() if name != "movies"}),
    ],
)
def test_a_foreign_message_is_not_retryable(body: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        messages.read(body)

    assert not caught.value.retryable
    assert str(caught.value).startswith("EnrichAndStoreMovie: ")
    assert str(caught.value).endswith(f": not a message of this pipeline; {messages.PARKED}")
    assert len(str(caught.value)) < 200


def test_messages_are_sent_in_batches_of_ten() -> None:
    sqs = FakeSqs()
    outgoing = messages.make(RUN, items(125), 5)

    send(outgoing, sqs)

    assert sorted(sqs.calls) == [5, 10, 10]
    assert sorted(sqs.taken) == sorted(json.dumps(message) for message in outgoing)


def test_a_batch_of_large_messages_is_within_the_limit() -> None:
    sqs = FakeSqs()

    send(messages.make(RUN, items(30, characters=2000), 10), sqs)

    assert len(sqs.taken) == 3
    assert len(sqs.calls) > 1


def test_only_rejected_messages_are_resent(monkeypatch: pytest.MonkeyPatch) -> None:
    sqs = FakeSqs(lambda message, tries: message["batch"] in {2, 9} and tries < 3)
    outgoing = messages.make(RUN, items(10), 1)
    waits: list[float] = []
    monkeypatch.setattr(messages, "RESEND_AFTER_SECONDS", 0.5)
    monkeypatch.setattr(messages.time, "sleep", waits.append)

    send(outgoing, sqs)

    assert waits == [0.5, 1.0]

    assert sorted(sqs.calls, reverse=True) == [10, 2, 2]
    assert sorted(sqs.taken) == sorted(json.dumps(message) for message in outgoing)


def test_unsent_messages_are_reported_with_their_films() -> None:
    sqs = FakeSqs(lambda message, tries: message["batch"] == 2)

    with pytest.raises(StorageFailed, match=r"1 of 3 messages.*InternalError.*run --resume") as caught:
        send(messages.make(RUN, items(5), 2), sqs)

    assert caught.value.subject == f"{RUN} (tt0000003, tt0000004)"
    assert len(sqs.taken) == 2


def test_a_failed_batch_does_not_stop_the_others() -> None:
    class Refusing(FakeSqs):
        def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
            if any(json.loads(entry["MessageBody"])["batch"] == 1 for entry in Entries):
                raise ClientError({"Error": {"Code": "AccessDenied", "Message": "-"}}, "SendMessageBatch")
            return super().send_message_batch(QueueUrl, Entries)

    sqs = Refusing()

    with pytest.raises(StorageFailed, match=r"10 of 25 messages .*SendMessageBatch answered AccessDenied") as caught:
        send(messages.make(RUN, items(250), 10), sqs)

    assert caught.value.subject == f"{RUN} ({', '.join(item['id'] for item in items(100))})"
    assert len(sqs.taken) == 15


def test_a_title_of_any_character_can_be_sent() -> None:
    (made,) = messages.make(RUN, [{"id": "tt0000001", "rank": "1", "title": "\x00\ud800\ufffe é"}], 1)
    sqs = FakeSqs()

    send([made], sqs)

    assert sqs.taken[0].isascii()
    assert messages.read(sqs.taken[0]).movies == made["movies"]


@pytest.mark.parametrize("answer", [{}, {"Successful": []}, {"Failed": []}, {"Successful": [{"Id": "7"}]}])
def test_an_answer_that_does_not_name_a_message_did_not_send_it(answer: dict[str, Any]) -> None:
    class Silent(FakeSqs):
        def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
            super().send_message_batch(QueueUrl, Entries)
            return answer if len(self.calls) < 5 else {}

    sqs = Silent()

    with pytest.raises(
        StorageFailed, match=r"2 of 2 messages could not be sent \(SQS did not confirm them\)"
    ) as caught:
        send(messages.make(RUN, items(2), 1), sqs)

    assert caught.value.subject == f"{RUN} (tt0000001, tt0000002)"
    assert len(sqs.calls) == 5


def test_messages_that_one_answer_left_out_are_sent_again() -> None:
    class Forgetful(FakeSqs):
        def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
            answer = super().send_message_batch(QueueUrl, Entries)
            return answer if len(self.calls) > 1 else {"Successful": answer["Successful"][:3]}

    sqs = Forgetful()

    send(messages.make(RUN, items(5), 1), sqs)

    assert sqs.calls == [5, 2]


def test_totals_are_the_sum_of_the_runs() -> None:
    tally = Tally(messages=3, films={"tt0000001", "tt0000002", "tt0000003"})
    tally.outcomes[RUN].update(stored=2, failed=1)
    tally.outcomes[OTHER].update(stored=1)
    tally.put_back[RUN].update(OmdbUnavailable=1)
    tally.put_back[UNKNOWN_RUN].update(InvalidInput=1)

    counts = tally.as_dict()

    assert counts["received"] == {"messages": 3, "films": 3}
    assert counts["outcomes"] == {"stored": 3, "failed": 1}
    assert counts["put_back"] == {"OmdbUnavailable": 1, "InvalidInput": 1}
    assert counts["by_run"][RUN] == {"outcomes": {"stored": 2, "failed": 1}, "put_back": {"OmdbUnavailable": 1}}
    assert counts["by_run"][OTHER] == {"outcomes": {"stored": 1}, "put_back": {}}
    assert counts["by_run"][UNKNOWN_RUN] == {"outcomes": {}, "put_back": {"InvalidInput": 1}}
    assert not {"run_id", "imdb_id"} & counts.keys()


def test_one_run_and_one_film_are_named() -> None:
    tally = Tally(messages=1, films={"tt0000001"})
    tally.outcomes[RUN].update(stored=1)

    counts = tally.as_dict()

    assert (counts["run_id"], counts["imdb_id"]) == (RUN, "tt0000001")


def test_an_empty_tally_has_no_counts() -> None:
    counts = Tally().as_dict()

    assert (counts["outcomes"], counts["put_back"], counts["by_run"]) == ({}, {}, {})
