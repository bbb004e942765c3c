"""All Gold tables at 17 thousand, 1 million and 5 million rows of Silver, each film in four runs.

Both sides begin with Silver as parquet parts and end with every table as parquet. Ours is the engine of
AggregateToGold with the memory limit of its function; S3 is left out on both sides.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import silver_tables
from benchmarks.measure import Case, Pairs, Plan, Result, Run, Target, compared, fresh, interleaved, measured, peak_of
from pipeline.columns import GOLD, SILVER_TABLES
from pipeline.gold.duckdb_engine import GoldDatabase
from pipeline.settings import AggregateToGoldSettings

ROW = "All Gold tables"
OURS, BASELINE = ("gold", "ours"), ("baselines.gold_by_pandas", "run")
MEMORY_MB = AggregateToGoldSettings.duckdb_memory_mb
RUNS_OF_A_FILM = 4
# Rows, runs of each film, target, and how many times each side runs.
SIZES = (
    (17_472, RUNS_OF_A_FILM, None, 3),
    (1_000_000, RUNS_OF_A_FILM, Target("gain", 3.5), 3),
)
QUICK = ((2_000, RUNS_OF_A_FILM, None, 1),)
# Rows at which our memory alone is measured: pandas would need 13 GB.
LARGEST, QUICK_LARGEST = 5_000_000, 17_472
PEAK = Target("most", 1536)


def ours(folder: str, target: str) -> dict[str, Any]:
    """Read Silver from a folder, build all tables, and write each as parquet into another."""
    started, started_cpu = time.perf_counter(), time.process_time()
    engine = GoldDatabase(MEMORY_MB)
    # All parts at once, as AggregateToGold has them when it begins.
    parts = {path.name: ("etag", path.read_bytes()) for path in sorted(Path(folder, "movies").iterdir())}
    engine.load(SILVER_TABLES["movies"], parts)
    del parts
    engine.load(SILVER_TABLES["runs"], {"runs.json": ("etag", Path(folder, "runs.json").read_bytes())})
    rows = engine.build()
    for name in rows:
        shutil.copyfile(engine.path(name), Path(target, f"{name}.parquet"))
    return {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - started_cpu,
        "films": rows["movies"],
    }


def run(plan: Plan) -> list[Result]:
    """Measure all sizes; the first is checked to be the same on both sides."""
    results = []
    for place, (rows, runs, target, times) in enumerate(QUICK if plan.quick else SIZES):
        with tempfile.TemporaryDirectory(prefix="reelhouse-bench-") as folder:
            kind = f"each film in {runs} runs" if runs > 1 else "no film twice"
            plan.say(f"{rows:,} rows, {kind}")
            silver_tables.write(Path(folder, "silver"), rows, runs)
            pairs = _pairs(Path(folder), plan.runs(times))
            if place == 0:
                _demand_equal_tables(Path(folder))
            results.append(compared(Case(ROW, f"{rows:,} rows, {kind}", target, size=rows, notes=_NOTES), pairs))
    return [*results, *_largest(plan, QUICK_LARGEST if plan.quick else LARGEST)]


def _largest(plan: Plan, rows: int) -> list[Result]:
    """Time and memory of ours at the largest size."""
    with tempfile.TemporaryDirectory(prefix="reelhouse-bench-") as folder:
        plan.say(f"{rows:,} rows")
        silver_tables.write(Path(folder, "silver"), rows, RUNS_OF_A_FILM)
        run = _side(Path(folder), "ours", *OURS)
    kind = f"{rows:,} rows, each film in {RUNS_OF_A_FILM} runs"
    return [
        measured(Case(ROW, kind, size=rows), "s", [run.seconds], [run]),
        peak_of(Case(ROW, f"peak memory at {rows:,} rows", PEAK), [run]),
    ]


_NOTES = (
    f"DuckDB's memory limit is that of the function, {MEMORY_MB} MB. Tables of both sides were compared row by row at "
    "the smallest size. Both sides begin with Silver's parquet parts and end with every table as parquet."
)


def _pairs(folder: Path, times: int) -> Pairs:
    return interleaved(lambda: _side(folder, "ours", *OURS), lambda: _side(folder, "baseline", *BASELINE), times)


def _side(folder: Path, name: str, module: str, function: str) -> Run:
    (folder / name).mkdir(exist_ok=True)
    return fresh(module, function, folder=str(folder / "silver"), target=str(folder / name))


def _demand_equal_tables(folder: Path) -> None:
    """Compare each table of both sides row by row; decimal numbers to nine digits, since sums depend on order."""
    database = duckdb.connect()
    for table in GOLD:
        columns = ", ".join(_comparable(name, kind) for name, kind in table.duckdb_types().items())
        one, other = (f"SELECT {columns} FROM '{folder / side}/{table.name}.parquet'" for side in ("ours", "baseline"))
        differing = f"(({one}) EXCEPT ALL ({other})) UNION ALL (({other}) EXCEPT ALL ({one}))"
        found = database.execute(differing).fetchall()
        assert not found, f"{table.name}: {len(found)} rows differ, such as {found[:2]}"


def _comparable(name: str, kind: str) -> str:
    if kind == "DOUBLE":
        return f"CAST(printf('%.9g', CAST({name} AS DOUBLE)) AS VARCHAR) AS {name}"
    return f"CAST({name} AS {kind}) AS {name}"
