"""The record of a Gold build, as ``_build.json`` holds it."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from pipeline import aws, documents, keys
from pipeline.errors import DocumentInvalid, InvalidInput

logger = logging.getLogger(__name__)

COMPLETE = "complete"


@dataclass(frozen=True)
class RunCounts:
    """Films of one run by outcome, as Gold's ``pipeline_runs`` counts them.

    Attributes
    ----------
    status : str
        "complete" when stored + rejected = expected, else "incomplete".
    """

    expected: int
    stored: int
    rejected: int
    quarantined: int
    in_gold: int
    status: str

    @property
    def complete(self) -> bool:
        """Whether every expected film was stored or rejected."""
        return self.status == COMPLETE

    def as_dict(self) -> dict[str, Any]:
        """Return the counts for JSON output and logs."""
        return asdict(self)


@dataclass(frozen=True)
class SilverInput:
    """The Silver that a build was made from; ``size`` in bytes, ``fingerprint`` a digest of all keys and ETags."""

    bucket: str
    objects: int
    size: int
    fingerprint: str


@dataclass(frozen=True)
class Build:
    """One build of all Gold tables.

    Attributes
    ----------
    build_id : str
        Sorts by time, such as ``20261124T030000.000000Z``.
    built_at : str
        End of the build, ISO 8601 in UTC.
    seconds : float
        Duration of the build.
    engine : str
        "duckdb" or "athena".
    tables : dict of str to int
        Number of rows, by table.
    runs : dict of str to RunCounts
        Films by outcome, by run id.
    size : int or None
        Bytes of all tables; None where Athena wrote them.
    etags : dict of str to str
        ETag of each table's object, by key; empty where Athena wrote them.
    locations : dict of str to str
        Folder of each table, by table; empty where DuckDB wrote them.
    """

    build_id: str
    built_at: str
    seconds: float
    code_version: str
    engine: str
    silver: SilverInput
    tables: dict[str, int]
    runs: dict[str, RunCounts]
    size: int | None = None
    etags: dict[str, str] = field(default_factory=dict)
    locations: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Reject a ``built_at`` that is not a time with a zone."""
        try:
            zone = self.built_at_time.tzinfo
        except ValueError:
            zone = None
        if zone is None:
            raise InvalidInput("is not a time with a zone", subject="built_at")

    @property
    def built_at_time(self) -> datetime:
        """``built_at`` as a time in UTC."""
        return datetime.fromisoformat(self.built_at)

    @property
    def newest_run(self) -> str | None:
        """Id of the newest run in the build; None before the first run."""
        return max(self.runs, default=None)

    @property
    def complete_runs(self) -> set[str]:
        """Ids of the runs whose films are all stored or rejected."""
        return {run_id for run_id, counts in self.runs.items() if counts.complete}

    def to_json(self) -> bytes:
        """Return the build as it is stored."""
        return documents.to_json(asdict(self))

    @classmethod
    def from_json(cls, body: bytes) -> Build:
        """Read a stored build.

        Raises
        ------
        DocumentInvalid
            When the bytes are not a build.
        """
        return documents.read(cls, body, keys.BUILD, "the next build replaces it")


def build_in_use(bucket: str) -> Build | None:
    """Read ``_build.json`` of a Gold bucket.

    Returns
    -------
    Build or None
        None before the first build, and when the document is not a build: the next build replaces it.
    """
    body = aws.get_if_exists(aws.client("s3"), bucket, keys.BUILD)
    try:
        return None if body is None else Build.from_json(body)
    except DocumentInvalid as error:
        logger.warning("ignored: %s", error)
        return None
