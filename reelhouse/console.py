"""Printing for all commands: messages, tables, JSON and progress bars; and what Ctrl-C prints.

Results go to stdout, everything else to stderr. On a terminal a table fits its width: long text wraps, and a table
that is too wide is shown row by row. In a pipe it is tab-separated, complete and uncoloured.

Text from outside, such as a film's title, cannot control the terminal: escape sequences and marks of text direction
are printed as visible escapes.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from numbers import Integral, Real
from typing import Any

import typer
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn
from rich.table import Table
from rich.text import Text

# Control characters except tab and line feed, DEL, the C1 controls (one starts an escape sequence), marks of text
# direction, and the line separators that only some programs recognise.
_OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
# A cell with spaces may wrap to this width; other cells, such as ids and numbers, stay on one line.
_WRAPPED_WIDTH = 24
_COLUMN_GAP = 2
INTERRUPTED = 130
OnProgress = Callable[[int, int], None]


def visible(text: str) -> str:
    r"""Replace characters that control a terminal with escapes such as ``\x1b`` or ``\u202e``."""
    return _OBEYED.sub(lambda match: ascii(match[0])[1:-1], text)


def json_text(text: str) -> str:
    r"""Escape the same characters in a JSON document, as ``\u001b`` for example; parsers read the same strings.

    Where stdout cannot encode every character, all non-ASCII characters are escaped.
    """
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    pattern = _OBEYED if encoding == "utf8" else re.compile(rf"{_OBEYED.pattern}|[^\x00-\x7f]")
    return pattern.sub(lambda match: json.dumps(match[0])[1:-1], text)


class Terminal(Console):
    """A console that escapes control characters, and wraps lines only on a terminal."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Parse markup, with control characters made visible first."""
        return super().render_str(visible(text), **options)

    def print(self, *objects: Any, **options: Any) -> None:
        """Print; in a pipe a line is never wrapped."""
        super().print(*objects, **{"soft_wrap": not self.is_terminal, **options})


out = Terminal(highlight=False)
err = Terminal(stderr=True, highlight=False)


def print_signed(sign: str, message: str, target: Terminal | None = None) -> None:
    """Print a sign with markup, and a message without; on a terminal the message wraps in its own column.

    ``target`` is stdout unless given.
    """
    target = target or out
    if not target.is_terminal:
        target.print(f"{sign} {escape(message)}")
        return
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(sign, escape(message))
    target.print(grid)


def say(message: str) -> None:
    """Report something that was done, on stderr."""
    print_signed("[green]✓[/]", message, err)


def warn(message: str) -> None:
    """Report something that the reader should know, on stderr."""
    print_signed("[yellow]![/]", message, err)


def fail(message: str) -> None:
    """Report a failure, on stderr."""
    print_signed("[red]✗[/]", message, err)


@contextmanager
def ending_on_ctrl_c(message: str) -> Iterator[None]:
    """On Ctrl-C inside the block, say what became of the work, and end the command with exit code 130."""
    try:
        yield
    except KeyboardInterrupt:
        warn(message)
        raise typer.Exit(INTERRUPTED) from None


def print_json(value: Any) -> None:
    """Print a value as one JSON document on stdout."""
    print(json_text(json.dumps(value, ensure_ascii=False, default=_text_in_json)))


def json_values(value: Any) -> Any:
    """Return lists and dicts with JSON's values only, as :func:`print_json` writes them."""
    return json.loads(json.dumps(value, default=_text_in_json))


def _text_in_json(value: Any) -> str:
    """Return what JSON has no type for as text: dates and times in ISO 8601."""
    return value.isoformat() if isinstance(value, date) else str(value)


def shown(value: Any) -> str:
    """Format a value for a reader: lists joined, fractions with two digits, missing as a dash."""
    if _is_missing(value):
        return "–"
    if isinstance(value, Real) and not isinstance(value, Integral):
        number = float(value)
        return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:,.2f}"
    return ", ".join(map(str, value)) or "–" if _is_list(value) else str(value)


def plain(value: Any) -> str:
    """Format a value for a program, as one tab-separated field: complete, lists joined by "; ", missing as nothing."""
    if _is_missing(value):
        return ""
    if isinstance(value, date):
        return value.isoformat()
    text = "; ".join(map(str, value)) if _is_list(value) else str(value)
    return visible(text.replace("\t", "\\t").replace("\n", "\\n"))


