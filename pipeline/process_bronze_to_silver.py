"""Step 3: turn new Bronze objects into Silver rows.

Reads the Bronze objects that S3's events name. Writes to Silver: one parquet part per run and batch under ``movies/``,
and one JSON object per film under ``quarantine/`` and ``rejected/``. A run's manifest becomes its row in ``runs/``.
Processing the same events again writes the same keys.
"""

from __future__ import annotations

import json
import logging
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import duckdb
from pydantic_core import to_json as row_to_json

from pipeline import aws, keys
from pipeline.columns import SILVER_TABLES, Table
from pipeline.database import scratch
from pipeline.documents import to_json
from pipeline.errors import InvalidInput, ReelhouseError, StorageFailed, UnexpectedFailure
from pipeline.messages import UNKNOWN_RUN, QueueMessage, Tally
from pipeline.runs import utc
from pipeline.settings import CODE_VERSION, ProcessBronzeToSilverSettings
from pipeline.silver.records import BronzeObject, part_digest, silver_row, sql_time

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

logger = logging.getLogger(__name__)

STEP = "ProcessBronzeToSilver"
# Outcomes of an object: a row, a quarantined film, a film that OMDb rejected, a run's manifest, or an error.
OUTCOMES = ROWS, QUARANTINED, REJECTED, RUN, FAILED = "rows", "quarantined", "rejected", "runs", "failed"
_OUTCOME_OF_TABLE = {keys.MOVIES: ROWS, keys.QUARANTINE: QUARANTINED, keys.REJECTED: REJECTED}
_NEXT = "its message is retried, then parked in BronzeEventsDeadLetters"
_WRITE = """
    COPY (FROM read_json($rows, format = 'newline_delimited', columns = {types}, hive_partitioning = false))
    TO $part (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)
"""


@dataclass
class Result:
    """Objects by outcome (see ``OUTCOMES``), and the messages to retry, with the error of each."""

    tally: Tally = field(default_factory=Tally)
    failed: dict[str, ReelhouseError] = field(default_factory=dict)

    def fail(self, message_id: str, error: ReelhouseError, run_id: str = UNKNOWN_RUN, objects: int = 0) -> None:
        """Retry a message because ``objects`` of a run failed; the first error of a message is kept."""
        if message_id not in self.failed:
            self.failed[message_id] = error
            self.tally.put_back[run_id][type(error).__name__] += 1
        if objects:
            self.tally.outcomes[run_id][FAILED] += objects


def run(incoming: list[QueueMessage], settings: ProcessBronzeToSilverSettings) -> Result:
    """Process the Bronze objects that the messages announce; an object that fails retries only its own messages."""
    result = Result(Tally(len(incoming)))
    writer = SilverWriter(settings.silver_bucket, aws.client("s3"))
    messages = _message_ids(incoming, result)
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for bronze in _fetch(messages, settings.bronze_bucket, result):
        run_id = str(keys.run_of(bronze.path))
        with _isolated(result, run_id, bronze.path, [messages[bronze.path]]):
            outcome, row = writer.add(bronze)
            if outcome == ROWS:
                rows[run_id].append(row)
            else:
                result.tally.outcomes[run_id][outcome] += 1
    for run_id, run_rows in rows.items():
        _write_part(writer, run_id, run_rows, messages, result)
    result.tally.bytes_written = writer.bytes_written
    for message_id, failure in result.failed.items():
        logger.error("message failed: %s", failure, extra={"message_id": message_id})
    return result


@contextmanager
def _isolated(result: Result, run_id: str, subject: str, message_ids: list[str]) -> Iterator[None]:
    """Let any error inside the block fail these messages only, with one object each."""
    try:
        with aws.failures_of(STEP, subject, _NEXT):
            yield
    except ReelhouseError as error:
        # Helpers do not know the step, and not always the object.
        failure = error if error.step else type(error)(error.cause, subject=subject, step=STEP, next_step=_NEXT)
    except Exception as error:
        failure = UnexpectedFailure.of(error, subject=subject, step=STEP, next_step=_NEXT)
        logger.exception("unexpected error: %s", failure, extra={"run_id": run_id})
    else:
        return
    for message_id in message_ids:
        result.fail(message_id, failure, run_id, 1)


def _write_part(
    writer: SilverWriter, run_id: str, rows: list[dict[str, Any]], messages: dict[str, str], result: Result
) -> None:
    """Write rows of a run as one part; if they cannot be encoded, halve them, so that only the bad rows fail."""
    subject = rows[0]["bronze_key"] if len(rows) == 1 else f"{len(rows)} rows of {run_id}"
    with _isolated(result, run_id, subject, [messages[row["bronze_key"]] for row in rows]):
        try:
            body = encode(rows, SILVER_TABLES[keys.MOVIES])
        except Exception as error:
            if len(rows) == 1:
                raise
            logger.warning("%d rows are written in halves: %s", len(rows), error, extra={"run_id": run_id})
            for half in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
                _write_part(writer, run_id, half, messages, result)
        else:
            writer.put_part(run_id, rows, body)
            result.tally.outcomes[run_id][ROWS] += len(rows)


