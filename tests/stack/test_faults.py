"""Films when OMDb fails, when the list has errors, and when a message is delivered twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from pipeline import aws, keys
from pipeline.errors import InvalidInput
from reelhouse.commands.run import start
from reelhouse.local import stack as local_stack
from reelhouse.local.omdb import films as sample_films
from reelhouse.stack import Stack
from tests.running import Omdb, run_to_the_end, wait_until

LIST = (local_stack.SOURCE_BUCKET, local_stack.SOURCE_KEY)


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


@cache
def films() -> list[dict[str, str]]:
    return sample_films.source_list()["items"]


def film(imdb_id: str, rank: int) -> dict[str, str]:
    return {**films()[0], "id": imdb_id, "rank": str(rank)}


def test_films_that_cannot_be_had_are_reported_and_the_others_are_stored(stack: Stack, source_list: Any) -> None:
    odd = [film("../../etc/passwd", 3), film("tt123", 4), {**film("tt0068646", 5), "rank": ""}, films()[0], "text"]
    unknown = film("tt0000000", 6)
    source_list([films()[1], films()[0], *odd, unknown])

    report = run_to_the_end(stack, 100, 5)

    # All films are accounted for, but Gold keeps the list of before: a list that lost its films is held.
    assert (report.status, report.expected, report.stored, report.rejected) == ("held", 3, 2, 1)
    assert report.silver_rows == 2
    assert "movies: films on the list" in str(report.held)
    assert [entry.item for entry in report.skipped] == [2, 3, 4, 5, 6]
    assert all(entry.reason for entry in report.skipped)
    assert "fewer than the 100 asked for" in report.note
    key = keys.film("rejected", report.run_id, "tt0000000")
    rejected = aws.get_json(aws.client("s3"), stack["BronzeBucketName"], key)
    assert rejected["reason"] == "Error getting data."
    assert json.loads(rejected["body"])["Response"] == "False"
    assert rejected["source"] == unknown


def test_a_list_without_a_usable_film_starts_nothing(stack: Stack, source_list: Any) -> None:
    before = stack.run_ids()
    source_list(b"<html>")

    with pytest.raises(InvalidInput, match=r"s3://reelhouse-source"):
        start(stack, 5, 5)

    assert stack.run_ids() == before


def test_invalid_parameters_start_nothing(stack: Stack) -> None:
    before = stack.run_ids()

    answer = aws.client("lambda").invoke(FunctionName=stack["GetMoviesAndSendToQueueName"], Payload=b'{"top_n": 2.5}')

    assert "FunctionError" in answer
    assert "top_n" in json.loads(answer["Payload"].read())["errorMessage"]
    assert stack.run_ids() == before


def test_a_message_delivered_twice_stores_nothing_twice(stack: Stack) -> None:
    s3, sqs = aws.client("s3"), aws.client("sqs")
    # Messages that earlier tests left waiting for minutes would be waited for below.
    sqs.purge_queue(QueueUrl=stack["MovieQueueUrl"])
    report = run_to_the_end(stack, 5, 5)
    prefix = keys.run_prefix("movies", report.run_id)
    expected = stack.manifest(report.run_id).expected
    items = [film for film in films() if film["id"] in expected]
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


def test_a_body_with_an_invalid_escape_is_stored_raw(stack: Stack, omdb: Omdb) -> None:
    bad = films()[2]["id"]
    omdb.faults(malformed="escape", only=[bad])

    report = run_to_the_end(stack, 5, 5)

    assert (report.status, report.stored) == ("complete", 5)
    stored = aws.get_json(aws.client("s3"), stack["BronzeBucketName"], keys.film("movies", report.run_id, bad))
    with pytest.raises(json.JSONDecodeError):
        json.loads(stored["omdb_raw"])


def quiet(stack: Stack) -> bool:
    return not any(counts.busy for counts in stack.queues().values())
