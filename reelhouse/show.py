"""What the commands print for people: tables, bars and messages. Everything but results goes to stderr."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich import box
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from pipeline.errors import InvalidInput
from reelhouse.operate.check import Check
from reelhouse.run import watch
from reelhouse.terminal import Terminal, print_json

out = Terminal(highlight=False)
err = Terminal(stderr=True, highlight=False)
_RUN_COLUMNS = {
    "run_id": "run", "status": "status", "expected": "films", "stored": "stored", "rejected": "rej.",
    "quarantined": "quar.", "missing": "miss.", "in_gold": "Gold",
}  # fmt: skip
_WRAPPED_CHARACTERS = 36
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_SIGNS = {True: "[green]✓[/]", False: "[red]✗[/]", None: "[yellow]–[/]"}


def say(message: str) -> None:
    """Tell of something that was done."""
    err.print(f"[green]✓[/] {escape(message)}")


def fail(message: str) -> None:
    """Tell of something that failed."""
    err.print(f"[red]✗[/] {escape(message)}", soft_wrap=True)


def as_json(value: Any) -> None:
    """Print one JSON document, as the only thing on stdout."""
    print_json(value)


class RunBars:
    """Progress bars of a run: Bronze, Silver, Gold."""

    def __init__(self, expected: int, *, hidden: bool) -> None:
        self._bars = Progress(
            SpinnerColumn(finished_text="[green]✓[/]"), TextColumn("{task.description:<7}"), BarColumn(40),
            MofNCompleteColumn(), TextColumn("{task.fields[note]}"), TimeElapsedColumn(), console=err, disable=hidden,
        )  # fmt: skip
        self._tasks = {n: self._bars.add_task(n, total=expected, note="films") for n in ("Bronze", "Silver")}
        self._tasks["Gold"] = self._bars.add_task("Gold", total=1, note="build of all tables")

    def __enter__(self) -> RunBars:
        """Show the bars."""
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave them as they are."""
        self._bars.stop()

    def update(self, progress: watch.Progress) -> None:
        """Show new counts."""
        note = f"films, {progress.rejected} rejected" if progress.rejected else "films"
        self._bars.update(self._tasks["Bronze"], completed=progress.settled, note=note)
        note = f"rows, {progress.quarantined} quarantined" if progress.quarantined else "rows"
        done, total = progress.silver_rows + progress.quarantined, progress.expected - progress.rejected
        self._bars.update(self._tasks["Silver"], completed=done, total=total, note=note)
        self._bars.update(self._tasks["Gold"], completed=int(progress.in_gold))


def _table(title: str) -> Table:
    return Table(title=escape(title), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)


def frame(title: str, data: pd.DataFrame, rows: int | None = None) -> None:
    """Print a data frame; ``rows`` limits it, and the title then says of how many."""
    shown = data if rows is None else data.head(rows)
    more = f" ({len(shown)} of {len(data):,} rows)" if len(shown) < len(data) else ""
    table = _table(title + more)
    cells = {str(name): [cell(value) for value in shown[name]] for name in shown}
    fitting = _fitting(cells, out.width)
    for name in fitting:
        table.add_column(escape(name), justify="right" if pd.api.types.is_numeric_dtype(shown[name]) else "left")
    for row in zip(*(cells[name] for name in fitting), strict=True):
        table.add_row(*(escape(value) for value in row))
    out.print(table)
    if left_out := list(cells)[len(fitting) :]:
        out.print(f"[dim]No room for: {escape(', '.join(left_out))}[/]", soft_wrap=True)


def _fitting(cells: dict[str, list[str]], width: int) -> list[str]:
    """Columns that fit into a width, from the left; a long text is wrapped, so it asks for no more than it must."""
    fitting: list[str] = []
    for name, values in cells.items():
        width -= min(max(len(text) for text in [name, *values]), _WRAPPED_CHARACTERS) + 3
        if width < 0 and fitting:
            break
        fitting.append(name)
    return fitting


