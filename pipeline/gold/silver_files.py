"""Silver's objects as files that DuckDB reads: the one place that knows what is in which.

Small parquet parts are merged as they come, since each costs milliseconds whenever a table is read; large ones stay as
they are. JSON objects are small and few, and become rows at once.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
from botocore.exceptions import BotoCoreError, ClientError

from pipeline import aws, keys
from pipeline.aws import StoredObject
from pipeline.columns import DUCKDB_TYPES, SILVER, Table
from pipeline.database import PARQUET, connect
from pipeline.errors import SilverDamaged, StorageFailed

# Bytes of Silver that are held in memory on their way to disk.
BYTES_AT_ONCE = 64_000_000
# Parts of this many bytes or more are worth reading on their own.
LARGE_BYTES = 1_000_000
_STEP = "AggregateToGold"
RETRIED = "its message is retried, then parked in SilverEventsDeadLetters"
# Damaged objects that an error names.
_NAMED = 5
_READERS = {
    "parquet": "read_parquet({files}, union_by_name = true, hive_partitioning = false)",
    "json": "read_json({files}, format = 'newline_delimited', columns = {types})",
}


def fetched(bucket: str, objects: list[StoredObject]) -> Iterator[dict[str, tuple[str, bytes]]]:
    """Fetch objects of Silver by groups of a bounded size, each as :meth:`SilverFiles.add` takes it.

    Raises
    ------
    StorageFailed
        When one cannot be read.
    """
    group, size = list[StoredObject](), 0
    for entry in objects:
        if group and size + entry.size > BYTES_AT_ONCE:
            yield _fetch(bucket, group)
            group, size = [], 0
        group.append(entry)
        size += entry.size
    if group:
        yield _fetch(bucket, group)


def _fetch(bucket: str, objects: list[StoredObject]) -> dict[str, tuple[str, bytes]]:
    files = {}
    wanted = [entry.key for entry in objects]
    for entry, body in zip(objects, aws.get_many(aws.client("s3"), bucket, wanted), strict=True):
        if isinstance(body, ClientError | BotoCoreError):
            raise StorageFailed("cannot be read", subject=entry.key, step=_STEP, next_step=RETRIED) from body
        files[entry.key] = (entry.etag, body[0])
    return files


class SilverFiles:
    """Silver's objects in a folder, and the tables and views ``silver.*`` that have their rows.

    Parameters
    ----------
    database : DuckDBPyConnection
        With a schema ``silver``.
    folder : Path
        Made here; to be left alone as long as Silver is read.

    Attributes
    ----------
    loaded : dict of str to str
        Key to ETag of the objects that have been added.
    """

    def __init__(self, database: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self._database, self._folder = database, folder
        folder.mkdir(parents=True)
        self.loaded: dict[str, str] = {}
        self._kept: dict[str, list[Path]] = {table.name: [] for table in SILVER}
        # The objects as they came, where they are still there: what is damaged is found among them.
        self._objects: dict[Path, tuple[Table, str]] = {}
        for table in SILVER:
            if table.format == "parquet":
                self._show(table)
            else:
                columns = ", ".join(f'"{name}" {kind}' for name, kind in table.duckdb_types().items())
                database.execute(f"CREATE TABLE silver.{table.name} ({columns})")

    def add(self, table: Table, files: Mapping[str, tuple[str, bytes]]) -> None:
        """Add objects, given by key as ETag and bytes, to a table.

        Raises
        ------
        duckdb.Error
            When that cannot be done; :meth:`damage` says whether an object is to blame. Nothing is to be read then.
        """
        if not files:
            return
        came = self._write(table, files)
        if table.format == "parquet":
            copied = self._keep(table, came)
        else:
            copied = came
            self._database.execute(f"INSERT INTO silver.{table.name} BY NAME FROM {_source(table, came)}")
        for path in copied:
            path.unlink()
            del self._objects[path]
        self.loaded.update({key: etag for key, (etag, _) in files.items()})

    def damage(self) -> SilverDamaged | None:
        """Read every object that is still there as it came; return the error that names those that cannot be read."""
        damaged = []
        for table in SILVER:
            paths = {path: key for path, (of, key) in self._objects.items() if of == table}
            damaged += [paths[path] for path in _unreadable(table, list(paths))]
        return _damage(damaged) if damaged else None

    def _write(self, table: Table, files: Mapping[str, tuple[str, bytes]]) -> list[Path]:
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        came = []
        for place, (key, (_, body)) in enumerate(files.items()):
            came.append(folder / f"{place}.{table.format}")
            came[-1].write_bytes(body)
            self._objects[came[-1]] = (table, key)
        return came

    def _keep(self, table: Table, came: list[Path]) -> list[Path]:
        """Add parts to what is shown; returns the small ones, whose rows are in a merged file from now on."""
        small, large = list[Path](), list[Path]()
        for path in came:
            (small if path.stat().st_size < LARGE_BYTES else large).append(path)
        self._kept[table.name] += large + ([self._merge(table, small)] if small else [])
        self._show(table)
        return small

    def _merge(self, table: Table, paths: list[Path]) -> Path:
        merged = paths[0].with_name("merged.parquet")
        self._database.execute(f"COPY ({self._rows(table, paths)}) TO '{merged}' ({PARQUET})")
        return merged

    def _show(self, table: Table) -> None:
        self._database.execute(
            f"CREATE OR REPLACE VIEW silver.{table.name} AS {self._rows(table, self._kept[table.name])}"
        )

    def _rows(self, table: Table, paths: list[Path]) -> str:
        """Select what the table has: older parts lack some columns, which are null then, and newer may have more."""
        given, source = set[str](), "(SELECT 1) WHERE false"
        if paths:
            source = _source(table, paths)
            given = {row[0] for row in self._database.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
        columns = ((c.name, DUCKDB_TYPES[c.type]) for c in table.columns)
        chosen = (f'CAST({name if name in given else "NULL"} AS {kind}) AS "{name}"' for name, kind in columns)
        return f"SELECT {', '.join(chosen)} FROM {source}"


def _source(table: Table, paths: list[Path]) -> str:
    return _READERS[table.format].format(files=[str(path) for path in paths], types=table.duckdb_types())


def _unreadable(table: Table, paths: list[Path]) -> list[Path]:
    """Files that are not what their names say, to their last row, found by halving."""
    if not paths:
        return []
    try:
        # After a fatal error a database refuses everything, so that each question is put to a new one.
        connect().execute(f"COPY (FROM {_source(table, paths)}) TO '/dev/null' (FORMAT csv)")
    except duckdb.OutOfMemoryException:
        return []
    except duckdb.Error:
        half = len(paths) // 2
        return _unreadable(table, paths[:half]) + _unreadable(table, paths[half:]) if half else paths
    return []


def _damage(damaged: list[str]) -> SilverDamaged:
    runs = sorted({run_id for key in damaged if (run_id := keys.run_of(key))})
    cure = f"--run-id {runs[0]}" if len(runs) == 1 else "--all"
    more = f" and {len(damaged) - _NAMED} more" if len(damaged) > _NAMED else ""
    return SilverDamaged(
        "cannot be read as what its name says",
        subject=", ".join(damaged[:_NAMED]) + more,
        step=_STEP,
        next_step=f"Gold stays as it was; `reelhouse replay {cure}` makes it anew from Bronze",
    )
