"""One run from the list to Gold through the handlers, as Lambda, SQS and S3 would drive them."""

from __future__ import annotations

import io
import json
from typing import Any

import pandas as pd
import pytest

from pipeline import keys
from tests.gold_builds import body_of
from tests.integration.moto_lake import EVENTS, Cold, Lake, Omdb, Top, s3_event, sqs_event


def table(lake: Lake, name: str) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO(body_of("gold", name)))


def test_a_run_from_the_list_to_gold(lake: Lake, omdb: Omdb, handler: Cold, top: Top) -> None:
    ids = top(30)
    omdb.error(ids[3], "Incorrect IMDb ID.")
    omdb.film(ids[4], Year="3994")
    omdb.film(ids[5], Country="USA, France", Genre="N/A")

    reply = handler("get_movies_and_send_to_queue")(json.loads((EVENTS / "scheduled.json").read_bytes()))

    run_id = reply["run_id"]
    assert reply == {
        "run_id": run_id,
        "source_uri": "s3://lists/lists/top.json",
        "requested": 20,
        "selected": 20,
        "skipped": [],
        "messages": 4,
        "batch_size": 5,
        "status": "started",
    }
    messages = lake.receive()
    assert [len(json.loads(message["Body"])["movies"]) for message in messages] == [5, 5, 5, 5]

    assert handler("enrich_and_store_movie")(sqs_event(*messages)) == {"batchItemFailures": []}

    assert sorted(omdb.asked) == ids[:20]
    bronze = lake.keys("bronze")
    assert len([key for key in bronze if key.startswith("movies/")]) == 19
    assert [key for key in bronze if key.startswith("rejected/")] == [keys.film("rejected", run_id, ids[3])]

    test_event = (EVENTS / "s3_test_event.json").read_text(encoding="utf-8")
    events = [test_event, *(s3_event(key) for key in bronze if not key.startswith("source/"))]
    assert handler("process_bronze_to_silver")(sqs_event(*events)) == {"batchItemFailures": []}

    assert [keys.rows_of(key) for key in lake.keys("silver", "movies/")] == [18]
    quarantined = json.loads(lake.get("silver", keys.film("quarantine", run_id, ids[4])))
    (reason,) = quarantined["reasons"]
    assert reason.startswith("year: '3994': films are from 1870 to ")
    rejected = json.loads(lake.get("silver", keys.film("rejected", run_id, ids[3])))
    assert rejected["reason"] == "Incorrect IMDb ID."

    assert handler("aggregate_to_gold")(sqs_event(s3_event("movies/any"))) == {"batchItemFailures": []}

    movies = table(lake, "movies")
    expected = [imdb_id for imdb_id in ids[:20] if imdb_id not in ids[3:5]]
    assert movies["imdb_id"].tolist() == expected
    assert movies["rank"].tolist() == [ids.index(imdb_id) + 1 for imdb_id in expected]
    assert movies["imdb_rating"].iloc[-1] == 2.0
    assert movies["bronze_version"].notna().all()
    assert movies["run_id"].unique().tolist() == [run_id]
    by_genre = table(lake, "ratings_by_genre")
    imdb = by_genre[(by_genre["genre"] == "Drama") & (by_genre["source"] == "imdb")].iloc[0]
    rated = [ids.index(imdb_id) + 1 for imdb_id in expected if imdb_id != ids[5]]
    assert (imdb["films"], imdb["mean"]) == (17, pytest.approx(sum(rated) / 17))
    (run,) = table(lake, "pipeline_runs").to_dict("records")
    outcome = {name: run[name] for name in ("expected", "stored", "rejected", "quarantined", "in_gold", "status")}
    assert outcome == {
        "expected": 20,
        "stored": 19,
        "rejected": 1,
        "quarantined": 1,
        "in_gold": 18,
        "status": "complete",
    }
    build = json.loads(lake.get("gold", keys.BUILD))["build"]
    assert build["tables"]["movies"]["rows"] == 18
    assert build["runs"][run_id] == outcome


def test_repeating_every_step_changes_nothing(lake: Lake, omdb: Omdb, handler: Cold, top: Top) -> None:
    top(6)
    handler("get_movies_and_send_to_queue")({"top_n": 6, "batch_size": 3})
    messages = lake.receive()
    enrich, silver, gold = map(handler, ("enrich_and_store_movie", "process_bronze_to_silver", "aggregate_to_gold"))
    enrich(sqs_event(*messages))
    events = [s3_event(key) for key in lake.keys("bronze", "movies/") + lake.keys("bronze", "runs/")]
    silver(sqs_event(*events))
    gold(sqs_event())
    before = {bucket: contents(lake, bucket) for bucket in ("bronze", "silver", "gold")}

    assert enrich(sqs_event(*messages, receives=2)) == {"batchItemFailures": []}
    assert silver(sqs_event(*events, *events)) == {"batchItemFailures": []}
    rebuilt = {name: table(lake, name) for name in ("movies", "ratings_by_genre", "rank_history")}
    gold(sqs_event())

    assert len(omdb.asked) == 6
    assert contents(lake, "bronze") == before["bronze"]
    assert set(contents(lake, "silver")) == set(before["silver"])
    for name, frame in rebuilt.items():
        ours = [column for column in frame.columns if column != "processed_at"]
        pd.testing.assert_frame_equal(table(lake, name)[ours], frame[ours])


def test_two_runs_count_each_film_once(lake: Lake, omdb: Omdb, handler: Cold, top: Top) -> None:
    ids = top(4)
    for _ in range(2):
        handler("get_movies_and_send_to_queue")({"top_n": 4, "batch_size": 2})
        handler("enrich_and_store_movie")(sqs_event(*lake.receive()))
    silver = handler("process_bronze_to_silver")
    silver(sqs_event(*(s3_event(key) for key in lake.keys("bronze"))))
    handler("aggregate_to_gold")(sqs_event())

    assert table(lake, "movies")["imdb_id"].tolist() == ids
    assert len(table(lake, "rank_history")) == 8
    assert table(lake, "pipeline_runs")["in_gold"].tolist() in ([0, 4], [4, 0])


def contents(lake: Lake, bucket: str) -> dict[str, Any]:
    return {key: lake.get(bucket, key) for key in lake.keys(bucket)}
