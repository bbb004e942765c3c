"""Progress bars of the commands that change many objects."""

from __future__ import annotations

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from reelhouse.console import err


class Bars:
    """Progress bars on stderr, one a name; hidden unless stderr is a terminal."""

    def __init__(self, name: str = "") -> None:
        self._name = name
        self._bars = Progress(
            TextColumn("{task.description}"), BarColumn(40), MofNCompleteColumn(), console=err,
            disable=not err.is_terminal,
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Bars:
        """Show the bars."""
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the bars as they are."""
        self._bars.stop()

    def update(self, done: int, total: int) -> None:
        """Show new counts in the bar that the object was made with."""
        self.update_named(self._name, done, total)

    def update_named(self, name: str, done: int, total: int) -> None:
        """Show new counts in the bar with this name."""
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=total)
        self._bars.update(self._tasks[name], completed=done)
