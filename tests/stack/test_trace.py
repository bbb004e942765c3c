"""One film's path on the deployed stack: complete, or up to the step where it stopped."""

from __future__ import annotations

import json

import pytest

from pipeline import aws, keys
from pipeline.errors import DocumentInvalid, InvalidInput
from reelhouse.commands.replay import replay
from reelhouse.commands.status import status
from reelhouse.commands.trace import Message, PathInRun, trace
from reelhouse.stack import Stack
from tests.running import Omdb, reelhouse, run_to_the_end

# The first two films of the sample list.
FILM, OTHER = "tt0033467", "tt0071562"


def path(stack: Stack, imdb_id: str, run_id: str) -> PathInRun:
    (run,) = trace(stack, imdb_id, run_id).runs
    return run


def test_a_film_is_followed_from_its_message_to_gold(stack: Stack, small_run: str) -> None:
    newer = run_to_the_end(stack, 5, 2).run_id

    traced = trace(stack, FILM)

    newest, before, *_ = traced.runs
    assert [newest.run_id, before.run_id] == [newer, small_run]
    assert newest.message == Message(number=1, of=3, rank=1)
    assert newest.stopped is None
    assert before.stopped == f"in Silver; Gold has the film from the newer run {newer}"
    _, version = aws.get(aws.client("s3"), stack["BronzeBucketName"], keys.film("movies", newer, FILM))
    assert newest.bronze
    assert newest.silver
    assert newest.bronze.version == newest.silver.row["bronze_version"] == version
    assert traced.gold["movies"][0]["run_id"] == newer
    genres = traced.gold["movies"][0]["genres"]
    assert {row["genre"] for row in traced.gold["ratings_by_genre"]} == set(genres)
    assert newer in {row["run_id"] for row in traced.gold["rank_history"]}


def test_an_answer_for_another_film_is_quarantined_and_stops_there_with_its_reason(stack: Stack, omdb: Omdb) -> None:
    omdb.faults(wrong_film=True, only=[FILM])

    report = run_to_the_end(stack, 5, 5)

    assert (report.status, report.stored, report.quarantined, report.silver_rows) == ("complete", 5, 1, 4)
    key = keys.film(keys.QUARANTINE, report.run_id, FILM)
    reasons = aws.get_json(aws.client("s3"), stack["SilverBucketName"], key)["reasons"]
    assert f"another film than {FILM}" in reasons[0]
    assert "quarantined: imdb_id: 'tt" in path(stack, FILM, report.run_id).stopped
    assert path(stack, OTHER, report.run_id).stopped is None


def test_a_film_lost_from_silver_says_so(stack: Stack, small_run: str) -> None:
    for part in aws.list_objects(aws.client("s3"), stack["SilverBucketName"], keys.run_prefix("movies", small_run)):
        aws.client("s3").delete_object(Bucket=stack["SilverBucketName"], Key=part.key)
    try:
        run = path(stack, FILM, small_run)
    finally:
        replayed = replay(stack, [small_run], lambda *_: None)

    assert run.bronze
    assert run.bronze.kind == "movies"
    assert run.silver is None
    assert "not processed into Silver yet" in run.stopped
    assert replayed.status == "complete"
    assert "in Silver; Gold has the film from the newer run" in path(stack, FILM, small_run).stopped


@pytest.mark.parametrize("imdb_id", ["../../x", "tt1", "tt0000009", "<b>"])
def test_an_id_that_is_none_or_unknown_is_refused(stack: Stack, imdb_id: str) -> None:
    with pytest.raises(InvalidInput):
        trace(stack, imdb_id)


def test_a_damaged_manifest_is_reported_and_other_runs_are_shown(stack: Stack, small_run: str) -> None:
    s3, bucket = aws.client("s3"), stack["BronzeBucketName"]
    damaged = s3.put_object(Bucket=bucket, Key=keys.manifest(small_run), Body=b"")
    try:
        assert small_run not in [run.run_id for run in trace(stack, FILM).runs]
        assert {run.run_id: run.status for run in status(stack).runs}[small_run] == "its manifest is damaged"
        with pytest.raises(DocumentInvalid, match=keys.manifest(small_run)):
            trace(stack, FILM, small_run)
    finally:
        s3.delete_object(Bucket=bucket, Key=keys.manifest(small_run), VersionId=damaged["VersionId"])
        aws.client("sqs").purge_queue(QueueUrl=stack["BronzeEventsUrl"])


def test_the_commands_print_one_json_document_or_a_sentence(stack: Stack, small_run: str) -> None:
    printed = reelhouse("trace", FILM, "--json")
    assert (printed.returncode, json.loads(printed.stdout)["imdb_id"]) == (0, FILM)
    refused = reelhouse("trace", "nonsense")
    assert (refused.returncode, "IMDb id" in refused.stderr) == (2, True)
    assert reelhouse("replay").returncode == reelhouse("replay", "--all", "--run-id", "x").returncode == 2
    assert reelhouse("redrive", "--peek", "--queue", "nonsense").returncode == 2
    assert isinstance(json.loads(reelhouse("redrive", "--peek", "--json").stdout), list)
    assert json.loads(reelhouse("verify", "--run-id", small_run, "--json").stdout)["ok"] is True
