"""All Gold tables at 17 thousand, 1 million and 5 million rows of Silver, with films seen in four runs and in one.

Both sides begin with Silver as parquet parts and end with every table as parquet; the building between is also told
apart. Ours is the engine of AggregateToGold with the memory limit of its function; S3 is left out on both sides.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import silver_tables
from benchmarks.measure import Case, Pairs, Plan, Result, Run, Target, compared, fresh, interleaved, peak_of
from pipeline.columns import SILVER_TABLES
from pipeline.gold.columns import GOLD
from pipeline.gold.engine import DuckdbEngine
from pipeline.settings import AggregateToGoldSettings

ROW = "All Gold tables"
OURS, BASELINE = ("gold", "ours"), ("baselines.gold_by_pandas", "run")
MEMORY_MB = AggregateToGoldSettings.duckdb_memory_mb
RUNS_OF_A_FILM = 4
# Rows, runs of each film, target, and how many times each side runs.
SIZES = (
    (17_472, RUNS_OF_A_FILM, None, 5),
    (17_472, 1, None, 5),
    (1_000_000, RUNS_OF_A_FILM, Target("gain", 3.5), 5),
    (1_000_000, 1, Target("gain", 5), 3),
    (5_000_000, RUNS_OF_A_FILM, Target("gain", 3.5), 1),
)
QUICK = ((2_000, RUNS_OF_A_FILM, None, 1), (2_000, 1, None, 1), (17_472, RUNS_OF_A_FILM, None, 1))
PEAK = Target("most", 1536)


def ours(folder: str, target: str) -> dict[str, Any]:
    """Read Silver from a folder, build all tables, and write each as parquet into another."""
    started = time.perf_counter()
    engine = DuckdbEngine(MEMORY_MB)
    # All parts at once, as AggregateToGold has them when it begins.
    parts = {path.name: ("etag", path.read_bytes()) for path in sorted(Path(folder, "movies").iterdir())}
    engine.load(SILVER_TABLES["movies"], parts)
    del parts
    engine.load(SILVER_TABLES["runs"], {"runs.json": ("etag", Path(folder, "runs.json").read_bytes())})
    loaded = time.perf_counter()
    rows = engine.build()
    built = time.perf_counter()
    for name in rows:
        Path(target, f"{name}.parquet").write_bytes(engine.parquet(name))
    return {"seconds": time.perf_counter() - started, "build_seconds": built - loaded, "rows": rows}


def run(plan: Plan) -> list[Result]:
    """Measure all sizes; the first is checked to be the same on both sides."""
    results = []
    for place, (rows, runs, target, times) in enumerate(QUICK if plan.quick else SIZES):
        with tempfile.TemporaryDirectory(prefix="reelhouse-bench-") as folder:
            kind = f"each film in {runs} runs" if runs > 1 else "no film twice"
            plan.say(f"{rows:,} rows, {kind}")
            silver_tables.write(Path(folder, "silver"), rows, runs)
            pairs = _pairs(Path(folder), plan.runs(times))
            if place < 2:
                _demand_equal_tables(Path(folder))
            results += _compared(rows, kind, target, pairs)
            last = pairs.ours
    results.append(peak_of(Case(ROW, f"peak memory at {rows:,} rows", PEAK), last))
    return results


_NOTES = (
    f"DuckDB's memory limit is that of the function, {MEMORY_MB} MB. Tables of both sides were compared row by row at "
    "the smallest size. Building alone begins with Silver in memory and ends with the tables in memory."
)


def _compared(rows: int, kind: str, target: Target | None, pairs: Pairs) -> list[Result]:
    """Compare all of it, parquet to parquet, and the building alone, from rows in memory to tables in memory."""
    building = Pairs(*([Run(run.values["build_seconds"]) for run in side] for side in (pairs.ours, pairs.baseline)))
    return [
        compared(Case(ROW, f"{rows:,} rows, {kind}", target, size=rows, notes=_NOTES), pairs),
        compared(Case(ROW, f"{rows:,} rows, {kind}: building alone", target), building),
    ]


def _pairs(folder: Path, times: int) -> Pairs:
    def side(name: str, module: str, function: str) -> Run:
        (folder / name).mkdir(exist_ok=True)
        return fresh(module, function, folder=str(folder / "silver"), target=str(folder / name))

    return interleaved(lambda: side("ours", *OURS), lambda: side("baseline", *BASELINE), times)


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
