"""DuckDB databases in memory: the one place that opens them, and says how they write parquet."""

from __future__ import annotations

import tempfile
from contextlib import suppress

import duckdb

# How tables of any size are written. A group of rows is compressed, and later read, as a whole: of wide rows a group
# of DuckDB's own size (122,880) takes hundreds of megabytes on either side.
PARQUET = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 20480"


def connect() -> duckdb.DuckDBPyConnection:
    """Open an empty database, quiet, that spills what exceeds its memory into the temporary folder.

    By itself DuckDB spills into the folder that a person is in, and draws the progress of long queries on standard
    output, which is a log or a JSON document here.
    """
    database = duckdb.connect()
    # In a notebook without ipywidgets it draws none, and cannot be told.
    with suppress(duckdb.InvalidInputException):
        database.execute("SET enable_progress_bar = false")
    database.execute("SET temp_directory = ?", [tempfile.gettempdir()])
    return database
