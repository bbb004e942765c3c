"""The Gold engine for a Silver that outgrows one function: Athena runs the SQL files of ``sql/`` unchanged.

Reads Silver through the catalogue. Tables that derive from others read those of the same build, through the database
``<gold_database>_builds``, whose tables are partitioned by build.

:class:`Queries` runs statements in a work group, which sets the location of results and the scan limit;
``reelhouse query`` uses it too.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

from botocore.exceptions import BotoCoreError, ClientError

from pipeline import aws, keys
from pipeline.aws import StoredObject
from pipeline.columns import BUILD_ID, GOLD, TYPES, Table
from pipeline.errors import InvalidInput, StorageFailed
from pipeline.gold.build import BuiltObject, BuiltTable, RunCounts, content_digest
from pipeline.gold.profile import Query
from pipeline.gold.statements import statement

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient

RUN_COUNTS = tuple(field.name for field in fields(RunCounts) if field.name != "status")
_TABLE = re.compile(r"\b(FROM|JOIN)(\s+)(silver|gold|published)\.(\w+)")
_COMMENT = re.compile(r"--.*")
logger = logging.getLogger(__name__)

STEP = "Athena"
POLL_SECONDS = 0.5
_RUNNING = {"QUEUED", "RUNNING"}


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


@dataclass(frozen=True)
class Answer:
    """Result of a query: name and type of each column, every value as text (None is null), and the bytes scanned."""

    columns: tuple[tuple[str, str], ...]
    rows: list[tuple[str | None, ...]]
    bytes_scanned: int


@dataclass(frozen=True)
class Queries:
    """Queries of one work group, which must enforce a result location; ``pause`` is the polling interval in seconds."""

    client: AthenaClient
    work_group: str
    pause: float = POLL_SECONDS

    def answer(self, sql: str, deadline: float, database: str = "") -> Answer:
        """Run one SELECT and read all its rows.

        Parameters
        ----------
        deadline : float
            By ``time.monotonic()``; a query that still runs then is stopped.
        database : str
            Default database of table names without one.

        Raises
        ------
        InvalidInput
            When Athena refuses the statement, the statement fails, or it exceeds the scan limit.
        StorageFailed
            When Athena cannot be reached, fails itself, or takes too long.
        """
        (execution,) = self.finish([sql], deadline, database)
        with aws.failures_of(STEP, self.work_group):
            columns, rows = self._rows(execution["QueryExecutionId"])
        return Answer(columns, rows, int(execution.get("Statistics", {}).get("DataScannedInBytes", 0)))

    def finish(self, statements: list[str], deadline: float, database: str = "") -> list[dict[str, Any]]:
        """Run statements concurrently; return their executions, in order, when all have succeeded.

        If the wait ends early for any reason, queries that still run are stopped. Raises as :meth:`answer` does.
        """
        ids: list[str] = []
        done: dict[str, dict[str, Any]] = {}
        try:
            for sql in statements:
                ids.append(self._start(sql, database))
            while True:
                for query_id in [each for each in ids if each not in done]:
                    with aws.failures_of(STEP, self.work_group):
                        execution = self.client.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
                    if execution["Status"]["State"] not in _RUNNING:
                        done[query_id] = dict(execution)
                        _demand_success(done[query_id])
                if len(done) == len(ids):
                    return [done[query_id] for query_id in ids]
                if time.monotonic() + self.pause > deadline:
                    raise StorageFailed("took too long, and was stopped", subject="query", step=STEP)
                time.sleep(self.pause)
        finally:
            self._stop([each for each in ids if each not in done])

    def _start(self, sql: str, database: str) -> str:
        context = {"QueryExecutionContext": {"Database": database}} if database else {}
        try:
            with aws.failures_of(STEP, self.work_group):
                answer = self.client.start_query_execution(QueryString=sql, WorkGroup=self.work_group, **context)  # type: ignore[arg-type]
        except StorageFailed as error:
            cause = error.__cause__
            if isinstance(cause, ClientError) and aws.error_code(cause) == "InvalidRequestException":
                # Athena's message says where the statement is wrong, and quotes nothing else.
                message = cause.response["Error"].get("Message", "refused")
                raise InvalidInput(message, subject="query", step=STEP) from cause
            raise
        return answer["QueryExecutionId"]

    def _stop(self, query_ids: list[str]) -> None:
        for query_id in query_ids:
            try:
                self.client.stop_query_execution(QueryExecutionId=query_id)
            except (ClientError, BotoCoreError) as error:
                # Keep the error that ended the wait. The work group limits the query's cost.
                logger.warning("query %s could not be stopped: %s", query_id, type(error).__name__)

    def _rows(self, query_id: str) -> tuple[tuple[tuple[str, str], ...], list[tuple[str | None, ...]]]:
        columns: tuple[tuple[str, str], ...] = ()
        rows: list[tuple[str | None, ...]] = []
        for page in self.client.get_paginator("get_query_results").paginate(QueryExecutionId=query_id):
            result_set = page["ResultSet"]
            if not columns:
                columns = tuple((c["Name"], c["Type"]) for c in result_set["ResultSetMetadata"]["ColumnInfo"])
            rows += [tuple(cell.get("VarCharValue") for cell in row["Data"]) for row in result_set["Rows"]]
        # The first row of a SELECT is its header; other statements, such as SHOW, have none.
        names = tuple(name for name, _ in columns)
        return columns, rows[1:] if rows[:1] == [names] else rows


def _demand_success(execution: dict[str, Any]) -> None:
    status = execution["Status"]
    if status["State"] == "SUCCEEDED":
        return
    # The first line says what is wrong; an emulator's other lines quote its rewritten query.
    cause = (status.get("StateChangeReason") or status["State"].lower()).strip().splitlines()[0]
    # https://docs.aws.amazon.com/athena/latest/APIReference/API_AthenaError.html
    fault = StorageFailed if status.get("AthenaError", {}).get("Retryable") else InvalidInput
    raise fault(cause, subject="query", step=STEP)
