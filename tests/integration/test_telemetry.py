"""Logs and metrics of the handlers: one summary per invocation, and metrics that add up to the run's totals."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from pipeline import keys, messages
from pipeline.errors import InvalidInput, StorageFailed
from tests.integration.moto_lake import Cold, Lake, Omdb, Top, s3_event, sqs_event

ENRICH, SILVER, GOLD = "enrich_and_store_movie", "process_bronze_to_silver", "aggregate_to_gold"
STORY = "invocation"
Line = dict[str, Any]
Said = Callable[[], list[Line]]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """Lines of JSON that were said since the last look."""
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def stories(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line.get("message") == STORY]


def metrics(lines: list[Line]) -> Counter[str]:
    """Sum of each metric's values."""
    sums: Counter[str] = Counter()
    for line in lines:
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
            sums.update({metric["Name"]: sum(line[metric["Name"]]) for metric in directive["Metrics"]})
    return sums


def start(handler: Cold, films: int = 20, **more: Any) -> str:
    event = {"top_n": films, "batch_size": 5, **more}
    return str(handler("get_movies_and_send_to_queue")(event)["run_id"])


def announced(lake: Lake) -> list[str]:
    return [s3_event(key) for key in lake.keys("bronze") if not key.startswith("source/")]


def test_a_run_logs_four_summaries_that_add_up(lake: Lake, omdb: Omdb, handler: Cold, top: Top, said: Said) -> None:
    ids = top(25)
    omdb.error(ids[3], "Incorrect IMDb ID.")
    omdb.film(ids[4], Year="3994")
    omdb.answers[ids[5]] = (503, b"<html>")

    run_id = start(handler, requested_by="schedule")
    (line,) = stories(lines := said())
    assert (line["step"], line["ended"], line["run_id"]) == ("GetMoviesAndSendToQueue", "done", run_id)
    assert (line["received"], line["outcomes"], line["messages"]) == ({"entries": 25}, {"sent": 20, "skipped": 0}, 4)
    assert (line["level"], line["requested_by"]) == ("INFO", "schedule")
    assert line["bytes"]["read"] == len(lake.get("lists", "lists/top.json"))
    assert metrics(lines) == {"FilmsSent": 20, "FilmsSkipped": 0, "RunsPostponed": 0}

    handler(ENRICH)(sqs_event(*lake.receive()))
    (line,) = stories(lines := said())
    assert (line["step"], line["run_id"]) == ("EnrichAndStoreMovie", run_id)
    assert line["received"] == {"messages": 4, "films": 20}
    assert line["outcomes"] == {"stored": 18, "rejected": 1, "failed": 1}
    assert line["put_back"] == {"OmdbUnavailable": 1}
    assert line["by_run"] == {run_id: {"outcomes": line["outcomes"], "put_back": line["put_back"]}}
    assert (line["omdb"]["state"], line["omdb"]["calls"], line["omdb"]["errors"]) == (
        "open",
        23,
        {"OmdbUnavailable": 4},
    )
    assert 0 < line["omdb"]["p50_ms"] <= line["omdb"]["p95_ms"]
    stored = [key for key in lake.keys("bronze") if key.startswith(("movies/", "rejected/"))]
    assert line["bytes"]["written"] == sum(len(lake.get("bronze", key)) for key in stored)
    sums = metrics(lines)
    assert (sums["FilmsStored"], sums["FilmsRejected"], sums["FilmsFailed"], sums["MessagesFailed"]) == (18, 1, 1, 1)
    assert (sums["OmdbCalls"], sums["OmdbErrors"], sums["OmdbKeyRefused"], sums["OmdbQuotaSpent"]) == (23, 4, 0, 0)

    handler(SILVER)(sqs_event(*announced(lake)))
    (line,) = stories(lines := said())
    assert line["outcomes"] == {"rows": 17, "quarantined": 1, "rejected": 1, "runs": 1}
    assert line["received"] == {"messages": 20, "films": 19}
    assert line["bytes"]["written"] == sum(len(lake.get("silver", key)) for key in lake.keys("silver"))
    assert metrics(lines)["SilverQuarantined"] == 1

    handler(GOLD)(sqs_event(s3_event("movies/any")))
    (line,) = stories(lines := said())
    assert (line["outcomes"], line["completed"]) == ({"builds": 1, "runs_completed": 0}, [])
    assert line["newest_run"]["run_id"] == run_id
    assert (line["rows"]["movies"], line["build"]["build_id"]) == (
        17,
        json.loads(lake.get("gold", keys.BUILD))["build"]["build_id"],
    )
    tables = sum(len(lake.get("gold", key)) for key in lake.keys("gold") if key.endswith(".parquet"))
    assert line["bytes"]["written"] == tables
    sums = metrics(lines)
    assert (sums["RunCompleteness"], sums["BuildsHeld"]) == (pytest.approx(95), 0)
    assert {"RunSeconds", "RunsCompleted"}.isdisjoint(sums), "a zero would delay NoCompletedRunAlarm"

    omdb.film(ids[5])
    handler(ENRICH)(sqs_event(message(run_id, ids[5]), receives=2))
    handler(SILVER)(sqs_event(s3_event(keys.film("movies", run_id, ids[5]))))
    handler(GOLD)(sqs_event(s3_event("movies/any")))
    enriched, silver, gold = stories(lines := said())
    assert (enriched["run_id"], enriched["imdb_id"], silver["imdb_id"]) == (run_id, ids[5], ids[5])
    assert gold["completed"] == [run_id]
    assert (metrics(lines)["RunCompleteness"], metrics(lines)["RunsCompleted"]) == (100, 1)
    assert metrics(lines)["RunSeconds"] > 0


