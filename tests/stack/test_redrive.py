"""Parked messages on the deployed stack: listed without being removed, redriven, and stored."""

from __future__ import annotations

import json
from typing import Any

from pipeline import aws, keys
from reelhouse.commands.redrive import redrive
from reelhouse.commands.trace import trace
from reelhouse.operate import parked
from reelhouse.stack import Stack
from tests.running import Omdb, run_to_the_end, wait_until


def park(stack: Stack, body: str, queue: str = "MovieQueue") -> str:
    """Put a message where SQS puts those that failed too often."""
    return aws.client("sqs").send_message(QueueUrl=stack[f"{queue}DeadLettersUrl"], MessageBody=body)["MessageId"]


def message(stack: Stack, run_id: str, films: list[dict[str, Any]]) -> str:
    return json.dumps({"schema": 1, "run_id": run_id, "batch": 1, "batches": 1, "movies": films})


def test_a_poison_message_is_parked_alone_shown_with_its_reason_and_stays(stack: Stack) -> None:
    sent = aws.client("sqs").send_message(QueueUrl=stack["MovieQueueUrl"], MessageBody="<b>no message of ours</b>")
    assert run_to_the_end(stack, 10, 5).status == "complete"
    wait_until(lambda: any(one.message_id == sent["MessageId"] for one in parked.parked(stack, "MovieQueue")))

    for _ in range(2):
        (one,) = (p for p in parked.parked(stack, "MovieQueue") if p.message_id == sent["MessageId"])

        assert "not a message of this pipeline" in one.why
        assert (one.run_id, one.films) == (None, [])
        assert one.failed_at
        assert one.excerpt == "<b>no message of ours</b>"


def test_films_of_an_invalid_key_are_reported_at_once_parked_and_stored_after_a_redrive(
    stack: Stack, omdb: Omdb
) -> None:
    """The films of a run that OMDb would not give: their messages parked, OMDb mended, then moved back."""
    omdb.faults(keys=["another key"])
    parked_before = stack.queues()["MovieQueue"].parked

    report = run_to_the_end(stack, 10, 5)

    assert report.status == "incomplete"
    assert report.missing
    assert "does not accept the API key" in report.missing.why
    assert report.missing.queues["MovieQueue"].busy
    assert report.missing.queues["MovieQueue"].parked == parked_before
    manifest = stack.manifest(report.run_id)
    assert set(report.missing.films or ()) == set(manifest.expected)
    (path,) = trace(stack, min(manifest.expected), report.run_id).runs
    assert (path.bronze, path.silver) == (None, None)
    assert "messages wait in MovieQueue" in str(path.stopped)

    films = [{"id": film, "rank": str(rank)} for film, rank in manifest.expected.items()]
    park(stack, message(stack, report.run_id, films))
    messages = [one for one in parked.parked(stack) if one.run_id == report.run_id]
    assert [sorted(one.films) for one in messages] == [sorted(manifest.expected)]
    omdb.no_faults()
    progress: list[tuple[int, int]] = []

    moved = redrive(stack, "MovieQueue", lambda *counts: progress.append(counts))

    assert moved >= 1
    assert progress[-1][0] == moved
    wait_until(lambda: stack.count("Bronze", "movies", report.run_id) == 10)
    wait_until(lambda: report.run_id in getattr(stack.build(), "complete_runs", ()))
    assert not [one for one in parked.parked(stack) if one.run_id == report.run_id]


def test_an_event_that_was_parked_names_its_films_and_is_processed_after_a_redrive(
    stack: Stack, small_run: str
) -> None:
    key = aws.list_objects(aws.client("s3"), stack["BronzeBucketName"], keys.run_prefix(keys.MOVIES, small_run))[0].key
    body = json.dumps({"Records": [{"s3": {"object": {"key": key}}}]})
    sent = park(stack, body, "BronzeEvents")
    (one,) = (p for p in parked.parked(stack, "BronzeEvents") if p.message_id == sent)
    assert one.run_id == small_run
    assert one.films == [key.split("imdb_id=")[1].removesuffix(".json")]
    assert "logged no error" in one.why
    silver = objects(stack, small_run)

    assert redrive(stack, "BronzeEvents", lambda *_: None) >= 1

    wait_until(lambda: objects(stack, small_run) != silver)
    assert not [p for p in parked.parked(stack, "BronzeEvents") if p.message_id == sent]


def objects(stack: Stack, run_id: str) -> dict[str, str]:
    prefix = keys.run_prefix(keys.MOVIES, run_id)
    return {entry.key: entry.etag for entry in aws.list_objects(aws.client("s3"), stack["SilverBucketName"], prefix)}
