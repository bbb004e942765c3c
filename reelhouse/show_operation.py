"""What the operator's commands print for people: parked messages."""

from __future__ import annotations

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from reelhouse.parked import Parked
from reelhouse.show import err, out

_FILMS_SHOWN = 12


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


class MoveBars:
    """Progress bars of moving messages back, one a queue."""

    def __init__(self) -> None:
        self._bars = Progress(
            TextColumn("{task.description:<13}"), BarColumn(40), MofNCompleteColumn(), console=err,
            disable=not err.is_terminal,
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> MoveBars:
        """Show the bars."""
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave them as they are."""
        self._bars.stop()

    def update(self, queue: str, moved: int, total: int) -> None:
        """Show new counts."""
        if queue not in self._tasks:
            self._tasks[queue] = self._bars.add_task(queue, total=total)
        self._bars.update(self._tasks[queue], completed=moved)
