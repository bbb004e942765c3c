"""All Gold tables at 17 thousand, 1 million and 5 million rows of Silver, each film in four runs.

Both sides begin with Silver as parquet parts and end with every table as parquet. Ours is the engine of
AggregateToGold with the memory limit of its function; S3 is left out on both sides.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import silver_tables
from benchmarks.measure import Case, Plan, Result, Run, Target, compared, fresh, interleaved, measured, peak_of
from pipeline.columns import GOLD, SILVER_TABLES
from pipeline.gold.duckdb_engine import GoldDatabase
from pipeline.settings import AggregateToGoldSettings

ROW = "All Gold tables"
OURS, BASELINE = ("gold", "ours"), ("baselines.gold_by_pandas", "run")
MEMORY_MB = AggregateToGoldSettings.duckdb_memory_mb
RUNS_OF_A_FILM = 4
# Rows and target. At the largest size ours is measured alone: pandas would need 13 GB.
SIZES = ((17_472, None), (1_000_000, Target("gain", 3.5)))
LARGEST = 5_000_000
PEAK = Target("most", 1536)
_NOTES = (
    f"DuckDB's memory limit is that of the function, {MEMORY_MB} MB. Tables of both sides were compared row by row at "
    "the smallest size. Both sides begin with Silver's parquet parts and end with every table as parquet."
)


def ours(folder: str, target: str) -> dict[str, Any]:
    """Read Silver from a folder, build all tables, and write each as parquet into another."""
    started, started_cpu = time.perf_counter(), time.process_time()
    engine = GoldDatabase(MEMORY_MB)
    # All parts at once, as AggregateToGold has them when it begins.
    parts = {path.name: ("etag", path.read_bytes()) for path in sorted(Path(folder, "movies").iterdir())}
    engine.load(SILVER_TABLES["movies"], parts)
    del parts
    engine.load(SILVER_TABLES["runs"], {"runs.json": ("etag", Path(folder, "runs.json").read_bytes())})
    for name in engine.build():
        shutil.move(engine.path(name), Path(target, f"{name}.parquet"))
    return {"seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - started_cpu}


def run(plan: Plan) -> list[Result]:
    """Measure all sizes; the first is checked to be the same on both sides."""
    results: list[Result] = []
    for rows, target in ((2_000, None),) if plan.quick else SIZES:
        with tempfile.TemporaryDirectory(prefix="reelhouse-bench-") as name:
            folder = _silver(plan, name, rows)
            pairs = interleaved(partial(_side, folder, OURS), partial(_side, folder, BASELINE), plan.runs())
            if not results:
                _demand_equal_tables(folder)
        results.append(compared(Case(f"{rows:,} rows, each film in {RUNS_OF_A_FILM} runs", target, _NOTES), pairs))
    rows = 17_472 if plan.quick else LARGEST
    with tempfile.TemporaryDirectory(prefix="reelhouse-bench-") as name:
        largest = [_side(_silver(plan, name, rows), OURS)]
    case = Case(f"{rows:,} rows, each film in {RUNS_OF_A_FILM} runs")
    peak = peak_of(Case(f"peak memory at {rows:,} rows", PEAK), largest)
    return [*results, measured(case, "s", [largest[0].seconds], largest), peak]


def _silver(plan: Plan, folder: str, rows: int) -> Path:
    plan.say(f"{rows:,} rows")
    silver_tables.write(Path(folder, "silver"), rows, RUNS_OF_A_FILM)
    return Path(folder)


def _side(folder: Path, side: tuple[str, str]) -> Run:
    target = folder / side[0]
    target.mkdir(exist_ok=True)
    return fresh(*side, folder=str(folder / "silver"), target=str(target))


def _demand_equal_tables(folder: Path) -> None:
    """Compare each table of both sides row by row; decimal numbers to nine digits, since sums depend on order."""
    database = duckdb.connect()
    for table in GOLD:
        columns = ", ".join(_comparable(name, kind) for name, kind in table.duckdb_types().items())
        files = (folder / side / f"{table.name}.parquet" for side, _ in (OURS, BASELINE))
        one, other = (f"SELECT {columns} FROM '{file}'" for file in files)
        differing = f"(({one}) EXCEPT ALL ({other})) UNION ALL (({other}) EXCEPT ALL ({one}))"
        differences = database.execute(differing).fetchall()
        assert not differences, f"{table.name}: {len(differences)} rows differ, such as {differences[:2]}"


def _comparable(name: str, kind: str) -> str:
    if kind == "DOUBLE":
        return f"CAST(printf('%.9g', CAST({name} AS DOUBLE)) AS VARCHAR) AS {name}"
    return f"CAST({name} AS {kind}) AS {name}"
