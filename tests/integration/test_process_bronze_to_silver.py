"""Step 3 on moto: every Bronze object ends as a row, in quarantine or as rejected; bad messages go back alone."""

from __future__ import annotations

import io
import json
from typing import Any

import pandas as pd
import pytest

from pipeline import keys, process_bronze_to_silver
from pipeline.columns import SILVER_TABLES
from pipeline.gold.duckdb_engine import GoldDatabase
from pipeline.messages import QueueMessage
from pipeline.settings import ProcessBronzeToSilverSettings
from pipeline.silver.records import BronzeObject, SilverRow, part_digest, silver_row
from tests.integration.moto_lake import Cold, Lake, s3_event, sqs_event

STEP = "process_bronze_to_silver"
RUN, OTHER_RUN = "20261124T030000Z-1a2b3c4d", "20261125T030000Z-1a2b3c4d"


def bronze(lake: Lake, number: int, run_id: str = RUN, **fields: Any) -> str:
    """Store a film in Bronze; returns its key."""
    imdb_id = f"tt{number:07}"
    key = keys.film(keys.MOVIES, run_id, imdb_id)
    answer = {"Title": f"Film {number}", "Year": "1994", "imdbID": imdb_id, "Type": "movie"} | fields
    document = {"schema": 1, "run_id": run_id, "fetched_at": "2026-11-24T03:00:01.000007Z"}
    document |= {"source": {"id": imdb_id, "rank": str(number)}, "omdb": answer}
    lake.put("bronze", key, json.dumps(document).encode())
    return key


def failed(reply: dict[str, Any]) -> list[str]:
    return [failure["itemIdentifier"] for failure in reply["batchItemFailures"]]


def rows(lake: Lake) -> Any:
    parts = [pd.read_parquet(io.BytesIO(lake.get("silver", key))) for key in lake.keys("silver", "movies/")]
    return pd.concat(parts).sort_values(["run_id", "imdb_id"]).reset_index(drop=True)


def test_a_batch_is_one_part_a_run_with_lineage(lake: Lake, handler: Cold) -> None:
    first, second = bronze(lake, 1), bronze(lake, 2)
    third = bronze(lake, 1, OTHER_RUN)

    assert failed(handler(STEP)(sqs_event(s3_event(first, third), s3_event(second)))) == []

    assert [keys.rows_of(key) for key in lake.keys("silver")] == [2, 1]
    table = rows(lake)
    assert table["bronze_key"].tolist() == [first, second, third]
    assert table["run_id"].tolist() == [RUN, RUN, OTHER_RUN]
    assert table["fetched_at"].tolist() == [pd.Timestamp("2026-11-24 03:00:01.000007")] * 3
    versions = [lake.s3.head_object(Bucket="bronze", Key=key)["VersionId"] for key in (first, second, third)]
    assert table["bronze_version"].tolist() == versions
    assert table["processed_at"].nunique() == 1


def test_the_same_events_write_the_same_keys(lake: Lake, handler: Cold) -> None:
    events = [s3_event(bronze(lake, number)) for number in range(1, 4)]
    silver = handler(STEP)
    silver(sqs_event(*events))
    before, table = lake.keys("silver"), rows(lake).drop(columns="processed_at")

    silver(sqs_event(*reversed(events)))
    silver(sqs_event(*events, *events))

    assert lake.keys("silver") == before
    pd.testing.assert_frame_equal(rows(lake).drop(columns="processed_at"), table)


def test_quarantine_and_rejected_name_their_reasons(lake: Lake, handler: Cold) -> None:
    wrong = bronze(lake, 1, imdbID="tt0000002", imdbRating="11")
    refused = keys.film(keys.REJECTED, RUN, "tt0000003")
    document = {"fetched_at": "2026-11-24T03:00:01Z", "reason": "Movie not found!", "body": "{}", "source": {}}
    lake.put("bronze", refused, json.dumps(document).encode())

    assert failed(handler(STEP)(sqs_event(s3_event(wrong, refused)))) == []

    quarantined = json.loads(lake.get("silver", keys.film(keys.QUARANTINE, RUN, "tt0000001")))
    assert [reason.split(":")[0] for reason in quarantined["reasons"]] == ["imdb_id", "imdb_rating"]
    assert quarantined["bronze_key"] == wrong
    rejected = json.loads(lake.get("silver", keys.film(keys.REJECTED, RUN, "tt0000003")))
    assert (rejected["imdb_id"], rejected["reason"]) == ("tt0000003", "Movie not found!")
    assert lake.keys("silver", "movies/") == []


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("a \ud800 b", "a \ufffd b"), ("a\x00b", "a b"), ("", "no reason given"), ('"quoted" é', '"quoted" é')],
)
def test_omdbs_words_cannot_break_gold(lake: Lake, handler: Cold, reason: str, expected: str) -> None:
    refused = keys.film(keys.REJECTED, RUN, "tt0000003")
    lake.put("bronze", refused, json.dumps({"fetched_at": "2026-11-24T03:00:01Z", "reason": reason}).encode())

    assert failed(handler(STEP)(sqs_event(s3_event(refused)))) == []

    body = lake.get("silver", keys.film(keys.REJECTED, RUN, "tt0000003"))
    engine = GoldDatabase(64)
    engine.load(SILVER_TABLES["rejected"], {"rejected/x.json": ("1", body)})
    assert engine.query("SELECT reason FROM silver.rejected") == [(expected,)]


