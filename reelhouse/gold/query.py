"""SQL on Silver and Gold, by the stack's Athena work group: for people, behind ``reelhouse query``."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

from pipeline import aws
from pipeline.gold.athena import Answer, Queries
from reelhouse.stack import Stack

LONGEST_SECONDS = 1800.0
# How a value's text is read, and the column's pandas type. Others stay text, as Athena writes them: arrays, maps,
# decimals (which floats would round), times with a zone.
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
    """Rows of a query, how many bytes Athena scanned for them, and how long it took."""

    rows: pd.DataFrame
    bytes_scanned: int
    seconds: float


def run(found: Stack, sql: str) -> Found:
    """Run one statement; table names without a database are Gold's.

    Raises
    ------
    InvalidInput
        When Athena refuses it, it fails, or it would scan more than the work group allows.
    StorageFailed
        When Athena cannot be reached, or does not answer in half an hour.
    """
    started = time.monotonic()
    queries = Queries(aws.client("athena"), found["AthenaWorkGroupName"])
    answer = queries.answer(sql, started + LONGEST_SECONDS, found["GoldDatabaseName"])
    return Found(frame(answer), answer.bytes_scanned, time.monotonic() - started)


def frame(answer: Answer) -> pd.DataFrame:
    """Turn an answer's text into typed columns; two columns of one name get numbers."""
    columns: dict[str, pd.Series[Any]] = {}
    for place, (name, kind) in enumerate(answer.columns):
        read, dtype = _READERS.get(kind, (str, "string"))
        values = [None if row[place] is None else read(str(row[place])) for row in answer.rows]
        columns[name if name not in columns else f"{name}_{place + 1}"] = pd.Series(values, dtype=dtype)
    return pd.DataFrame(columns)
