"""Typed parquet by DuckDB: rows of Silver in, one zstd file out. The schema is :mod:`pipeline.columns`'."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from pydantic_core import to_json

from pipeline.columns import Table
from pipeline.database import connect
from pipeline.errors import StorageFailed

# A record may hold a plot and a cast of hundreds; DuckDB's own limit of 16 MB an object is never met by a 1 MB body.
_WRITE = """
    COPY (FROM read_json(?, format = 'newline_delimited', columns = {types}))
    TO '{path}' (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)
"""


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """One empty database a process: making one takes as long as encoding a hundred rows.

    One thread: a part has one row group, so that more threads would only have to be woken.
    """
    database = connect()
    database.execute("SET threads = 1")
    return database


def line(row: dict[str, Any]) -> bytes:
    """Write a row as JSON: values as JSON has them, days and times in ISO 8601 without a zone, None for missing."""
    return to_json(row)


def encode(rows: Iterable[dict[str, Any]], table: Table) -> bytes:
    """Encode rows, each as :func:`line` takes it, as :func:`encode_lines` does."""
    return encode_lines(map(line, rows), table)


def encode_lines(lines: Iterable[bytes], table: Table) -> bytes:
    """Encode rows as one parquet file.

    Parameters
    ----------
    lines : iterable of bytes
        Each row as :func:`line` writes it.
    table : Table
        Gives the columns, their order and types; a key that is no column is left out.

    Raises
    ------
    StorageFailed
        When DuckDB cannot write it: no memory or no room in the temporary folder.
    """
    with tempfile.TemporaryDirectory(prefix="reelhouse-") as folder:
        source, target = Path(folder, "rows.json"), Path(folder, "part.parquet")
        source.write_bytes(b"\n".join(lines))
        try:
            _database().execute(_WRITE.format(types=table.duckdb_types(), path=target), [str(source)])
        except duckdb.Error as error:
            # After a fatal error DuckDB refuses everything: the next part gets a database of its own.
            _database.cache_clear()
            raise StorageFailed(f"DuckDB: {type(error).__name__}", subject=f"a part of {table.name}") from error
        return target.read_bytes()