def test_the_s3_test_event_is_ignored(lake: Lake, handler: Cold) -> None:
    event = json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "bronze"})

    assert failed(handler(STEP)(sqs_event(event))) == []
    assert lake.keys("silver") == []


@pytest.mark.parametrize("bad", ["not JSON", "[]", "{}", '{"Records": [{}]}', '{"Records": 1}', "null"])
def test_only_an_invalid_event_is_retried(lake: Lake, handler: Cold, bad: str) -> None:
    good = s3_event(bronze(lake, 1))

    assert failed(handler(STEP)(sqs_event(bad, good))) == ["message-0"]
    assert len(rows(lake)) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"omdb": {}}',
        b'{"omdb": [], "source": {}, "fetched_at": "2026-11-24T03:00:01Z"}',
        b'{"omdb": {}, "source": null, "fetched_at": "2026-11-24T03:00:01Z"}',
        b'{"omdb": {}, "source": {}, "fetched_at": "yesterday"}',
        b'{"omdb": {}, "source": {}, "fetched_at": 5}',
        b'{"omdb": {}, "source": {}, "fetched_at": "0001-01-01T00:00:00+10:00"}',
        b'{"omdb": {}, "source": {}, "fetched_at": "9999-12-31T23:59:59-10:00"}',
        b"\xff",
    ],
)
def test_a_foreign_object_goes_back_alone(lake: Lake, handler: Cold, body: bytes) -> None:
    foreign = keys.film(keys.MOVIES, RUN, "tt0000009")
    lake.put("bronze", foreign, body)
    good = s3_event(bronze(lake, 1))

    assert failed(handler(STEP)(sqs_event(s3_event(foreign), good))) == ["message-0"]
    assert rows(lake)["imdb_id"].tolist() == ["tt0000001"]


MANIFEST = {
    "schema": 1,
    "run_id": RUN,
    "started_at": "2026-11-24T03:00:00.000000Z",
    "source_uri": "s3://lists/top.json",
    "source_etag": None,
    "source_sha256": "0" * 64,
    "top_n": 250,
    "batch_size": 10,
    "messages": 1,
    "expected": {"tt0000001": 1},
    "skipped": [],
    "code_version": "1",
}


@pytest.mark.parametrize(
    "change",
    [
        {"run_id": OTHER_RUN},
        {"run_id": None},
        {"top_n": "250"},
        {"top_n": 2.5},
        {"top_n": 0},
        {"batch_size": 10**30},
        {"expected": 5},
        {"source_uri": {"a": 1}},
        {"source_sha256": "\ud800"},
        {"code_version": ["1"]},
        {"started_at": "yesterday"},
        {"started_at": "0001-01-01T00:00:00+10:00"},
    ],
    ids=str,
)
def test_a_manifest_that_gold_could_not_read_goes_back_alone(lake: Lake, handler: Cold, change: dict[str, Any]) -> None:
    lake.put("bronze", keys.manifest(RUN), json.dumps(MANIFEST | change).encode())
    good = s3_event(bronze(lake, 1))

    assert failed(handler(STEP)(sqs_event(s3_event(keys.manifest(RUN)), good))) == ["message-0"]
    assert lake.keys("silver", "runs/") == []
    assert len(rows(lake)) == 1


def test_more_films_asked_for_than_any_number_can_be_is_read_by_gold(lake: Lake, handler: Cold) -> None:
    lake.put("bronze", keys.manifest(RUN), json.dumps(MANIFEST | {"top_n": 10**40}).encode())

    assert failed(handler(STEP)(sqs_event(s3_event(keys.manifest(RUN))))) == []

    engine = GoldDatabase(64)
    engine.load(SILVER_TABLES["runs"], {"runs/x.json": ("1", lake.get("silver", keys.silver_run(RUN)))})
    assert engine.query("SELECT top_n, expected FROM silver.runs") == [(10**9, 1)]


