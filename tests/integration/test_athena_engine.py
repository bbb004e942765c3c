"""Gold built by Athena, with DuckDB behind Athena's API: the same rows, and unchanged tables are reused."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

import pandas as pd
import pytest

from insights import find_similar_movies
from insights.columns import RECOMMENDATIONS
from insights.find_similar_movies import GoldCatalogue, respond
from insights.lake import Lake as GoldLake
from pipeline import aggregate_to_gold, aws, keys
from pipeline.aggregate_to_gold import Result
from pipeline.columns import GOLD, GOLD_TABLES
from pipeline.errors import InvalidInput, StorageFailed
from pipeline.gold.athena_engine import AthenaEngine, Queries
from pipeline.gold.duckdb_engine import DuckdbEngine
from pipeline.gold.publication import published_build
from pipeline.settings import AggregateToGoldSettings
from tests.fake_athena import BUILT, FEW_TABLES, TABLES, FakeAthena, make_catalogue
from tests.integration.moto_lake import Lake
from tests.silver_rows import FILMS, QUARANTINE, REJECTED, RUNS, Row, film, silver_files

SETTINGS = AggregateToGoldSettings("silver", "gold", 256)
GOLD_LAKE = GoldLake("gold", "reelhouse_gold")


@pytest.fixture(autouse=True)
def _stack(lake: Lake) -> None:
    """A catalogue, where Gold is, and no quiet moment to wait for."""
    make_catalogue(aws.client("glue"), tables=FEW_TABLES)


@pytest.fixture
def athena(lake: Lake) -> FakeAthena:
    return FakeAthena(lake.s3, aws.client("glue"))


@pytest.fixture
def whole(athena: FakeAthena) -> AthenaEngine:
    queries = Queries(athena.client, "reelhouse", pause=0)
    return AthenaEngine(queries, "gold", "reelhouse_silver", "reelhouse_gold")


@pytest.fixture
def engine(whole: AthenaEngine) -> AthenaEngine:
    """An engine of two tables, which builds in a second what all take several for."""
    return replace(whole, tables=tuple(GOLD_TABLES[name] for name in BUILT))


def store(lake: Lake, rows: list[Row], name: str = "movies", etag: str = "1") -> None:
    for key, (_, body) in silver_files(rows, name, etag).items():
        lake.put("silver", key, body)


def store_all(lake: Lake) -> None:
    for name, rows in (("movies", FILMS), ("quarantine", QUARANTINE), ("rejected", REJECTED), ("runs", RUNS)):
        store(lake, rows, name)


def build(engine: AthenaEngine | DuckdbEngine, again: bool = False) -> Result:
    return aggregate_to_gold.run(SETTINGS, engine, 60.0, again=again)


def sorted_rows(frame: pd.DataFrame) -> list[str]:
    return sorted(frame.to_json(orient="records", lines=True, date_format="iso", double_precision=9).splitlines())


def test_athena_builds_the_tables_that_duckdb_builds(lake: Lake, whole: AthenaEngine) -> None:
    """Athena goes first, over an empty Gold: a table made from others can take them from its own build only."""
    make_catalogue(aws.client("glue"), tables=tuple(table for table in TABLES if table not in FEW_TABLES))
    store_all(lake)
    by_athena = build(whole).build
    tables = {table.name: GOLD_LAKE.table(table.name) for table in GOLD}
    assert set(by_athena.tables) == set(tables) == set(GOLD_LAKE.tables())
    assert_in_order(tables)

    by_duckdb = build(DuckdbEngine("silver", "gold", 256)).build

    assert by_athena.rows == by_duckdb.rows
    assert by_duckdb.written == list(by_duckdb.tables), "digests of two engines cannot be compared"
    assert by_athena.runs == by_duckdb.runs
    by_name = {name: GOLD_LAKE.table(name) for name in tables}
    assert_in_order(by_name)
    for name, frame in tables.items():
        expected = by_name[name]
        assert list(frame.columns) == list(expected.columns)
        assert frame.dtypes.equals(expected.dtypes), name
        assert sorted_rows(frame) == sorted_rows(expected), name


def assert_in_order(tables: dict[str, pd.DataFrame]) -> None:
    for name in ("movies", "movie_ratings", "rank_history"):
        order = list(GOLD_TABLES[name].order)
        assert len(tables[name]) > 1
        assert tables[name][order].equals(tables[name][order].sort_values(order, ignore_index=True)), name


def test_tables_without_rows_are_there_and_empty(lake: Lake, engine: AthenaEngine) -> None:
    result = build(engine)

    assert result.build.tables["movies"].objects == ()
    assert list(GOLD_LAKE.table("movies").columns) == GOLD_TABLES["movies"].column_names
    assert len(GOLD_LAKE.table("movies")) == 0


def test_each_build_has_a_folder_of_its_own_and_the_last_stays_readable(lake: Lake, engine: AthenaEngine) -> None:
    store(lake, [film(1)])
    first = build(engine).build
    before = {key: lake.get("gold", key) for key in lake.keys("gold", keys.BUILDS)}
    store(lake, [film(2)], etag="2")

    second = build(engine).build

    assert second.build_id > first.build_id
    assert {key: lake.get("gold", key) for key in before} == before
    assert sorted(GOLD_LAKE.table("movies")["imdb_id"]) == ["tt0000001", "tt0000002"]


def test_a_table_with_the_same_rows_refers_to_the_earlier_build(lake: Lake, engine: AthenaEngine) -> None:
    """Rows of another run do not change movies, but pipeline_runs."""
    store(lake, [film(1)])
    store(lake, RUNS[:1], "runs")
    first = build(engine).build
    store(lake, RUNS, "runs")

    second = build(engine).build

    assert second.written == ["pipeline_runs"]
    assert second.tables["movies"] == first.tables["movies"]
    assert len(GOLD_LAKE.table("movies")) == 1
    assert len(GOLD_LAKE.table("pipeline_runs")) == len(RUNS)


def test_nothing_is_built_twice(lake: Lake, engine: AthenaEngine, athena: FakeAthena) -> None:
    store(lake, [film(1)])
    build(engine)
    asked = len(athena.asked)

    assert build(engine).builds == 0
    assert len(athena.asked) == asked


def test_a_query_that_fails_leaves_the_last_build_in_use(lake: Lake, engine: AthenaEngine, athena: FakeAthena) -> None:
    store(lake, [film(1)])
    first = build(engine).build
    store(lake, [film(2)], etag="2")
    failed = {"State": "FAILED", "StateChangeReason": "INTERNAL_ERROR", "AthenaError": {"Retryable": True}}
    athena.fail["/pipeline_runs/"] = failed

    with pytest.raises(StorageFailed, match="INTERNAL_ERROR"):
        build(engine)

    assert published_build("gold") == first
    assert GOLD_LAKE.table("movies")["imdb_id"].tolist() == ["tt0000001"]
    athena.fail.clear()
    assert build(engine).builds == 1


def test_a_query_over_the_limit_is_no_passing_fault(lake: Lake, engine: AthenaEngine, athena: FakeAthena) -> None:
    athena.fail["UNLOAD"] = {"State": "CANCELLED", "StateChangeReason": "Bytes scanned limit was exceeded"}

    with pytest.raises(InvalidInput, match="Bytes scanned limit"):
        build(engine)


def test_a_build_that_takes_too_long_stops_its_queries(lake: Lake, engine: AthenaEngine, athena: FakeAthena) -> None:
    athena.looks = 10**9

    with pytest.raises(StorageFailed, match="took too long"):
        aggregate_to_gold.run(SETTINGS, engine, 0.2, again=True)

    assert athena.stopped == list(athena.asked)


def test_each_engine_builds_again_after_the_other(lake: Lake, engine: AthenaEngine) -> None:
    store(lake, [film(1)])

    for each in (engine, DuckdbEngine("silver", "gold", 256), engine):
        result = build(each)

        assert (result.builds, result.build.engine) == (1, each.name)
        assert GOLD_LAKE.table("movies")["imdb_id"].tolist() == ["tt0000001"]


def test_the_handler_takes_the_engine_from_its_settings(lake: Lake) -> None:
    names = ("reelhouse", "reelhouse_silver", "reelhouse_gold")
    athena = AggregateToGoldSettings("silver", "gold", 256, "athena", *names, silver_events_url="queue")

    assert isinstance(aggregate_to_gold.engine_of(SETTINGS), DuckdbEngine)
    engine: Any = aggregate_to_gold.engine_of(athena)
    assert (engine.queries.work_group, engine.gold_database) == ("reelhouse", "reelhouse_gold")
    for wrong in (("athena", "", "s", "g"), ("athena", "reelhouse", "s", ""), ("athena", *names)):
        with pytest.raises(InvalidInput, match="GOLD_ENGINE"):
            aggregate_to_gold.engine_of(AggregateToGoldSettings("silver", "gold", 256, *wrong))


def test_similar_films_are_found_in_a_build_by_athena(lake: Lake, engine: AthenaEngine) -> None:
    store(lake, [film(1), film(2), film(3)])
    build(engine)
    pair = {"imdb_id": "tt0000001", "rank": 1, "recommended_imdb_id": "tt0000003", "similarity": 0.5, "because": "both"}
    GOLD_LAKE.publish(RECOMMENDATIONS, pd.DataFrame([pair]).reindex(columns=RECOMMENDATIONS.column_names))
    seconds = count(step=find_similar_movies.LOOK_SECONDS)
    catalogue = GoldCatalogue("gold", lambda: next(seconds))
    assert respond("/similar/tt0000001", None, catalogue)[1]["similar"][0]["imdb_id"] == "tt0000003"
    assert respond("/similar/tt0000004", None, catalogue)[0] == 404

    store(lake, [film(4)], etag="2")
    build(engine)

    assert respond("/similar/tt0000004", None, catalogue)[0] == 200, "the new build is read"
