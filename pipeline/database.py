"""DuckDB databases in memory, all opened here, and the options for writing parquet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache

import duckdb

from pipeline.errors import ReelhouseError
from pipeline.workspace import private_folder

# A row group is compressed and read as a whole; of wide rows, DuckDB's own 122,880 take hundreds of megabytes.
PARQUET = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 20480"


def connect(memory_mb: int | None = None, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """Open an empty in-memory database that spills into the user's temporary folder and prints nothing.

    By default DuckDB spills into the working directory, and draws progress bars on standard output, which holds logs or
    JSON here. The files that it spills have predictable names, and every user may read them.

    Parameters
    ----------
    memory_mb : int, optional
        Memory limit in megabytes; None means DuckDB's own, 80% of the machine's memory.
    threads : int, optional
        None means one for each core.
    """
    database = duckdb.connect()
    # In a notebook without ipywidgets there is no progress bar to disable.
    with suppress(duckdb.InvalidInputException):
        database.execute("SET enable_progress_bar = false")
    database.execute("SET temp_directory = ?", [str(private_folder())])
    if memory_mb is not None:
        database.execute("SET memory_limit = ?", [f"{memory_mb}MB"])
    if threads is not None:
        database.execute("SET threads = ?", [threads])
    return database


@contextmanager
def scratch(memory_mb: int | None = None, threads: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection to an empty database that this process reuses; the statements must leave nothing in it.

    Opening a database takes 12 ms. An error in the block discards the database, because after a fatal error DuckDB
    refuses every statement; also one that the caller has turned into ours.

    Parameters
    ----------
    memory_mb, threads : int, optional
        As for :func:`connect`; there is one database for each combination.
    """
    try:
        with _reused(memory_mb, threads).cursor() as connection:
            yield connection
    except (duckdb.Error, ReelhouseError):
        _reused.cache_clear()
        raise


_reused = cache(connect)
