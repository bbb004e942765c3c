"""Read Silver into DuckDB: each Silver table as a view ``silver.<table>`` with one more column, ``object_key``.

Objects are fetched in batches of bounded size, and kept as parquet files in a temporary folder: large parts as they
are, small objects merged into one file per batch, because each file costs milliseconds per query. An object that cannot
be read, or does not fit the table's definition, is reported and left out.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipeline import aws, keys
from pipeline.aws import StoredObject, batches
from pipeline.columns import DUCKDB_TYPES, SILVER, Table
from pipeline.database import PARQUET, connect, scratch
from pipeline.errors import SilverDamaged, StorageFailed
from pipeline.workspace import Workspace

# Damaged objects that an error names.
_NAMED = 5
STEP = "silver"
# Bytes of Silver that are held in memory at once.
BATCH_BYTES = 64_000_000
# Parts of this size are not merged.
LARGE_BYTES = 1_000_000
# The column with the path of a row's file.
_FILE = "filename = '_file'"
_SOURCES = {
    "parquet": f"read_parquet($files, union_by_name = true, hive_partitioning = false, {_FILE})",
    "json": f"read_json($files, format = 'newline_delimited', columns = {{types}}, hive_partitioning = false, {_FILE})",
}


@dataclass(frozen=True)
class _Batch:
    """Objects of one table on disk: file ``<n>.parquet`` or ``<n>.json`` of the folder is object ``keys[n]``."""

    table: Table
    folder: Path
    keys: list[str]

    def file(self, number: int) -> str:
        """Path of one object's file."""
        return str(self.folder / f"{number}.{self.table.format}")


