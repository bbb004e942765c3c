"""Build each state of Silver once, although several events report it: when to build, and which invocation builds.

While an incomplete run adds to Silver, a build waits: with DuckDB until Silver has not changed for a second, with
Athena, where each build costs money, for a minute. Meanwhile one delayed message to SilverEvents replaces Athena's
events, so that the last change always leads to a build. With both engines an invocation announces which Silver it
builds, and others wait for it.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from pipeline import aws, documents, keys
from pipeline.aws import StoredObject
from pipeline.errors import DocumentInvalid
from pipeline.runs import check_time, utc

logger = logging.getLogger(__name__)

QUIET = timedelta(minutes=1)
# The function's timeout: a build that started longer ago has ended or was killed.
LONGEST_BUILD = timedelta(minutes=5)
# An event without objects: AggregateToGold reads all of Silver anyway.
LOOK_AGAIN = documents.to_json({"Records": []}).decode()


@dataclass(frozen=True)
class BuildUnderWay:
    """The content of ``builds/under_way.json``: the last build that was begun, by its basis, and when."""

    basis: str
    started_at: str

    def __post_init__(self) -> None:
        """Raise InvalidInput for an invalid time."""
        check_time(self.started_at, "started_at")


def must_wait(bucket: str, silver: list[StoredObject], now: datetime) -> bool:
    """Whether an incomplete run is adding to Silver.

    A run is complete here when it has exactly as many outcomes as it expects. During a replay or a compaction some rows
    exist twice, so it has more, and the build waits.
    """
    outcomes = _outcomes(silver)
    return any(run_id is None or outcomes[run_id] != _expected(bucket, run_id) for run_id in _changing(silver, now))


def has_begun_only(silver: list[StoredObject], now: datetime) -> bool:
    """Whether a build would show nothing new: Silver is empty, or a run has just begun and has no outcome there."""
    outcomes = _outcomes(silver)
    return not silver or any(run_id and not outcomes[run_id] for run_id in _changing(silver, now))


def _changing(silver: list[StoredObject], now: datetime) -> set[str | None]:
    """Return the runs whose Silver changed in the last minute; None stands for objects of no run."""
    return {keys.run_of(entry.key) for entry in silver if now - entry.modified < QUIET}


def _outcomes(silver: list[StoredObject]) -> Counter[str | None]:
    """Count the films of each run that have an outcome in Silver."""
    outcomes: Counter[str | None] = Counter()
    for entry in silver:
        outcomes[keys.run_of(entry.key)] += keys.rows_of(entry.key) or (keys.film_of(entry.key) is not None)
    return outcomes


def _expected(bucket: str, run_id: str) -> int | None:
    """Return the number of films that a run expects; None when its record is not in Silver yet, or is damaged."""
    try:
        record = aws.get_json(aws.client("s3"), bucket, keys.silver_run(run_id))
    except DocumentInvalid:
        return None
    return record.get("expected") if isinstance(record, dict) else None


def begin(bucket: str, basis: str, now: datetime, longest: timedelta = LONGEST_BUILD) -> bool:
    """Announce in Gold that this invocation builds a Silver; return False when another one is building it.

    ``basis`` is :attr:`Build.basis`. An announcement older than ``longest`` is ignored.
    """
    s3 = aws.client("s3")
    body, etag = aws.get_with_etag(s3, bucket, keys.UNDER_WAY)
    try:
        other = documents.read(BuildUnderWay, body, keys.UNDER_WAY) if body else None
    except DocumentInvalid:
        other = None
    if other and other.basis == basis and now - datetime.fromisoformat(other.started_at) < longest:
        return False
    mine = documents.to_json(asdict(BuildUnderWay(basis, utc(now))))
    return aws.put_if_unchanged(s3, bucket, keys.UNDER_WAY, mine, etag) is not None


def look_again(queue_url: str) -> None:
    """Send one message to SilverEvents that arrives after the quiet minute."""
    aws.client("sqs").send_message(
        QueueUrl=queue_url, MessageBody=LOOK_AGAIN, DelaySeconds=int(QUIET.total_seconds())
    )  # fmt: skip
    logger.debug("Silver is changing: Gold is built when the run is complete, or after a quiet minute")
