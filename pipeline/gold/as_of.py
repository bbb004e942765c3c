"""Gold as it was at an earlier time: a stored build, or one computed again from the Silver of that time.

Bronze never changes and Silver is a run's own, so the rows of any time can be computed again: those of the runs that
had started, as far as their films had been fetched. They are computed by the code of today.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from pipeline import aws, keys
from pipeline.errors import InvalidInput
from pipeline.gold.build import Build, build_started_at
from pipeline.gold.duckdb_engine import GoldDatabase
from pipeline.gold.publication import read_pointer, records
from pipeline.gold.tables import intact
from pipeline.runs import started_at

_MEMORY_MB = 2048


@dataclass(frozen=True)
class AsOf:
    """What there is of Gold at a time (in UTC): the stored build, or None when Gold must be computed again."""

    moment: datetime
    build: Build | None

    @property
    def note(self) -> str:
        """One sentence for the reader: which build it is, or that it is computed again."""
        if self.build:
            return f"Gold build {self.build.build_id} of {self.build.built_at_time:%Y-%m-%d %H:%M} UTC"
        return f"no build of that time is stored: computed again from the Silver of {self.moment:%Y-%m-%d %H:%M:%S} UTC"


def find(bucket: str, at: str | date) -> AsOf:
    """Find the build with an id, or the one that was published at a time.

    Parameters
    ----------
    at : str, datetime or date
        A build id, or a time: ISO 8601 text or a datetime, UTC if it names no zone. A date means its end.

    Raises
    ------
    InvalidInput
        When it is neither, or in the future.
    """
    if keys.is_build_id(at):
        build_id, moment = str(at), build_started_at(str(at))
    else:
        moment = parse_moment(at)
        past = [entry.build_id for entry in read_pointer(bucket).history if entry.at_time <= moment]
        build_id = past[-1] if past else ""
        moment = build_started_at(build_id) if build_id else moment
    if moment > datetime.now(UTC):
        raise InvalidInput("is in the future", subject=str(at))
    build = records(bucket, [build_id]).get(build_id) if build_id else None
    stored = build is not None and len(intact(bucket, build)) == len(build.tables)
    return AsOf(moment, build if stored else None)


def recompute(
    silver_bucket: str, moment: datetime, memory_mb: int = _MEMORY_MB, deadline: float | None = None
) -> GoldDatabase:
    """Build Gold from the Silver of a time, in this process; nothing is written to S3.

    Raises
    ------
    InvalidInput
        When no run had started then.
    StorageFailed, SilverDamaged
        As :meth:`GoldDatabase.refresh` and :meth:`GoldDatabase.build` do.
    """
    listed = aws.list_objects(aws.client("s3"), silver_bucket)
    past = [entry for entry in listed if (run_id := keys.run_of(entry.key)) and started_at(run_id) <= moment]
    if not past:
        cause = f"no run had started at {moment:%Y-%m-%d %H:%M} UTC"
        raise InvalidInput(cause, subject="Gold", next_step="`reelhouse status` lists the runs")
    database = GoldDatabase(memory_mb, silver_bucket)
    database.refresh(past)
    database.keep_until(moment)
    database.build(deadline)
    return database


def parse_moment(at: str | date) -> datetime:
    """Return a time in UTC; see :func:`find`."""
    try:
        moment = at if isinstance(at, datetime) else _from_text(str(at))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        hint = "such as 2026-11-24, 2026-11-24T06:00 or 20261124T030000.000000Z; `reelhouse builds` lists the builds"
        raise InvalidInput("is neither a time nor a build id", subject=str(at)[:80] or "''", next_step=hint) from None


def _from_text(text: str) -> datetime:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return datetime.fromisoformat(text)
    # The end of today is in the future.
    return min(datetime.combine(day, time.max, UTC), datetime.now(UTC))
