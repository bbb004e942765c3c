"""Step 4: build all Gold tables from Silver.

Reads the Silver bucket; writes all tables to Gold, then ``_build.json``, which names the build and what it stands on.
DuckDB writes one parquet object a table, over the last; Athena writes a folder a build, which ``_build.json`` names.
Events only say that Silver changed: a build takes all of Silver, and two at once converge, because each looks at Silver
again after writing and builds again if it moved on.
"""

from __future__ import annotations

import hashlib
import logging
import time
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from pipeline import aws, keys
from pipeline.aws import StoredObject
from pipeline.columns import SILVER
from pipeline.errors import InvalidInput, StorageFailed
from pipeline.gold.athena import Queries
from pipeline.gold.athena_engine import AthenaEngine
from pipeline.gold.build import Build, RunCounts, SilverInput, build_in_use
from pipeline.gold.engine import DuckdbEngine
from pipeline.gold.silver_files import RETRIED, fetched
from pipeline.runs import started_at, utc
from pipeline.settings import CODE_VERSION, AggregateToGoldSettings

logger = logging.getLogger(__name__)

STEP = "AggregateToGold"
# While a run pours in, one build after the next would be stale at once: wait for a quiet moment, but not for long.
QUIET_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 30.0
Engine = DuckdbEngine | AthenaEngine


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


def engine_of(settings: AggregateToGoldSettings) -> Engine:
    """Return the engine that the settings ask for.

    Raises
    ------
    InvalidInput
        When there is no such engine, or Athena's settings are missing.
    """
    if settings.gold_engine == "duckdb":
        return DuckdbEngine(settings.duckdb_memory_mb)
    if settings.gold_engine != "athena":
        raise InvalidInput("is duckdb or athena", subject="GOLD_ENGINE", step=STEP)
    needed = (settings.athena_work_group, settings.silver_database, settings.gold_database)
    if not all(needed):
        raise InvalidInput("needs a work group and two databases", subject="GOLD_ENGINE=athena", step=STEP)
    queries = Queries(aws.client("athena"), settings.athena_work_group)
    return AthenaEngine(queries, settings.gold_bucket, settings.silver_database, settings.gold_database)


def run(settings: AggregateToGoldSettings, engine: Engine, seconds: float, *, again: bool = False) -> Result:
    """Bring Gold up to date with Silver.

    Parameters
    ----------
    engine : DuckdbEngine or AthenaEngine
        DuckDB may hold the Silver of an earlier build; only what is new is read.
    seconds : float
        Time budget.
    again : bool
        Build even if nothing changed.

    Raises
    ------
    StorageFailed
        When Silver cannot be had, Gold cannot be written, or Silver keeps changing past the time budget.
    SilverDamaged
        When an object of Silver is not what its name says: Gold stays as it was, since rows left out in silence
        would be a lie.
    InvalidInput
        When Athena refuses a query.
    """
    deadline = time.monotonic() + seconds
    s3 = aws.client("s3")
    with aws.failures_of(STEP, settings.gold_bucket, RETRIED):
        build = build_in_use(settings.gold_bucket)
        again = again or build is None or _overwritten(build, engine, settings.gold_bucket)
        builds, completed = 0, set[str]()
        silver = aws.list_objects(s3, settings.silver_bucket)
        while build is None or again or not _up_to_date(build, engine, silver):
            if time.monotonic() > deadline:
                raise StorageFailed("Silver keeps changing", subject="Gold", step=STEP, next_step=RETRIED)
            before = build
            silver = _settled(silver, settings.silver_bucket, deadline)
            build, again = _build(settings, engine, silver, deadline), False
            if before and isinstance(engine, AthenaEngine):
                engine.expire_before(before)
            completed |= build.complete_runs - (before.complete_runs if before else set())
            builds += 1
            silver = aws.list_objects(s3, settings.silver_bucket)
    return Result(build, builds, sorted(completed))


