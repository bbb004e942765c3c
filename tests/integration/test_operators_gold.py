"""The operator's view of Gold, the same whether DuckDB built it in single objects or Athena in folders of parts."""

from __future__ import annotations

import io
from dataclasses import replace

import pandas as pd
import pytest

from pipeline import keys
from pipeline.columns import GOLD
from pipeline.gold.publication import published_build
from reelhouse.commands.trace import gold_rows
from reelhouse.commands.verify import verify
from reelhouse.operate.differences import compare_builds
from reelhouse.stack import Stack
from tests.gold_builds import body_of, keys_of, publish_files
from tests.integration.moto_lake import Cold, Lake, Top, s3_event, sqs_event

NEW = "20991124T040000.000000Z"
BUCKETS = {f"{name}BucketName": name.lower() for name in ("Bronze", "Silver", "Gold")}
STACK = Stack("moto", BUCKETS | {"GoldDatabaseName": "gold"})


@pytest.fixture
def built(lake: Lake, top: Top, handler: Cold) -> list[str]:
    """Six films in Gold, built by DuckDB; returns their ids, best first."""
    ids = top(6)
    handler("get_movies_and_send_to_queue")({"top_n": 6, "batch_size": 3})
    handler("enrich_and_store_movie")(sqs_event(*lake.receive()))
    bronze = [key for key in lake.keys("bronze") if not key.startswith("source/")]
    handler("process_bronze_to_silver")(sqs_event(*(s3_event(key) for key in bronze)))
    handler("aggregate_to_gold")(sqs_event())
    return ids


def test_a_film_that_left_the_list_is_shown_in_no_aggregate(lake: Lake, built: list[str]) -> None:
    (key,) = keys_of("gold", "movies")
    movies = pd.read_parquet(io.BytesIO(lake.get("gold", key)))
    movies["on_list"] = movies["imdb_id"] != built[2]
    lake.put("gold", key, movies.to_parquet(index=False))

    shown = {film: {name for name, rows in gold_rows(STACK.lake(), film).items() if rows} for film in built[1:3]}

    assert shown[built[1]] > shown[built[2]] == {"movies", "rank_history"}


def split_into_parts(parts: int = 2) -> None:
    """Publish the same rows as Athena writes them: several objects per table, none for a table without rows."""
    build = published_build("gold")
    assert build
    tables = {}
    for name in build.tables:
        frame = pd.read_parquet(io.BytesIO(body_of("gold", name)))
        rows = [frame.iloc[start::parts] for start in range(parts)]
        tables[name] = [part.to_parquet(index=False) for part in rows if len(part)]
    publish_files("gold", tables, build_id=NEW, silver=build.silver, rows=build.rows)


def test_gold_by_athena_reads_like_gold_by_duckdb(lake: Lake, built: list[str]) -> None:
    before = published_build("gold")
    split_into_parts()

    after = published_build("gold")

    assert before
    assert after
    assert (len(after.tables["movies"].objects), after.tables["films_by_country"].objects) == (2, ())
    changes = compare_builds(STACK.lake(), before, after)
    assert {name for name, change in changes.items() if change.same} == {f"gold.{table.name}" for table in GOLD}
    assert changes["gold.movies"].before == changes["gold.movies"].after == 6
    assert [row["title"] for row in gold_rows(STACK.lake(), built[2])["movies"]] == [built[2]]


@pytest.mark.usefixtures("few_tables")
def test_a_table_that_is_missing_or_unreadable_is_left_out_of_the_changes(lake: Lake, built: list[str]) -> None:
    before = published_build("gold")
    assert before
    # A build of an earlier version, which had fewer tables.
    before = replace(before, tables={name: each for name, each in before.tables.items() if name != "rank_history"})
    split_into_parts()
    lake.put("gold", keys_of("gold", "movies")[1], b"no parquet")

    after = published_build("gold")

    assert after
    names = {f"gold.{name}" for name in after.tables}
    assert compare_builds(STACK.lake(), before, after).keys() == names - {"gold.movies", "gold.rank_history"}


@pytest.mark.usefixtures("few_tables")
def test_verify_reads_what_athena_built(lake: Lake, built: list[str]) -> None:
    assert verify(STACK).ok
    split_into_parts()
    assert verify(STACK).differences == []

    lake.put("gold", keys_of("gold", "movies")[1], b"no parquet")
    lake.s3.delete_object(Bucket="gold", Key=keys_of("gold", "rank_history")[0])

    said = {(one.subject, one.difference) for one in verify(STACK).differences}

    assert said == {
        (keys.build_table(NEW, "movies"), "is no parquet file"),
        (keys.build_table(NEW, "rank_history"), "is missing"),
    }


@pytest.mark.usefixtures("few_tables")
def test_verify_finds_rows_that_silver_does_not_give(lake: Lake, built: list[str]) -> None:
    """A build as another version of the code might have written it."""
    build = published_build("gold")
    assert build
    frames = {name: pd.read_parquet(io.BytesIO(body_of("gold", name))) for name in build.tables}
    frames["rank_history"] = frames["rank_history"].head(3)
    files = {name: [frame.to_parquet(index=False)] for name, frame in frames.items()}
    publish_files("gold", files, build_id=NEW, silver=build.silver, rows=build.rows)

    said = [(one.subject, one.difference) for one in verify(STACK).differences]

    assert said == [
        (keys.build_table(NEW, "rank_history"), "holds 3 rows; the build wrote 6"),
        (
            keys.build_table(NEW, "rank_history"),
            "rows of Silver that are missing: 3; rows that are not in Silver: 0; rows that differ: 0",
        ),
    ]
