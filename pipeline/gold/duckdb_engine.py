"""Build Gold in DuckDB, inside the function or on a laptop: Silver is fetched, and each table is one parquet object."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from pipeline import aws, keys
from pipeline.aws import StoredObject
from pipeline.columns import GOLD, SILVER, Table
from pipeline.database import PARQUET
from pipeline.errors import StorageFailed
from pipeline.gold.build import BuiltObject, BuiltTable, RunCounts, content_digest
from pipeline.gold.profile import Query
from pipeline.gold.statements import rows_of, to_duckdb
from pipeline.runs import utc
from pipeline.silver.reader import SilverReader, damage

STEP = "AggregateToGold"
RETRIED = "its message is retried, then parked in SilverEventsDeadLetters"
_LATE = "the build ran out of time"


class GoldDatabase:
    """Silver and Gold as parquet files in a temporary folder, read by DuckDB's views ``silver.*`` and ``gold.*``.

    Rows stream from file to file, and a statement reads only the columns it needs, so that memory stays within its
    limit. Silver is kept from one build to the next: a warm function reads only what is new.

    Parameters
    ----------
    memory_mb : int
        DuckDB's memory limit in megabytes; beyond it DuckDB spills to the temporary folder.
    silver_bucket : str
        "" when objects are only loaded by hand.

    Attributes
    ----------
    digests : dict of str to str
        By built table; see :func:`content_digest`.
    """

    def __init__(self, memory_mb: int, silver_bucket: str = "") -> None:
        self._memory_mb, self._silver_bucket = memory_mb, silver_bucket
        self.digests: dict[str, str] = {}
        self.reset()

    def reset(self) -> None:
        """Start again with an empty Silver and no Gold."""
        self.silver = SilverReader(self._silver_bucket, memory_mb=self._memory_mb)
        self._database = self.silver.database
        self._database.execute("CREATE SCHEMA gold")
        self._database.execute("CREATE SCHEMA published")

    def load(self, table: Table, objects: Mapping[str, tuple[str, bytes]]) -> None:
        """Add Silver objects, given by key as ETag and bytes; SilverDamaged when one cannot be used."""
        with self._silver_failures():
            self.silver.add(table, objects)

    def refresh(self, listed: list[StoredObject]) -> None:
        """Read new and changed Silver objects; raises as :meth:`load` does."""
        with self._silver_failures():
            self.silver.refresh(listed)

    def keep_until(self, moment: datetime) -> None:
        """Hide the rows of Silver that are newer than a time: films fetched later, and runs started later."""
        for table in SILVER:
            time_of = "started_at" if table.name == keys.RUNS else "coalesce(fetched_at, processed_at)"
            self._database.execute(f"ALTER VIEW silver.{table.name} RENAME TO all_{table.name}")
            rows = f"SELECT * FROM silver.all_{table.name} WHERE {time_of} <= TIMESTAMP '{utc(moment)[:-1]}'"
            self._database.execute(f"CREATE VIEW silver.{table.name} AS {rows}")

    def build(self, deadline: float | None = None) -> dict[str, int]:
        """Build all Gold tables; return their row counts, in building order.

        Parameters
        ----------
        deadline : float, optional
            By ``time.monotonic()``; None means no limit.

        Raises
        ------
        StorageFailed
            When memory or disk space runs out, or the deadline passes.
        """
        rows = {}
        with self._interrupted_at(deadline):
            for table in GOLD:
                if deadline is not None and time.monotonic() >= deadline:
                    raise StorageFailed(_LATE, subject=f"gold.{table.name}", step=STEP, next_step=RETRIED)
                rows[table.name] = self._build(table)
        return rows

    def path(self, name: str) -> Path:
        """Return the parquet file of a built Gold table; the next build replaces it."""
        return self.silver.folder / f"{name}.parquet"

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query over ``silver.*`` and ``gold.*``, in DuckDB's dialect."""
        return self._database.execute(sql).fetchall()

    def publish(self, movies: list[bytes]) -> None:
        """Make the published table ``movies``, given by its parquet objects, available as ``published.movies``."""
        paths = [self.silver.folder / f"published-{number}.parquet" for number in range(len(movies))]
        for path, body in zip(paths, movies, strict=True):
            path.write_bytes(body)
        self._database.execute("SET VARIABLE published_movies = ?", [list(map(str, paths))])
        source = "read_parquet(getvariable('published_movies'), hive_partitioning = false)"
        self._database.execute(f"CREATE OR REPLACE VIEW published.movies AS FROM {source}")

    def answer(self, sql: str, deadline: float) -> list[tuple[Any, ...]]:
        """Return the rows of a query in Trino's dialect; raises as :meth:`build` does."""
        with self._failures("gold.movies"), self._interrupted_at(deadline):
            return self.query(to_duckdb(sql))

    def run_counts(self) -> dict[str, RunCounts]:
        """Return the films of each run by outcome, from the built ``pipeline_runs``."""
        names = ", ".join(field.name for field in fields(RunCounts))
        rows = self.query(f"SELECT run_id, {names} FROM gold.pipeline_runs")
        return {run_id: RunCounts(*counts) for run_id, *counts in rows}

    @contextmanager
    def _silver_failures(self) -> Iterator[None]:
        """Name this step in errors about Silver, and raise one when objects are damaged."""
        try:
            yield
        except StorageFailed as error:
            raise StorageFailed(error.cause, subject=error.subject, step=STEP, next_step=RETRIED) from error
        if self.silver.damaged:
            raise damage(self.silver.damaged, STEP)

    def _build(self, table: Table) -> int:
        path, variable = str(self.path(table.name)), f"gold_{table.name}"
        with self._failures(f"gold.{table.name}"):
            copied = self._database.execute(f"COPY ({rows_of(table)}) TO ? ({PARQUET})", [path]).fetchall()
            self._database.execute(f"SET VARIABLE {variable} = ?", [path])
            source = f"read_parquet(getvariable('{variable}'), hive_partitioning = false)"
            self._database.execute(f"CREATE OR REPLACE VIEW gold.{table.name} AS FROM {source}")
            self.digests[table.name] = self._digest(table)
        return int(copied[0][0])

    @contextmanager
    def _failures(self, subject: str) -> Iterator[None]:
        """Turn DuckDB's errors into ours, and reset: after a fatal error DuckDB refuses every statement."""
        try:
            yield
        except (duckdb.Error, OSError) as error:
            cause = _LATE if isinstance(error, duckdb.InterruptException) else f"DuckDB: {type(error).__name__}"
            if cause != _LATE:
                self.silver.find_damage()
            damaged = self.silver.damaged
            self.reset()
            if damaged:
                raise damage(damaged, STEP) from error
            raise StorageFailed(cause, subject=subject, step=STEP, next_step=RETRIED) from error

    def _digest(self, table: Table) -> str:
        columns = ", ".join(f'"{column}"' for column in table.column_names)
        ((rows, checksum),) = self.query(f"SELECT count(*), sum(hash({columns})) FROM gold.{table.name}")
        return content_digest(table, f"duckdb {duckdb.__version__}", rows, str(checksum))

    @contextmanager
    def _interrupted_at(self, deadline: float | None) -> Iterator[None]:
        """Stop the statement that runs at the deadline."""
        if deadline is None:
            yield
            return
        done = threading.Event()

        def interrupt() -> None:
            if not done.wait(max(0.0, deadline - time.monotonic())):
                # Repeat: an interrupt between two statements has no effect.
                while not done.wait(0.1):
                    database.interrupt()

        database = self._database
        watcher = threading.Thread(target=interrupt, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()


class DuckdbEngine:
    """The engine that runs in the function: each table is one parquet object.

    ``once_a_run`` is True where each build costs money, so that a run is built once: see that module.
    """

    name = "duckdb"
    once_a_run = False

    def __init__(self, silver_bucket: str, gold_bucket: str, memory_mb: int) -> None:
        self.gold_bucket = gold_bucket
        self.database = GoldDatabase(memory_mb, silver_bucket)

    def build(
        self, build_id: str, silver: list[StoredObject], earlier: Mapping[str, BuiltTable], deadline: float
    ) -> tuple[dict[str, BuiltTable], dict[str, RunCounts]]:
        """Build all tables on disk, and upload those that changed; return the tables, and the films of each run.

        Parameters
        ----------
        build_id : str
            The build's folder; readers do not use it before it is published.
        silver : list of StoredObject
            Silver's objects as they were listed.
        earlier : mapping of str to BuiltTable
            Tables of the published build. The new build reuses those whose content is the same.
        deadline : float
            By ``time.monotonic()``; a build that takes longer is stopped.

        Raises
        ------
        StorageFailed
            When Silver or Gold cannot be reached, memory or disk space runs out, or the deadline passes.
        SilverDamaged
            When objects of Silver cannot be used.
        """
        self.database.refresh(silver)
        rows = self.database.build(deadline)

        def stored(name: str) -> BuiltTable:
            before, digest = earlier.get(name), self.database.digests[name]
            if before and before.digest == digest:
                return before
            return upload(self.gold_bucket, self.database, build_id, name, rows[name])

        with ThreadPoolExecutor(len(rows)) as pool:
            tables = dict(zip(rows, pool.map(stored, rows), strict=True))
        return tables, self.database.run_counts()

    def query(self, build_id: str, movies: BuiltTable | None, deadline: float) -> Query:  # noqa: ARG002
        """Return a function that runs statements in Trino's dialect over ``gold.*`` and ``published.movies``.

        Parameters
        ----------
        build_id : str
            The build that this engine made last; its tables are ``gold.*``.
        movies : BuiltTable or None
            Table ``movies`` of the published build; without it there is no ``published.movies``.
        deadline : float
            By ``time.monotonic()``.

        Raises
        ------
        StorageFailed
            When the published table cannot be read; the function raises it as :meth:`build` does.
        """
        wanted = [entry.key for entry in movies.objects] if movies else []
        if bodies := aws.get_all(aws.client("s3"), self.gold_bucket, wanted, STEP, RETRIED):
            self.database.publish(list(bodies.values()))
        return lambda sql: self.database.answer(sql, deadline)


def upload(bucket: str, database: GoldDatabase, build_id: str, name: str, rows: int) -> BuiltTable:
    """Write a built table of ``rows`` rows into the folder of a build."""
    folder, path = keys.build_table(build_id, name), database.path(name)
    key = f"{folder}{name}.parquet"
    with path.open("rb") as body:
        etag = aws.client("s3").put_object(Bucket=bucket, Key=key, Body=body)["ETag"]
    return BuiltTable(folder, rows, database.digests[name], (BuiltObject(key, etag, path.stat().st_size),))
