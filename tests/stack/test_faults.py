"""Films when OMDb fails, when the list has errors, and when a message is delivered twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline import aws, keys
from pipeline.errors import InvalidInput
from reelhouse.local import stack as local_stack
from reelhouse.local.omdb import films as sample_films
from reelhouse.operate.parked import parked
from reelhouse.run.start import start
from reelhouse.stack import Stack
from tests.running import Omdb, run_to_the_end, wait_until

LIST = (local_stack.SOURCE_BUCKET, local_stack.SOURCE_KEY)
FILMS = sample_films.source_list()["items"][:6]


@pytest.fixture
def source_list(stack: Stack) -> Iterator[Any]:
    """Return a function that replaces the source list; the sample list is restored after the test."""
    s3, runs = aws.client("s3"), stack.run_ids()
    original, _ = aws.get(s3, *LIST)
    yield lambda body: s3.put_object(
        Bucket=LIST[0], Key=LIST[1], Body=body if isinstance(body, bytes) else json.dumps(body).encode()
    )
    s3.put_object(Bucket=LIST[0], Key=LIST[1], Body=original)
    if stack.run_ids() != runs:
        # The films that the test's list lacked are on the list again.
        run_to_the_end(stack, 100, 50)


def film(imdb_id: str, rank: int) -> dict[str, str]:
    return {**FILMS[0], "id": imdb_id, "rank": str(rank)}


def test_a_film_unknown_to_omdb_is_rejected_and_the_others_are_stored(stack: Stack, source_list: Any) -> None:
    source_list({"items": [*FILMS[:4], film("tt0000000", 5)]})

    report = run_to_the_end(stack, 5, 5)

    assert (report.status, report.stored, report.rejected, report.silver_rows) == ("complete", 4, 1, 4)
    key = keys.film("rejected", report.run_id, "tt0000000")
    rejected = aws.get_json(aws.client("s3"), stack["BronzeBucketName"], key)
    assert rejected["reason"] == "Error getting data."
    assert json.loads(rejected["body"])["Response"] == "False"
    assert rejected["source"] == film("tt0000000", 5)


def test_invalid_list_entries_are_reported_and_the_rest_is_ingested(stack: Stack, source_list: Any) -> None:
    odd = [film("../../etc/passwd", 3), film("tt123", 4), {**film("tt0068646", 5), "rank": ""}, FILMS[0], "text"]
    source_list([FILMS[1], FILMS[0], *odd])

    report = run_to_the_end(stack, 100, 5)

    # All films were ingested, but Gold keeps the list of before: a list that lost its films is held.
    assert (report.status, report.expected, report.silver_rows) == ("held", 2, 2)
    assert "movies: films on the list" in str(report.held)
    assert [entry.item for entry in report.skipped] == [2, 3, 4, 5, 6]
    assert all(entry.reason for entry in report.skipped)
    assert "fewer than the 100 asked for" in report.note


@pytest.mark.parametrize("body", [b"[]", b"{}", b"<html>", b'{"items": [{"id": "tt1"}]}', b"\xff\xfe"])
def test_a_list_without_a_usable_film_starts_nothing(stack: Stack, source_list: Any, body: bytes) -> None:
    before = stack.run_ids()
    source_list(body)

    with pytest.raises(InvalidInput, match=r"s3://reelhouse-source"):
        start(stack, 5, 5)

    assert stack.run_ids() == before


@pytest.mark.parametrize("event", [{"top_n": 0}, {"top_n": "x"}, {"top_n": 2.5}, {"batch_size": 101}, {"topn": 5}])
def test_invalid_parameters_start_nothing(stack: Stack, event: dict[str, Any]) -> None:
    before = stack.run_ids()

    answer = aws.client("lambda").invoke(
        FunctionName=stack["GetMoviesAndSendToQueueName"], Payload=json.dumps(event).encode()
    )

    assert "FunctionError" in answer
    assert next(iter(event)) in json.loads(answer["Payload"].read())["errorMessage"]
    assert stack.run_ids() == before


def test_a_message_delivered_twice_stores_nothing_twice(stack: Stack) -> None:
    s3, sqs = aws.client("s3"), aws.client("sqs")
    # Messages that earlier tests left waiting for minutes would be waited for below.
    sqs.purge_queue(QueueUrl=stack["MovieQueueUrl"])
    report = run_to_the_end(stack, 5, 5)
    prefix = keys.run_prefix("movies", report.run_id)
    expected = stack.manifest(report.run_id).expected
    items = [film for film in sample_films.source_list()["items"] if film["id"] in expected]
    message = {"schema": 1, "run_id": report.run_id, "batch": 1, "batches": 1, "movies": items}

    sqs.send_message(QueueUrl=stack["MovieQueueUrl"], MessageBody=json.dumps(message))
    wait_until(lambda: quiet(stack))

    versions = s3.list_object_versions(Bucket=stack["BronzeBucketName"], Prefix=prefix)["Versions"]
    assert len(versions) == len({version["Key"] for version in versions}) == 5
    assert stack.build().runs[report.run_id].stored == 5


def test_transient_faults_are_retried_until_all_films_are_stored(stack: Stack, omdb: Omdb) -> None:
    omdb.faults(fail_rate=0.4, seed=7)

    report = run_to_the_end(stack, 20, 5)

    assert (report.status, report.stored) == ("complete", 20)
    assert sum(omdb.calls().values()) > 20


def test_an_invalid_key_is_reported_at_once_and_messages_are_kept(stack: Stack, omdb: Omdb) -> None:
    omdb.faults(keys=["another key"])
    parked_before = stack.queues()["MovieQueue"].parked

    report = run_to_the_end(stack, 5, 5)

    assert report.status == "incomplete"
    assert report.missing
    assert "does not accept the API key" in report.missing.why
    assert len(report.missing.films or ()) == 5
    assert report.missing.queues["MovieQueue"].busy
    assert report.missing.queues["MovieQueue"].parked == parked_before


def test_a_spent_quota_is_reported_as_a_limit_and_stored_films_are_kept(stack: Stack, omdb: Omdb) -> None:
    omdb.faults(quota=3)

    report = run_to_the_end(stack, 10, 5)

    # A message that an earlier test left behind may have taken some of the three calls.
    assert report.status == "incomplete"
    assert report.stored <= 3
    assert report.missing
    assert "limit" in report.missing.why
    assert len(report.missing.films or ()) == 10 - report.stored


@pytest.mark.parametrize("kind", ["escape", "truncated"])
def test_a_malformed_body_is_kept_raw(stack: Stack, omdb: Omdb, kind: str) -> None:
    bad = FILMS[2]["id"]
    omdb.faults(malformed=kind, only=[bad])

    report = run_to_the_end(stack, 5, 5)

    assert (report.status, report.stored + report.rejected) == ("complete", 5)
    s3, bucket = aws.client("s3"), stack["BronzeBucketName"]
    stored = aws.get_json(s3, bucket, keys.film("movies", report.run_id, bad))
    rejected = aws.get_json(s3, bucket, keys.film("rejected", report.run_id, bad))
    raw = stored["omdb_raw"] if stored else rejected["body"]
    with pytest.raises(json.JSONDecodeError):
        json.loads(raw)


def test_an_answer_for_another_film_is_quarantined_with_its_reason(stack: Stack, omdb: Omdb) -> None:
    bad = FILMS[0]["id"]
    omdb.faults(wrong_film=True, only=[bad])

    report = run_to_the_end(stack, 5, 5)

    assert (report.status, report.stored, report.quarantined, report.silver_rows) == ("complete", 5, 1, 4)
    key = keys.film("quarantine", report.run_id, bad)
    reasons = aws.get_json(aws.client("s3"), stack["SilverBucketName"], key)["reasons"]
    assert f"another film than {bad}" in reasons[0]


def test_a_poison_message_is_parked_alone(stack: Stack) -> None:
    sqs = aws.client("sqs")

    sent = sqs.send_message(QueueUrl=stack["MovieQueueUrl"], MessageBody="not a message of this pipeline")
    report = run_to_the_end(stack, 10, 5)
    wait_until(lambda: sent["MessageId"] in [one.message_id for one in parked(stack, "MovieQueue")])

    assert report.status == "complete"


def quiet(stack: Stack) -> bool:
    return not any(counts.busy for counts in stack.queues().values())
