"""Silver as the operator reads it: every row with the object that holds it, in a DuckDB in memory.

Reads the Silver bucket; writes nothing. Knows what changed since it last looked, by ETag.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
from botocore.exceptions import BotoCoreError, ClientError

from pipeline import aws, keys
from pipeline.columns import SILVER, Table
from pipeline.database import connect
from pipeline.errors import StorageFailed

_READERS = {
    "parquet": "read_parquet({files}, union_by_name = true, hive_partitioning = false, filename = true)",
    "json": "read_json({files}, format = 'newline_delimited', columns = {types}, filename = true)",
}
# Held in memory as bytes until they are rows.
_OBJECTS_AT_ONCE = 1000
# What became of each Bronze object; a row goes before quarantine where both are there.
OUTCOMES = """
    SELECT run_id, imdb_id, bronze_key, bronze_version, object_key, 'silver' AS outcome FROM silver.movies
    UNION ALL
    SELECT run_id, imdb_id, bronze_key, bronze_version, object_key, 'quarantined' AS outcome FROM silver.quarantine
    UNION ALL
    SELECT run_id, imdb_id, bronze_key, bronze_version, object_key, 'rejected' AS outcome FROM silver.rejected
"""


class SilverReader:
    """Silver's tables, each with one column more: ``object_key``.

    Parameters
    ----------
    bucket : str
        The Silver bucket.
    run_ids : sequence of str, optional
        Runs to read; None means all.
    tables : tuple of Table
        Tables to read; the others stay empty.

    Attributes
    ----------
    objects : dict of str to str
        Key to ETag of every object that was there at the last :meth:`refresh`.
    unreadable : set of str
        Those of them that cannot be read.
    unknown_columns : set of str
        Columns that objects have and this checkout does not know: they are not read.
    """

    def __init__(self, bucket: str, run_ids: Sequence[str] | None = None, tables: tuple[Table, ...] = SILVER) -> None:
        self._bucket, self._run_ids, self._tables = bucket, run_ids, tables
        self.database = connect()
        self.database.execute("CREATE SCHEMA silver")
        for table in SILVER:
            columns = ", ".join(f'"{name}" {kind}' for name, kind in table.duckdb_types().items())
            self.database.execute(f"CREATE TABLE silver.{table.name} ({columns}, object_key VARCHAR)")
        self.objects: dict[str, str] = {}
        self.unreadable: set[str] = set()
        self.unknown_columns: set[str] = set()

    def refresh(self) -> None:
        """Read what is new or changed since the last look, and forget what is gone.

        Raises
        ------
        StorageFailed
            When Silver cannot be listed or read.
        """
        with aws.failures_of("silver", self._bucket):
            listed = self._list()
        stale = [key for key, etag in self.objects.items() if listed.get(key) != etag]
        for table in self._tables:
            self.database.execute(f"DELETE FROM silver.{table.name} WHERE list_contains(?, object_key)", [stale])
            new = [k for k, e in listed.items() if k.startswith(f"{table.name}/") and self.objects.get(k) != e]
            for at in range(0, len(new), _OBJECTS_AT_ONCE):
                self._load(table, self._fetch(new[at : at + _OBJECTS_AT_ONCE]))
        self.unreadable &= listed.keys() - set(stale)
        self.objects = listed

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of a query, in DuckDB's dialect."""
        return self.database.execute(sql, list(parameters)).fetchall()

    def dicts(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Rows of a query, each by its column names."""
        done = self.database.execute(sql, list(parameters))
        names = [column[0] for column in done.description or []]
        return [dict(zip(names, row, strict=True)) for row in done.fetchall()]

    def _list(self) -> dict[str, str]:
        s3 = aws.client("s3")
        if self._run_ids is None:
            prefixes = [""]
        else:
            prefixes = [keys.run_prefix(table.name, run_id) for run_id in self._run_ids for table in self._tables]
        return {entry.key: entry.etag for prefix in prefixes for entry in aws.list_objects(s3, self._bucket, prefix)}

    def _fetch(self, wanted: list[str]) -> dict[str, bytes]:
        found = {}
        for key, answer in zip(wanted, aws.get_many(aws.client("s3"), self._bucket, wanted), strict=True):
            if isinstance(answer, ClientError) and aws.error_code(answer) in {"NoSuchKey", "404"}:
                continue
            if isinstance(answer, ClientError | BotoCoreError):
                raise StorageFailed("cannot be read", subject=key, step="silver") from answer
            found[key] = answer[0]
        return found

    def _load(self, table: Table, files: dict[str, bytes]) -> None:
        """Load files all at once, or one by one where one of them is damaged."""
        if not files:
            return
        with tempfile.TemporaryDirectory(prefix="reelhouse-") as folder:
            paths = {str(Path(folder, f"{place}.{table.format}")): key for place, key in enumerate(files)}
            for path, key in paths.items():
                Path(path).write_bytes(files[key])
            try:
                self._insert(table, paths)
            except duckdb.Error:
                for path, key in paths.items():
                    try:
                        self._insert(table, {path: key})
                    except duckdb.Error:
                        self.unreadable.add(key)

    def _insert(self, table: Table, paths: dict[str, str]) -> None:
        source = _READERS[table.format].format(files=list(paths), types=table.duckdb_types())
        described = self.database.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        given = {row[0] for row in described}
        self.unknown_columns |= given - {*table.column_names, "filename"}
        names = ", ".join(f'"{name}"' for name in table.column_names if name in given)
        self.database.execute(
            f"INSERT INTO silver.{table.name} BY NAME "
            f"SELECT {names}, map_extract_value(map(?, ?), filename) AS object_key FROM {source}",
            [list(paths), list(paths.values())],
        )
