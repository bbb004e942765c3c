"""The record of a Gold build, ``builds/<build_id>/build.json``: what was built, and from what."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from pipeline import documents, keys
from pipeline.columns import Table
from pipeline.errors import InvalidInput
from pipeline.gold.profile import Profile
from pipeline.runs import check_time

COMPLETE = "complete"
_ID_FORMAT = "%Y%m%dT%H%M%S.%fZ"


def new_build_id(moment: datetime) -> str:
    """Return the id of a build that starts at a moment; ids sort by time. Pure."""
    return f"{moment.astimezone(UTC):{_ID_FORMAT}}"


def build_started_at(build_id: str) -> datetime:
    """Return when a build started, from its id; raise InvalidInput for anything else."""
    try:
        return datetime.strptime(build_id, _ID_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        cause = "a build id looks like 20261124T030000.000000Z"
        raise InvalidInput(cause, subject=repr(build_id)[:80]) from None


def check_build_id(build_id: str) -> None:
    """Raise InvalidInput about a document's field ``build_id`` unless it holds one."""
    if not keys.is_build_id(build_id):
        raise InvalidInput("is not a build id", subject="build_id")


@dataclass(frozen=True)
class RunCounts:
    """Films of one run by outcome, and its status, as Gold's ``pipeline_runs`` has them."""

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


@dataclass(frozen=True)
class SilverInput:
    """The Silver that a build was computed from; ``size`` in bytes, ``fingerprint`` a digest of all keys and ETags."""

    bucket: str
    objects: int
    size: int
    fingerprint: str


@dataclass(frozen=True)
class BuiltObject:
    """A parquet object of a table; ``size`` in bytes."""

    key: str
    etag: str
    size: int


@dataclass(frozen=True)
class BuiltTable:
    """A table of a build.

    Attributes
    ----------
    folder : str
        Folder of its objects, with its closing slash: an earlier build's when the content is the same as then.
    digest : str
        See :func:`content_digest`.
    objects : tuple of BuiltObject
        All objects, in no order; none when the table has no rows and Athena built it.
    """

    folder: str
    rows: int
    digest: str
    objects: tuple[BuiltObject, ...]

    def __post_init__(self) -> None:
        """Raise InvalidInput for a folder that belongs to no build."""
        if keys.build_of(self.folder) is None:
            raise InvalidInput("is not a folder of a build", subject="folder")


def content_digest(table: Table, engine: str, rows: int, checksum: str) -> str:
    """Return a digest of a table's columns and rows: the same for the same content, built by the same engine.

    ``checksum`` covers all rows, whatever their order; those of different engines cannot be compared.
    """
    columns = ",".join(f"{column.name} {column.type}" for column in table.columns)
    return hashlib.sha256(f"{engine}|{columns}|{rows}|{checksum}".encode()).hexdigest()


@dataclass(frozen=True)
class Build:
    """One build of all Gold tables.

    Attributes
    ----------
    build_id, built_at : str
        Start and end of the build: ``20261124T030000.000000Z``, and ISO 8601 in UTC.
    engine : str
        "duckdb" or "athena".
    tables, runs : dict
        By table, and by run id.
    profile : Profile or None
        The numbers by which later builds are compared with this one; None before the first complete run.
    reasons : tuple of str
        Why the comparison held the build when it was compared with the one published then; () when it did not.
    """

    build_id: str
    built_at: str
    seconds: float
    code_version: str
    engine: str
    silver: SilverInput
    tables: dict[str, BuiltTable]
    runs: dict[str, RunCounts]
    profile: Profile | None = None
    reasons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise InvalidInput for an invalid build id or time."""
        check_build_id(self.build_id)
        check_time(self.built_at, "built_at")

    @property
    def built_at_time(self) -> datetime:
        """``built_at`` as a time in UTC."""
        return datetime.fromisoformat(self.built_at)

    @property
    def basis(self) -> str:
        """Code version, engine and Silver of the build. An unchanged basis needs no new build."""
        return f"{self.code_version} {self.engine} {self.silver.fingerprint}"

    @property
    def rows(self) -> dict[str, int]:
        """Number of rows, by table."""
        return {name: table.rows for name, table in self.tables.items()}

    @property
    def written(self) -> list[str]:
        """Names of the tables that this build wrote; the others are objects of earlier builds."""
        return [name for name, table in self.tables.items() if keys.build_of(table.folder) == self.build_id]

    @property
    def size_written(self) -> int:
        """Bytes of these tables."""
        return sum(entry.size for name in self.written for entry in self.tables[name].objects)

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
    def from_json(cls, body: bytes, key: str) -> Build:
        """Read a stored build.

        Raises
        ------
        DocumentInvalid
            When the bytes are not a build; ``key`` names them in the error.
        """
        return documents.read(cls, body, key, "this build cannot be read; `reelhouse builds` lists the others")