class SilverReader:
    """Silver's tables in a DuckDB database.

    Parameters
    ----------
    bucket : str
        The Silver bucket; "" when objects are only added by hand.
    run_ids, tables : sequence
        What to read: None means all runs, and the views of other tables stay empty.
    memory_mb : int, optional
        DuckDB's memory limit in megabytes; None means DuckDB's own.

    Attributes
    ----------
    folder : Path
        A temporary folder, removed with this object.
    database : DuckDBPyConnection
        Has the views, and is free for other tables.
    objects : dict of str to str
        Key to ETag of the objects at the last refresh.
    damaged : dict of str to str
        Why an object is left out, by key.
    unknown_columns : set of str
        Columns of parquet objects that this code version does not know; they are ignored.
    """

    def __init__(
        self,
        bucket: str = "",
        run_ids: Sequence[str] | None = None,
        tables: tuple[Table, ...] = SILVER,
        *,
        memory_mb: int | None = None,
    ) -> None:
        self._bucket, self._run_ids, self._tables, self._memory_mb = bucket, run_ids, tables, memory_mb
        self._workspace = Workspace()
        self.folder = self._workspace.folder
        self.database = connect(memory_mb)
        self.database.execute("SET temp_directory = ?", [str(self.folder / "spill")])
        self.database.execute("CREATE SCHEMA silver")
        self.objects: dict[str, str] = {}
        self.damaged: dict[str, str] = {}
        self.unknown_columns: set[str] = set()
        # Files of each table, with the keys of the objects in each. The first is empty and has all columns.
        self._files: dict[str, dict[Path, set[str]]] = {table.name: {} for table in SILVER}
        self._written = 0
        for table in SILVER:
            empty = self._new_file(table)
            self.database.execute(f"COPY ({_no_rows(table)}) TO ? ({PARQUET})", [str(empty)])
            self._files[table.name][empty] = set()
            self._show(table)

    def refresh(self, listed: list[StoredObject] | None = None) -> None:
        """Read new and changed objects, and drop those that were deleted.

        Parameters
        ----------
        listed : list of StoredObject, optional
            Silver's objects; None lists the bucket.

        Raises
        ------
        StorageFailed
            When Silver cannot be listed or read, or there is no memory or disk space.
        """
        with aws.failures_of(STEP, self._bucket):
            listed = self._list() if listed is None else listed
            etags = {entry.key: entry.etag for entry in listed}
            self.drop({key for key, etag in self.objects.items() if etags.get(key) != etag})
            for table in self._tables:
                new = [e for e in listed if e.key.startswith(f"{table.name}/") and e.key not in self.objects]
                for batch in batches(new, size=lambda entry: entry.size, limit=BATCH_BYTES):
                    self.add(table, self._fetch(batch))
        self.objects = etags

    def add(self, table: Table, objects: Mapping[str, tuple[str, bytes]]) -> None:
        """Add objects of one table, given by key as ETag and bytes; damaged ones are noted in :attr:`damaged`.

        Raises
        ------
        StorageFailed
            When there is no memory or disk space.
        """
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        batch = _Batch(table, folder, list(objects))
        try:
            small = []
            for number, (_, body) in enumerate(objects.values()):
                Path(batch.file(number)).write_bytes(body)
                if table.format == "parquet" and len(body) >= LARGE_BYTES:
                    self._keep(batch, number)
                else:
                    small.append(number)
            self._load(batch, small)
        except (OSError, StorageFailed) as error:
            # The whole batch is added again later.
            self.drop(set(objects))
            if isinstance(error, StorageFailed):
                raise
            raise StorageFailed(str(error.strerror), subject=f"silver.{table.name}", step=STEP) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        self.objects |= {key: etag for key, (etag, _) in objects.items()}
        self._show(table)

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query in DuckDB's dialect."""
        return self.database.execute(sql, list(parameters)).fetchall()

    def dicts(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Return the rows of a query, each by its column names."""
        done = self.database.execute(sql, list(parameters))
        names = [column[0] for column in done.description or []]
        return [dict(zip(names, row, strict=True)) for row in done.fetchall()]

    def _list(self) -> list[StoredObject]:
        prefixes = [""]
        if self._run_ids is not None:
            prefixes = [keys.run_prefix(table.name, run_id) for run_id in self._run_ids for table in self._tables]
        s3 = aws.client("s3")
        return [entry for prefix in prefixes for entry in aws.list_objects(s3, self._bucket, prefix)]

    def _fetch(self, batch: list[StoredObject]) -> dict[str, tuple[str, bytes]]:
        """Fetch objects; one that was deleted since it was listed is left out."""
        etags = {entry.key: entry.etag for entry in batch}
        bodies = aws.get_all(aws.client("s3"), self._bucket, list(etags), STEP, skip_missing=True)
        return {key: (etags[key], body) for key, body in bodies.items()}

    def find_damage(self) -> None:
        """Read every large part to its last row, after a query has failed; note the damaged ones."""
        for table in SILVER:
            for path, object_keys in self._files[table.name].items():
                error = self._fault(table, path)
                if error and object_keys:
                    self.damaged |= dict.fromkeys(object_keys, _reason(error, str(path)))

    def _keep(self, batch: _Batch, number: int) -> None:
        """Keep a large part as it is, once its schema, its keys and its number of rows are right."""
        table, file, key = batch.table, batch.file(number), batch.keys[number]
        try:
            with scratch(self._memory_mb) as database:
                self._checked_columns(database, table, [file])
                counts = ", ".join(f'count("{name}")' for name in table.key)
                sql = f"SELECT count(*), {counts} FROM read_parquet(?, hive_partitioning = false)"
                rows, *filled = database.execute(sql, [[file]]).fetchall()[0]
            for name, count in zip(table.key, filled, strict=True):
                if count != rows:
                    raise SilverDamaged(f"{name} is null")
            _check_count(key, rows)
        except (duckdb.Error, SilverDamaged) as error:
            self.damaged[key] = _reason(error, file)
        else:
            path = Path(file).rename(self._new_file(table))
            self._files[table.name][path] = {key}

    def _load(self, batch: _Batch, numbers: Sequence[int]) -> None:
        """Merge files of a batch; where that fails, halve them until the damaged ones are found."""
        if not numbers:
            return
        subject, half = f"silver.{batch.table.name}", len(numbers) // 2
        try:
            path = self._merge(batch, numbers)
        except duckdb.OutOfMemoryException as error:
            raise StorageFailed("DuckDB: OutOfMemoryException", subject=subject, step=STEP) from error
        except (duckdb.Error, SilverDamaged) as error:
            if half:
                self._load(batch, numbers[:half])
                self._load(batch, numbers[half:])
            elif isinstance(error, duckdb.IOException) and not self._fault(batch.table, Path(batch.file(numbers[0]))):
                raise StorageFailed(f"DuckDB: {type(error).__name__}", subject=subject, step=STEP) from error
            else:
                self.damaged[batch.keys[numbers[0]]] = _reason(error, batch.file(numbers[0]))
        else:
            self._files[batch.table.name][path] = {batch.keys[number] for number in numbers}

    def _merge(self, batch: _Batch, numbers: Sequence[int]) -> Path:
        """Write the rows of several files into one parquet file.

        Not in this reader's database: after a fatal error DuckDB refuses every statement.
        """
        parameters = {"files": [batch.file(number) for number in numbers], "keys": batch.keys}
        target = self._new_file(batch.table)
        with scratch(self._memory_mb) as database:
            given = batch.table.column_names
            if batch.table.format == "parquet":
                given = self._checked_columns(database, batch.table, parameters["files"])
            rows = _rows(batch.table, given)
            database.execute(f"COPY ({rows}) TO $target ({PARQUET})", parameters | {"target": str(target)})
            _check_counts(database, target, [batch.keys[number] for number in numbers])
        return target

    def _checked_columns(self, database: duckdb.DuckDBPyConnection, table: Table, files: list[str]) -> list[str]:
        """Return the known columns of parquet files, when each has the table's key columns and types.

        Raises
        ------
        SilverDamaged
            When a file lacks a key column, or a column has another type.
        """
        types = table.duckdb_types()
        keys_of: dict[str, set[str]] = {file: set() for file in files}
        schema = "SELECT file_name, name, duckdb_type FROM parquet_schema(?)"
        for file, name, kind in database.execute(schema, [files]).fetchall():
            if name in types and kind != types[name]:
                raise SilverDamaged(f"{name} is {kind}, not {types[name]}")
            keys_of[file].add(name)
        for name in table.key:
            if not all(name in columns for columns in keys_of.values()):
                raise SilverDamaged(f"has no column {name}")
        described = f"DESCRIBE SELECT * EXCLUDE (_file) FROM {_source(table)}"
        given = {row[0] for row in database.execute(described, {"files": files}).fetchall()}
        self.unknown_columns |= given - types.keys()
        return [name for name in types if name in given]

    def _fault(self, table: Table, path: Path) -> duckdb.Error | None:
        """Return the error met when a file is read to its last row; None when it can be read, or memory runs out."""
        probe = f"COPY (SELECT * FROM {_source(table, path.suffix[1:])}) TO '/dev/null' (FORMAT csv)"
        try:
            with scratch(self._memory_mb) as database:
                database.execute(probe, {"files": [str(path)]})
        except duckdb.OutOfMemoryException:
            return None
        except duckdb.Error as error:
            return error
        return None

    def drop(self, dropped: set[str]) -> None:
        """Remove the rows of objects that were deleted or replaced."""
        if not dropped:
            return
        for table in SILVER:
            files = self._files[table.name]
            for path, object_keys in list(files.items()):
                if not object_keys & dropped:
                    continue
                if object_keys - dropped:
                    target = self._new_file(table)
                    kept = "SELECT * FROM read_parquet(?) WHERE NOT list_contains(?, object_key)"
                    self.database.execute(f"COPY ({kept}) TO ? ({PARQUET})", [str(path), list(dropped), str(target)])
                    files[target] = object_keys - dropped
                del files[path]
                path.unlink()
            self._show(table)
        self.objects = {key: etag for key, etag in self.objects.items() if key not in dropped}
        self.damaged = {key: why for key, why in self.damaged.items() if key not in dropped}

    def _new_file(self, table: Table) -> Path:
        self._written += 1
        return self.folder / f"{table.name}-{self._written}.parquet"

    def _show(self, table: Table) -> None:
        """Point the table's view at its files, by variables: a view cannot have prepared parameters."""
        files, name = self._files[table.name], f"silver_{table.name}"
        keys_of_files = [min(object_keys, default="") for object_keys in files.values()]
        self.database.execute(f"SET VARIABLE {name} = ?", [[str(file) for file in files]])
        self.database.execute(f"SET VARIABLE {name}_keys = map(?, ?)", [[str(file) for file in files], keys_of_files])
        columns = ", ".join(f'"{column}"' for column in table.column_names)
        source = f"read_parquet(getvariable('{name}'), union_by_name = true, hive_partitioning = false, {_FILE})"
        # A merged file has the column; a large part is one object.
        key = f"coalesce(object_key, map_extract_value(getvariable('{name}_keys'), _file))"
        self.database.execute(
            f"CREATE OR REPLACE VIEW silver.{table.name} AS SELECT {columns}, {key} AS object_key FROM {source}"
        )


def damage(damaged: Mapping[str, str], step: str) -> SilverDamaged:
    """Return the error about damaged objects, given as :attr:`SilverReader.damaged`: it names some, and the cure."""
    runs = sorted({run_id for key in damaged if (run_id := keys.run_of(key))})
    scope = f"--run-id {runs[0]}" if len(runs) == 1 else "--all"
    named = [f"{key} ({why})" for key, why in sorted(damaged.items())[:_NAMED]]
    more = f" and {len(damaged) - _NAMED} more" if len(damaged) > _NAMED else ""
    return SilverDamaged(
        "cannot be used",
        subject=", ".join(named) + more,
        step=step,
        next_step=f"Gold is unchanged; `reelhouse replay {scope}` rebuilds them from Bronze",
    )


def _source(table: Table, file_format: str = "") -> str:
    """Return DuckDB's table function over ``$files`` in the table's format or another, with ``_file`` as a column."""
    return _SOURCES[file_format or table.format].format(types=table.duckdb_types())


def _rows(table: Table, given: Sequence[str]) -> str:
    """SELECT of a table's rows from the objects ``$files`` with ``$keys``; a column that is not given is null."""
    columns = []
    for column in table.columns:
        name = column.name
        if name in table.key:
            columns.append(f'coalesce("{name}", error(\'{name} is null\')) AS "{name}"')
        elif name in given:
            columns.append(f'"{name}"')
        else:
            columns.append(f'CAST(NULL AS {DUCKDB_TYPES[column.type]}) AS "{name}"')
    object_key = "list_extract($keys, 1 + CAST(parse_filename(_file, true) AS BIGINT)) AS object_key"
    return f"SELECT {', '.join(columns)}, {object_key} FROM {_source(table)}"


def _check_counts(database: duckdb.DuckDBPyConnection, merged: Path, object_keys: list[str]) -> None:
    """Raise SilverDamaged when an object's number of rows is not the one in its key, or a record has none."""
    sql = "SELECT object_key, count(*) FROM read_parquet(?, hive_partitioning = false) GROUP BY object_key"
    counts = dict(database.execute(sql, [str(merged)]).fetchall())
    for key in object_keys:
        _check_count(key, counts.get(key, 0))


def _check_count(key: str, rows: int) -> None:
    named = keys.rows_of(key)
    if (named and rows != named) or (rows == 0 and key.endswith(".json")):
        raise SilverDamaged(f"holds {rows} rows, not {named or 1}")


def _no_rows(table: Table) -> str:
    columns = [f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in table.duckdb_types().items()]
    return f"SELECT {', '.join(columns)}, CAST(NULL AS VARCHAR) AS object_key WHERE false"


def _reason(error: duckdb.Error | SilverDamaged, file: str) -> str:
    """Return the first line of an error, without the path of the temporary file."""
    text = error.cause if isinstance(error, SilverDamaged) else str(error).splitlines()[0]
    return text.replace(f" '{file}'", "").replace(f' "{file}"', "")[:200].rstrip()
