"""``reelhouse query``: SQL on Silver and Gold with the stack's Athena work group."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

import pandas as pd
import typer

from pipeline import aws
from pipeline.gold.athena import Answer, Queries
from reelhouse import console, stack
from reelhouse.gold import frames
from reelhouse.options import Csv, Json, StackName, TableFile
from reelhouse.stack import Stack

LONGEST_SECONDS = 1800.0
# How a value's text is parsed, and the column's pandas type. Other types stay text, as Athena writes them: arrays,
# maps, decimals (which floats would round), times with a zone.
_READERS: dict[str, tuple[Callable[[str], Any], Any]] = {
    "tinyint": (int, "Int8"),
    "smallint": (int, "Int16"),
    "integer": (int, "Int32"),
    "bigint": (int, "Int64"),
    "float": (float, "Float32"),
    "double": (float, "Float64"),
    "boolean": ("true".__eq__, "boolean"),
    "date": (date.fromisoformat, "object"),
    "timestamp": (datetime.fromisoformat, "datetime64[us]"),
}


@dataclass(frozen=True)
class Found:
    """Rows of a query, the bytes that Athena scanned, and its duration."""

    rows: pd.DataFrame
    bytes_scanned: int
    seconds: float


def command(
    sql: Annotated[str, typer.Argument(help="One SELECT; names without a database are Gold's.", metavar="SQL")],
    output: TableFile = None,
    csv: Csv = False,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Run SQL on Silver and Gold with Athena.

    The local stack has a stand-in for Athena, which speaks DuckDB's dialect.

    Example: [bold]reelhouse query "SELECT title, year FROM movies WHERE year < 1960" --output old.csv[/]
    """
    result = run(stack.find(stack_name), sql)
    if output is not None:
        frames.write(result.rows, output)
    if json_output:
        frames.print_json(result.rows)
    elif csv:
        frames.print_csv(result.rows)
    elif output is None:
        frames.show(result.rows)
    scanned = f"{result.bytes_scanned / 1e6:,.1f} MB scanned, {result.seconds:.1f} s"
    console.say(f"{len(result.rows):,} rows{f' written to {output}' if output else ''} ({scanned})")


def run(found: Stack, sql: str) -> Found:
    """Run one statement; table names without a database are Gold's.

    Raises
    ------
    InvalidInput
        When Athena refuses it, it fails, or it would scan more than the work group allows.
    StorageFailed
        When Athena cannot be reached, or does not finish within half an hour.
    """
    started = time.monotonic()
    queries = Queries(aws.client("athena"), found["AthenaWorkGroupName"])
    answer = queries.answer(sql, started + LONGEST_SECONDS, found["GoldDatabaseName"])
    return Found(frame(answer), answer.bytes_scanned, time.monotonic() - started)


def frame(answer: Answer) -> pd.DataFrame:
    """Parse an answer's text into typed columns; a repeated column name gets a number."""
    columns: dict[str, pd.Series[Any]] = {}
    for place, (name, kind) in enumerate(answer.columns):
        read, dtype = _READERS.get(kind, (str, "string"))
        values = [None if row[place] is None else read(str(row[place])) for row in answer.rows]
        columns[name if name not in columns else f"{name}_{place + 1}"] = pd.Series(values, dtype=dtype)
    return pd.DataFrame(columns)