def fingerprint(silver: list[StoredObject]) -> str:
    """Digest of all keys and ETags: the same for the same Silver."""
    return hashlib.sha256("\n".join(f"{entry.key} {entry.etag}" for entry in silver).encode()).hexdigest()


def _up_to_date(build: Build, engine: Engine, silver: list[StoredObject]) -> bool:
    made_by = (build.code_version, build.engine, build.silver.fingerprint)
    return made_by == (CODE_VERSION, engine.name, fingerprint(silver))


def _overwritten(build: Build, engine: Engine, bucket: str) -> bool:
    """Whether a table is not as this build wrote it: a slower build wrote over it, and died before it looked again."""
    if isinstance(engine, AthenaEngine):
        return not engine.in_use(build)
    there = {entry.key: entry.etag for entry in aws.list_objects(aws.client("s3"), bucket)}
    return any(there.get(key) != etag for key, etag in build.etags.items())


def _settled(silver: list[StoredObject], bucket: str, deadline: float) -> list[StoredObject]:
    """Look at Silver until it has not changed for a moment."""
    give_up = min(deadline, time.monotonic() + LONGEST_WAIT_SECONDS)
    while time.monotonic() < give_up:
        time.sleep(QUIET_SECONDS)
        before, silver = silver, aws.list_objects(aws.client("s3"), bucket)
        if silver == before:
            break
    return silver


def _build(settings: AggregateToGoldSettings, engine: Engine, silver: list[StoredObject], deadline: float) -> Build:
    started, build_id = time.monotonic(), f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
    if isinstance(engine, AthenaEngine):
        written = engine.build(build_id, deadline)
    else:
        written = _build_by_duckdb(settings, engine, silver, deadline)
    size = sum(entry.size for entry in silver)
    build = Build(
        build_id=build_id,
        built_at=utc(datetime.now(UTC)),
        seconds=round(time.monotonic() - started, 3),
        code_version=CODE_VERSION,
        engine=engine.name,
        silver=SilverInput(settings.silver_bucket, len(silver), size, fingerprint(silver)),
        **written,
    )
    body = build.to_json()
    aws.client("s3").put_object(Bucket=settings.gold_bucket, Key=keys.BUILD, Body=body, ContentType="application/json")
    logger.debug("gold built in %.1f s from %d objects", build.seconds, len(silver))
    return build


def _build_by_duckdb(
    settings: AggregateToGoldSettings, engine: DuckdbEngine, silver: list[StoredObject], deadline: float
) -> dict[str, Any]:
    _load(engine, silver, settings.silver_bucket)
    rows, etags, size = engine.build(deadline), {}, 0
    for name in rows:
        key, path = keys.gold_table(name), engine.path(name)
        size += path.stat().st_size
        with path.open("rb") as body:
            etags[key] = aws.client("s3").put_object(Bucket=settings.gold_bucket, Key=key, Body=body)["ETag"]
    return {"tables": rows, "size": size, "etags": etags, "runs": _runs(engine)}


def _runs(engine: DuckdbEngine) -> dict[str, RunCounts]:
    names = ", ".join(field.name for field in fields(RunCounts))
    rows: list[tuple[Any, ...]] = engine.query(f"SELECT run_id, {names} FROM gold.pipeline_runs")
    return {run_id: RunCounts(*counts) for run_id, *counts in rows}


def _load(engine: DuckdbEngine, silver: list[StoredObject], bucket: str) -> None:
    """Read what the engine has not; where something it has is gone or replaced, it starts anew."""
    listed = {entry.key: entry.etag for entry in silver}
    if any(listed.get(key) != etag for key, etag in engine.loaded.items()):
        engine.reset()
    for table in SILVER:
        new = [entry for entry in silver if entry.key.startswith(f"{table.name}/") and entry.key not in engine.loaded]
        for files in fetched(bucket, new):
            engine.load(table, files)
