"""Where Gold's tables are: written by DuckDB, by Athena, by insights."""

from __future__ import annotations

import pytest

from pipeline import keys
from pipeline.gold import tables
from tests.gold_builds import a_build
from tests.integration.moto_lake import Lake

BUILD = "20261124T030000.000000Z"
FOLDER = keys.build_folder("movies", BUILD)


@pytest.fixture
def gold(lake: Lake) -> Lake:
    """A table by insights, one that DuckDB once wrote, and objects that are no tables."""
    for key in ("genre_trends/genre_trends.parquet", "movies/movies.parquet", "reports/index.html", "x/y.parquet"):
        lake.put("gold", key, b"bytes")
    return lake


def found(name: str) -> list[str] | None:
    parts = tables.parts("gold", name)
    return None if parts is None else [part.key for part in parts]


def test_tables_of_one_object(gold: Lake) -> None:
    assert tables.names("gold") == ["genre_trends", "movies"]
    assert found("movies") == ["movies/movies.parquet"]
    assert found("nothing") is None


def test_a_build_by_athena_goes_before_what_duckdb_once_wrote(gold: Lake) -> None:
    locations = {"movies": FOLDER, "rank_history": keys.build_folder("rank_history", BUILD)}
    gold.put("gold", keys.BUILD, a_build(locations=locations).to_json())
    gold.put("gold", f"{FOLDER}part-2", b"bytes")
    gold.put("gold", f"{FOLDER}part-1", b"bytes")
    gold.put("gold", keys.build_folder("movies", BUILD.replace("03", "04")) + "part", b"of another build")

    assert tables.names("gold") == ["genre_trends", "movies", "rank_history"]
    assert found("movies") == [f"{FOLDER}part-1", f"{FOLDER}part-2"]
    assert found("rank_history") == [], "it has no rows"
    assert found("genre_trends") == ["genre_trends/genre_trends.parquet"]


def test_a_table_whose_name_begins_like_another(gold: Lake) -> None:
    gold.put("gold", "movies/movies.parquet.part", b"bytes")

    assert found("movies") == ["movies/movies.parquet"]
