"""Write Silver rows as one typed parquet file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
from pydantic_core import to_json

from pipeline.columns import Table
from pipeline.database import scratch
from pipeline.errors import StorageFailed

_WRITE = """
    COPY (FROM read_json($rows, format = 'newline_delimited', columns = {types}, hive_partitioning = false))
    TO $part (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)
"""


def encode(rows: Iterable[dict[str, Any]], table: Table) -> bytes:
    """Return rows as the bytes of one parquet file with zstd compression.

    Parameters
    ----------
    rows : iterable of dict
        JSON values by column name; dates and times as ISO 8601 text without a zone. A missing column is null, and a
        key that is no column is ignored.
    table : Table
        Gives the columns, their order and types.

    Raises
    ------
    StorageFailed
        When DuckDB runs out of memory or disk space.
    """
    with tempfile.TemporaryDirectory(prefix="reelhouse-") as folder:
        source, target = Path(folder, "rows.json"), Path(folder, "part.parquet")
        source.write_bytes(b"\n".join(map(to_json, rows)))
        try:
            sql = _WRITE.format(types=table.duckdb_types())
            # A part is one row group, which one thread writes; others would only be woken for it.
            with scratch(threads=1) as database:
                database.execute(sql, {"rows": str(source), "part": str(target)})
        except duckdb.Error as error:
            raise StorageFailed(f"DuckDB: {type(error).__name__}", subject=f"a part of {table.name}") from error
        return target.read_bytes()
