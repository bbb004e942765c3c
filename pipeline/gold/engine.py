"""The Gold engine: runs the SQL files of this folder, written in Athena's (Trino's) dialect, in DuckDB.

Reads Silver's parts and writes Gold's tables in a folder of its own. Rows stream from file to file, and a table is read
by the columns that a statement needs, so that memory stays within its limit however wide and many the rows are.
"""

from __future__ import annotations

import shutil
import tempfile
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
        self._folder = Path(tempfile.mkdtemp(prefix="reelhouse-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self.reset()

    def reset(self) -> None:
        """Forget everything: empty Silver tables, no Gold."""
        self._database = connect()
        self._database.execute(f"SET memory_limit = '{self._memory_mb}MB'")
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

    def build(self) -> dict[str, int]:
        """Build all Gold tables from the loaded Silver; returns their row counts, in building order.

        Raises
        ------
        SilverDamaged
            With the objects of Silver that cannot be read. Everything is forgotten then.
        StorageFailed
            When there is no memory or no room.
        """
        rows = {}
        for table in GOLD:
            with self._failures(f"gold.{table.name}"):
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
            raise damage or StorageFailed(cause, subject=subject) from error
