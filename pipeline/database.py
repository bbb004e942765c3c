"""DuckDB databases in memory: the one place that opens them."""

from __future__ import annotations

import tempfile
from contextlib import suppress

import duckdb


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
