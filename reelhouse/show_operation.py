"""What the operator's commands print for people: parked messages, replays, findings."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pandas as pd
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from reelhouse.operate.compact import Compaction
from reelhouse.operate.parked import Parked
from reelhouse.operate.replay import Replay
from reelhouse.operate.verify import Verified
from reelhouse.show import err, frame, out

_FILMS_SHOWN = 12
_ROWS_SHOWN = 5


def parked(found: list[Parked]) -> None:
    """Print parked messages, one below the other: reasons are sentences."""
    if not found:
        out.print("Nothing is parked.")
    for one in found:
        films = ", ".join(one.films[:_FILMS_SHOWN]) or "no film that can be named"
        more = f" and {len(one.films) - _FILMS_SHOWN} more" if len(one.films) > _FILMS_SHOWN else ""
        out.print(
            f"[bold]{one.queue}[/] {escape(one.message_id)}, sent {one.sent_at[:19]} UTC, {one.receives} receives"
        )
        out.print(f"  films: {films}{more}" + (f" of run {one.run_id}" if one.run_id else ""), soft_wrap=True)
        out.print(f"  why:   {escape(one.why)}", soft_wrap=True)
        if not one.films:
            out.print(f"  body:  {escape(repr(one.excerpt))}", soft_wrap=True)
    if found:
        out.print(f"{len(found)} parked. When the cause is mended: [bold]reelhouse redrive[/]")


def replay(result: Replay) -> None:
    """Print what a replay came to, by table."""
    changes = [{"table": name, **asdict(change)} for name, change in result.changes.items()]
    frame("What changed", pd.DataFrame(changes))
    out.print(
        f"{len(result.runs)} runs, {result.objects:,} Bronze objects replayed by version "
        f"{escape(result.code_version)}; {result.removed:,} old Silver objects removed. Replay is {result.status}.",
        soft_wrap=True,
    )
    for key in result.missing[:_FILMS_SHOWN]:
        err.print(f"[red]✗[/] no new outcome: {escape(key)}")
    if result.missing:
        err.print(
            f"[red]✗[/] {len(result.missing):,} objects have none, and the old Silver of their runs stays: see "
            "`reelhouse redrive --peek --queue BronzeEvents`, then replay again",
            soft_wrap=True,
        )


def compacted(result: Compaction) -> None:
    """Print what a compaction came to, and which runs it left as they are."""
    out.print(
        f"{result.runs:,} runs compacted: {result.merged:,} small parts became {result.written:,}, "
        f"{result.removed:,} replaced parts removed.",
        soft_wrap=True,
    )
    if result.waiting:
        out.print(
            f"{result.waiting:,} replaced parts stay until every reader has left them; the next "
            "[bold]reelhouse compact[/] removes them, from an hour after they were replaced.",
            soft_wrap=True,
        )
    for run_id, why in result.skipped.items():
        err.print(f"[red]✗[/] {run_id} is left as it is: {escape(why)}", soft_wrap=True)


def verified(result: Verified) -> None:
    """Print what was checked, and every difference."""
    for one in result.differences:
        out.print(f"[red]✗[/] {one.layer}: {escape(one.subject)}: {escape(one.difference)}", soft_wrap=True)
    counts = result.checked
    megabytes = counts["bronze_bytes"] / 1e6
    out.print(
        f"{counts['runs']:,} runs, {counts['bronze_objects']:,} Bronze objects ({megabytes:,.1f} MB), "
        f"{counts['silver_objects']:,} Silver objects and {counts['gold_tables']} Gold tables checked: "
        f"{len(result.differences):,} differences, {result.waiting:,} waiting, {result.parked:,} parked.",
        soft_wrap=True,
    )


def path(found: dict[str, Any]) -> None:
    """Print one film's path, run by run, newest first, and the rows of Gold that it is in."""
    for run in found["runs"]:
        message, bronze, silver = run["message"], run["bronze"], run["silver"]
        number = message["number"] or "?"
        out.print(f"[bold]{run['run_id']}[/] rank {message['rank']}, message {number} of {message['of']}")
        if bronze:
            _line("Bronze", f"{bronze['key']}, version {bronze['version']}, fetched {bronze.get('fetched_at')}")
        if silver:
            row = silver["row"]
            made = f"made {row['processed_at']} by version {row['code_version']}"
            _line("Silver", f"{', '.join(silver['objects'])}, {made}")
        _line("[red]stopped[/]" if run["stopped"] else "[green]Gold[/]", run["stopped"] or "has the film from this run")
    for name, rows in found["gold"].items():
        if rows:
            frame(f"Gold: {name}", pd.DataFrame(rows), _ROWS_SHOWN)


def _line(head: str, text: str) -> None:
    out.print(f"  {head}: {escape(text)}", soft_wrap=True)


class Bar:
    """Progress bars, one a name; shown on a terminal only."""

    def __init__(self, name: str = "") -> None:
        self._name = name
        self._bars = Progress(
            TextColumn("{task.description}"), BarColumn(40), MofNCompleteColumn(), console=err,
            disable=not err.is_terminal,
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Bar:
        """Show the bars."""
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave them as they are."""
        self._bars.stop()

    def update(self, done: int, total: int) -> None:
        """Show new counts of the one bar."""
        self.update_named(self._name, done, total)

    def update_named(self, name: str, done: int, total: int) -> None:
        """Show new counts of the bar of a name."""
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=total)
        self._bars.update(self._tasks[name], completed=done)
