"""The objects of Gold's tables: of the published build, and beside it."""

from __future__ import annotations

import pytest

from pipeline import keys
from pipeline.gold import tables
from tests.gold_builds import BUILD_ID, keys_of, publish_files
from tests.integration.moto_lake import Lake

EARLIER = BUILD_ID.replace("24T", "23T")


@pytest.fixture
def gold(lake: Lake) -> Lake:
    """Two builds, a table by insights, one of the layout before builds had folders, and objects that are no tables."""
    for key in ("genre_trends/genre_trends.parquet", "movies/movies.parquet", "reports/index.html", "x/y.parquet"):
        lake.put("gold", key, b"bytes")
    publish_files("gold", {"movies": [b"earlier"], "pipeline_runs": [b"earlier"]}, build_id=EARLIER)
    publish_files("gold", {"movies": [b"one", b"two"], "rank_history": []})
    return lake


def parts_of(name: str) -> list[str] | None:
    parts = tables.parts("gold", name)
    return None if parts is None else [part.key for part in parts]


def test_names_are_those_of_the_published_build_and_of_what_others_wrote(gold: Lake) -> None:
    assert tables.names("gold") == ["genre_trends", "movies", "rank_history"]


def test_a_table_has_the_objects_that_the_published_build_names(gold: Lake) -> None:
    folder = keys.build_table(BUILD_ID, "movies")
    gold.put("gold", f"{folder}stray", b"not of the build")

    assert parts_of("movies") == keys_of("gold", "movies") == [f"{folder}part-0", f"{folder}part-1"]
    assert parts_of("rank_history") == [], "it has no rows"
    assert parts_of("genre_trends") == ["genre_trends/genre_trends.parquet"]
    assert parts_of("pipeline_runs") is None, "the published build has no such table"
    assert parts_of("nothing") is None


def test_before_the_first_build_gold_has_no_tables_of_builds(lake: Lake) -> None:
    lake.put("gold", "movies/movies.parquet", b"of the layout before builds had folders")

    assert tables.names("gold") == []
    assert parts_of("movies") is None
