"""Progress bars on stderr, hidden unless it is a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn

from reelhouse.console import err

OnProgress = Callable[[int, int], None]


def bars(*columns: ProgressColumn) -> Progress:
    """Return a group of bars with these columns; ``with`` shows them."""
    return Progress(*columns, console=err, disable=not err.is_terminal)


@contextmanager
def bar(name: str) -> Iterator[OnProgress]:
    """Show a progress bar inside the block; yield a function that takes the number done and the total."""
    with bars(TextColumn("{task.description}"), BarColumn(40), MofNCompleteColumn()) as shown:
        task = shown.add_task(name, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)