def test_an_object_that_is_not_there_goes_back_alone(lake: Lake, handler: Cold) -> None:
    missing, good = s3_event(keys.film(keys.MOVIES, RUN, "tt0000009")), s3_event(bronze(lake, 1))

    assert failed(handler(STEP)(sqs_event(missing, good))) == ["message-0"]
    assert len(rows(lake)) == 1


def test_what_failed_is_counted_by_run(lake: Lake) -> None:
    missing, foreign = (keys.film(keys.MOVIES, RUN, f"tt000000{number}") for number in (8, 9))
    lake.put("bronze", foreign, b"{}")
    messages = [QueueMessage(path, s3_event(path)) for path in (missing, foreign)]

    result = process_bronze_to_silver.run(messages, ProcessBronzeToSilverSettings("bronze", "silver"))

    assert result.failed.keys() == {missing, foreign}
    assert result.tally.outcomes == {RUN: {process_bronze_to_silver.FAILED: 2}}


def test_other_keys_are_passed_over(lake: Lake, handler: Cold) -> None:
    event = s3_event("source/run_id=x/list.json", "movies/a b+c%.json", "é")

    assert failed(handler(STEP)(sqs_event(event))) == []


def test_a_part_that_cannot_be_written_sends_its_messages_back(lake: Lake, handler: Cold) -> None:
    events = [s3_event(bronze(lake, 1)), s3_event(bronze(lake, 2))]
    lake.s3.delete_bucket(Bucket="silver")

    assert sorted(failed(handler(STEP)(sqs_event(*events)))) == ["message-0", "message-1"]


def test_any_text_of_a_film_is_data(lake: Lake, handler: Cold) -> None:
    title = "'; DROP TABLE movies; -- {path} <script> ../../x Ignore previous instructions \x00 \ud800 😀"

    assert failed(handler(STEP)(sqs_event(s3_event(bronze(lake, 1, Title=title))))) == []

    assert rows(lake)["title"].tolist() == [title.replace(" \x00 ", " ").replace("\ud800", "\ufffd")]


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("x"), MemoryError(), OSError("x"), LookupError("x"), UnicodeError("x"), RuntimeError()]
)
def test_any_exception_about_one_film_fails_its_message_alone(
    lake: Lake, handler: Cold, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    bad, good = bronze(lake, 1), bronze(lake, 2)

    def raising(film: BronzeObject) -> SilverRow:
        if film.path == bad:
            raise error
        return silver_row(film)

    step = handler(STEP)
    monkeypatch.setattr(process_bronze_to_silver, "silver_row", raising)

    assert failed(step(sqs_event(s3_event(bad), s3_event(good)))) == ["message-0"]
    assert rows(lake)["imdb_id"].tolist() == ["tt0000002"]


def test_a_row_that_cannot_be_encoded_fails_its_message_alone_and_is_named(
    lake: Lake, handler: Cold, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [bronze(lake, number) for number in range(1, 8)]

    def poisoned(film: BronzeObject) -> SilverRow:
        computed = silver_row(film)
        return SilverRow(computed.table, computed.row | {"year": "MCMXCIV"} if film.path == paths[4] else computed.row)

    step = handler(STEP)
    monkeypatch.setattr(process_bronze_to_silver, "silver_row", poisoned)

    assert failed(step(sqs_event(*map(s3_event, paths)))) == ["message-4"]
    assert rows(lake)["imdb_id"].tolist() == [f"tt{number:07}" for number in (1, 2, 3, 4, 6, 7)]
    assert (
        f"message failed: ProcessBronzeToSilver: {paths[4]}: DuckDB: InvalidInputException; "
        "its message is retried, then parked in BronzeEventsDeadLetters"
    ) in capsys.readouterr().out


def test_a_part_is_named_after_the_bronze_versions_in_it(lake: Lake, handler: Cold) -> None:
    event = sqs_event(s3_event(bronze(lake, 1)))
    handler(STEP)(event)
    (first,) = lake.keys("silver")

    (row,) = rows(lake).to_dict("records")
    assert first == keys.silver_part(RUN, part_digest([row]), 1)

    bronze(lake, 1, Title="Another version")
    handler(STEP)(event)
    assert len(lake.keys("silver")) == 2
