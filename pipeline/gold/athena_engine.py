"""The Gold engine for a Silver that outgrows one function: Athena runs the SQL files of ``sql/`` unchanged.

Reads Silver through the catalogue. Tables that derive from others read those of the same build, through the database
``<gold_database>_builds``, whose tables are partitioned by build.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import ClassVar

from pipeline import aws, keys
from pipeline.aws import StoredObject
from pipeline.columns import BUILD_ID, GOLD, TYPES, Table
from pipeline.gold.athena import Queries
from pipeline.gold.build import BuiltObject, BuiltTable, RunCounts, content_digest
from pipeline.gold.profile import Query
from pipeline.gold.statements import statement

RUN_COUNTS = tuple(field.name for field in fields(RunCounts) if field.name != "status")
_TABLE = re.compile(r"\b(FROM|JOIN)(\s+)(silver|gold|published)\.(\w+)")
_COMMENT = re.compile(r"--.*")


def with_tables(sql: str, source_of: Callable[[str, str], str]) -> str:
    """Put ``source_of(layer, table)`` where a statement names ``silver.``, ``gold.`` or ``published.<table>``."""
    return _TABLE.sub(lambda match: f"{match[1]}{match[2]}{source_of(match[3], match[4])}", sql)


def waves(tables: tuple[Table, ...]) -> Iterator[list[Table]]:
    """Yield groups of tables that can be built concurrently: a group reads only Silver and earlier groups."""
    left = list(tables)
    built: set[str] = set()
    while left:
        ready = [table for table in left if _reads(table) <= built]
        yield ready
        left = [table for table in left if table not in ready]
        built |= {table.name for table in ready}


def _reads(table: Table) -> set[str]:
    return {name for _, _, layer, name in _TABLE.findall(statement(table.name)) if layer == "gold"}


@dataclass(frozen=True)
class AthenaEngine:
    """The engine that runs in Athena.

    The catalogue's database of the builds is named ``<gold_database>_builds``. ``tables`` must include
    ``pipeline_runs``, and every table that another one reads.
    """

    name: ClassVar = "athena"
    once_a_run: ClassVar = True
    queries: Queries
    gold_bucket: str
    silver_database: str
    gold_database: str
    tables: tuple[Table, ...] = GOLD

    def build(
        self,
        build_id: str,
        silver: list[StoredObject],  # noqa: ARG002
        earlier: Mapping[str, BuiltTable],
        deadline: float,
    ) -> tuple[dict[str, BuiltTable], dict[str, RunCounts]]:
        """Build all tables from Silver as it is now; as :meth:`DuckdbEngine.build`, and InvalidInput when refused.

        A table is compared with the earlier one after it was written. If their content is the same, nothing refers to
        the new objects, and they expire.
        """
        for wave in waves(self.tables):
            self.queries.finish([self.unload(table, build_id) for table in wave], deadline)
        objects = self._objects(build_id)
        tables = {}
        for name, (rows, digest) in self._contents(build_id, deadline).items():
            before = earlier.get(name)
            new = BuiltTable(keys.build_table(build_id, name), rows, digest, objects.get(name, ()))
            tables[name] = before if before and before.digest == digest else new
        return tables, self._runs(build_id, deadline)

    def query(self, build_id: str, movies: BuiltTable | None, deadline: float) -> Query:
        """Return a function that queries a build and the published ``movies``; see :meth:`DuckdbEngine.query`."""
        published = str(keys.build_of(movies.folder)) if movies else ""
        build_ids = {"gold": build_id, "published": published}

        def query(sql: str) -> list[tuple[str | None, ...]]:
            with_sources = with_tables(sql, lambda layer, name: self._source(layer, name, build_ids[layer]))
            return self.queries.answer(with_sources, deadline).rows

        return query

    def unload(self, table: Table, build_id: str) -> str:
        """Return the UNLOAD statement of one table: its SQL, cast to the catalogue's types.

        Tables that derive from others read those of this build.
        """
        sql = with_tables(
            _COMMENT.sub("", statement(table.name)), lambda layer, name: self._source(layer, name, build_id)
        )
        casts = ", ".join(f'CAST(built."{c.name}" AS {TYPES[c.type].athena}) AS "{c.name}"' for c in table.columns)
        folder = f"s3://{self.gold_bucket}/{keys.build_table(build_id, table.name)}"
        return (
            f"UNLOAD (SELECT {casts} FROM ({sql.strip()}) AS built) TO '{folder}' "
            "WITH (format = 'PARQUET', compression = 'ZSTD')"
        )

    def _source(self, layer: str, name: str, build_id: str) -> str:
        if layer == "silver":
            return f'"{self.silver_database}"."{name}"'
        return f'(SELECT * FROM "{self.gold_database}_builds"."{name}" WHERE {BUILD_ID.name} = \'{build_id}\')'

    def _objects(self, build_id: str) -> dict[str, tuple[BuiltObject, ...]]:
        """Return the objects that Athena wrote, by table."""
        listed = aws.list_objects(aws.client("s3"), self.gold_bucket, keys.build_folder(build_id))
        written = [BuiltObject(entry.key, entry.etag, entry.size) for entry in listed]
        folders = {table.name: keys.build_table(build_id, table.name) for table in self.tables}
        return {name: tuple(o for o in written if o.key.startswith(folder)) for name, folder in folders.items()}

    def _contents(self, build_id: str, deadline: float) -> dict[str, tuple[int, str]]:
        """Return the number of rows and the content's digest, by table."""
        tables = {table.name: table for table in self.tables}
        contents = {}
        for name, number, checksum in self.queries.answer(self.checksums(build_id), deadline).rows:
            rows = int(number or 0)
            contents[str(name)] = rows, content_digest(tables[str(name)], self.name, rows, checksum or "")
        return contents

    def checksums(self, build_id: str) -> str:
        """Return the SELECT of each table's name, number of rows, and checksum of all rows in any order."""
        counts = []
        for table in self.tables:
            row = ", ".join(f't."{column}"' for column in table.column_names)
            source = self._source("gold", table.name, build_id)
            counts.append(
                f"SELECT '{table.name}' AS name, count(*) AS number, to_hex(checksum(ROW({row}))) AS checksum "
                f"FROM {source} AS t"
            )
        return " UNION ALL ".join(counts)

    def _runs(self, build_id: str, deadline: float) -> dict[str, RunCounts]:
        columns = ", ".join(f"r.{name}" for name in ("run_id", "status", *RUN_COUNTS))
        sql = f"SELECT {columns} FROM {self._source('gold', 'pipeline_runs', build_id)} AS r ORDER BY r.run_id"
        return {
            str(run_id): RunCounts(
                status=str(status), **{n: int(v or 0) for n, v in zip(RUN_COUNTS, numbers, strict=True)}
            )
            for run_id, status, *numbers in self.queries.answer(sql, deadline).rows
        }
