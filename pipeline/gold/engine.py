"""The Gold engine: runs the SQL files of this folder, written in Athena's (Trino's) dialect, in DuckDB.

Reads Silver's parts and writes Gold's tables in a folder of its own. Rows stream from file to file, and a table is read
by the columns that a statement needs, so that memory stays within its limit however wide and many the rows are.
"""

from __future__ import annotations

import math
import os
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

from pipeline.columns import DUCKDB_TYPES, GOLD, Table
from pipeline.database import PARQUET, connect
from pipeline.errors import StorageFailed
from pipeline.gold.silver_files import SilverFiles

_FOLDER = Path(__file__).parent
_OWN_FOLDERS: set[Path] = set()


@cache
def statement(name: str) -> str:
    """The SQL of a Gold table as it stands in its file: what Athena runs."""
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


@cache
def to_duckdb(sql: str) -> str:
    """Translate a statement from Trino's dialect to DuckDB's.

    ``approx_percentile`` becomes ``quantile_cont``, which is exact; sqlglot's own choice is off by up to 0.1.
    """

    def exact(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.ApproxQuantile):
            return exp.Anonymous(this="quantile_cont", expressions=[node.this, node.args["quantile"]])
        return node

    return sqlglot.parse_one(sql, read="trino").transform(exact).sql(dialect="duckdb")


def rows_of(table: Table) -> str:
    """DuckDB's SELECT of a Gold table's rows, in its columns' types, from the tables ``silver.*`` and ``gold.*``."""
    casts = ", ".join(f'CAST("{c.name}" AS {DUCKDB_TYPES[c.type]}) AS "{c.name}"' for c in table.columns)
    return f"SELECT {casts} FROM ({to_duckdb(statement(table.name))})"


def _new_folder() -> Path:
    """Return a new temporary folder, after removing those of processes that were killed.

    Lambda keeps ``/tmp`` when it stops an invocation that timed out, and starts the next process on top of it.
    """
    for folder in Path(tempfile.gettempdir()).glob("reelhouse-gold-*-*"):
        pid = int(folder.name.split("-")[2])
        if folder not in _OWN_FOLDERS and (pid == os.getpid() or not _runs(pid)):
            shutil.rmtree(folder, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"reelhouse-gold-{os.getpid()}-"))
    _OWN_FOLDERS.add(folder)
    return folder


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def _interrupted_at(deadline: float, database: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Interrupt what DuckDB does inside the block once the deadline passes."""
    if deadline == math.inf:
        yield
        return
    if (seconds := deadline - time.monotonic()) <= 0:
        raise duckdb.InterruptException("the deadline has passed")
    timer = threading.Timer(seconds, database.interrupt)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class DuckdbEngine:
    """Silver and Gold as files, and a DuckDB database whose views ``silver.*`` and ``gold.*`` read them.

    Silver's files are kept from one build to the next, so that a warm function fetches only what is new.

    Parameters
    ----------
    memory_mb : int
        DuckDB's memory limit in megabytes; beyond it DuckDB spills to the temporary folder.
    """

    name = "duckdb"

    def __init__(self, memory_mb: int) -> None:
        self._memory_mb = memory_mb
        self._folder = _new_folder()
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self.reset()

    def reset(self) -> None:
        """Forget everything: empty Silver tables, no Gold."""
        self._database = connect()
        self._database.execute(f"SET memory_limit = '{self._memory_mb}MB'")
        self._database.execute("SET temp_directory = ?", [str(self._folder / "spill")])
        self._database.execute("CREATE SCHEMA silver; CREATE SCHEMA gold")
        shutil.rmtree(self._folder, ignore_errors=True)
        self._silver = SilverFiles(self._database, self._folder / "silver")
        (self._folder / "gold").mkdir()

    @property
    def loaded(self) -> dict[str, str]:
        """Key to ETag of the Silver objects that are loaded."""
        return self._silver.loaded

    def load(self, table: Table, files: Mapping[str, tuple[str, bytes]]) -> None:
        """Add Silver objects to a table, all or none.

        Parameters
        ----------
        table : Table
            A Silver table.
        files : mapping of str to (str, bytes)
            Key to ETag and bytes of each object. A column that an older part lacks is null.

        Raises
        ------
        SilverDamaged
            With the objects that cannot be read. Everything is forgotten then.
        StorageFailed
            When each can be read, but not all of them: no memory or no room.
        """
        with self._failures(f"silver.{table.name}"):
            self._silver.add(table, files)

    def build(self, deadline: float = math.inf) -> dict[str, int]:
        """Build all Gold tables from the loaded Silver; return their row counts, in building order.

        Parameters
        ----------
        deadline : float
            Time of ``time.monotonic`` at which DuckDB is interrupted.

        Raises
        ------
        SilverDamaged
            With the objects of Silver that cannot be read. Everything is forgotten then.
        StorageFailed
            When there is no memory, no room or no time left.
        """
        rows = {}
        for table in GOLD:
            with self._failures(f"gold.{table.name}"), _interrupted_at(deadline, self._database):
                copied = self._database.execute(f"COPY ({rows_of(table)}) TO '{self.path(table.name)}' ({PARQUET})")
                rows[table.name] = int(copied.fetchall()[0][0])
                self._database.execute(
                    f"CREATE OR REPLACE VIEW gold.{table.name} AS FROM read_parquet('{self.path(table.name)}')"
                )
        return rows

    def path(self, name: str) -> Path:
        """Where a built Gold table is: one zstd parquet file, there until the next build."""
        return self._folder / "gold" / f"{name}.parquet"

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """Rows of a query over ``silver.*`` and ``gold.*``, in DuckDB's dialect."""
        return self._database.execute(sql).fetchall()

    @contextmanager
    def _failures(self, subject: str) -> Iterator[None]:
        """Turn DuckDB's errors inside the block into ours, and forget everything: the next build begins anew."""
        try:
            yield
        except (duckdb.Error, OSError) as error:
            damage = self._silver.damage()
            self.reset()
            cause = f"DuckDB: {type(error).__name__}" if isinstance(error, duckdb.Error) else str(error.strerror)
            if isinstance(error, duckdb.InterruptException):
                cause = "the build ran out of time"
            raise damage or StorageFailed(cause, subject=subject) from error
