"""The operator's view of Gold, the same whether DuckDB built it in single objects or Athena in folders of parts."""

from __future__ import annotations

import io

import duckdb
import pandas as pd
import pytest

from pipeline import keys
from pipeline.columns import GOLD
from pipeline.errors import StorageFailed
from pipeline.gold.publication import published_build
from reelhouse.gold.reader import GoldTables
from reelhouse.operate.trace import gold_rows
from reelhouse.operate.verify import verify
from reelhouse.stack import Stack
from tests.gold_builds import body_of, keys_of, publish_files, rewrite
from tests.integration.moto_lake import Cold, Lake, Top, s3_event, sqs_event

NEW = "20991124T040000.000000Z"
STACK = Stack("moto", {f"{name}BucketName": name.lower() for name in ("Bronze", "Silver", "Gold")})


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

    shown = {film: {name for name, rows in gold_rows(GoldTables("gold"), film).items() if rows} for film in built[1:3]}

    assert shown[built[1]] > shown[built[2]] == {"movies", "rank_history"}


def split_into_parts(parts: int = 2) -> None:
    """Publish the same rows as Athena writes them: several objects per table, none for a table without rows."""
    build = published_build("gold")
    assert build
    tables = {}
    for table in GOLD:
        frame = pd.read_parquet(io.BytesIO(body_of("gold", table.name)))
        rows = [frame.iloc[place::parts] for place in range(parts)]
        tables[table.name] = [part.to_parquet(index=False) for part in rows if len(part)]
    publish_files("gold", tables, build_id=NEW, silver=build.silver, rows=build.rows)


def test_gold_by_athena_reads_like_gold_by_duckdb(lake: Lake, built: list[str]) -> None:
    before = GoldTables("gold")
    split_into_parts()

    after = GoldTables("gold")

    assert list(after.files) == [table.name for table in GOLD]
    assert len(after.files["movies"]) == 2
    changes = before.compare(after)
    assert {name for name, change in changes.items() if change.same} == {f"gold.{table.name}" for table in GOLD}
    assert changes["gold.movies"].before == changes["gold.movies"].after == 6
    assert [row["title"] for row in gold_rows(after, built[2])["movies"]] == [built[2]]


def test_a_table_without_rows_has_no_files_and_its_columns(lake: Lake, built: list[str]) -> None:
    split_into_parts()

    tables = GoldTables("gold")

    assert tables.files["films_by_country"] == [], "these films have no country"
    with duckdb.connect() as database, tables.as_relation(database, "films_by_country") as relation:
        described = database.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
        assert database.execute(f"SELECT count(*) FROM {relation}").fetchone() == (0,)
    (table,) = [table for table in GOLD if table.name == "films_by_country"]
    assert {row[0]: row[1] for row in described} == table.duckdb_types()


def test_verify_reads_what_athena_built(lake: Lake, built: list[str]) -> None:
    assert verify(STACK).ok
    split_into_parts()
    assert verify(STACK).as_dict()["differences"] == []

    lake.put("gold", keys_of("gold", "movies")[1], b"no parquet")
    lake.s3.delete_object(Bucket="gold", Key=keys_of("gold", "rank_history")[0])

    said = [(one.subject, one.difference) for one in verify(STACK).differences]

    assert said == [
        (keys.build_table(NEW, "movies"), "cannot be read as parquet"),
        (keys.build_table(NEW, "rank_history"), "is missing"),
    ]


def test_verify_compares_the_number_of_rows_with_the_record(lake: Lake, built: list[str]) -> None:
    frame = pd.read_parquet(io.BytesIO(body_of("gold", "rank_history")))
    rewrite("gold", "rank_history", frame.head(3).to_parquet(index=False))

    said = [one.difference for one in verify(STACK).differences]

    assert said == [
        "holds 3 rows; the build wrote 6",
        "3 rows of Silver are missing, 0 are not in Silver, 0 differ",
    ]


def test_a_bucket_that_is_not_there_is_named(lake: Lake) -> None:
    with pytest.raises(StorageFailed, match="nowhere"):
        GoldTables("nowhere")
