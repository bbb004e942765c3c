"""Which build of Gold is published: ``_build.json``, the one document that every reader of Gold starts from.

It holds the published build, the builds that were published before, and the newest build that was held back. It changes
in one step, by a conditional put, so that readers see one whole build or the one before. Of two concurrent writers one
succeeds; the other reads the winner's document.

Afterwards Glue's tables, by whose locations Athena reads, are moved to the published build. Objects that no kept build
refers to are tagged, and a lifecycle rule removes them. Kept are the builds of the history and the held one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline import aws, documents, keys
from pipeline.errors import DocumentInvalid
from pipeline.gold.build import Build, build_started_at, check_build_id
from pipeline.runs import check_time, utc

logger = logging.getLogger(__name__)
# What GetTables answers and UpdateTable takes.
_TABLE_INPUT = {"Name", "Description", "Owner", "Retention", "StorageDescriptor", "PartitionKeys", "TableType"}
_TABLE_INPUT |= {"Parameters", "ViewOriginalText", "ViewExpandedText", "LastAccessTime", "LastAnalyzedTime"}
UNREFERENCED = "unreferenced"
# A function runs for five minutes at most, so no older build is still being written. Athena's queries time out after
# 30 minutes, so no query still reads a table that was replaced earlier.
SETTLED_AFTER = timedelta(hours=1)
_TAGS: Any = {"TagSet": [{"Key": UNREFERENCED, "Value": "true"}]}


@dataclass(frozen=True)
class Publication:
    """One move of the pointer: when (ISO 8601 in UTC), and a person's reason and ARN; "" for AggregateToGold's own."""

    build_id: str
    at: str
    because: str = ""
    by: str = ""

    def __post_init__(self) -> None:
        """Raise InvalidInput for an invalid build id or time."""
        check_build_id(self.build_id)
        check_time(self.at, "at")

    @property
    def at_time(self) -> datetime:
        """``at`` as a time in UTC."""
        return datetime.fromisoformat(self.at)


@dataclass(frozen=True)
class Held:
    """The newest build that is not published, with its reasons, one sentence each.

    Attributes
    ----------
    basis : str
        :attr:`Build.basis` of that build: nothing is built again until this changes.
    until_after : str or None
        After a rollback: every build is held until a run is complete whose id sorts after this one. None otherwise.
    """

    build_id: str
    at: str
    basis: str
    reasons: tuple[str, ...]
    until_after: str | None = None

    def __post_init__(self) -> None:
        """Raise InvalidInput for an invalid build id or time."""
        check_build_id(self.build_id)
        check_time(self.at, "at")

    @property
    def rolled_back(self) -> bool:
        """Whether a person published an earlier build, so that newer ones are held on purpose."""
        return self.until_after is not None


@dataclass(frozen=True)
class Published:
    """The content of ``_build.json``; ``held`` is None when the newest build is the published one.

    The last entry of ``history`` published ``build``; the others can still be read, unless they have expired.
    """

    build: Build
    history: tuple[Publication, ...]
    held: Held | None = None


@dataclass(frozen=True)
class Pointer:
    """``_build.json`` as it was read or written; ``etag`` is None when there is no such object.

    ``published`` is None before the first build, and when the document is damaged or of an older version.
    """

    published: Published | None
    etag: str | None

    @property
    def damaged(self) -> bool:
        """Whether the document exists and cannot be used."""
        return self.etag is not None and self.published is None

    @property
    def build(self) -> Build | None:
        """The published build; None before the first."""
        return self.published.build if self.published else None

    @property
    def history(self) -> tuple[Publication, ...]:
        """Publications, oldest first."""
        return self.published.history if self.published else ()

    @property
    def held(self) -> Held | None:
        """The newest build if it is held back."""
        return self.published.held if self.published else None

    @property
    def newest_basis(self) -> str:
        """:attr:`Build.basis` of the newest build, published or held; "" before the first."""
        if self.held:
            return self.held.basis
        return self.build.basis if self.build else ""


def read_pointer(bucket: str) -> Pointer:
    """Read ``_build.json`` of a Gold bucket. A document that cannot be used is logged; the next build replaces it."""
    body, etag = aws.get_with_etag(aws.client("s3"), bucket, keys.BUILD)
    try:
        published = None if body is None else documents.read(Published, body, keys.BUILD, "the next build replaces it")
    except DocumentInvalid as error:
        logger.warning("ignored: %s", error)
        published = None
    return Pointer(published, etag)


def published_build(bucket: str) -> Build | None:
    """Return the published build of a Gold bucket; None before the first, and when its record is damaged."""
    return read_pointer(bucket).build


def publish(  # noqa: PLR0913 (what a publication consists of)
    bucket: str,
    build: Build,
    before: Pointer,
    *,
    because: str = "",
    by: str = "",
    retention: timedelta | None = None,
    held: Held | None = None,
) -> Pointer:
    """Move the pointer to a build.

    Parameters
    ----------
    before : Pointer
        The pointer as the caller last read it: if another writer has moved it since, nothing is written.
    because, by : str
        A person's reason and ARN.
    retention : timedelta, optional
        Builds that stopped being the published one longer ago are dropped from the history; None keeps all.
    held : Held, optional
        The newest build if it is not this one; None ends any hold.

    Returns
    -------
    Pointer
        The current pointer, to another build if another writer was faster.
    """
    now = datetime.now(UTC)
    history = (*before.history, Publication(build.build_id, utc(now), because, by))
    if retention is not None:
        # An entry counts until its successor replaced it.
        ends = [*(entry.at_time for entry in history[1:]), now]
        history = tuple(entry for entry, end in zip(history, ends, strict=True) if end >= now - retention)
    return _move(bucket, Published(build, history, held), before)


def hold(bucket: str, build: Build, reasons: tuple[str, ...], before: Pointer) -> Pointer:
    """Record that a build is held; readers keep the published one.

    Before anything is published there is nothing to keep, and the build is published. Returns as :func:`publish` does.
    """
    if before.published is None:
        return publish(bucket, build, before)
    until_after = before.held.until_after if before.held else None
    held = Held(build.build_id, utc(datetime.now(UTC)), build.basis, reasons, until_after)
    return _move(bucket, replace(before.published, held=held), before)


def correct(bucket: str, build: Build, before: Pointer) -> Pointer:
    """Replace the record of the published build: the same rows in other objects. Returns as :func:`publish` does."""
    return _move(bucket, Published(build, before.history, before.held), before)


def roll_back(bucket: str, build: Build, newest: Build, before: Pointer, because: str, by: str = "") -> Pointer:
    """Publish an earlier build again, and hold all others until another run is complete; see :func:`publish`.

    Parameters
    ----------
    newest : Build
        The newest build: the held one, else the published one. A run that is complete in it, in the published build or
        in ``build`` does not end the hold. One that is still in progress does, when it is complete.
    """
    complete = [run_id for each in (build, newest, before.build) if each for run_id in each.complete_runs]
    reasons = (f"rolled back to build {build.build_id}: {because}",)
    moved_at = utc(datetime.now(UTC))
    held = Held(newest.build_id, moved_at, before.newest_basis, reasons, max(complete, default=""))
    return publish(bucket, build, before, because=because, by=by, held=held)


def records(bucket: str, build_ids: Iterable[str], *, skip_damaged: bool = False) -> dict[str, Build]:
    """Read the records of builds, by id; builds that have expired are omitted.

    With ``skip_damaged``, damaged records are omitted too, with a warning each.

    Raises
    ------
    StorageFailed
        When a record cannot be read.
    DocumentInvalid
        When a record is damaged, unless they are skipped.
    """
    wanted = {keys.build_record(build_id): build_id for build_id in build_ids}
    bodies = aws.get_all(aws.client("s3"), bucket, list(wanted), "gold", "try again", skip_missing=True)
    known = {}
    for key, body in bodies.items():
        try:
            known[wanted[key]] = Build.from_json(body, key)
        except DocumentInvalid as error:
            if not skip_damaged:
                raise
            logger.warning("%s", error)
    return known


def _move(bucket: str, document: Published, before: Pointer) -> Pointer:
    body = documents.to_json(asdict(document))
    same = before.published is not None and before.history == document.history
    # The state machine RefreshSpice reads these: where no build is published, it refreshes nothing.
    metadata = {"change": "none" if same else "publication", "published": document.history[-1].at}
    etag = aws.put_if_unchanged(aws.client("s3"), bucket, keys.BUILD, body, before.etag, metadata=metadata)
    # Without an ETag, another writer was faster or the answer to our own put was lost: read which.
    return Pointer(document, etag) if etag else read_pointer(bucket)


def point_at(build: Build, database: str, bucket: str) -> int:
    """Move the catalogue's tables to the objects of a build; return the number of tables that had to move.

    Also after a deployment has reset a table's location: the next invocation of AggregateToGold moves it again.

    Tables that are missing from the catalogue are not created: the template defines them.
    """
    glue = aws.client("glue")
    moved = 0
    for page in glue.get_paginator("get_tables").paginate(DatabaseName=database):
        for table in page["TableList"]:
            built = build.tables.get(table["Name"])
            location = f"s3://{bucket}/{built.folder}" if built else ""
            if location and table["StorageDescriptor"]["Location"] != location:
                glue.update_table(DatabaseName=database, TableInput=_at(table, location), SkipArchive=True)
                moved += 1
    return moved


def _at(table: dict[str, Any], location: str) -> dict[str, Any]:
    """Return the input of UpdateTable that changes nothing but the location."""
    unchanged = {key: value for key, value in table.items() if key in _TABLE_INPUT and value}
    return unchanged | {"StorageDescriptor": table["StorageDescriptor"] | {"Location": location}}


def expiry_due(pointer: Pointer) -> bool:
    """Whether the last publication is the first of its day: expiry reads the records of all kept builds."""
    days = [entry.at_time.date() for entry in pointer.history[-2:]]
    return len(days) == 2 and days[0] != days[1]


def expire(bucket: str, pointer: Pointer, now: datetime | None = None) -> int:
    """Tag all objects of builds that no kept build refers to; return their number.

    An unchanged table is an object of an earlier build, so what a kept build refers to is kept, whatever its age.

    Parameters
    ----------
    now : datetime, optional
        Objects of builds that started within the last hour are left alone; None means the present.
    """
    kept = {entry.build_id for entry in pointer.history} | ({pointer.held.build_id} if pointer.held else set())
    try:
        builds = records(bucket, kept)
    except DocumentInvalid as error:
        # What such a build refers to is unknown, so nothing may expire.
        logger.warning("no build expires: %s", error)
        return 0
    read_from = [*builds.values(), *([pointer.build] if pointer.build else [])]
    needed = {entry.key for build in read_from for table in build.tables.values() for entry in table.objects}
    needed |= {keys.build_record(build_id) for build_id in kept}
    s3, now = aws.client("s3"), now or datetime.now(UTC)
    listed = [entry.key for entry in aws.list_objects(s3, bucket, keys.BUILDS)]
    old = [key for key in listed if key not in needed and (build_id := keys.build_of(key))
           and now - build_started_at(build_id) > SETTLED_AFTER]  # fmt: skip
    with ThreadPoolExecutor(aws.MAX_CONNECTIONS) as pool:
        list(pool.map(lambda key: s3.put_object_tagging(Bucket=bucket, Key=key, Tagging=_TAGS), old))
    return len(old)
