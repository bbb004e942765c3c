"""Bronze → Silver: rows a second in one process, and memory as the input grows.

Ours is the pipeline's own writer, as ProcessBronzeToSilver calls it, with a client that keeps nothing in S3's place.
Input are the Bronze objects of the sample films, read from a file; both sides write the same rows as parquet.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any, cast

import duckdb

from benchmarks import bronze_objects
from benchmarks.measure import Case, Pairs, Plan, Result, Run, Target, compared, fresh, interleaved, measured
from pipeline.columns import SILVER_TABLES
from pipeline.process_bronze_to_silver import ROWS, SilverWriter
from pipeline.silver import parquet
from pipeline.silver.records import BronzeObject

OURS, BASELINE = ("bronze_to_silver", "ours"), ("baselines.silver_by_pandas", "run")
ROW = "Bronze → Silver"
FILMS = 17_472
# What the function gets at once, and a backlog in larger parts.
BATCH, LARGE_BATCH = 100, 5_000
# Each batch is as any other; sixty are enough for the start of DuckDB and pandas to matter little.
FILMS_IN_BATCHES = 6_000
COPIES = (1, 4)
FASTER = Target("gain", 2)
# A flat line: what the allocator keeps moves it a little.
FLAT = Target("most", 1.2)
# Ours alone has these; or they differ by the moment.
_NOT_COMPARED = {"unreadable", "processed_at", "code_version"}


def ours(path: str, at_once: int, folder: str = "") -> dict[str, Any]:
    """Run the pipeline's writer over a file, a part a batch; ``folder`` keeps the parts."""
    s3, films = bronze_objects.Folder(folder), 0
    started = time.perf_counter()
    for batch in bronze_objects.read(Path(path), at_once):
        writer = SilverWriter("silver", cast("Any", s3))
        added = [writer.add(BronzeObject(key, None, body)) for key, body in batch]
        rows = [row for outcome, row in added if outcome == ROWS]
        writer.put_part(bronze_objects.RUN_ID, rows, parquet.encode(rows, SILVER_TABLES["movies"]))
        films += len(rows)
    return {"seconds": time.perf_counter() - started, "films": films}


def run(plan: Plan) -> list[Result]:
    """Measure batches as the function gets them, a backlog, and memory as it grows."""
    films = 500 if plan.quick else FILMS
    in_batches = min(films, FILMS_IN_BATCHES)
    with tempfile.TemporaryDirectory(prefix="reelhouse-bench-") as folder:
        path, few = Path(folder, "films"), Path(folder, "few")
        bronze_objects.write(path, 1, films)
        bronze_objects.write(few, 1, in_batches)
        plan.say("checking that both sides make the same rows")
        _demand_equal_rows(path, Path(folder))
        plan.say(f"{in_batches:,} films in batches of {BATCH}")
        note = f"Batches of {BATCH}: both sides write a part a batch, as the function does with its messages."
        pairs = _pairs(plan, few, BATCH, BATCH)
        batches = _result(f"{in_batches:,} films in batches of {BATCH}", in_batches, note, pairs)
        plan.say(f"{films:,} films in large batches")
        backlog = _pairs(plan, path, LARGE_BATCH, None)
        note = f"Backlog: ours in parts of {LARGE_BATCH:,}, so that memory stays flat; pandas takes all films at once."
        return [batches, _result(f"{films:,} films, a backlog", films, note, backlog), *_growth(plan, path, backlog)]


def _pairs(plan: Plan, path: Path, ours_at_once: int, baseline_at_once: int | None) -> Pairs:
    return interleaved(
        lambda: fresh(*OURS, path=str(path), at_once=ours_at_once),
        lambda: fresh(*BASELINE, path=str(path), at_once=baseline_at_once),
        plan.runs(),
    )


def _result(name: str, films: int, note: str, pairs: Pairs) -> Result:
    result = compared(Case(ROW, name, FASTER, size=films), pairs)
    speed = f" {name}: {films / result.ours:,.0f} rows a second, pandas {films / (result.baseline or 1):,.0f}."
    return compared(Case(ROW, name, FASTER, notes=note + speed), pairs)


def _growth(plan: Plan, path: Path, first: Pairs) -> list[Result]:
    """Run the backlog at four times the films, once each side."""
    results, peaks = [], {1: _highest(first.ours)}
    films = 500 if plan.quick else FILMS
    for copies in COPIES[1:]:
        size = bronze_objects.write(path, copies, films)
        plan.say(f"{size:,} films")
        one = [fresh(*OURS, path=str(path), at_once=LARGE_BATCH)]
        other = [fresh(*BASELINE, path=str(path), at_once=None)] if copies == COPIES[1] else []
        case = Case(ROW, f"{size:,} films, a backlog", FASTER if other else None, size=size)
        results.append(compared(case, Pairs(one, other)) if other else measured(case, "s", [one[0].seconds], one))
        peaks[copies] = _highest(one)
    note = "Memory: peak at four times the films, relative to the peak at one time."
    growth = Case(ROW, f"memory at {COPIES[-1]} times the films", FLAT, notes=note)
    return [*results, measured(growth, "×", [peaks[COPIES[-1]] / peaks[1]])]


def _highest(runs: list[Run]) -> float:
    return max(run.peak_mb or 0.0 for run in runs)


def _demand_equal_rows(path: Path, folder: Path) -> None:
    """Run both sides, and compare their parquet files row by row."""
    for side, (module, function) in {"ours": OURS, "baseline": BASELINE}.items():
        Path(folder, side).mkdir()
        fresh(module, function, path=str(path), at_once=LARGE_BATCH, folder=str(folder / side))
    types = {name: kind for name, kind in SILVER_TABLES["movies"].duckdb_types().items() if name not in _NOT_COMPARED}
    columns = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in types.items())
    one, other = (f"SELECT {columns} FROM '{folder / side}/*.parquet'" for side in ("ours", "baseline"))
    differing = f"SELECT * FROM (({one}) EXCEPT ALL ({other})) UNION ALL (({other}) EXCEPT ALL ({one}))"
    found = duckdb.connect().execute(differing).fetchall()
    assert not found, f"{len(found)} rows differ, such as {found[0]}"
