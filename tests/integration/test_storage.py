"""What daily builds with little change store: at most 1.5 times one build and the rows that changed."""

from __future__ import annotations

import io
from datetime import timedelta
from itertools import pairwise
from typing import Any

import duckdb
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from pipeline import aggregate_to_gold, aws, keys
from pipeline.gold.build import Build
from pipeline.gold.duckdb_engine import DuckdbEngine
from pipeline.settings import AggregateToGoldSettings
from tests.daily_films import FilmWorld, Row
from tests.integration.moto_lake import Lake
from tests.silver_rows import RUNS, silver_files

SETTINGS = AggregateToGoldSettings("silver", "gold", 256)


def store_run(lake: Lake, world: FilmWorld) -> None:
    """Let a day pass with little change, and store the Silver of a complete run.

    Five films have other votes and ratings, and two films change places. As every day, each film was fetched again:
    its row has another run, Bronze object and time.
    """
    world.moment += timedelta(days=1)
    for film in world.random.sample(list(world.films.values()), 5):
        film["imdb_votes"] = (film["imdb_votes"] or 0) + 100
        film["imdb_rating"] = 7.5
    index = world.random.randrange(world.listed - 1)
    world.ranking[index : index + 2] = reversed(world.ranking[index : index + 2])
    run_id = max(row["run_id"] for row in world.run())
    rows = [_silver_row(row) for row in world.gold.values() if row["run_id"] == run_id]
    for _, body in silver_files(rows, "movies").values():
        lake.put("silver", keys.silver_part(run_id, "0" * 32, len(rows)), body)
    changes = {"run_id": run_id, "expected": len(rows), "top_n": len(rows), "started_at": rows[0]["fetched_at"]}
    for _, body in silver_files([RUNS[0] | changes], "runs").values():
        lake.put("silver", keys.silver_run(run_id), body)


def _silver_row(row: Row) -> Row:
    times = {name: f"{row[name]:%Y-%m-%d %H:%M:%S.%f}" for name in ("fetched_at", "processed_at")}
    return {name: value for name, value in row.items() if name not in ("on_list", "decade")} | times


def build(engine: DuckdbEngine) -> Build:
    """Build twice: the second build has the same rows, as after a compaction of Silver or a deployment."""
    for _ in range(2):
        result = aggregate_to_gold.run(SETTINGS, engine, 60.0, again=True)
        assert result.held is None
    return result.build


def size_of_changes(lake: Lake, before: Build, after: Build) -> float:
    """Return the bytes of the rows of a build that the one before did not have, by their share of each table."""
    size = 0.0
    for name, table in after.tables.items():
        if table == before.tables[name]:
            continue
        frames: dict[str, Any] = {
            side: pq.read_table(io.BytesIO(lake.get("gold", each.tables[name].objects[0].key)))
            for side, each in (("old", before), ("new", after))
        }
        with duckdb.connect() as database:
            for side, frame in frames.items():
                database.register(side, frame)
            new = database.execute("SELECT count(*) FROM (FROM new EXCEPT ALL FROM old)").fetchall()[0][0]
        size += table.objects[0].size * new / table.rows
    return size


@pytest.mark.parametrize(
    ("films", "days"),
    [(60, 2), pytest.param(1000, 30, marks=[pytest.mark.chaos, pytest.mark.timeout(900)])],
)
def test_builds_store_one_build_and_what_changed(lake: Lake, films: int, days: int) -> None:
    world, engine = FilmWorld(films), DuckdbEngine("silver", "gold", 256)
    builds = []
    for _ in range(days):
        store_run(lake, world)
        builds.append(build(engine))

    stored = sum(e.size for e in aws.list_objects(aws.client("s3"), "gold", keys.BUILDS) if e.key.endswith(".parquet"))
    one_build = sum(entry.size for table in builds[0].tables.values() for entry in table.objects)
    changes = sum(size_of_changes(lake, *pair) for pair in pairwise(builds))
    print(f"{films} films, {days} days: stored {stored:,}, one build {one_build:,}, changed rows {changes:,.0f}")

    assert stored <= 1.5 * (one_build + changes)
    # Sorted by film: unsorted, its 30 runs of 17,470 films take several times as much.
    history = pq.read_table(io.BytesIO(lake.get("gold", builds[-1].tables["rank_history"].objects[0].key)))
    keys_of_rows = [(row["imdb_id"], row["run_id"]) for row in history.select(["imdb_id", "run_id"]).to_pylist()]
    assert keys_of_rows == sorted(keys_of_rows)
