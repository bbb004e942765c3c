"""``reelhouse query``: read-only SQL on Silver and Gold, by DuckDB in this process or the stack's Athena work group."""

from __future__ import annotations

import re
import time
from typing import Annotated, Literal

import pandas as pd
import typer

from insights import athena_query
from insights.athena_query import Result
from insights.guarded_query import Limits
from pipeline import aws
from pipeline.errors import InvalidInput
from reelhouse import console, frames, stack
from reelhouse.options import Csv, Json, StackName, TableFile
from reelhouse.stack import Stack

_DUCKDB_LIMITS = Limits(rows=1_000_000, seconds=300, memory_mb=2048)
Engine = Literal["athena", "duckdb"]
_SHOW_TABLES = re.compile(r"\s*show\s+tables\s*;?\s*", re.IGNORECASE)
_DESCRIBE = re.compile(r'\s*describe\s+(?:"?(\w+)"?\s*\.\s*)?"?(\w+)"?\s*;?\s*', re.IGNORECASE)


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
    chosen = engine or ("athena" if stack_name else "duckdb")
    started = time.monotonic()
    result = run(stack.find(stack_name), sql, chosen)
    seconds = time.monotonic() - started
    frames.give(result.rows, output, csv=csv, json_output=json_output)
    scanned = f"{result.bytes_scanned / 1e6:,.1f} MB scanned, " if chosen == "athena" else ""
    written = f" written to {output}" if output else ""
    console.say(f"{console.counted(len(result.rows), 'row')}{written} ({scanned}{seconds:.1f} s)")


def run(deployed: Stack, sql: str, engine: Engine) -> Result:
    """Run one statement that reads; table names without a database are Gold's.

    Raises
    ------
    InvalidInput
        When it is not one SELECT, SHOW TABLES or DESCRIBE; when the engine refuses it, it fails, or it would exceed
        DuckDB's limits (a million rows, five minutes, 2 GB) or those of the work group.
    StorageFailed
        When a table cannot be read, or Athena cannot be reached or does not finish within half an hour.
    """
    if engine == "duckdb":
        return Result(deployed.lake().sql(sql, read_only=True, limits=_DUCKDB_LIMITS))
    if _SHOW_TABLES.fullmatch(sql):
        return Result(_described(deployed["GoldDatabaseName"], None))
    if match := _DESCRIBE.fullmatch(sql):
        return Result(_described(match[1] or deployed["GoldDatabaseName"], match[2].lower()))
    return athena_query.run(sql, deployed["AthenaWorkGroupName"], deployed["GoldDatabaseName"])


def _described(database: str, name: str | None) -> pd.DataFrame:
    """Return the columns of a table in the Glue catalogue; without a name, all tables with their meanings."""
    with aws.failures_of("query", database):
        pages = aws.client("glue").get_paginator("get_tables").paginate(DatabaseName=database)
        tables = {table["Name"]: table for page in pages for table in page["TableList"]}
    if name is None:
        meanings = sorted((table, entry.get("Description", "")) for table, entry in tables.items())
        return pd.DataFrame(meanings, columns=["table", "meaning"])
    if name not in tables:
        hint = f"it has {', '.join(sorted(tables)) or 'none'}"
        raise InvalidInput(f"database {database} has no such table", subject=name, next_step=hint)
    columns = [*tables[name]["StorageDescriptor"]["Columns"], *tables[name].get("PartitionKeys", [])]
    rows = [(column["Name"], column.get("Type", ""), column.get("Comment", "")) for column in columns]
    return pd.DataFrame(rows, columns=["column", "type", "meaning"])
