"""Which build of Gold is published: ``_build.json``, the one document that every reader of Gold starts from.

It holds the published build, the builds that were published before, and the newest build that was held back. It changes
in one step, by a conditional put, so that readers see one whole build or the one before. Of two concurrent writers one
succeeds; the other reads the winner's document.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from pipeline import aws, documents, keys
from pipeline.errors import DocumentInvalid
from pipeline.gold.build import Build, check_build_id
from pipeline.runs import check_time, utc

logger = logging.getLogger(__name__)


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


def records(bucket: str, build_ids: Iterable[str]) -> dict[str, Build]:
    """Read the records of builds, by id; builds that have expired are omitted.

    Raises
    ------
    StorageFailed
        When a record cannot be read.
    DocumentInvalid
        When a record is damaged.
    """
    wanted = {keys.build_record(build_id): build_id for build_id in build_ids}
    bodies = aws.get_all(aws.client("s3"), bucket, list(wanted), "gold", "try again", skip_missing=True)
    return {wanted[key]: Build.from_json(body, key) for key, body in bodies.items()}


def _move(bucket: str, document: Published, before: Pointer) -> Pointer:
    body = documents.to_json(asdict(document))
    same = before.published is not None and before.history == document.history
    # The state machine RefreshSpice reads these: where no build is published, it refreshes nothing.
    metadata = {"change": "none" if same else "publication", "published": document.history[-1].at}
    etag = aws.put_if_unchanged(aws.client("s3"), bucket, keys.BUILD, body, before.etag, metadata=metadata)
    # Without an ETag, another writer was faster or the answer to our own put was lost: read which.
    return Pointer(document, etag) if etag else read_pointer(bucket)