def counted(number: int, singular: str, plural: str = "") -> str:
    """Return a number with its noun, such as ``1 run`` and ``2,000 runs``; ``plural`` is for those without an s."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, Real) and value != value)  # noqa: PLR0124 (NaN differs from itself)


def _is_list(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | dict | Text)


def print_table(names: Sequence[str], rows: Sequence[Sequence[Any]], title: str = "") -> None:
    """Print rows below their column names: as a table on a terminal, tab-separated in a pipe.

    Parameters
    ----------
    names : sequence of str
        Column names.
    rows : sequence of sequences
        Values in column order; a ``rich.text.Text`` keeps its style on a terminal.
    title : str
        Printed above the table on a terminal only.
    """
    if not out.is_terminal:
        for row in [names, *rows]:
            out.file.write("\t".join(plain(value) for value in row) + "\n")
        return
    cells = [[value if isinstance(value, Text) else Text(visible(shown(value))) for value in row] for row in rows]
    widths = [_width(name, [row[column].plain for row in cells]) for column, name in enumerate(names)]
    if sum(widths) + _COLUMN_GAP * (len(names) - 1) <= out.width:
        _print_grid(names, cells, _numeric(rows, len(names)), (title, widths))
    else:
        _print_records(names, cells, title)


def _width(name: str, texts: Sequence[str]) -> int:
    """Return the narrowest width of a column that reads well."""
    longest = max((cell_len(line) for text in texts for line in text.split("\n")), default=0)
    if any(" " in text.strip() for text in texts):
        word = max(cell_len(word) for text in texts for word in text.split())
        longest = max(word, min(longest, _WRAPPED_WIDTH))
    return max(longest, cell_len(name))


def _numeric(rows: Sequence[Sequence[Any]], columns: int) -> list[bool]:
    """Return whether each column holds numbers only, apart from missing values."""

    def is_number(value: Any) -> bool:
        return value.plain.isdigit() if isinstance(value, Text) else isinstance(value, Real)

    values = [[row[column] for row in rows if row[column] is not None] for column in range(columns)]
    return [bool(some) and all(map(is_number, some)) for some in values]


def _print_grid(
    names: Sequence[str], cells: Sequence[Sequence[Text]], numeric: Sequence[bool], look: tuple[str, Sequence[int]]
) -> None:
    title, widths = look
    table = Table(title=escape(title), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    table.padding, table.pad_edge, table.show_edge = (0, 1, 0, 0), False, False
    for name, right, width in zip(names, numeric, widths, strict=True):
        table.add_column(escape(name), justify="right" if right else "left", min_width=width, overflow="fold")
    for row in cells:
        table.add_row(*row)
    out.print(table, "")


def _print_records(names: Sequence[str], cells: Sequence[Sequence[Text]], title: str) -> None:
    """Print each row as a block of names and values, as wide tables do not fit."""
    if title:
        out.print(f"[bold]{escape(title)}[/]")
    for number, row in enumerate(cells, start=1):
        out.print(f"[dim]row {number} of {len(cells)}[/]")
        print_fields([(name, value) for name, value in zip(names, row, strict=True)])


def print_fields(fields: Sequence[tuple[str, str | Text]], width: int = 0) -> None:
    """Print names and values below each other; a long value wraps in its own column.

    Parameters
    ----------
    fields : sequence of (str, str or Text)
        Name and value; a str may hold markup.
    width : int
        Narrowest width of the names.
    """
    if not out.is_terminal:
        for name, value in fields:
            out.print(Text(f"{name:<{width}} ") + (value if isinstance(value, Text) else out.render_str(value)))
        return
    grid = Table.grid(padding=(0, 1))
    grid.add_column(min_width=width + 2, style="bold")
    grid.add_column(overflow="fold")
    for name, value in fields:
        grid.add_row(f"  {escape(name)}", value)
    out.print(grid)


def bars(*columns: ProgressColumn) -> Progress:
    """Return a group of bars with these columns; ``with`` shows them."""
    return Progress(*columns, console=err, disable=not err.is_terminal)


@contextmanager
def bar(name: str) -> Iterator[OnProgress]:
    """Show a progress bar inside the block; yield a function that takes the number done and the total."""
    with bars(TextColumn("{task.description}"), BarColumn(40), MofNCompleteColumn()) as shown:
        task = shown.add_task(name, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)
