"""Runs: their ids, the manifest that records what each one expects, and the reply of the function that starts them."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from pipeline import documents, keys
from pipeline.errors import InvalidInput

MANIFEST_SCHEMA = 1
RunStatus = Literal["started", "already_started", "postponed"]


def new_run_id(moment: datetime, origin: str) -> str:
    """Return a run id that sorts by time, such as ``20261124T030000Z-1a2b3c4d``. Pure.

    ``origin`` distinguishes runs of the same second: the id of the invocation, or "schedule".
    """
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}-{hashlib.sha256(origin.encode()).hexdigest()[:8]}"


def started_at(run_id: str) -> datetime:
    """Return when a run started, to the second, from its id."""
    return datetime.strptime(run_id[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def utc(now: datetime) -> str:
    """Return ISO 8601 in UTC with microseconds: the format of times in Bronze and Silver."""
    return f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def check_time(iso: str, field: str) -> None:
    """Raise InvalidInput about a document's field unless it holds an ISO 8601 time with a zone."""
    try:
        zone = datetime.fromisoformat(iso).tzinfo
    except ValueError as error:
        raise InvalidInput("is not an ISO 8601 time", subject=field) from error
    if zone is None:
        raise InvalidInput("has no time zone", subject=field)


@dataclass(frozen=True)
class Skipped:
    """An entry of the source list that cannot be used: its position from 0, its id (shortened), and why."""

    item: int
    id: str
    reason: str


@dataclass(frozen=True)
class Manifest:
    """What a run set out to do; written to Bronze before its first message is sent.

    Attributes
    ----------
    expected : dict
        IMDb id to rank of each film sent to the queue.
    source_etag : str or None
        None when the list's server sends none.
    requested_by : str or None
        What started the run: "schedule", "person", or the invocation's own word; None when it gave none.
    listed, source_bytes : int or None
        Entries of the list, usable or not, and its size; None in manifests of earlier versions.
    """

    run_id: str
    started_at: str
    source_uri: str
    source_etag: str | None
    source_sha256: str
    top_n: int
    batch_size: int
    messages: int
    expected: dict[str, int]
    skipped: list[Skipped]
    code_version: str
    schema: int = MANIFEST_SCHEMA
    requested_by: str | None = None
    listed: int | None = None
    source_bytes: int | None = None

    def __post_init__(self) -> None:
        """Raise InvalidInput for an invalid run id, start time or IMDb id."""
        if not keys.is_run_id(self.run_id):
            raise InvalidInput("is not a run id", subject="run_id")
        check_time(self.started_at, "started_at")
        if not all(map(keys.is_imdb_id, self.expected)):
            raise InvalidInput("holds a key that is not an IMDb id", subject="expected")

    def to_json(self) -> bytes:
        """Return the manifest as it is stored."""
        return documents.to_json(asdict(self))

    @classmethod
    def from_json(cls, body: bytes, subject: str = "manifest") -> Manifest:
        """Read a stored manifest; raise DocumentInvalid, with ``subject`` (its key), for anything else."""
        return documents.read(cls, body, subject, "`reelhouse verify` lists everything that is damaged")


@dataclass(frozen=True)
class Claim:
    """The run that an invocation starts, written once so that every delivery of the invocation uses the same id."""

    run_id: str

    def __post_init__(self) -> None:
        """Raise InvalidInput for an invalid run id."""
        if not keys.is_run_id(self.run_id):
            raise InvalidInput("is not a run id", subject="run_id")


@dataclass(frozen=True)
class RunReply:
    """What GetMoviesAndSendToQueue returns.

    Attributes
    ----------
    requested, selected : int
        Films requested, and films sent.
    skipped : list of Skipped
        At most the first 1,000; the manifest has all.
    note : str
        What the caller should know; "" when there is nothing.
    status : str
        "started", or why nothing was sent: "already_started" by an earlier delivery of the same invocation, or
        "postponed" because an earlier run still waits in MovieQueue.
    """

    run_id: str
    source_uri: str
    requested: int
    selected: int
    skipped: list[Skipped]
    messages: int
    batch_size: int
    note: str = ""
    status: RunStatus = "started"

    def as_dict(self) -> dict[str, Any]:
        """Return the reply as JSON values, without an empty note."""
        return {name: value for name, value in asdict(self).items() if name != "note" or value}

    @classmethod
    def from_json(cls, body: bytes) -> RunReply:
        """Read a reply; raise DocumentInvalid for anything else."""
        return documents.read(cls, body, "reply of GetMoviesAndSendToQueue")
