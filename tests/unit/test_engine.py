"""The engine: translation to DuckDB, parts of older and newer schemas, loading bit by bit, and what a part may hold."""

from __future__ import annotations

import io
from typing import Any

import duckdb
import pandas as pd
import pytest

from pipeline.columns import SILVER_TABLES, Column, Table
from pipeline.errors import SilverDamaged
from pipeline.gold.columns import GOLD
from pipeline.gold.engine import DuckdbEngine, statement, to_duckdb
from pipeline.parquet import encode
from tests.silver_rows import FILMS, FIRST, QUARANTINE, REJECTED, RUNS, engine_of, film, silver_files

MOVIES, REJECTED_TABLE = SILVER_TABLES["movies"], SILVER_TABLES["rejected"]


def built(engine: DuckdbEngine) -> dict[str, Any]:
    engine.build()
    return {table.name: pd.read_parquet(io.BytesIO(engine.parquet(table.name))) for table in GOLD}


def part(rows: list[dict[str, Any]], *columns: Column) -> bytes:
    return encode(rows, Table("movies", "silver", "", columns))


def test_percentiles_are_exact() -> None:
    sql = to_duckdb("SELECT approx_percentile(t.x, 0.9) AS p90 FROM (VALUES (1e0), (2e0), (4e0)) AS t(x)")

    assert "approx" not in sql.lower()
    assert duckdb.connect().execute(sql).fetchall() == [(pytest.approx(3.6),)]


def test_what_athena_runs_is_the_file() -> None:
    assert "approx_percentile" in statement("ratings_by_genre")


def test_an_older_part_lacks_a_column_and_a_newer_one_has_more() -> None:
    older = tuple(column for column in MOVIES.columns if column.name != "metascore")
    newer = (*MOVIES.columns, Column("mood", "string", ""))
    engine = DuckdbEngine(256)
    engine.load(
        MOVIES,
        {
            "movies/a.parquet": ("1", part([film(1, metascore=50)], *older)),
            "movies/b.parquet": ("1", part([film(2, metascore=60) | {"mood": "glad"}], *newer)),
        },
    )
    engine.load(MOVIES, {"movies/c.parquet": ("1", part([film(3, metascore=70)], *reversed(MOVIES.columns)))})

    movies = built(engine)["movies"]
    assert movies["imdb_id"].tolist() == ["tt0000001", "tt0000002", "tt0000003"]
    assert movies["metascore"].fillna(-1).tolist() == [-1, 60, 70]
    assert "mood" not in movies


def test_loading_bit_by_bit_equals_loading_anew() -> None:
    at_once = engine_of(movies=FILMS, quarantine=QUARANTINE, rejected=REJECTED, runs=RUNS)
    bit_by_bit = DuckdbEngine(256)
    for place, row in enumerate(FILMS):
        bit_by_bit.load(MOVIES, silver_files([row], "movies", etag=str(place)))
    bit_by_bit.build()
    for name, rows in (("quarantine", QUARANTINE), ("rejected", REJECTED), ("runs", RUNS)):
        bit_by_bit.load(SILVER_TABLES[name], silver_files(rows, name))

    expected, found = built(at_once), built(bit_by_bit)

    for name, table in expected.items():
        pd.testing.assert_frame_equal(found[name], table)


@pytest.mark.parametrize(
    ("others", "newest"),
    [
        ([{}], "k2"),
        ([{"bronze_key": "k1"}, {"bronze_key": "k3"}], "k3"),
        ([{"bronze_key": "k3", "processed_at": "2026-11-24 03:00:59.000000"}], "k2"),
        ([{"bronze_key": "k3", "processed_at": "2026-11-24 03:01:00.000001"}, {}], "k3"),
        ([{"bronze_key": "k3", "run_id": FIRST, "processed_at": "2026-11-25 03:00:00.000000"}], "k2"),
    ],
    ids=["the same row twice", "made at once", "made before", "made after", "of a run before"],
)
def test_a_film_has_one_row_the_newest(others: list[dict[str, Any]], newest: str) -> None:
    rows = [film(1, bronze_key="k2"), *(film(1, **{"bronze_key": "k2"} | other) for other in others), film(2)]
    found = built(engine_of(movies=rows))["movies"]

    assert found["imdb_id"].tolist() == ["tt0000001", "tt0000002"]
    assert found["bronze_key"].tolist()[0] == newest


def test_the_order_of_parts_does_not_matter() -> None:
    forth, back = engine_of(movies=FILMS), engine_of(movies=FILMS[::-1])

    pd.testing.assert_frame_equal(built(forth)["movies"], built(back)["movies"])


def test_what_is_loaded_is_known_and_reset_forgets_it() -> None:
    engine = engine_of(movies=FILMS)
    assert engine.loaded == {"movies/part-1.parquet": "1"}

    engine.reset()

    assert engine.loaded == {}
    assert engine.build()["movies"] == 0


def test_nothing_to_load_is_nothing_done() -> None:
    engine = DuckdbEngine(256)

    engine.load(MOVIES, {})

    assert engine.loaded == {}


def test_a_broken_part_loads_none_of_its_batch() -> None:
    engine = DuckdbEngine(256)
    good = silver_files([film(1)], "movies")

    with pytest.raises(SilverDamaged, match=r"movies/broken\.parquet: cannot be read .* `reelhouse replay --all`"):
        engine.load(MOVIES, good | {"movies/broken.parquet": ("1", b"PAR1 broken")})

    assert engine.loaded == {}
    assert engine.query("SELECT count(*) FROM silver.movies") == [(0,)]


@pytest.mark.parametrize("reason", ["é 😀", "\x00", 'a "b" \\ c', "'; DROP TABLE x; --", "x" * 1_000_000])
def test_a_reason_of_any_characters_can_be_loaded(reason: str) -> None:
    engine = DuckdbEngine(256)

    engine.load(REJECTED_TABLE, silver_files([REJECTED[0] | {"reason": reason}], "rejected"))

    assert engine.query("SELECT count(*) FROM silver.rejected WHERE reason IS NOT NULL") == [(1,)]


def test_types_of_gold_are_the_definitions() -> None:
    engine = engine_of(movies=FILMS, runs=RUNS)
    engine.build()

    for table in GOLD:
        described = engine.query(f"DESCRIBE gold.{table.name}")
        assert {str(row[0]): str(row[1]) for row in described} == table.duckdb_types()