def announced(body: str) -> list[str]:
    """Return the decoded keys in an S3 event; none in S3's test event. Any other body raises InvalidInput."""
    try:
        event = json.loads(body)
        if event.get("Event") == "s3:TestEvent":
            return []
        return [unquote_plus(record["s3"]["object"]["key"]) for record in event["Records"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidInput("not an S3 event", subject=repr(body[:80]), step=STEP, next_step=_NEXT) from error


def _message_ids(incoming: list[QueueMessage], result: Result) -> dict[str, str]:
    """Return the message of each announced Bronze key; the last one for an object that is announced twice."""
    messages: dict[str, str] = {}
    for message in incoming:
        try:
            for path in announced(message.body):
                if key := keys.parse_bronze(path):
                    messages[path] = message.id
                    result.tally.films |= {key.imdb_id} if key.imdb_id else set()
                else:
                    logger.warning("skipped %r: not a key of Bronze", path[:200])
        except InvalidInput as error:
            result.fail(message.id, error)
    return messages


def _fetch(messages: dict[str, str], bucket: str, result: Result) -> Iterator[BronzeObject]:
    """Fetch the announced objects concurrently; one that cannot be fetched fails its message."""
    answers = aws.get_many(aws.client("s3"), bucket, list(messages))
    for (path, message_id), answer in zip(messages.items(), answers, strict=True):
        if isinstance(answer, Exception):
            failure = StorageFailed(aws.cause_of(answer), subject=path, step=STEP, next_step=_NEXT)
            result.fail(message_id, failure, str(keys.run_of(path)), 1)
        else:
            body, version = answer
            result.tally.bytes_read += len(body)
            yield BronzeObject(path, version, body)


class SilverWriter:
    """Writes Silver: quarantined and rejected films and runs at once, rows of ``movies`` as parts."""

    def __init__(self, bucket: str, s3: S3Client) -> None:
        self.bucket, self.s3, self.bytes_written = bucket, s3, 0
        # One time for all rows of a batch.
        self.processed_at = sql_time(utc(datetime.now(UTC)))

    def add(self, bronze: BronzeObject) -> tuple[str, dict[str, Any]]:
        """Return an object's outcome and Silver row; unless the outcome is ``ROWS``, the row is written.

        Raises InvalidInput for an object that is not of this pipeline.
        """
        computed = silver_row(bronze)
        table, row = computed.table, computed.row
        if table == keys.RUNS:
            self._put(keys.silver_run(row["run_id"]), to_json(row), "application/json")
            return RUN, row
        row |= {"processed_at": self.processed_at, "code_version": CODE_VERSION}
        if table != keys.MOVIES:
            extra = {"run_id": row["run_id"], "imdb_id": row["imdb_id"]}
            logger.warning("film in %s: %s", table, row.get("reasons") or row["reason"], extra=extra)
            self._put(keys.film(table, row["run_id"], row["imdb_id"]), to_json(row), "application/json")
        return _OUTCOME_OF_TABLE[table], row

    def put_part(self, run_id: str, rows: list[dict[str, Any]], body: bytes) -> None:
        """Store rows of ``movies``, encoded as ``body``, under a key derived from their Bronze keys and versions."""
        self._put(keys.silver_part(run_id, part_digest(rows), len(rows)), body, "binary/octet-stream")

    def _put(self, key: str, body: bytes, content_type: str) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=content_type)
        self.bytes_written += len(body)


def encode(rows: Iterable[dict[str, Any]], table: Table) -> bytes:
    """Return rows as the bytes of one parquet file with zstd compression.

    Parameters
    ----------
    rows : iterable of dict
        JSON values by column name; dates and times as ISO 8601 text without a zone. A missing column is null, and a
        key that is no column is ignored.
    table : Table
        Gives the columns, their order and types.

    Raises
    ------
    StorageFailed
        When DuckDB runs out of memory or disk space.
    """
    with tempfile.TemporaryDirectory(prefix="reelhouse-") as folder:
        source, target = Path(folder, "rows.json"), Path(folder, "part.parquet")
        source.write_bytes(b"\n".join(map(row_to_json, rows)))
        try:
            sql = _WRITE.format(types=table.duckdb_types())
            # A part is one row group, which one thread writes; others would only be woken for it.
            with scratch(threads=1) as database:
                database.execute(sql, {"rows": str(source), "part": str(target)})
        except duckdb.Error as error:
            raise StorageFailed(f"DuckDB: {type(error).__name__}", subject=f"a part of {table.name}") from error
        return target.read_bytes()
