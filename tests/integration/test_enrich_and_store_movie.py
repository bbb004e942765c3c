"""Step 2 on moto: one outcome per film, each stored once, and only failed messages are retried."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from threading import Barrier, BoundedSemaphore, Event
from typing import Any

import pytest

from pipeline import aws, keys, messages
from pipeline import enrich_and_store_movie as step
from pipeline.omdb import Found, OmdbClient
from pipeline.runs import new_run_id
from pipeline.settings import EnrichAndStoreMovieSettings
from tests.integration.moto_lake import Cold, Lake, Omdb, sqs_event

STEP = "enrich_and_store_movie"
RUN = new_run_id(datetime.now(UTC), "test")
A, B, C = "tt0000001", "tt0000002", "tt0000003"


def body(*ids: str, run_id: str = RUN) -> str:
    return json.dumps(messages.make(run_id, [{"id": imdb_id, "rank": "1"} for imdb_id in ids], 100)[0])


@pytest.fixture(autouse=True)
def started(lake: Lake) -> None:
    """Start the run of most messages here."""
    lake.expect(RUN, *(f"tt{number:07}" for number in range(1, 101)))


def stored(lake: Lake) -> list[str]:
    return [key for key in lake.keys("bronze") if not key.startswith(keys.RUNS)]


def queued(lake: Lake, bodies: Iterable[str]) -> list[dict[str, Any]]:
    """Send bodies to MovieQueue and take them from it, in this order."""
    for one in bodies:
        lake.sqs.send_message(QueueUrl=lake.queue_url, MessageBody=one)
    return sorted(lake.receive(), key=lambda message: list(bodies).index(message["Body"]))


def failed(reply: dict[str, Any]) -> list[str]:
    return [failure["itemIdentifier"] for failure in reply["batchItemFailures"]]


def test_list_item_and_answer_are_stored_side_by_side(lake: Lake, omdb: Omdb, handler: Cold) -> None:
    omdb.film(A, imdbRating="9.3")
    item = {"id": A, "rank": "1", "imDbRating": "9.2", "title": "list's", "year": "1"}
    message = json.dumps(messages.make(RUN, [item], 1)[0])

    handler(STEP)(sqs_event(message))

    document = json.loads(lake.get("bronze", keys.film("movies", RUN, A)))
    assert document["source"] == item
    assert document["omdb"] == json.loads(omdb.answers[A][1])
    assert set(document) == {"schema", "run_id", "fetched_at", "source", "omdb"}
    assert (document["schema"], document["run_id"]) == (1, RUN)


@pytest.mark.parametrize("error", ["Incorrect IMDb ID.", "Error getting data.", "Movie not found!"])
def test_an_unknown_film_is_rejected_and_the_others_are_stored(
    lake: Lake, omdb: Omdb, handler: Cold, error: str
) -> None:
    omdb.film(A)
    omdb.error(B, error)
    omdb.film(C)

    assert failed(handler(STEP)(sqs_event(body(A, B, C)))) == []

    assert stored(lake) == [
        keys.film("movies", RUN, A),
        keys.film("movies", RUN, C),
        keys.film("rejected", RUN, B),
    ]
    document = json.loads(lake.get("bronze", keys.film("rejected", RUN, B)))
    assert (document["reason"], document["body"]) == (error, omdb.answers[B][1].decode())


@pytest.mark.parametrize("raw", [b'{"Response":"False","Error":"a "b" c"}', b'{"Title":"cut', b"[1, 2]"])
def test_a_malformed_body_is_kept_raw(lake: Lake, omdb: Omdb, handler: Cold, raw: bytes) -> None:
    omdb.answers[A] = (200, raw)

    assert failed(handler(STEP)(sqs_event(body(A)))) == []

    assert json.loads(lake.get("bronze", keys.film("rejected", RUN, A)))["body"] == raw.decode()
    assert omdb.asked == [A, A]


def test_a_leniently_read_film_keeps_its_raw_body(lake: Lake, omdb: Omdb, handler: Cold) -> None:
    raw = rb'{"Plot":"a \s b","imdbID":"tt0000001","Response":"True"}'
    omdb.answers[A] = (200, raw)

    handler(STEP)(sqs_event(body(A)))

    document = json.loads(lake.get("bronze", keys.film("movies", RUN, A)))
    assert (document["omdb"]["Plot"], document["omdb_raw"]) == (r"a \s b", raw.decode())


def test_only_the_message_with_the_failed_film_is_retried(lake: Lake, omdb: Omdb, handler: Cold) -> None:
    omdb.film(A)
    omdb.answers[B] = (503, b"<html>")
    omdb.film(C)
    good, bad = queued(lake, [body(A), body(B, C)])

    assert failed(handler(STEP)(sqs_event(good, bad))) == [bad["MessageId"]]

    assert stored(lake) == [keys.film("movies", RUN, A), keys.film("movies", RUN, C)]


def test_a_retried_message_fetches_only_what_is_missing(lake: Lake, omdb: Omdb, handler: Cold) -> None:
    omdb.film(A)
    omdb.error(B, "Movie not found!")
    omdb.answers[C] = (503, b"<html>")
    enrich = handler(STEP)
    assert failed(enrich(sqs_event(body(A, B, C)))) == ["message-0"]
    omdb.asked.clear()
    omdb.film(C)

    assert failed(enrich(sqs_event(body(A, B, C), receives=2))) == []

    assert omdb.asked == [C]


def test_a_message_redriven_days_later_fetches_only_what_is_missing(lake: Lake, omdb: Omdb, handler: Cold) -> None:
    run_id = "20240101T000000Z-1a2b3c4d"
    omdb.film(A)
    lake.expect(run_id, A)
    lake.put("bronze", keys.film("movies", run_id, A), b"{}")

    assert failed(handler(STEP)(sqs_event(body(A, run_id=run_id)))) == []

    assert omdb.asked == []


def test_bronze_is_never_overwritten(lake: Lake, omdb: Omdb, handler: Cold) -> None:
    omdb.film(A)
    lake.put("bronze", keys.film("movies", RUN, A), b"first")

    assert failed(handler(STEP)(sqs_event(body(A)))) == []

    assert lake.get("bronze", keys.film("movies", RUN, A)) == b"first"


def test_a_film_in_two_messages_is_fetched_once(lake: Lake, omdb: Omdb, handler: Cold) -> None:
    omdb.film(A)

    assert failed(handler(STEP)(sqs_event(body(A, A), body(A)))) == []

    assert omdb.asked == [A]


@pytest.mark.parametrize("text", ["not JSON", "{}", '{"schema": 1, "run_id": "../x", "movies": []}'])
def test_only_the_foreign_message_fails(lake: Lake, omdb: Omdb, handler: Cold, text: str) -> None:
    omdb.film(A)

    assert failed(handler(STEP)(sqs_event(text, body(A)))) == ["message-0"]

    assert stored(lake) == [keys.film("movies", RUN, A)]


def test_omdb_is_asked_for_the_next_films_while_films_are_stored(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [f"tt{number:07}" for number in range(1, step.THREADS + 1)]
    others, all_asked = Barrier(step.REQUESTS_AT_ONCE), Event()
    places = BoundedSemaphore(step.REQUESTS_AT_ONCE)
    asked: list[str] = []

    class Waiting(OmdbClient):
        def film(self, imdb_id: str, *_: Any) -> Found:
            assert places.acquire(blocking=False)
            asked.append(imdb_id)
            others.wait(10)
            # Time for one too many to come.
            all_asked.wait(0.2)
            places.release()
            if len(asked) == len(ids):
                all_asked.set()
            return Found({"Response": "True"})

    def put_once(*_: Any) -> bool:
        assert all_asked.wait(10)
        return True

    monkeypatch.setattr(aws, "put_once", put_once)
    settings = EnrichAndStoreMovieSettings("bronze", lake.queue_url, "https://omdb", "secret")

    omdb = Waiting(settings.omdb_url, lambda _: "")

    result = step.run([messages.QueueMessage("one", body(*ids))], settings, omdb, 60)

    assert result.tally.outcomes[RUN] == {step.STORED: len(ids)}


@pytest.mark.parametrize("error", ["Request limit reached!", "Invalid API key!"])
def test_a_refusal_of_omdb_stops_all_requests_and_keeps_the_messages(
    lake: Lake, omdb: Omdb, handler: Cold, error: str
) -> None:
    ids = [f"tt{number:07}" for number in range(1, 101)]
    for imdb_id in ids:
        omdb.error(imdb_id, error, 401)
    first, second = queued(lake, [body(*ids[:50]), body(*ids[50:])])

    assert failed(handler(STEP)(sqs_event(first, second))) == [first["MessageId"], second["MessageId"]]

    assert len(omdb.asked) < 40
    assert stored(lake) == []
    assert lake.receive() == []


def test_a_message_that_waited_long_for_the_quota_is_replaced_by_a_copy(lake: Lake, omdb: Omdb, handler: Cold) -> None:
    omdb.film(A)
    omdb.error(B, "Request limit reached!", 401)
    (old,) = queued(lake, [body(A, B)])

    reply = handler(STEP)(sqs_event(old, receives=5))

    assert failed(reply) == [], "the queue may delete it"
    (copy,) = lake.receive()
    assert copy["Body"] == old["Body"]
    assert copy["MessageId"] != old["MessageId"]
    assert copy["Attributes"]["ApproximateReceiveCount"] == "1"


def test_a_message_waits_when_it_cannot_be_copied(
    lake: Lake, omdb: Omdb, handler: Cold, monkeypatch: pytest.MonkeyPatch
) -> None:
    omdb.error(A, "Request limit reached!", 401)
    (old,) = queued(lake, [body(A)])
    monkeypatch.setenv("MOVIE_QUEUE_URL", lake.queue_url + "-that-is-not-there")

    assert failed(handler(STEP)(sqs_event(old, receives=5))) == [old["MessageId"]]


def test_the_key_is_in_no_log(lake: Lake, omdb: Omdb, handler: Cold, capsys: pytest.CaptureFixture[str]) -> None:
    omdb.error(A, "Invalid API key!", 401)
    omdb.answers[B] = (503, b"<html>")

    handler(STEP)(sqs_event(body(A), body(B)))

    said = capsys.readouterr()
    assert A in said.out
    assert "s3cr3t-key" not in said.out + said.err


def test_all_messages_are_retried_without_time_left(lake: Lake, omdb: Omdb, handler: Cold) -> None:
    omdb.film(A)

    assert failed(handler(STEP)(sqs_event(body(A)), milliseconds_left=5_000)) == ["message-0"]

    assert (omdb.asked, stored(lake)) == ([], [])


# ── Messages of no run ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("run_id", ["20990101T000000Z-00000000", "20240101T000000Z-00000000"])
def test_a_message_of_a_run_that_was_never_started_is_refused(
    lake: Lake, omdb: Omdb, handler: Cold, capsys: pytest.CaptureFixture[str], run_id: str
) -> None:
    omdb.film(A)

    assert failed(handler(STEP)(sqs_event(body(A, run_id=run_id), body(A)))) == ["message-0"]

    assert f"{run_id}: no such run was started; the message is parked" in capsys.readouterr().out
    assert (omdb.asked, stored(lake)) == ([A], [keys.film("movies", RUN, A)])


def test_a_message_with_a_film_that_its_run_does_not_expect_is_refused(
    lake: Lake, omdb: Omdb, handler: Cold, capsys: pytest.CaptureFixture[str]
) -> None:
    other = "tt9999999"
    omdb.film(A)
    omdb.film(other)

    assert failed(handler(STEP)(sqs_event(body(A, other), body(A)))) == ["message-0"]

    assert omdb.asked == [A]
    assert f"{other}: run {RUN} does not expect this film; the message is parked" in capsys.readouterr().out


@pytest.mark.parametrize("manifest", [b"", b"[]", b"null", b'{"expected": {"tt0000001": 1}}'])
def test_a_damaged_manifest_fails_its_messages_only(lake: Lake, omdb: Omdb, handler: Cold, manifest: bytes) -> None:
    run_id = "20240101T000000Z-00000000"
    lake.put("bronze", keys.manifest(run_id), manifest)
    omdb.film(A)

    assert failed(handler(STEP)(sqs_event(body(A, run_id=run_id), body(A)))) == ["message-0"]


# ── Rejections ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_film_rejected_for_its_body_is_asked_for_again(lake: Lake, omdb: Omdb, handler: Cold) -> None:
    omdb.answers[A] = (200, b'{"Title":"cut')
    omdb.error(B, "Incorrect IMDb ID.")
    enrich = handler(STEP)
    assert failed(enrich(sqs_event(body(A, B)))) == []
    assert stored(lake) == [keys.film("rejected", RUN, A), keys.film("rejected", RUN, B)]
    omdb.asked.clear()
    omdb.film(A)
    omdb.film(B)

    assert failed(enrich(sqs_event(body(A, B), receives=2))) == []

    assert omdb.asked == [A], "OMDb's own answer is final"
    assert keys.film("movies", RUN, A) in stored(lake)


# ── One film's failure is its own ────────────────────────────────────────────────────────────────────────────────


def test_each_film_names_itself_when_the_quota_is_spent(
    lake: Lake, omdb: Omdb, handler: Cold, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = [f"tt{number:07}" for number in range(1, 61)]
    for imdb_id in ids:
        omdb.error(imdb_id, "Request limit reached!", 401)

    handler(STEP)(sqs_event(*(body(imdb_id) for imdb_id in ids)))

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    causes = {line["message_id"]: line["message"] for line in lines if "message_id" in line}
    assert [imdb_id for index, imdb_id in enumerate(ids) if f" {imdb_id}: " not in causes[f"message-{index}"]] == []


def test_an_empty_batch_does_nothing_and_succeeds(lake: Lake, omdb: Omdb, handler: Cold) -> None:
    """`reelhouse up` starts workers with one."""
    assert failed(handler(STEP)({"Records": []})) == []

    assert omdb.asked == []