def cell(value: Any) -> str:
    """A value as people read it: lists joined, numbers with thousands, missing as a dash."""
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return ", ".join(str(part) for part in value) or "–"
    if value is None or value is pd.NA or value is pd.NaT or value != value:  # noqa: PLR0124 (NaN differs from itself)
        return "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}"
    return str(value)


def report(result: watch.Report) -> None:
    """Print what a run came to."""
    for entry in result.skipped[:10]:
        err.print(f"[yellow]![/] left out: item {entry['item']} {escape(repr(entry['id']))}: {escape(entry['reason'])}")
    if len(result.skipped) > 10:
        err.print(f"[yellow]![/] … and {len(result.skipped) - 10} more, all named in the run's manifest")
    if result.note:
        err.print(f"[yellow]![/] {escape(result.note)}")
    colour = "green" if result.status == "complete" else "red"
    out.print(
        f"Run [bold]{result.run_id}[/] is [{colour}]{result.status}[/]: {result.stored:,} of {result.expected:,} films "
        f"stored, {result.rejected:,} rejected, {result.quarantined:,} quarantined, {result.silver_rows:,} Silver rows "
        f"({result.messages:,} messages, {result.seconds.get('total', 0):.1f} s)"
    )
    if result.missing:
        films = result.missing["films"]
        more = f" and {len(films) - 20} more" if len(films) > 20 else ""
        err.print(f"[red]✗[/] gave up: {escape(result.missing['why'])}")
        err.print(f"  {len(films):,} films are missing: {', '.join(films[:20])}{more}")
        err.print("  their messages are kept: `reelhouse status` shows where, docs/operations.md what to do")


def status(found: dict[str, Any]) -> None:
    """Print runs and queues."""
    table = _table(f"Runs of {found['stack']}")
    for name, head in _RUN_COLUMNS.items():
        table.add_column(head, justify="left" if name in {"run_id", "status"} else "right", no_wrap=True)
    for run in found["runs"]:
        table.add_row(*(cell(run.get(name)) for name in _RUN_COLUMNS))
    out.print(table)
    table = _table("Messages")
    for name in ("queue", "waiting", "in flight", "parked"):
        table.add_column(escape(name), justify="left" if name == "queue" else "right")
    for name, counts in found["queues"].items():
        parked = f"[red]{counts['parked']}[/]" if counts["parked"] else "0"
        table.add_row(name, str(counts["waiting"]), str(counts["in_flight"]), parked)
    out.print(table)
    if found["waiting_for_quota_until"]:
        out.print(f"[yellow]![/] waiting for OMDb quota until {found['waiting_for_quota_until'][:16]} UTC")
    if found["gold"]:
        age = datetime.now(UTC) - datetime.fromisoformat(found["gold"]["built_at"])
        out.print(f"Gold was built {age.total_seconds() / 60:.0f} min ago by version {found['gold']['code_version']}.")


def check(result: Check) -> None:
    """Print one of doctor's checks."""
    advice = f" – {escape(result.advice)}" if not result.ok and result.advice else ""
    out.print(f"{_SIGNS[result.ok]} {escape(result.name)}: {escape(result.found)}{advice}")


def write(data: pd.DataFrame, path: Path) -> None:
    """Write a table to a ``.csv`` (lists joined by "; ") or ``.parquet`` file.

    A text that a spreadsheet would take for a formula gets an apostrophe before it in CSV; parquet has it as it is.

    Raises
    ------
    InvalidInput
        When the file cannot be written.
    """
    try:
        if path.suffix == ".parquet":
            data.to_parquet(path, index=False)
        else:
            # RFC 4180's line ends; with others a carriage return inside a text would not be quoted, and end its row.
            data.map(_csv_cell).to_csv(path, index=False, lineterminator="\r\n")
    except OSError as error:
        raise InvalidInput(error.strerror or "cannot be written", subject=str(path)) from error


def _csv_cell(value: Any) -> Any:
    text = "; ".join(map(str, value)) if isinstance(value, np.ndarray | list) else value
    # https://owasp.org/www-community/attacks/CSV_Injection
    return f"'{text}" if isinstance(text, str) and text.startswith(_FORMULA_STARTS) else text
