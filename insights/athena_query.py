"""SQL over Silver and Gold by Athena: one SELECT, its rows as typed columns.

The local stack has a stand-in for Athena, which speaks DuckDB's dialect.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
import sqlglot
from sqlglot import exp

from pipeline import aws
from pipeline.errors import InvalidInput
from pipeline.gold.athena_engine import Answer, Queries

LONGEST_SECONDS = 1800.0
# Athena's dialect, and that of the local stack's stand-in.
_DIALECTS = ("trino", "duckdb")
_WRITES = (exp.DML, exp.DDL, exp.Into, exp.Command, exp.Drop, exp.Alter)
# Names of the parser's classes in its errors.
_CLASSES = re.compile(r" for <class '[^']*'>")
# A file of the stand-in, in its errors; the addresses of Athena's errors begin with s3://.
_FILES = re.compile(r"""(?<![\w:/])(?:/[^\s/'",)\]]+){2,}""")


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


@dataclass(frozen=True)
class Result:
    """Rows of a query, and the bytes that Athena scanned."""

    rows: pd.DataFrame
    bytes_scanned: int = 0


def run(sql: str, work_group: str, database: str) -> Result:
    """Run one SELECT in a work group; table names without a database are those of ``database``.

    Raises
    ------
    InvalidInput
        When it is not one SELECT, Athena refuses it, it fails, or it would scan more than the work group allows.
    StorageFailed
        When Athena cannot be reached, or does not finish within half an hour.
    """
    demand_one_select(sql)
    queries = Queries(aws.client("athena"), work_group)
    try:
        answer = queries.answer(sql, time.monotonic() + LONGEST_SECONDS, database)
    except InvalidInput as error:
        cause = _FILES.sub("a file", error.cause)
        raise InvalidInput(cause, subject=error.subject, step=error.step, next_step=error.next_step) from None
    return Result(frame(answer), answer.bytes_scanned)


def demand_one_select(sql: str) -> None:
    """Check that a text is one statement that only reads.

    Raises
    ------
    InvalidInput
        When it is not, or cannot be parsed in Athena's dialect nor in DuckDB's.
    """
    try:
        sql.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(f"is no text in UTF-8: {error.reason}", subject="query") from error
    statements, faults = [], []
    for dialect in _DIALECTS:
        try:
            statements = _parse(sql, dialect)
            break
        except sqlglot.errors.SqlglotError as error:
            faults.append(_CLASSES.sub("", str(error).splitlines()[0]).rstrip(". "))
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


def frame(answer: Answer) -> pd.DataFrame:
    """Parse an answer's text into typed columns; a repeated column name gets a number."""
    columns: dict[str, pd.Series[Any]] = {}
    for index, (name, kind) in enumerate(answer.columns):
        values = [row[index] for row in answer.rows]
        columns[name if name not in columns else f"{name}_{index + 1}"] = _column(kind, values)
    return pd.DataFrame(columns)


def _column(kind: str, texts: list[str | None]) -> pd.Series[Any]:
    """Parse a column; it stays text where a value does not fit the pandas type, such as a date after year 9999."""
    read, dtype = _READERS.get(kind, (str, "string"))
    try:
        return pd.Series([None if text is None else read(str(text)) for text in texts], dtype=dtype)
    except (ValueError, OverflowError, TypeError):
        return pd.Series([None if text is None else str(text) for text in texts], dtype="string")
