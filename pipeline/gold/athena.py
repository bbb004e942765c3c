"""Queries in Athena: start them in a work group, wait for them, read their rows.

Used by the Gold step and by ``reelhouse query``. The work group sets the location of results and the scan limit.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from pipeline import aws
from pipeline.errors import InvalidInput, StorageFailed

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient

logger = logging.getLogger(__name__)

STEP = "Athena"
POLL_SECONDS = 0.5
_RUNNING = {"QUEUED", "RUNNING"}


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
