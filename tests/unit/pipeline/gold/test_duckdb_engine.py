"""Gold in DuckDB: translation, loading bit by bit, which row of a film counts, deadlines and folders."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from pipeline.columns import GOLD, GOLD_TABLES, SILVER_TABLES
from pipeline.errors import SilverDamaged, StorageFailed
from pipeline.gold import duckdb_engine
from pipeline.gold.duckdb_engine import GoldDatabase
from pipeline.gold.statements import statement
from pipeline.silver import reader
from tests.silver_rows import (
    FILMS,
    FIRST,
    QUARANTINE,
    REJECTED,
    RUNS,
    engine_of,
    film,
    movies_of,
    odd_folder,
    silver_files,
)

MOVIES, REJECTED_TABLE = SILVER_TABLES["movies"], SILVER_TABLES["rejected"]


def built(engine: GoldDatabase) -> dict[str, Any]:
    """Every table, in the order of its columns, since the rows of a table are in no order."""
    engine.build()
    return {table.name: duckdb.sql(f"FROM '{engine.path(table.name)}' ORDER BY ALL").df() for table in GOLD}


@pytest.mark.parametrize(
    ("ratings", "median", "p90"),
    [
        ([4.0], 40, 40),
        ([1.0, 2.0, 4.0], 20, 36),
        ([1.0, 2.0], 15, 19),
        ([5.0] * 7 + [1.0], 50, 50),
        (range(1, 11), 55, 91),
    ],
)
def test_percentiles_are_exact(ratings: Sequence[float], median: float, p90: float) -> None:
    """Linear interpolation between the two nearest values, as numpy.percentile and quantile_cont have it."""
    films = [film(number, genres=["Drama"], imdb_rating=rating) for number, rating in enumerate(ratings, start=1)]
    engine = engine_of(movies=films, runs=RUNS)
    engine.build()

    rows = engine.query("SELECT median, p90 FROM gold.ratings_by_genre WHERE source = 'imdb'")

    assert rows == [(pytest.approx(median), pytest.approx(p90))]


def test_athena_and_duckdb_run_the_same_statement() -> None:
    """No approximation, whose error differs between engines, and no function that only one of them has."""
    for name in GOLD_TABLES:
        assert "approx_" not in statement(name)
        assert "exact_percentile" not in statement(name)


def test_incremental_loading_equals_loading_at_once() -> None:
    at_once = engine_of(movies=FILMS, quarantine=QUARANTINE, rejected=REJECTED, runs=RUNS)
    bit_by_bit = GoldDatabase(256)
    for start in range(3):
        bit_by_bit.load(MOVIES, silver_files(FILMS[start::3], "movies", etag=str(start)))
    bit_by_bit.build()
    for name, rows in (("quarantine", QUARANTINE), ("rejected", REJECTED), ("runs", RUNS)):
        bit_by_bit.load(SILVER_TABLES[name], silver_files(rows, name))

    expected, actual = built(at_once), built(bit_by_bit)

    for name, table in expected.items():
        pd.testing.assert_frame_equal(actual[name], table)


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
def test_a_film_has_only_its_newest_row(others: list[dict[str, Any]], newest: str) -> None:
    rows = [film(1, bronze_key="k2"), *(film(1, **{"bronze_key": "k2"} | other) for other in others), film(2)]
    stored = movies_of(engine_of(movies=rows)).sort_values("imdb_id")

    assert stored["imdb_id"].tolist() == ["tt0000001", "tt0000002"]
    assert stored["bronze_key"].tolist()[0] == newest


def test_the_order_of_parts_does_not_matter() -> None:
    forth, back = engine_of(movies=FILMS), engine_of(movies=FILMS[::-1])

    pd.testing.assert_frame_equal(built(forth)["movies"], built(back)["movies"])


def test_column_types_of_gold_are_as_defined() -> None:
    engine = engine_of(movies=FILMS, runs=RUNS)
    engine.build()

    for table in GOLD:
        described = engine.query(f"DESCRIBE gold.{table.name}")
        assert {str(row[0]): str(row[1]) for row in described} == table.duckdb_types()


def test_a_build_past_its_deadline_is_stopped_and_the_next_one_works() -> None:
    database = engine_of(movies=[film(number) for number in range(1, 2000)])

    with pytest.raises(StorageFailed, match=r"gold\..*: the build ran out of time; its message is retried"):
        database.build(time.monotonic())

    assert database.build(time.monotonic() + 60)["movies"] == 1999, "Silver is still loaded"


def test_the_temporary_folders_name_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = engine_of(movies=FILMS, runs=RUNS)
    expected.build()
    monkeypatch.setattr(tempfile, "tempdir", str(odd_folder(tmp_path)))
    database = engine_of(movies=FILMS, runs=RUNS)
    database.build()

    for table in GOLD:
        rows = f"SELECT {', '.join(table.column_names)} FROM gold.{table.name} ORDER BY ALL"
        assert database.query(rows) == expected.query(rows)


def test_damaged_silver_is_named_until_it_is_replaced() -> None:
    database = GoldDatabase(256)

    with pytest.raises(SilverDamaged, match=r"movies/broken\.parquet \(.*\): cannot be used; Gold is unchanged"):
        database.load(MOVIES, {"movies/broken.parquet": ("1", b"PAR1 broken")})

    database.silver.drop({"movies/broken.parquet"})
    database.load(MOVIES, silver_files([film(1)], "movies"))
    assert database.build()["movies"] == 1


def test_a_full_disk_raises_our_error() -> None:
    database = engine_of(movies=[film(number, plot=f"{number}" * 20_000) for number in range(100)])
    database.query("SET memory_limit = '5MB'")
    database.query("SET max_temp_directory_size = '0KB'")

    with pytest.raises(StorageFailed, match=r"gold\.\w+: DuckDB: OutOfMemoryException"):
        database.build()


def test_a_large_part_with_damaged_rows_is_named_by_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [film(number, plot="".join(random.Random(number).choices("abcdefgh ", k=3000))) for number in range(1, 300)]
    ((key, (etag, body)),) = silver_files(rows, "movies").items()
    monkeypatch.setattr(reader, "LARGE_BYTES", len(body) - 1)
    cut = body[: len(body) // 3] + bytes(20_000) + body[len(body) // 3 + 20_000 :]
    database = GoldDatabase(256)
    database.load(MOVIES, {key: (etag, cut)})

    with pytest.raises(SilverDamaged, match=key):
        database.build()

    database.load(MOVIES, {key: (etag, body)})
    assert database.build()["movies"] == len(rows)


def test_a_statement_that_would_take_minutes_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = "SELECT count(*) FROM range(1000000) AS a(x), range(1000000) AS b(y) WHERE a.x * b.y = 7"
    database = GoldDatabase(256)
    monkeypatch.setattr(duckdb_engine, "rows_of", lambda _: endless)

    with pytest.raises(StorageFailed, match="out of time"):
        database.build(time.monotonic() + 0.2)


def test_duckdb_spills_into_the_workspace() -> None:
    database = GoldDatabase(64)

    ((folder,),) = database.query("SELECT current_setting('temp_directory')")
    assert Path(folder).parent == database.path("movies").parent
