"""The engine: translation to DuckDB, loading bit by bit, and which row of a film counts."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from pipeline.columns import GOLD, SILVER_TABLES
from pipeline.errors import StorageFailed
from pipeline.gold import engine as engine_module
from pipeline.gold.engine import DuckdbEngine, statement, to_duckdb
from tests.silver_rows import FILMS, FIRST, QUARANTINE, REJECTED, RUNS, engine_of, film, silver_files

MOVIES, REJECTED_TABLE = SILVER_TABLES["movies"], SILVER_TABLES["rejected"]


def built(engine: DuckdbEngine) -> dict[str, Any]:
    """Every table, in the order of its columns, since the rows of a table are in no order."""
    engine.build()
    return {table.name: duckdb.sql(f"FROM '{engine.path(table.name)}' ORDER BY ALL").df() for table in GOLD}


def test_percentiles_are_exact() -> None:
    sql = to_duckdb("SELECT approx_percentile(t.x, 0.9) AS p90 FROM (VALUES (1e0), (2e0), (4e0)) AS t(x)")

    assert "approx" not in sql.lower()
    assert duckdb.connect().execute(sql).fetchall() == [(pytest.approx(3.6),)]


def test_what_athena_runs_is_the_file() -> None:
    assert "approx_percentile" in statement("ratings_by_genre")


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


def test_types_of_gold_are_the_definitions() -> None:
    engine = engine_of(movies=FILMS, runs=RUNS)
    engine.build()

    for table in GOLD:
        described = engine.query(f"DESCRIBE gold.{table.name}")
        assert {str(row[0]): str(row[1]) for row in described} == table.duckdb_types()


def test_folders_of_killed_processes_are_removed_and_those_of_running_ones_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    # A new process of the same environment may get the number of the one that was killed.
    pids = {"killed": ended.pid, "same number": os.getpid(), "running": os.getppid()}
    folders = {name: tmp_path / f"reelhouse-gold-{pid}-{pid}" for name, pid in pids.items()}
    for folder in folders.values():
        (folder / "silver").mkdir(parents=True)

    first, second = DuckdbEngine(64), DuckdbEngine(64)

    assert [name for name, folder in folders.items() if folder.exists()] == ["running"]
    assert first.path("movies").parent.is_dir()
    assert second.path("movies").parent.is_dir()


def test_duckdb_spills_into_the_engine_s_own_folder() -> None:
    engine = DuckdbEngine(64)

    ((folder,),) = engine.query("SELECT current_setting('temp_directory')")
    assert Path(str(folder)).parent == engine.path("movies").parents[1]


def test_a_build_stops_at_its_deadline_and_the_next_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = engine_of(movies=FILMS, quarantine=QUARANTINE, rejected=REJECTED, runs=RUNS)
    with pytest.raises(StorageFailed, match="out of time"):
        engine.build(time.monotonic())
    assert engine.loaded == {}

    # A statement that would take minutes is interrupted while it runs.
    endless = "SELECT count(*) FROM range(1000000) AS a(x), range(1000000) AS b(y) WHERE a.x * b.y = 7"
    monkeypatch.setattr(engine_module, "rows_of", lambda _: endless)
    started = time.process_time()
    with pytest.raises(StorageFailed, match="out of time"):
        engine.build(time.monotonic() + 0.2)
    assert time.process_time() - started < 60
