"""Step 4: build all Gold tables from Silver.

Reads the Silver bucket; writes all tables to the Gold bucket, then ``_build.json``, the record of the build. Events
only say that Silver changed: a build reads all of Silver. Two builds at the same time converge, because each lists
Silver again after writing, and builds again if it changed.
"""

from __future__ import annotations

import hashlib
import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipeline import aws, keys
from pipeline.aws import StoredObject
from pipeline.errors import InvalidInput, StorageFailed
from pipeline.gold.athena import Queries
from pipeline.gold.athena_engine import AthenaEngine
from pipeline.gold.build import Build, SilverInput, build_in_use
from pipeline.gold.duckdb_engine import RETRIED, DuckdbEngine
from pipeline.gold.engine import GoldEngine
from pipeline.runs import started_at, utc
from pipeline.settings import CODE_VERSION, AggregateToGoldSettings

logger = logging.getLogger(__name__)

STEP = "AggregateToGold"
# During a run each build would be stale at once: wait until Silver is quiet, within limits.
QUIET_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 30.0


@dataclass(frozen=True)
class Result:
    """Outcome of one invocation.

    Attributes
    ----------
    build : Build
        The build in use at its end.
    builds : int
        Builds that were made; 0 when Gold was already up to date.
    completed_runs : list of str
        Runs that became complete with them.
    """

    build: Build
    builds: int
    completed_runs: list[str]

    @property
    def completeness(self) -> float | None:
        """Percentage of the newest run's films with a known outcome; None before the first run."""
        run = self.build.runs.get(self.build.newest_run or "")
        return 100 * (run.stored + run.rejected) / run.expected if run and run.expected else None

    @property
    def built_at(self) -> float:
        """End of the build, in seconds since 1970."""
        return self.build.built_at_time.timestamp()

    @property
    def run_seconds(self) -> list[float]:
        """Seconds from the start of each newly completed run to this build."""
        return [self.built_at - started_at(run_id).timestamp() for run_id in self.completed_runs]

    def as_dict(self) -> dict[str, Any]:
        """Return the log entry: the build, its input, and the runs that became complete with it."""
        build, newest = self.build, self.build.newest_run
        named = {*self.completed_runs, *([newest] if newest else [])}
        return {
            "outcomes": {"builds": self.builds, "runs_completed": len(self.completed_runs)},
            "completed": self.completed_runs,
            "by_run": {run_id: {"outcomes": {"builds": self.builds}} for run_id in sorted(named)},
            "newest_run": {"run_id": newest, **build.runs[newest].as_dict()} if newest else {},
            "build": {name: getattr(build, name) for name in ("build_id", "built_at", "seconds", "engine")},
            "rows": build.tables,
            "bytes": {"read": build.silver.size, "written": build.size},
        }


def engine_of(settings: AggregateToGoldSettings) -> GoldEngine:
    """Return the engine that the settings name.

    Raises
    ------
    InvalidInput
        When Athena's settings are missing.
    """
    if settings.gold_engine == "duckdb":
        return DuckdbEngine(settings.silver_bucket, settings.gold_bucket, settings.duckdb_memory_mb)
    needed = (settings.athena_work_group, settings.silver_database, settings.gold_database)
    if not all(needed):
        raise InvalidInput("needs a work group and two databases", subject="GOLD_ENGINE=athena", step=STEP)
    queries = Queries(aws.client("athena"), settings.athena_work_group)
    return AthenaEngine(queries, settings.gold_bucket, settings.silver_database, settings.gold_database)


def run(settings: AggregateToGoldSettings, engine: GoldEngine, seconds: float, *, again: bool = False) -> Result:
    """Bring Gold up to date with Silver.

    Parameters
    ----------
    engine : GoldEngine
        May hold the Silver of an earlier build; only what is new is read.
    seconds : float
        Time budget.
    again : bool
        Build even if nothing changed.

    Raises
    ------
    StorageFailed
        When Silver cannot be read, Gold cannot be written, or Silver keeps changing past the time budget.
    SilverDamaged
        When an object of Silver cannot be used: Gold is unchanged, because silently missing rows would be worse.
    InvalidInput
        When Athena refuses a query.
    """
    deadline = time.monotonic() + seconds
    s3 = aws.client("s3")
    with aws.failures_of(STEP, settings.gold_bucket, RETRIED):
        build = build_in_use(settings.gold_bucket)
        again = again or build is None or not engine.is_intact(build)
        builds, completed = 0, set[str]()
        silver = aws.list_objects(s3, settings.silver_bucket)
        while build is None or again or not _up_to_date(build, engine, silver):
            if time.monotonic() > deadline:
                raise StorageFailed("Silver keeps changing", subject="Gold", step=STEP, next_step=RETRIED)
            before = build
            silver = _settled(silver, settings.silver_bucket, deadline)
            build, again = _build(settings, engine, silver, deadline), False
            if before:
                engine.retire(before)
            completed |= build.complete_runs - (before.complete_runs if before else set())
            builds += 1
            silver = aws.list_objects(s3, settings.silver_bucket)
    return Result(build, builds, sorted(completed))


def fingerprint(silver: list[StoredObject]) -> str:
    """Return a digest of all keys and ETags: the same for the same Silver."""
    return hashlib.sha256("\n".join(f"{entry.key} {entry.etag}" for entry in silver).encode()).hexdigest()


def _up_to_date(build: Build, engine: GoldEngine, silver: list[StoredObject]) -> bool:
    made_by = (build.code_version, build.engine, build.silver.fingerprint)
    return made_by == (CODE_VERSION, engine.name, fingerprint(silver))


def _settled(silver: list[StoredObject], bucket: str, deadline: float) -> list[StoredObject]:
    """List Silver until it has not changed for a moment."""
    give_up = min(deadline, time.monotonic() + LONGEST_WAIT_SECONDS)
    while time.monotonic() < give_up:
        time.sleep(QUIET_SECONDS)
        before, silver = silver, aws.list_objects(aws.client("s3"), bucket)
        if silver == before:
            break
    return silver


def _build(settings: AggregateToGoldSettings, engine: GoldEngine, silver: list[StoredObject], deadline: float) -> Build:
    """Build all tables, then put their record in place."""
    started, build_id = time.monotonic(), f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
    written = engine.build(build_id, silver, deadline)
    size = sum(entry.size for entry in silver)
    build = Build(
        build_id=build_id,
        built_at=utc(datetime.now(UTC)),
        seconds=round(time.monotonic() - started, 3),
        code_version=CODE_VERSION,
        engine=engine.name,
        silver=SilverInput(settings.silver_bucket, len(silver), size, fingerprint(silver)),
        **vars(written),
    )
    body = build.to_json()
    aws.client("s3").put_object(Bucket=settings.gold_bucket, Key=keys.BUILD, Body=body, ContentType="application/json")
    logger.debug("gold built in %.1f s from %d objects", build.seconds, len(silver))
    return build
