"""A run's details from stored objects: every film is counted once, and damaged records are reported in one line."""

from __future__ import annotations

import json

import pytest

from pipeline import keys
from pipeline.errors import DocumentInvalid, InvalidInput
from pipeline.gold.once_a_run import look_again
from reelhouse.run import details
from reelhouse.run.details import FilmCounts
from reelhouse.stack import QueueCounts, Stack
from tests.integration.moto_lake import Cold, Lake, Omdb, Top, as_stack, s3_event, sqs_event


@pytest.fixture
def stack(lake: Lake) -> Stack:
    """The lake with all queues, as the commands see a stack; its functions have no logs."""
    return as_stack(lake)


@pytest.fixture
def run_id(lake: Lake, omdb: Omdb, handler: Cold, top: Top) -> str:
    """Ten films: one rejected, one quarantined, one that OMDb does not give; all others in Silver."""
    ids = top(10)
    omdb.error(ids[0], "Incorrect IMDb ID.")
    omdb.film(ids[1], Year="3994")
    omdb.answers[ids[2]] = (503, b"<html>")
    reply = handler("get_movies_and_send_to_queue")({"top_n": 10, "batch_size": 5, "requested_by": "schedule"})
    handler("enrich_and_store_movie")(sqs_event(*lake.receive()))
    bronze = [key for key in lake.keys("bronze") if not key.startswith("source/")]
    handler("process_bronze_to_silver")(sqs_event(*(s3_event(key) for key in bronze)))
    return str(reply["run_id"])


def test_every_film_is_counted_once(stack: Stack, run_id: str) -> None:
    run = details.describe(stack, run_id)

    ids = sorted(stack.manifest(run_id).expected)
    assert run.films == FilmCounts(
        expected=10, stored=8, rejected=1, quarantined=1, rows=7, parked=0, missing=1, not_in_silver=0
    )
    assert run.missing == (ids[2],)
    assert [(film.outcome, film.imdb_id) for film in run.left_out] == [
        ("quarantined", ids[1]),
        ("rejected", ids[0]),
    ]
    assert run.manifest.requested_by == "schedule"
    assert run.manifest.listed == 10
    assert run.gold is None
    assert [step.began_at for step in run.steps] == [None] * 4, "there are no logs"


def test_a_delayed_message_counts_as_waiting(stack: Stack, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    # With Athena, one message that is delayed by a minute stands for a build to come: nothing is lost meanwhile.
    look_again(stack["SilverEventsUrl"])

    assert stack.queues()["SilverEvents"] == QueueCounts(waiting=1, in_flight=0, parked=0)
    assert not caplog.records, "at level INFO there are summaries only"


def test_objects_not_yet_in_silver_are_counted(stack: Stack, lake: Lake, run_id: str) -> None:
    (part,) = lake.keys("silver", "movies/")
    lake.s3.delete_object(Bucket="silver", Key=part)
    lake.s3.delete_object(Bucket="silver", Key=lake.keys("silver", "rejected/")[0])

    run = details.describe(stack, run_id)

    assert (run.films.rows, run.films.not_in_silver) == (0, 8)
    assert "not processed into Silver yet" in [film.why for film in run.left_out]
    assert any("8 Bronze objects" in advice.what for advice in run.next)


def test_reasons_and_reports_that_are_damaged_are_no_traceback(stack: Stack, lake: Lake, run_id: str) -> None:
    (quarantined,) = lake.keys("silver", "quarantine/")
    document = json.loads(lake.get("silver", quarantined))
    lake.put("silver", quarantined, json.dumps({**document, "reasons": None}).encode())
    for index, body in enumerate((b"no JSON", b"[]", b'{"data": []}', b"null")):
        lake.put("gold", keys.report("06_dashboard", f"20990101T00000{index}.000000Z", "report.json"), body)

    run = details.describe(stack, run_id)

    assert "no reason is recorded" in [film.why for film in run.left_out]
    assert run.reports == ()


@pytest.mark.parametrize("body", [b"no JSON", b"[]", b"{}", b'{"expected": []}', b'"text"'])
def test_a_damaged_manifest_is_named(stack: Stack, lake: Lake, run_id: str, body: bytes) -> None:
    lake.put("bronze", keys.manifest(run_id), body)

    with pytest.raises(DocumentInvalid, match=f"{run_id}/manifest.json"):
        details.describe(stack, run_id)


def test_an_unknown_run_is_rejected(stack: Stack) -> None:
    with pytest.raises(InvalidInput, match="there is no such run"):
        details.describe(stack, "20260101T000000Z-00000000")
