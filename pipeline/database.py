"""DuckDB databases in memory: opened here alone, with the options for writing parquet."""

from __future__ import annotations

import tempfile
from contextlib import suppress

import duckdb

# A row group is compressed and read as a whole; of wide rows, DuckDB's own 122,880 take hundreds of megabytes.
PARQUET = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 20480"


def connect(memory_mb: int | None = None) -> duckdb.DuckDBPyConnection:
    """Open an empty in-memory database that spills into the temporary folder and prints nothing.

    By default DuckDB spills into the working directory, and draws progress bars on standard output, which holds logs or
    JSON here.

    Parameters
    ----------
    memory_mb : int, optional
        Memory limit in megabytes; None means DuckDB's own, 80% of the machine's memory.
    """
    database = duckdb.connect()
    # In a notebook without ipywidgets there is no progress bar to disable.
    with suppress(duckdb.InvalidInputException):
        database.execute("SET enable_progress_bar = false")
    database.execute("SET temp_directory = ?", [tempfile.gettempdir()])
    if memory_mb is not None:
        database.execute("SET memory_limit = ?", [f"{memory_mb}MB"])
    return database
