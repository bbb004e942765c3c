"""``reelhouse query``: read-only SQL on Silver and Gold, by DuckDB in this process or the stack's Athena work group."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import pandas as pd
import typer

from insights import athena_query
from insights.lake_query import Limits
from pipeline import aws
from pipeline.errors import InvalidInput
from reelhouse import console, stack
from reelhouse.gold import frames
from reelhouse.options import Csv, Json, StackName, TableFile
from reelhouse.stack import Stack

_DUCKDB_LIMITS = Limits(rows=1_000_000, seconds=300, memory_mb=2048)
_SHOW_TABLES = re.compile(r"\s*show\s+tables\s*;?\s*", re.IGNORECASE)
_DESCRIBE = re.compile(r'\s*describe\s+(?:"?(\w+)"?\s*\.\s*)?"?(\w+)"?\s*;?\s*', re.IGNORECASE)


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
        Engine | None,
        typer.Option(help="Without it, duckdb for the local stack (it runs on this machine), athena with --stack."),
    ] = None,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Run SQL on Silver and Gold; it only reads.

    One SELECT, SHOW TABLES or DESCRIBE. DuckDB calls Silver's tables silver.movies and so on.
    The local stack's Athena is a stand-in, which speaks DuckDB's dialect.

    Example: [bold]reelhouse query "SELECT title, year FROM movies WHERE year < 1960" --output old.csv[/]
    """
    chosen = engine or (Engine.ATHENA if stack_name else Engine.DUCKDB)
    result = run(stack.find(stack_name), sql, chosen)
    if output is not None:
        frames.write(result.rows, output)
    if json_output:
        frames.print_json(result.rows)
    elif csv:
        frames.print_csv(result.rows)
    elif output is None:
        frames.show(result.rows)
    scanned = f"{result.bytes_scanned / 1e6:,.1f} MB scanned, " if chosen == Engine.ATHENA else ""
    console.say(
        f"{len(result.rows):,} rows{f' written to {output}' if output else ''} ({scanned}{result.seconds:.1f} s)"
    )


def run(found: Stack, sql: str, engine: Engine) -> Found:
    """Run one statement that reads; table names without a database are Gold's.

    Raises
    ------
    InvalidInput
        When it is not one SELECT, SHOW TABLES or DESCRIBE; when the engine refuses it, it fails, or it would exceed
        DuckDB's limits (a million rows, five minutes, 2 GB) or those of the work group.
    StorageFailed
        When a table cannot be read, or Athena cannot be reached or does not finish within half an hour.
    """
    started = time.monotonic()
    scanned = 0
    if engine == Engine.DUCKDB:
        rows = found.lake().sql(sql, read_only=True, limits=_DUCKDB_LIMITS)
    elif _SHOW_TABLES.fullmatch(sql):
        rows = _tables(found["GoldDatabaseName"])
    elif match := _DESCRIBE.fullmatch(sql):
        rows = _columns(match[1] or found["GoldDatabaseName"], match[2])
    else:
        answer = athena_query.run(sql, found["AthenaWorkGroupName"], found["GoldDatabaseName"])
        rows, scanned = answer.rows, answer.bytes_scanned
    return Found(rows, scanned, time.monotonic() - started)


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
