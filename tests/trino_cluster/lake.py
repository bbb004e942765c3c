"""Silver and Gold as files that Trino and DuckDB both read, and the comparison of what both made of them."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks import silver_tables
from pipeline.columns import GOLD, GOLD_TABLES, SILVER, Table
from pipeline.gold.athena_engine import AthenaEngine, Queries
from pipeline.gold.duckdb_engine import GoldDatabase
from tests.fake_athena import UNLOAD
from tests.trino_cluster.server import Trino

BUILD_ID = "20261128T030000.000000Z"
_TYPES = {"string": "varchar", "int": "integer", "array<string>": "array(varchar)", "timestamp": "timestamp(3)"}


@dataclass(frozen=True)
class Silver:
    """Silver's objects in a folder, one folder a table."""

    folder: Path
    name: str

    def write(self, table: str, files: Mapping[str, bytes]) -> None:
        """Write objects of a table by file name."""
        target = self.folder / self.name / "silver" / table
        target.mkdir(parents=True, exist_ok=True)
        for name, body in files.items():
            (target / name).write_bytes(body)

    def fill(self, rows: int, runs: int) -> None:
        """Write as many rows of movies, and so many runs, as the benchmark's data has them."""
        target = self.folder / self.name / "silver"
        silver_tables.write(target, rows, runs)
        self.write("runs", {"runs.json": (target / "runs.json").read_bytes()})
        (target / "runs.json").unlink()

    def register(self, trino: Trino) -> None:
        """Create Trino's tables over the objects, and those of a build's Gold with the injected ``build_id``."""
        for schema in ("silver", "gold_builds"):
            trino.rows(f"CREATE SCHEMA IF NOT EXISTS files.{self.name}_{schema}")
        for table in SILVER:
            self.write(table.name, {})
            location = f"local:///{self.name}/silver/{table.name}/"
            trino.rows(
                f"CREATE TABLE files.{self.name}_silver.{table.name} ({columns_of(table)}) "
                f"WITH (external_location = '{location}', format = '{table.format.upper()}')"
            )
        for table in GOLD:
            location = f"local:///{self.name}/gold/"
            (self.folder / self.name / "gold").mkdir(parents=True, exist_ok=True)
            trino.rows(
                f"CREATE TABLE files.{self.name}_gold_builds.{table.name} ({columns_of(table)}, "
                "build_id varchar WITH (partition_projection_type = 'injected')) "
                f"WITH (external_location = '{location}', format = 'PARQUET', partitioned_by = ARRAY['build_id'], "
                f"partition_projection_enabled = true, "
                f"partition_projection_location_template = '{location}${{build_id}}/{table.name}/')"
            )

    def built_by_trino(self, trino: Trino, table: Table, statement: str = "", build_id: str = BUILD_ID) -> Path:
        """Build one Gold table with the product's statement, or another; return the folder of its parquet files."""
        select = statement or self.select(table)
        target = f"{self.name}/gold/{build_id}/{table.name}"
        shutil.rmtree(self.folder / target, ignore_errors=True)
        (self.folder / target).parent.mkdir(parents=True, exist_ok=True)
        schema = f"files.{self.name}_scratch"
        trino.rows(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        trino.rows(
            f"CREATE TABLE {schema}.t{time.time_ns()} "
            f"WITH (external_location = 'local:///{target}', format = 'PARQUET') AS {select}"
        )
        return self.folder / target

    def select(self, table: Table) -> str:
        """Return the SELECT inside the UNLOAD that the product sends to Athena for a table."""
        match = UNLOAD.fullmatch(self._engine().unload(table, BUILD_ID))
        assert match
        return self._in_files(match[1])

    def checksums(self, build_id: str) -> str:
        """Return the query by which the product compares the tables of two builds."""
        return self._in_files(self._engine().checksums(build_id))

    def _engine(self) -> AthenaEngine:
        return AthenaEngine(Queries(None, "none"), "gold", f"{self.name}_silver", f"{self.name}_gold")  # type: ignore[arg-type]

    def _in_files(self, sql: str) -> str:
        """Name the catalogue of the databases."""
        return sql.replace(f'"{self.name}_', f'files."{self.name}_')

    def built_by_duckdb(self, memory_mb: int = 1024) -> tuple[GoldDatabase, dict[str, int]]:
        """Build Gold by the product's DuckDB engine."""
        engine = GoldDatabase(memory_mb)
        for table in SILVER:
            folder = self.folder / self.name / "silver" / table.name
            engine.load(table, {path.name: ("etag", path.read_bytes()) for path in sorted(folder.iterdir())})
        return engine, engine.build()


def columns_of(table: Table) -> str:
    """Return a table's columns in Trino's types."""
    return ", ".join(f'"{column.name}" {trino_type(column.type)}' for column in table.columns)


def trino_type(kind: str) -> str:
    """Return Trino's name of a Glue type."""
    return _TYPES.get(kind, kind)


def differences(name: str, one: str, other: str) -> list[tuple[object, ...]]:
    """Compare two sets of parquet files of a Gold table; return the rows that only one of them has."""
    columns = ", ".join(_comparable(column, kind) for column, kind in GOLD_TABLES[name].duckdb_types().items())
    rows = f"SELECT {columns} FROM read_parquet(?, hive_partitioning = false)"
    differing = f"(({rows}) EXCEPT ALL ({rows})) UNION ALL (({rows}) EXCEPT ALL ({rows}))"
    return duckdb.connect().execute(differing, [one, other, other, one]).fetchall()


def _comparable(name: str, kind: str) -> str:
    """Return a column as compared: doubles to nine digits, since a sum depends on the order of its terms."""
    if kind == "TIMESTAMP":
        # Trino reads and writes Hive's timestamps to the millisecond, as Athena does.
        return f"date_trunc('millisecond', CAST({name} AS TIMESTAMP)) AS {name}"
    if kind == "DOUBLE":
        return f"CAST(printf('%.9g', CAST({name} AS DOUBLE)) AS VARCHAR) AS {name}"
    return f"CAST({name} AS {kind}) AS {name}"
