"""Step 3: make Silver of new Bronze objects.

Reads Bronze objects named by S3's events; writes a parquet part a run and batch to Silver's ``movies/``, and one JSON
a film to ``quarantine/`` and ``rejected/``. The manifest of a run becomes its row in ``runs/``. The same events twice
write the same keys.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_plus

from botocore.exceptions import BotoCoreError, ClientError
from pydantic_core import ValidationError, from_json

from pipeline import aws, keys
from pipeline.columns import SILVER_TABLES
from pipeline.documents import to_json
from pipeline.errors import DocumentInvalid, InvalidInput, ReelhouseError, StorageFailed
from pipeline.keys import BronzeKey
from pipeline.messages import QueueMessage
from pipeline.runs import Manifest
from pipeline.settings import CODE_VERSION, ProcessBronzeToSilverSettings
from pipeline.silver import clean, parquet
from pipeline.silver.quality import MOST_FILMS, SilverRun, reasons
from pipeline.silver.records import Quarantined, to_silver
from pipeline.tally import UNKNOWN_RUN, Tally

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

logger = logging.getLogger(__name__)

STEP = "ProcessBronzeToSilver"
# What becomes of an object: a row, a film kept out with reasons, a film that OMDb refused, a run's manifest.
OUTCOMES = ROWS, QUARANTINED, REJECTED, RUN, FAILED = "rows", "quarantined", "rejected", "runs", "failed"
_NEXT = "its message is retried, then parked in BronzeEventsDeadLetters"


@dataclass
class Result:
    """Objects by outcome (see ``OUTCOMES``), and messages to be retried with their errors."""

    tally: Tally = field(default_factory=Tally)
    failed: dict[str, ReelhouseError] = field(default_factory=dict)

    def fail(self, message_id: str, error: ReelhouseError, run_id: str = UNKNOWN_RUN, objects: int = 0) -> None:
        """Send a message back because of so many of a run's objects; its first error is the one that tells."""
        if message_id not in self.failed:
            self.failed[message_id] = error
            self.tally.put_back[run_id][type(error).__name__] += 1
        if objects:
            self.tally.outcomes[run_id][FAILED] += objects


class BronzeObject(NamedTuple):
    """A Bronze object with the message that announced it."""

    message_id: str
    path: str
    key: BronzeKey
    body: bytes
    version: str | None


def run(incoming: list[QueueMessage], settings: ProcessBronzeToSilverSettings) -> Result:
    """Process the Bronze objects that the messages announce; what fails sends its own messages back."""
    result = Result(Tally(len(incoming)))
    writer = SilverWriter(settings.silver_bucket, aws.client("s3"))
    for entry in _fetch(incoming, settings.bronze_bucket, result):
        run_id = entry.key.run_id
        try:
            with aws.failures_of(STEP, entry.path, _NEXT):
                result.tally.outcomes[run_id][writer.add(entry)] += 1
        except ReelhouseError as error:
            result.fail(entry.message_id, error, run_id, 1)
    for run_id, message_ids in writer.messages_by_run.items():
        try:
            with aws.failures_of(STEP, run_id, _NEXT):
                writer.write_part(run_id)
        except ReelhouseError as error:
            del result.tally.outcomes[run_id][ROWS]
            for message_id in message_ids:
                result.fail(message_id, error, run_id, 1)
    result.tally.bytes_written = writer.bytes_written
    for message_id, failure in result.failed.items():
        logger.error("message failed: %s", failure, extra={"message_id": message_id})
    return result


