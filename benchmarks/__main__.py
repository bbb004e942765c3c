"""``python -m benchmarks`` (``make bench``): measure every row and write ``RESULTS.md``.

Each row is a module of this package with ``run(plan)``, which returns its results.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from subprocess import CalledProcessError, TimeoutExpired
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from benchmarks import report
from benchmarks.machine import load, machine
from benchmarks.measure import Plan
from benchmarks.report import Record, Report
from pipeline.settings import forget_variables

# In the order of RESULTS.md.
ROWS = (
    "cold_import",
    "command_line",
    "bronze_to_silver",
    "gold",
    "enrichment",
    "recommendations",
    # The stack's first run must be this row's.
    "deployed_enrichment",
    "local_stack",
)


def measure(name: str, plan: Plan) -> Record:
    """Measure one row."""
    before, started = load(), time.monotonic()
    results = importlib.import_module(f"benchmarks.{name}").run(plan)
    seconds = round(time.monotonic() - started, 1)
    return Record(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", seconds, (before, load()), results)


def bench(
    only: Annotated[list[str] | None, typer.Option(help=f"One row of {', '.join(ROWS)}; may be given again.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Small sizes, one run each; writes nothing.")] = False,
    most_runs: Annotated[int, typer.Option(min=1, help="Runs of each side at most; the results say how many.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Measure speed and memory beside their baselines.

    Example: python -m benchmarks --only gold --quick
    """
    if unknown := set(only or ()) - set(ROWS):
        raise typer.BadParameter(f"no such row: {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    # Without bytecode every fresh interpreter would compile all modules anew.
    forget_variables("PYTHONDONTWRITEBYTECODE")
    names = [name for name in ROWS if not only or name in only]
    records: dict[str, Record] = {}
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=2) as progress:
        for name in names:
            task = progress.add_task(name, total=1)
            try:
                records[name] = measure(name, Plan(quick, partial(_say, progress, task, name), most_runs))
            except (CalledProcessError, TimeoutExpired) as error:
                progress.stop()
                print(f"{name}: {error}; what was measured before it is kept", file=sys.stderr)
                raise typer.Exit(1) from error
            progress.update(task, completed=1, description=name)
            if not quick:
                _store({name: records[name]})
    _show(records, as_json=as_json)


def _say(progress: Progress, task: TaskID, name: str, text: str) -> None:
    progress.update(task, description=f"{name}: {text}")


def _store(records: dict[str, Record]) -> None:
    known = report.read().records | records
    report.write(Report(machine(), {name: known[name] for name in ROWS if name in known}))


def _show(records: dict[str, Record], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({name: asdict(record) for name, record in records.items()}, ensure_ascii=False, indent=1))
        return
    for record in records.values():
        print("\n".join(["", *report.section(record)]))


if __name__ == "__main__":
    typer.run(bench)
