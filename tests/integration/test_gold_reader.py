"""The operator's view of Gold, the same whether DuckDB built it in single objects or Athena in folders of parts."""

from __future__ import annotations

import io
import json

import duckdb
import pandas as pd
import pytest

from pipeline import keys
from pipeline.columns import GOLD
from pipeline.documents import to_json
from pipeline.errors import StorageFailed
from reelhouse.gold.reader import GoldTables
from reelhouse.operate.trace import gold_rows
from reelhouse.operate.verify import verify
from reelhouse.stack import Stack
from tests.integration.moto_lake import Cold, Lake, Top, s3_event, sqs_event

OLD, NEW = "20261124T030000.000000Z", "20261124T040000.000000Z"
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


def move_to_folders(lake: Lake, parts: int = 2) -> None:
    """Lay Gold out as Athena does: parts in a folder a build; what DuckDB once wrote and an older build stay beside."""
    build = json.loads(lake.get("gold", keys.BUILD))
    for table in GOLD:
        frame = pd.read_parquet(io.BytesIO(lake.get("gold", keys.gold_table(table.name))))
        for place in range(parts):
            part = frame.iloc[place::parts]
            if len(part):
                lake.put("gold", f"{keys.build_folder(table.name, NEW)}part-{place}", part.to_parquet(index=False))
        lake.put("gold", f"{keys.build_folder(table.name, OLD)}part-0", b"of an older build")
        lake.put("gold", keys.gold_table(table.name), b"what DuckDB once wrote")
    locations = {table.name: keys.build_folder(table.name, NEW) for table in GOLD}
    lake.put("gold", keys.BUILD, to_json({**build, "locations": locations}))


def test_gold_by_athena_reads_like_gold_by_duckdb(lake: Lake, built: list[str]) -> None:
    before = GoldTables("gold")
    move_to_folders(lake)

    after = GoldTables("gold")

    assert list(after.files) == [table.name for table in GOLD]
    assert len(after.files["movies"]) == 2
    changes = before.compare(after)
    assert {name for name, change in changes.items() if change.same} == {f"gold.{table.name}" for table in GOLD}
    assert changes["gold.movies"].before == changes["gold.movies"].after == 6
    assert [row["title"] for row in gold_rows(after, built[2])["movies"]] == [built[2]]


def test_a_table_without_rows_has_no_files_and_its_columns(lake: Lake, built: list[str]) -> None:
    move_to_folders(lake)
    assert lake.keys("gold", keys.build_folder("films_by_country", NEW)) == [], "these films have no country"

    tables = GoldTables("gold")

    assert tables.files["films_by_country"] == []
    with duckdb.connect() as database, tables.as_relation(database, "films_by_country") as relation:
        described = database.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
        assert database.execute(f"SELECT count(*) FROM {relation}").fetchone() == (0,)
    (table,) = [table for table in GOLD if table.name == "films_by_country"]
    assert {row[0]: row[1] for row in described} == table.duckdb_types()


def test_verify_reads_what_athena_built(lake: Lake, built: list[str]) -> None:
    assert verify(STACK).ok
    move_to_folders(lake)
    assert verify(STACK).as_dict()["differences"] == []

    damaged = f"{keys.build_folder('movies', NEW)}part-1"
    lake.put("gold", damaged, b"no parquet")
    lake.s3.delete_object(Bucket="gold", Key=f"{keys.build_folder('rank_history', NEW)}part-0")

    said = [(one.subject, one.difference) for one in verify(STACK).differences]

    movies, ranks = keys.build_folder("movies", NEW), keys.build_folder("rank_history", NEW)
    assert said == [
        (movies, "cannot be read as parquet"),
        (ranks, "holds 3 rows; the build wrote 6"),
        (ranks, "3 rows of Silver are missing, 0 are not in Silver, 0 differ"),
    ]


def test_a_bucket_that_is_not_there_is_named(lake: Lake) -> None:
    with pytest.raises(StorageFailed, match="nowhere"):
        GoldTables("nowhere")
