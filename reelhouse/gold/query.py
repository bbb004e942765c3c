"""``reelhouse query``: read-only SQL on Silver and Gold with the stack's Athena work group."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

import pandas as pd
import sqlglot
import typer
from sqlglot import exp

from insights.lake_query import Limits
from pipeline import aws
from pipeline.errors import InvalidInput
from pipeline.gold.athena import Answer, Queries
from reelhouse import console, stack
from reelhouse.gold import frames
from reelhouse.options import Csv, Json, StackName, TableFile
from reelhouse.stack import Stack

LONGEST_SECONDS = 1800.0
_DUCKDB_LIMITS = Limits(rows=1_000_000, seconds=300, memory_mb=2048)
# Athena's dialect, and that of the local stack's stand-in.
_DIALECTS = ("trino", "duckdb")
_WRITES = (exp.DML, exp.DDL, exp.Into, exp.Command, exp.Drop, exp.Alter)
_SHOW_TABLES = re.compile(r"\s*show\s+tables\s*;?\s*", re.IGNORECASE)
_DESCRIBE = re.compile(r'\s*describe\s+(?:"?(\w+)"?\s*\.\s*)?"?(\w+)"?\s*;?\s*', re.IGNORECASE)


def _timestamp(text: str) -> datetime:
    """Parse a time without a zone; one with nanoseconds is refused, since it would be cut."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo or len(text.partition(".")[2]) > len("123456"):
        raise ValueError(text)
    return moment


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
    "timestamp": (_timestamp, "datetime64[us]"),
}


class Engine(StrEnum):
    """What runs the query."""

    ATHENA = "athena"
    DUCKDB = "duckdb"


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
    engine: Annotated[
        Engine, typer.Option(help="athena, or duckdb: in this process, which also joins on the local stack.")
    ] = Engine.ATHENA,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Run SQL on Silver and Gold with Athena.

    One SELECT, SHOW TABLES or DESCRIBE; nothing is changed. The local stack has a stand-in for Athena, which speaks
    DuckDB's dialect.

    Example: [bold]reelhouse query "SELECT title, year FROM movies WHERE year < 1960" --output old.csv[/]
    """
    result = run(stack.find(stack_name), sql, engine)
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


def run(found: Stack, sql: str, engine: Engine = Engine.ATHENA) -> Found:
    """Run one statement that reads; table names without a database are Gold's.

    With DuckDB at most a million rows are returned, and Silver's tables are ``silver.movies`` and so on.

    Raises
    ------
    InvalidInput
        When it is not one SELECT, SHOW TABLES or DESCRIBE; when Athena refuses it, it fails, or it would scan more
        than the work group allows.
    StorageFailed
        When Athena cannot be reached, or does not finish within half an hour.
    """
    started = time.monotonic()
    if _SHOW_TABLES.fullmatch(sql):
        return Found(_tables(found["GoldDatabaseName"]), 0, time.monotonic() - started)
    if match := _DESCRIBE.fullmatch(sql):
        return Found(_columns(match[1] or found["GoldDatabaseName"], match[2]), 0, time.monotonic() - started)
    demand_one_select(sql)
    if engine == Engine.DUCKDB:
        rows = found.lake().sql(sql, read_only=True, limits=_DUCKDB_LIMITS)
        return Found(rows, 0, time.monotonic() - started)
    queries = Queries(aws.client("athena"), found["AthenaWorkGroupName"])
    answer = queries.answer(sql, started + LONGEST_SECONDS, found["GoldDatabaseName"])
    return Found(frame(answer), answer.bytes_scanned, time.monotonic() - started)


def demand_one_select(sql: str) -> None:
    """Check that a text is one statement that only reads.

    Raises
    ------
    InvalidInput
        When it is not, or cannot be parsed in Athena's dialect nor in DuckDB's.
    """
    statements, faults = [], []
    for dialect in _DIALECTS:
        try:
            statements = _parse(sql, dialect)
            break
        except sqlglot.errors.SqlglotError as error:
            faults.append(str(error).splitlines()[0].rstrip(". "))
    else:
        raise InvalidInput(f"cannot be parsed: {faults[0]}", subject="query")
    allowed = len(statements) == 1 and isinstance(statements[0], exp.Query | exp.Values)
    if not allowed or any(statements[0].find_all(*_WRITES)):
        hint = "give one SELECT, SHOW TABLES or DESCRIBE TABLE_NAME"
        raise InvalidInput("only reading is allowed", subject="query", next_step=hint)


def _parse(sql: str, dialect: str) -> list[exp.Expr]:
    # sqlglot warns about statements that it does not know; they are refused here.
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    return [statement for statement in sqlglot.parse(sql, read=dialect) if statement is not None]


def _tables(database: str) -> pd.DataFrame:
    """Return names and meanings of a database's tables, from the Glue catalogue."""
    with aws.failures_of("query", database):
        pages = aws.client("glue").get_paginator("get_tables").paginate(DatabaseName=database)
        tables = [(table["Name"], table.get("Description", "")) for page in pages for table in page["TableList"]]
    return pd.DataFrame(sorted(tables), columns=["table", "meaning"])


def _columns(database: str, name: str) -> pd.DataFrame:
    """Return a table's columns from the Glue catalogue.

    Raises
    ------
    InvalidInput
        When the database has no such table.
    """
    tables = _tables(database)["table"].tolist()
    if name.lower() not in tables:
        hint = f"it has {', '.join(tables) or 'none'}"
        raise InvalidInput(f"database {database} has no such table", subject=name, next_step=hint)
    with aws.failures_of("query", name):
        table = aws.client("glue").get_table(DatabaseName=database, Name=name.lower())["Table"]
    columns = [*table["StorageDescriptor"]["Columns"], *table.get("PartitionKeys", [])]
    rows = [(column["Name"], column.get("Type", ""), column.get("Comment", "")) for column in columns]
    return pd.DataFrame(rows, columns=["column", "type", "meaning"])


def frame(answer: Answer) -> pd.DataFrame:
    """Parse an answer's text into typed columns; a repeated column name gets a number."""
    columns: dict[str, pd.Series[Any]] = {}
    for place, (name, kind) in enumerate(answer.columns):
        values = [row[place] for row in answer.rows]
        columns[name if name not in columns else f"{name}_{place + 1}"] = _column(kind, values)
    return pd.DataFrame(columns)


def _column(kind: str, texts: list[str | None]) -> pd.Series[Any]:
    """Parse a column; it stays text where a value does not fit the pandas type, such as a date after year 9999."""
    read, dtype = _READERS.get(kind, (str, "string"))
    try:
        return pd.Series([None if text is None else read(str(text)) for text in texts], dtype=dtype)
    except (ValueError, OverflowError, TypeError):
        return pd.Series([None if text is None else str(text) for text in texts], dtype="string")
