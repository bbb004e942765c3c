"""Typed parquet by DuckDB: rows of Silver in, one zstd file out. The schema is :mod:`pipeline.columns`'."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from pipeline.columns import Table
from pipeline.runs import to_json

# A record may hold a plot and a cast of hundreds; DuckDB's own limit of 16 MB an object is never met by a 1 MB body.
_WRITE = """
    COPY (SELECT {columns} FROM read_json(?, format = 'newline_delimited', columns = {types}))
    TO '{path}' (FORMAT parquet, COMPRESSION zstd)
"""


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """One empty database a process: making one takes as long as encoding ten rows."""
    return duckdb.connect()


def encode(rows: Iterable[dict[str, Any]], table: Table) -> bytes:
    """Encode rows as one parquet file.

    Parameters
    ----------
    rows : iterable of dict
        One dict a row, values as JSON has them: days and times in ISO 8601 without a zone, None for missing.
    table : Table
        Gives the columns, their order and types; a key that is no column is left out.
    """
    with tempfile.TemporaryDirectory(prefix="reelhouse-") as folder:
        source, target = Path(folder, "rows.json"), Path(folder, "part.parquet")
        source.write_bytes(b"\n".join(to_json(row) for row in rows))
        columns = ", ".join(f'"{name}"' for name in table.column_names)
        statement = _WRITE.format(columns=columns, types=table.duckdb_types(), path=target)
        _database().execute(statement, [str(source)])
        return target.read_bytes()
