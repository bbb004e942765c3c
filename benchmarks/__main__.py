"""``python -m benchmarks`` (``make bench``): measure every row and write ``RESULTS.md``.

Each row is a module of this package with its title ``ROW`` and ``run(plan)``, which returns its results.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from subprocess import CalledProcessError, TimeoutExpired
from types import ModuleType
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from benchmarks import report
from benchmarks.measure import Plan
from benchmarks.report import Record, load
from pipeline.settings import forget_variables

# In the order of RESULTS.md. The stack's first run must be deployed_enrichment's.
ROWS = (
    "cold_import",
    "command_line",
    "bronze_to_silver",
    "gold",
    "enrichment",
    "recommendations",
    "deployed_enrichment",
    "local_stack",
)


def measure(row: ModuleType, plan: Plan) -> Record:
    """Measure one row."""
    before, started = load(), time.monotonic()
    results = row.run(plan)
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    return Record(row.ROW, now, time.monotonic() - started, (before, load()), results)


def bench(
    only: Annotated[list[str] | None, typer.Option(help=f"One row of {', '.join(ROWS)}; may be given again.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Small sizes, one run each; writes nothing.")] = False,
) -> None:
    """Measure speed and memory beside their baselines.

    Example: python -m benchmarks --only gold --quick
    """
    if unknown := set(only or ()) - set(ROWS):
        raise typer.BadParameter(f"no such row: {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    # Without bytecode every fresh interpreter would compile all modules anew.
    forget_variables("PYTHONDONTWRITEBYTECODE")
    rows = {name: import_module(f"benchmarks.{name}") for name in ROWS}
    titles = [row.ROW for row in rows.values()]
    records: list[Record] = []
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=2) as progress:
        for name in only or ROWS:
            task = progress.add_task(name, total=1)
            try:
                records.append(measure(rows[name], Plan(quick, partial(_say, progress, task, name))))
            except (CalledProcessError, TimeoutExpired) as error:
                progress.stop()
                print(f"{name}: {error}; what was measured before it is kept", file=sys.stderr)
                raise typer.Exit(1) from error
            progress.update(task, completed=1, description=name)
            if not quick:
                report.write(records, titles, report.machine())
    print("\n\n".join(map(report.section, records)))


def _say(progress: Progress, task: TaskID, name: str, text: str) -> None:
    progress.update(task, description=f"{name}: {text}")


if __name__ == "__main__":
    typer.run(bench)