def message(run_id: str, imdb_id: str) -> str:
    """One film's message, as step 1 makes it."""
    return json.dumps(messages.make(run_id, [{"id": imdb_id, "rank": "6", "title": imdb_id}], 1)[0])


def test_only_summaries_are_logged_at_level_info(lake: Lake, omdb: Omdb, handler: Cold, top: Top, said: Said) -> None:
    top(5)

    start(handler, 5)
    handler(ENRICH)(sqs_event(*lake.receive()))
    handler(SILVER)(sqs_event(*announced(lake)))
    handler(GOLD)(sqs_event())

    lines = [line for line in said() if "_aws" not in line]
    assert [line["message"] for line in lines] == [STORY] * 4
    assert len({line["step"] for line in lines}) == 4
    assert all(line["seconds"] >= 0 and line["next"] for line in lines)


@pytest.mark.parametrize("refusal", ["Request limit reached!", "Invalid API key!"])
def test_a_refusal_of_omdb_is_counted(
    lake: Lake, omdb: Omdb, handler: Cold, top: Top, said: Said, refusal: str
) -> None:
    spent = "limit" in refusal
    for imdb_id in top(5):
        omdb.error(imdb_id, refusal, 401)
    run_id = start(handler, 5)

    handler(ENRICH)(sqs_event(*lake.receive()))

    *_, line = stories(lines := said())
    assert line["omdb"]["state"] == ("quota spent" if spent else "key refused")
    assert line["by_run"][run_id]["put_back"].keys() == line["put_back"].keys()
    sums = metrics(lines)
    assert (sums["OmdbQuotaSpent"], sums["OmdbKeyRefused"], sums["MessagesFailed"]) == (spent, not spent, 1)


def test_a_failed_invocation_logs_its_summary(lake: Lake, handler: Cold, said: Said) -> None:
    lake.s3.delete_bucket(Bucket="silver")

    with pytest.raises(StorageFailed):
        handler(GOLD)(sqs_event())

    error, line = [line for line in said() if "_aws" not in line]
    assert (error["level"], error["error"]) == ("ERROR", "StorageFailed")
    assert "ListObjectsV2" in error["message"]
    assert (line["message"], line["ended"], line["error"]) == (STORY, "failed", "StorageFailed")
    assert line["next"] == "its messages are retried, then parked"


def test_a_run_that_could_not_be_started_is_not_said_to_be_retried(lake: Lake, handler: Cold, said: Said) -> None:
    with pytest.raises(InvalidInput):
        handler("get_movies_and_send_to_queue")({"top_n": 0})

    (line,) = stories(said())
    assert line["next"] == "no retry: GetMoviesAndSendToQueueErrorsAlarm reports it"


def test_a_foreign_message_is_counted_without_a_run(lake: Lake, omdb: Omdb, handler: Cold, said: Said) -> None:
    handler(ENRICH)(sqs_event("not JSON"))
    handler(SILVER)(sqs_event("not JSON"))

    for line in stories(said()):
        assert line["received"] == {"messages": 1, "films": 0}
        assert line["put_back"] == {"InvalidInput": 1}
        assert line["outcomes"] == {}