def announced(body: str) -> list[str]:
    """Keys in an S3 event, decoded; none in the test event that S3 sends when notifications are set up.

    Raises
    ------
    InvalidInput
        When the body is no S3 event.
    """
    try:
        event = json.loads(body)
        if event.get("Event") == "s3:TestEvent":
            return []
        return [unquote_plus(record["s3"]["object"]["key"]) for record in event["Records"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidInput("not an S3 event", subject=repr(body[:80]), step=STEP) from error


def _fetch(incoming: list[QueueMessage], bucket: str, result: Result) -> list[BronzeObject]:
    """Fetch all announced objects at once; an object announced twice is fetched once, for its last message."""
    wanted: dict[str, tuple[str, BronzeKey]] = {}
    for message in incoming:
        try:
            for path in announced(message.body):
                if key := keys.parse_bronze(path):
                    wanted[path] = (message.id, key)
                else:
                    logger.warning("passed over %r: not a key of Bronze", path[:200])
        except InvalidInput as error:
            result.fail(message.id, error)
    result.tally.films.update(key.imdb_id for _, key in wanted.values() if key.imdb_id)
    fetched = []
    for path, answer in zip(wanted, aws.get_many(aws.client("s3"), bucket, list(wanted)), strict=True):
        message_id, key = wanted[path]
        if isinstance(answer, ClientError | BotoCoreError):
            cause = aws.error_code(answer) if isinstance(answer, ClientError) else type(answer).__name__
            failure = StorageFailed(cause, subject=path, step=STEP, next_step=_NEXT)
            result.fail(message_id, failure, key.run_id, 1)
        else:
            result.tally.bytes_read += len(answer[0])
            fetched.append(BronzeObject(message_id, path, key, *answer))
    return fetched


class SilverWriter:
    """Writes Silver: single objects at once, rows collected into one part a run."""

    def __init__(self, bucket: str, s3: S3Client) -> None:
        self.bucket, self.s3 = bucket, s3
        # Its Bronze key beside each row as JSON, which the garbage collector need not look through as it does dicts.
        self.rows: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
        self.messages_by_run: dict[str, list[str]] = defaultdict(list)
        self.bytes_written = 0
        # One moment for all rows of a batch.
        self.processed_at = _sql_time(datetime.now(UTC))

    def add(self, entry: BronzeObject) -> str:
        """Take one Bronze object; returns its outcome."""
        run_id, imdb_id = entry.key.run_id, entry.key.imdb_id
        try:
            if imdb_id is None:
                return self._put(keys.silver_run(run_id), _run_row(entry), RUN)
            document = _document(entry.body)
            lineage = self._lineage(entry, document)
            if entry.key.kind == keys.REJECTED:
                # OMDb's own words: cleaned as a film's are, since JSON readers refuse half of a character.
                reason = clean.text(document["reason"]) or "no reason given"
                return self._outcome(keys.REJECTED, entry, {"reason": reason, **lineage})
            cleaned = to_silver(document, imdb_id)
        except DocumentInvalid as error:
            raise InvalidInput(error.cause, subject=entry.path, step=STEP, next_step=_NEXT) from error
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            cause = f"not a Bronze object of this pipeline ({type(error).__name__}: {error})"
            raise InvalidInput(cause, subject=entry.path, step=STEP, next_step=_NEXT) from error
        if isinstance(cleaned, Quarantined):
            return self._outcome(keys.QUARANTINE, entry, {"reasons": cleaned.reasons, **lineage})
        row = {**cleaned.row, "unreadable": cleaned.unreadable or None, "run_id": run_id, **lineage}
        self.rows[run_id].append((entry.path, parquet.line(row)))
        self.messages_by_run[run_id].append(entry.message_id)
        return ROWS

    def write_part(self, run_id: str) -> None:
        """Write the collected rows of a run."""
        rows = sorted(self.rows[run_id])
        digest = hashlib.sha256("\n".join(bronze_key for bronze_key, _ in rows).encode()).hexdigest()[:32]
        body = parquet.encode_lines((row for _, row in rows), SILVER_TABLES["movies"])
        self.s3.put_object(Bucket=self.bucket, Key=keys.silver_part(run_id, digest, len(rows)), Body=body)
        self.bytes_written += len(body)
        logger.debug("part of %d rows written", len(rows), extra={"run_id": run_id})

    def _lineage(self, entry: BronzeObject, document: dict[str, Any]) -> dict[str, Any]:
        return {
            "bronze_key": entry.path,
            "bronze_version": entry.version,
            "fetched_at": sql_time(document["fetched_at"]),
            "processed_at": self.processed_at,
            "code_version": CODE_VERSION,
        }

    def _outcome(self, kind: str, entry: BronzeObject, body: dict[str, Any]) -> str:
        imdb_id, run_id = str(entry.key.imdb_id), entry.key.run_id
        logger.warning("film %s: %s", kind, body.get("reasons") or body["reason"], extra=_about(entry))
        outcome = QUARANTINED if kind == keys.QUARANTINE else REJECTED
        return self._put(keys.film(kind, run_id, imdb_id), {"imdb_id": imdb_id, "run_id": run_id, **body}, outcome)

    def _put(self, key: str, document: dict[str, Any], outcome: str) -> str:
        body = to_json(document)
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType="application/json")
        self.bytes_written += len(body)
        return outcome


def _document(body: bytes) -> dict[str, Any]:
    """Read a Bronze object. pydantic's parser takes half the time of Python's, which alone reads half a character."""
    try:
        document: dict[str, Any] = from_json(body, cache_strings="keys")
    except ValueError:
        document = json.loads(body)
    return document


def _about(entry: BronzeObject) -> dict[str, Any]:
    return {"run_id": entry.key.run_id, "imdb_id": entry.key.imdb_id}


def _run_row(entry: BronzeObject) -> dict[str, Any]:
    manifest = Manifest.from_json(entry.body)
    row = {
        "run_id": manifest.run_id,
        "started_at": sql_time(manifest.started_at),
        "source_uri": manifest.source_uri,
        "source_sha256": manifest.source_sha256,
        "top_n": min(manifest.top_n, MOST_FILMS),
        "batch_size": manifest.batch_size,
        "expected": len(manifest.expected),
        "code_version": manifest.code_version,
    }
    if manifest.run_id != entry.key.run_id:
        raise ValueError("it is another run's manifest")
    try:
        return SilverRun.model_validate(row).model_dump()
    except ValidationError as error:
        raise ValueError("; ".join(reasons(error))) from error


def sql_time(iso: str) -> str:
    """Turn an ISO time in UTC into the form without a zone that parquet, Athena's JSON reader and DuckDB agree on."""
    return _sql_time(datetime.fromisoformat(iso).astimezone(UTC))


def _sql_time(moment: datetime) -> str:
    return moment.isoformat(" ", "microseconds").removesuffix("+00:00")
