"""Data frames as output: a table on stdout, CSV, JSON, or a .csv or .parquet file."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import typer

from insights.frames import plain
from pipeline.errors import InvalidInput
from reelhouse import console

# A spreadsheet runs a cell that starts with one of these, full-width signs included:
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def give(
    data: pd.DataFrame, output: Path | None, *, csv: bool, json_output: bool, title: str = "", rows: int | None = None
) -> None:
    """Write a data frame to a file, and print it as JSON or CSV; without any of these, print a table."""
    if csv and json_output:
        raise typer.BadParameter("--json and --csv cannot be given together")
    if output is not None:
        write(data, output)
    if json_output:
        print_json(data)
    elif csv:
        print_csv(data)
    elif output is None:
        show(data, title, rows)


def show(data: pd.DataFrame, title: str = "", rows: int | None = None) -> None:
    """Print a data frame.

    Parameters
    ----------
    rows : int or None
        Most rows to show on a terminal; None means all. A pipe gets all rows.
    """
    limited = data.head(rows) if rows is not None and console.out.is_terminal else data
    more = f" ({len(limited)} of {len(data):,} rows)" if len(limited) < len(data) else ""
    values = limited.astype(object).where(limited.notna(), None)
    console.print_table([str(name) for name in data.columns], values.to_numpy().tolist(), f"{title}{more}")


def print_json(data: pd.DataFrame) -> None:
    """Print a data frame on stdout as a JSON list of rows."""
    console.print_json(records(data))


def records(data: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as JSON values: dates and times in ISO 8601; missing, NaN and infinite values as None."""
    columns = [map(plain, data[name]) for name in data.columns]
    rows: list[dict[str, Any]] = console.json_values(
        [dict(zip(map(str, data.columns), row, strict=True)) for row in zip(*columns, strict=True)]
    )
    return rows


def print_csv(data: pd.DataFrame) -> None:
    """Print a data frame on stdout as CSV; a pipe gets characters that control a terminal unchanged."""
    text = io.StringIO()
    _to_csv(data, text, "\n")
    sys.stdout.write(console.visible(text.getvalue()) if console.out.is_terminal else text.getvalue())


def write(data: pd.DataFrame, path: Path) -> None:
    """Write a data frame to a ``.csv`` file (lists joined by "; ") or a ``.parquet`` file.

    In CSV, text that a spreadsheet would run as a formula gets an apostrophe before it; parquet keeps it unchanged.

    Raises
    ------
    InvalidInput
        When the file cannot be written.
    """
    try:
        if path.suffix == ".parquet":
            data.to_parquet(path, index=False)
        else:
            with path.open("w", encoding="utf-8", newline="") as file:
                # RFC 4180's line ends; with others a carriage return inside a text would not be quoted.
                _to_csv(data, file, "\r\n")
    except OSError as error:
        next_step = "write to another folder, or create this one"
        raise InvalidInput(error.strerror or "cannot be written", subject=str(path), next_step=next_step) from error
    except pa.ArrowException as error:
        cause = f"parquet cannot hold a column: {' '.join(map(str, error.args))}"
        raise InvalidInput(cause[:300], subject=str(path), next_step="write a .csv file") from error


def _to_csv(data: pd.DataFrame, file: TextIO, line_end: str) -> None:
    safe = data.map(_csv_cell)
    safe.columns = pd.Index([_csv_cell(str(name)) for name in data.columns])
    safe.to_csv(file, index=False, lineterminator=line_end)


def _csv_cell(value: Any) -> Any:
    text = "; ".join(map(str, value)) if isinstance(value, np.ndarray | list) else value
    return f"'{text}" if isinstance(text, str) and text.startswith(_FORMULA_STARTS) else text
