"""The Gold engine: runs the SQL files of this folder, written in Athena's (Trino's) dialect, in DuckDB.

Silver is kept in the engine's memory from one build to the next, so that a warm function reads only what is new.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

from pipeline import keys
from pipeline.columns import DUCKDB_TYPES, SILVER, Table
from pipeline.database import connect
from pipeline.errors import SilverDamaged, StorageFailed
from pipeline.gold.columns import GOLD

_FOLDER = Path(__file__).parent
# Damaged objects that an error names.
_NAMED = 5
_READERS = {
    "parquet": "read_parquet({files}, union_by_name = true, hive_partitioning = false)",
    "json": "read_json({files}, format = 'newline_delimited', columns = {types})",
}


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


def creation(table: Table) -> str:
    """DuckDB's statement that makes a Gold table, in its columns' types, of the tables ``silver.*`` and ``gold.*``."""
    casts = ", ".join(f'CAST("{c.name}" AS {DUCKDB_TYPES[c.type]}) AS "{c.name}"' for c in table.columns)
    return f"CREATE OR REPLACE TABLE gold.{table.name} AS SELECT {casts} FROM ({to_duckdb(statement(table.name))})"


class DuckdbEngine:
    """Silver and Gold in one DuckDB database in memory.

    Parameters
    ----------
    memory_mb : int
        DuckDB's memory limit in megabytes; beyond it DuckDB spills to the temporary folder.
    """

    name = "duckdb"

    def __init__(self, memory_mb: int) -> None:
        self._memory_mb = memory_mb
        self.reset()

    def reset(self) -> None:
        """Forget everything: empty Silver tables, no Gold."""
        self._database = connect()
        self._database.execute(f"SET memory_limit = '{self._memory_mb}MB'")
        self._database.execute("CREATE SCHEMA silver; CREATE SCHEMA gold")
        for table in SILVER:
            columns = ", ".join(f'"{name}" {kind}' for name, kind in table.duckdb_types().items())
            self._database.execute(f"CREATE TABLE silver.{table.name} ({columns})")
        self.loaded: dict[str, str] = {}

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
        if not files:
            return
        with tempfile.TemporaryDirectory(prefix="reelhouse-") as folder:
            paths = {str(Path(folder, f"{place}.{table.format}")): key for place, key in enumerate(files)}
            for path, key in paths.items():
                Path(path).write_bytes(files[key][1])
            try:
                self._insert(table, list(paths))
            except duckdb.Error as error:
                # After a fatal error a database refuses everything, so that what is damaged shows in a new one.
                self.reset()
                damaged = [paths[path] for path in self._unreadable(table, list(paths))]
                self.reset()
                if damaged:
                    raise _damage(damaged) from error
                raise StorageFailed(f"DuckDB: {type(error).__name__}", subject=f"silver.{table.name}") from error
        self.loaded.update({key: etag for key, (etag, _) in files.items()})

    def _insert(self, table: Table, paths: list[str]) -> None:
        source = _READERS[table.format].format(files=paths, types=table.duckdb_types())
        self._database.execute(f"INSERT INTO silver.{table.name} BY NAME {self._select_known(table, source)}")

    def _unreadable(self, table: Table, paths: list[str]) -> list[str]:
        """Files that cannot be read, found by halving."""
        try:
            self._insert(table, paths)
        except duckdb.OutOfMemoryException:
            return []
        except duckdb.Error:
            half = len(paths) // 2
            return self._unreadable(table, paths[:half]) + self._unreadable(table, paths[half:]) if half else paths
        return []

    def _select_known(self, table: Table, source: str) -> str:
        """Select the columns that both the files and the table have: older parts lack some, newer may have more."""
        described = self._database.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        given = {row[0] for row in described}
        return f"SELECT {', '.join(name for name in table.column_names if name in given)} FROM {source}"

    def build(self) -> dict[str, int]:
        """Build all Gold tables from the loaded Silver; returns their row counts, in building order."""
        rows = {}
        for table in GOLD:
            with self._failures(f"gold.{table.name}"):
                self._database.execute(creation(table))
                rows[table.name] = len(self._database.table(f"gold.{table.name}"))
        return rows

    def parquet(self, name: str) -> bytes:
        """A built Gold table as one zstd parquet file."""
        with tempfile.TemporaryDirectory(prefix="reelhouse-") as folder:
            path = Path(folder, "table.parquet")
            with self._failures(f"gold.{name}"):
                self._database.execute(f"COPY gold.{name} TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
            return path.read_bytes()

    @contextmanager
    def _failures(self, subject: str) -> Iterator[None]:
        """Turn DuckDB's errors inside the block into ours, and forget everything: the next build begins anew."""
        try:
            yield
        except duckdb.Error as error:
            self.reset()
            raise StorageFailed(f"DuckDB: {type(error).__name__}", subject=subject) from error

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """Rows of a query over ``silver.*`` and ``gold.*``, in DuckDB's dialect."""
        return self._database.execute(sql).fetchall()


def _damage(damaged: list[str]) -> SilverDamaged:
    runs = sorted({run_id for key in damaged if (run_id := keys.run_of(key))})
    cure = f"--run-id {runs[0]}" if len(runs) == 1 else "--all"
    more = f" and {len(damaged) - _NAMED} more" if len(damaged) > _NAMED else ""
    return SilverDamaged(
        "cannot be read as what its name says",
        subject=", ".join(damaged[:_NAMED]) + more,
        step="AggregateToGold",
        next_step=f"Gold stays as it was; `reelhouse replay {cure}` makes it anew from Bronze",
    )
