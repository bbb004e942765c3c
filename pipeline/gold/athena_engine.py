"""The Gold engine for a Silver that outgrows one function: Athena runs the SQL files of this folder as they stand.

Reads Silver by way of the catalogue; writes every table into a new folder, ``builds/<table>/build_id=…/``, and then
moves the catalogue's tables there. Folders of replaced builds are tagged, and Gold's lifecycle rule removes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from pipeline import aws, keys
from pipeline.aws import StoredObject
from pipeline.columns import BUILD_ID, GOLD, TYPES, Table
from pipeline.gold.athena import Queries
from pipeline.gold.build import Build, RunCounts
from pipeline.gold.engine import Written
from pipeline.gold.statements import statement

REPLACED = "replaced"
RUN_COUNTS = tuple(field.name for field in fields(RunCounts) if field.name != "status")
# Athena gives up on a query after 30 minutes, so after an hour nobody can still be reading a replaced build.
READERS_LEAVE_AFTER = timedelta(hours=1)
_TABLE = re.compile(r"\b(FROM|JOIN)(\s+)(silver|gold)\.(\w+)")
_COMMENT = re.compile(r"--.*")
# What GetTable answers and UpdateTable takes.
_TABLE_INPUT = {"Name", "Description", "Owner", "Retention", "StorageDescriptor", "PartitionKeys", "TableType"}
_TABLE_INPUT |= {"Parameters", "ViewOriginalText", "ViewExpandedText", "LastAccessTime", "LastAnalyzedTime"}


def with_tables(sql: str, place: Callable[[str, str], str]) -> str:
    """Put what ``place(layer, table)`` says where a Gold statement names ``silver.<table>`` or ``gold.<table>``."""
    return _TABLE.sub(lambda found: f"{found[1]}{found[2]}{place(found[3], found[4])}", sql)


def waves(tables: tuple[Table, ...]) -> Iterator[list[Table]]:
    """Yield tables that can be built at the same time: those of a wave read only Silver and earlier waves."""
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
    """Athena with Silver and Gold.

    Parameters
    ----------
    queries : Queries
        The work group's.
    gold_bucket, silver_database, gold_database : str
        Where Gold is, and the catalogue's databases; that of the builds is named ``<gold_database>_builds``.
    tables : tuple of Table
        What is built; ``pipeline_runs`` must be among them, and what each is made from.
    """

    name: ClassVar = "athena"
    queries: Queries
    gold_bucket: str
    silver_database: str
    gold_database: str
    tables: tuple[Table, ...] = GOLD

    def build(self, build_id: str, silver: list[StoredObject], deadline: float) -> Written:  # noqa: ARG002
        """Build all tables from Silver as it is now, then move the catalogue's tables to them."""
        for wave in waves(self.tables):
            self.queries.finish([self.unload(table, build_id) for table in wave], deadline)
        tables = self._counts(build_id, deadline)
        runs = self._runs(build_id, deadline)
        locations = {table.name: keys.build_folder(table.name, build_id) for table in self.tables}
        self._move(locations)
        return Written(tables, runs, locations=locations)

    def unload(self, table: Table, build_id: str) -> str:
        """Write the UNLOAD statement of one table: its SQL, cast to the catalogue's types.

        Tables that are made from others read this build's, so that no mix of builds comes about.
        """
        sql = with_tables(
            _COMMENT.sub("", statement(table.name)), lambda layer, name: self._place(layer, name, build_id)
        )
        casts = ", ".join(f'CAST(built."{c.name}" AS {TYPES[c.type].athena}) AS "{c.name}"' for c in table.columns)
        folder = f"s3://{self.gold_bucket}/{keys.build_folder(table.name, build_id)}"
        return (
            f"UNLOAD (SELECT {casts} FROM ({sql.strip()}) AS built) TO '{folder}' "
            "WITH (format = 'PARQUET', compression = 'ZSTD')"
        )

    def _place(self, layer: str, name: str, build_id: str) -> str:
        if layer == "silver":
            return f'"{self.silver_database}"."{name}"'
        return f'(SELECT * FROM "{self.gold_database}_builds"."{name}" WHERE {BUILD_ID.name} = \'{build_id}\')'

    def _counts(self, build_id: str, deadline: float) -> dict[str, int]:
        counts = [
            f"SELECT '{table.name}' AS name, count(*) AS number FROM {self._place('gold', table.name, build_id)} AS t"
            for table in self.tables
        ]
        rows = self.queries.answer(" UNION ALL ".join(counts), deadline).rows
        return {str(name): int(number or 0) for name, number in rows}

    def _runs(self, build_id: str, deadline: float) -> dict[str, RunCounts]:
        columns = ", ".join(f"r.{name}" for name in ("run_id", "status", *RUN_COUNTS))
        sql = f"SELECT {columns} FROM {self._place('gold', 'pipeline_runs', build_id)} AS r ORDER BY r.run_id"
        return {
            str(run_id): RunCounts(
                status=str(status), **{n: int(v or 0) for n, v in zip(RUN_COUNTS, numbers, strict=True)}
            )
            for run_id, status, *numbers in self.queries.answer(sql, deadline).rows
        }

    def _move(self, locations: dict[str, str]) -> None:
        """Point the catalogue's tables at other folders, each in one step: a query sees the old one or the new."""
        glue = aws.client("glue")
        for name, folder in locations.items():
            table = glue.get_table(DatabaseName=self.gold_database, Name=name)["Table"]
            moved = {key: value for key, value in table.items() if key in _TABLE_INPUT and value}
            moved["StorageDescriptor"] = table["StorageDescriptor"] | {"Location": f"s3://{self.gold_bucket}/{folder}"}
            glue.update_table(DatabaseName=self.gold_database, TableInput=moved, SkipArchive=True)

    def is_intact(self, build: Build) -> bool:
        """Whether the catalogue points at this build: a slower build, or a new template, may have moved it."""
        pages = aws.client("glue").get_paginator("get_tables").paginate(DatabaseName=self.gold_database)
        there = {table["Name"]: table["StorageDescriptor"]["Location"] for page in pages for table in page["TableList"]}
        wanted = build.locations.items()
        return all(there.get(name) == f"s3://{self.gold_bucket}/{folder}" for name, folder in wanted)

    def retire(self, build: Build) -> None:
        """Tag the objects of all builds before this one; a build that is still being written is newer."""
        if not build.locations or datetime.now(UTC) - build.built_at_time < READERS_LEAVE_AFTER:
            return
        s3 = aws.client("s3")
        tags: Any = {"TagSet": [{"Key": REPLACED, "Value": "true"}]}
        listed = [entry.key for entry in aws.list_objects(s3, self.gold_bucket, keys.BUILDS)]
        old = [key for key in listed if (keys.build_of(key) or build.build_id) < build.build_id]
        for key in old:
            s3.put_object_tagging(Bucket=self.gold_bucket, Key=key, Tagging=tags)
