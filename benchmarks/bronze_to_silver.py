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
from benchmarks.measure import Case, Pairs, Plan, Result, Target, compared, fresh, interleaved, measured, peak_of
from pipeline import process_bronze_to_silver
from pipeline.columns import SILVER_TABLES
from pipeline.process_bronze_to_silver import ROWS, SilverWriter
from pipeline.silver.records import BronzeObject

ROW = "Bronze → Silver"
OURS, BASELINE = ("bronze_to_silver", "ours"), ("baselines.silver_by_pandas", "run")
FILMS = 17_472
# What the function gets at once during a run, and at most: `reelhouse replay` puts 20 objects into each message.
BATCH, LARGE_BATCH = 100, 2_000
# Each batch is as any other; sixty are enough for the start of DuckDB and pandas to matter little.
FILMS_IN_BATCHES = 6_000
COPIES = 4
FASTER = Target("gain", 2)
# A flat line: what the allocator keeps moves it a little.
FLAT = Target("most", 1.2)
# Ours alone has these; or they differ by the moment.
_NOT_COMPARED = {"unreadable", "processed_at", "code_version"}
_BATCHES = f"Batches of {BATCH}: both sides write a part a batch, as the function does with its messages."
_BACKLOG = f"Backlog: ours in parts of {LARGE_BATCH:,}, as a replay brings them; pandas takes all films at once."


def ours(path: str, at_once: int, folder: str = "") -> dict[str, Any]:
    """Run the pipeline's writer over a file, a part a batch; ``folder`` keeps the parts."""
    s3 = bronze_objects.Folder(folder)
    started = time.perf_counter()
    for batch in bronze_objects.read(Path(path), at_once):
        writer = SilverWriter("silver", cast("Any", s3))
        added = [writer.add(BronzeObject(key, None, body)) for key, body in batch]
        rows = [row for outcome, row in added if outcome == ROWS]
        writer.put_part(bronze_objects.RUN_ID, rows, process_bronze_to_silver.encode(rows, SILVER_TABLES["movies"]))
    return {"seconds": time.perf_counter() - started}


def run(plan: Plan) -> list[Result]:
    """Measure batches as the function gets them, a backlog, and a backlog of four times the films."""
    films = 500 if plan.quick else FILMS
    with tempfile.TemporaryDirectory(prefix="reelhouse-bench-") as folder:
        few, backlog, large = (Path(folder, name) for name in ("few", "backlog", "large"))
        sizes = [
            bronze_objects.write(few, 1, min(films, FILMS_IN_BATCHES)),
            bronze_objects.write(backlog, 1, films),
            bronze_objects.write(large, COPIES, films),
        ]
        plan.say("checking that both sides make the same rows")
        _demand_equal_rows(backlog, Path(folder))
        pairs = [
            _pairs(plan, few, BATCH, BATCH, plan.runs()),
            _pairs(plan, backlog, LARGE_BATCH, None, plan.runs()),
            _pairs(plan, large, LARGE_BATCH, None, 1),
        ]
    names = [f"{sizes[0]:,} films in batches of {BATCH}", *(f"{size:,} films, a backlog" for size in sizes[1:])]
    cases = [Case(name, FASTER, note) for name, note in zip(names, (_BATCHES, _BACKLOG, ""), strict=True)]
    peaks = [peak_of(case, each.ours).ours for case, each in zip(cases, pairs, strict=True)]
    growth = Case(f"peak memory at {COPIES} times the films, to that at one time", FLAT)
    return [*map(compared, cases, pairs), measured(growth, "×", [peaks[2] / peaks[1]])]


def _pairs(plan: Plan, path: Path, ours_at_once: int, baseline_at_once: int | None, runs: int) -> Pairs:
    plan.say(path.name)
    return interleaved(
        lambda: fresh(*OURS, path=str(path), at_once=ours_at_once),
        lambda: fresh(*BASELINE, path=str(path), at_once=baseline_at_once),
        runs,
    )


def _demand_equal_rows(path: Path, folder: Path) -> None:
    """Run both sides, and compare their parquet files row by row."""
    for module, function in (OURS, BASELINE):
        (folder / module).mkdir()
        fresh(module, function, path=str(path), at_once=LARGE_BATCH, folder=str(folder / module))
    types = {name: kind for name, kind in SILVER_TABLES["movies"].duckdb_types().items() if name not in _NOT_COMPARED}
    columns = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in types.items())
    one, other = (f"SELECT {columns} FROM '{folder / module}/*.parquet'" for module, _ in (OURS, BASELINE))
    differing = f"SELECT * FROM (({one}) EXCEPT ALL ({other})) UNION ALL (({other}) EXCEPT ALL ({one}))"
    differences = duckdb.connect().execute(differing).fetchall()
    assert not differences, f"{len(differences)} rows differ, such as {differences[0]}"
