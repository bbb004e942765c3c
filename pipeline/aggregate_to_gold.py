"""Step 4: build all Gold tables from Silver.

Reads the Silver bucket. Writes the tables into a folder of the build, then the build's record, then moves the pointer
``_build.json`` and the catalogue's tables. Events only say that Silver changed: a build reads all of Silver. If two
invocations receive events of the same Silver, one builds and the other waits. If both build, they converge: one moves
the pointer, and each lists Silver again afterwards and rebuilds if it changed.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline import aws, keys
from pipeline.aws import StoredObject
from pipeline.errors import InvalidInput, ReelhouseError, StorageFailed
from pipeline.gold.as_of import recompute
from pipeline.gold.athena_engine import AthenaEngine, Queries
from pipeline.gold.build import Build, BuiltTable, SilverInput, build_started_at, new_build_id
from pipeline.gold.comparison import compare, reasons_to_hold
from pipeline.gold.duckdb_engine import RETRIED, DuckdbEngine, upload
from pipeline.gold.once_a_run import begin, has_begun_only, look_again, must_wait
from pipeline.gold.publication import Held, Pointer, correct, expire, expiry_due, hold, point_at, publish, read_pointer
from pipeline.gold.tables import intact
from pipeline.runs import started_at, utc
from pipeline.settings import CODE_VERSION, AggregateToGoldSettings

logger = logging.getLogger(__name__)

GoldEngine = DuckdbEngine | AthenaEngine

STEP = "AggregateToGold"
# A build during a run is stale at once: wait until the run is complete or Silver has been quiet, within limits.
QUIET_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 30.0
# After a cold start a run's first film takes longer than QUIET_SECONDS, and a build without it shows nothing new.
# Deploying S3's notifications sends an event too, while Silver is empty.
FIRST_FILM_SECONDS = 5.0
# Longest wait for another invocation's build of the same Silver, in QUIET_SECONDS. A build usually takes a few seconds;
# after that the other invocation was killed, or its build is slow. Building twice does no harm.
_WAIT_FOR_OTHER_BUILD = 15


@dataclass(frozen=True)
class Result:
    """Outcome of one invocation: the build that is published at its end, and the newest one if it is held.

    ``builds`` is their number, 0 when Gold was up to date; ``completed_runs`` became complete with them.
    """

    build: Build
    builds: int
    completed_runs: list[str]
    held: Held | None = None

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
            "newest_run": {"run_id": newest, **asdict(build.runs[newest])} if newest else {},
            "build": {name: getattr(build, name) for name in ("build_id", "built_at", "seconds", "engine")},
            "held": asdict(self.held) if self.held else {},
            "rows": build.rows,
            "tables_written": len(build.written),
            "bytes": {"read": build.silver.size, "written": build.size_written},
        }


def engine_of(settings: AggregateToGoldSettings) -> GoldEngine:
    """Return the engine that the settings name; raise InvalidInput when Athena's settings are missing."""
    if settings.gold_engine == "duckdb":
        return DuckdbEngine(settings.silver_bucket, settings.gold_bucket, settings.duckdb_memory_mb)
    databases = (settings.silver_database, settings.gold_database)
    if not all((settings.athena_work_group, settings.silver_events_url, *databases)):
        raise InvalidInput("needs a work group, a queue and two databases", subject="GOLD_ENGINE=athena", step=STEP)
    queries = Queries(aws.client("athena"), settings.athena_work_group)
    return AthenaEngine(queries, settings.gold_bucket, settings.silver_database, settings.gold_database)


def postpone(settings: AggregateToGoldSettings, engine: GoldEngine) -> bool:
    """Return True if Gold must not be built now, after sending one message that triggers this step in a minute.

    Only engines that build once a run wait: while a run adds to Silver, or another invocation builds the same Silver.

    Raises
    ------
    StorageFailed
        When Silver or Gold cannot be read, or the message cannot be sent: the events must return to the queue.
    """
    if not engine.once_a_run:
        return False
    now = datetime.now(UTC)
    with aws.failures_of(STEP, settings.gold_bucket, RETRIED):
        silver = aws.list_objects(aws.client("s3"), settings.silver_bucket)
        basis = _basis(engine, silver)
        if read_pointer(settings.gold_bucket).newest_basis == basis:
            return False
        if not must_wait(settings.silver_bucket, silver, now) and begin(settings.gold_bucket, basis, now):
            return False
        look_again(settings.silver_events_url)
    return True


def run(settings: AggregateToGoldSettings, engine: GoldEngine, seconds: float, *, again: bool = False) -> Result:
    """Bring Gold up to date with Silver.

    Parameters
    ----------
    engine : GoldEngine
        May hold the Silver of an earlier build; then only new objects are read.
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
    s3, gold = aws.client("s3"), settings.gold_bucket
    with aws.failures_of(STEP, gold, RETRIED):
        pointer = read_pointer(gold)
        earlier = intact(gold, pointer.build)
        if pointer.build and len(earlier) < len(pointer.build.tables):
            if pointer.held:
                pointer = _repair(settings, pointer, earlier, deadline)  # another build would be held too
                earlier = intact(gold, pointer.build)
            else:
                again = True
        builds, completed = 0, set[str]()
        silver = aws.list_objects(s3, settings.silver_bucket)
        while again or pointer.newest_basis != _basis(engine, silver):
            if time.monotonic() > deadline:
                raise StorageFailed("Silver keeps changing", subject="Gold", step=STEP, next_step=RETRIED)
            silver = _settled(silver, settings.silver_bucket, deadline)
            basis = _basis(engine, silver)
            if basis == pointer.newest_basis and not again:
                break  # a change was undone meanwhile
            if not (again or engine.once_a_run) and (moved := _built_by_another(gold, basis, pointer, deadline)):
                pointer, earlier = moved, intact(gold, moved.build)
                silver = aws.list_objects(s3, settings.silver_bucket)
                continue
            build = _build(settings, engine, silver, earlier, pointer, deadline)
            before, pointer = pointer, _publish(settings, build, pointer)
            if pointer.build == build:
                completed |= build.complete_runs - (before.build.complete_runs if before.build else set())
            builds, again, earlier = builds + 1, False, pointer.build.tables if pointer.build else {}
            if engine.once_a_run and pointer.newest_basis == build.basis:
                break  # what changed meanwhile has events of its own
            silver = aws.list_objects(s3, settings.silver_bucket)
        if settings.gold_database:
            pointer = _move_catalogue(settings, pointer)
        if builds and expiry_due(pointer):
            expire(gold, pointer)
    if pointer.build is None:
        raise StorageFailed(f"{keys.BUILD} was deleted", subject="Gold", step=STEP, next_step=RETRIED)
    return Result(pointer.build, builds, sorted(completed), pointer.held)


def fingerprint(silver: list[StoredObject]) -> str:
    """Return a digest of all keys and ETags: the same for the same Silver."""
    return hashlib.sha256("\n".join(f"{entry.key} {entry.etag}" for entry in silver).encode()).hexdigest()


def _basis(engine: GoldEngine, silver: list[StoredObject]) -> str:
    """Return :attr:`Build.basis` of a build of this Silver."""
    return f"{CODE_VERSION} {engine.name} {fingerprint(silver)}"


def _settled(silver: list[StoredObject], bucket: str, deadline: float) -> list[StoredObject]:
    """List Silver until the runs that change it are complete, or it has not changed for :data:`QUIET_SECONDS`."""
    changed = started = time.monotonic()
    give_up = min(deadline, started + LONGEST_WAIT_SECONDS)
    while time.monotonic() < min(changed + QUIET_SECONDS, give_up):
        if silver and not must_wait(bucket, silver, datetime.now(UTC)):
            break
        # List more often than once per quiet period, so that a change is noticed early.
        time.sleep(QUIET_SECONDS / 4)
        before, silver = silver, aws.list_objects(aws.client("s3"), bucket)
        awaited = time.monotonic() < started + FIRST_FILM_SECONDS and has_begun_only(silver, datetime.now(UTC))
        if awaited or silver != before:
            changed = time.monotonic()
    return silver


def _built_by_another(bucket: str, basis: str, pointer: Pointer, deadline: float) -> Pointer | None:
    """Wait while another invocation builds the same Silver, and return the pointer once it has moved.

    None when no other invocation builds it, or when that takes too long.
    """
    longest = _WAIT_FOR_OTHER_BUILD * QUIET_SECONDS
    if begin(bucket, basis, datetime.now(UTC), timedelta(seconds=longest)):
        return None
    give_up = min(deadline, time.monotonic() + longest)
    while time.monotonic() < give_up:
        time.sleep(QUIET_SECONDS / 4)
        moved = read_pointer(bucket)
        if moved.newest_basis != pointer.newest_basis:
            return moved
    return None


def _build(
    settings: AggregateToGoldSettings,
    engine: GoldEngine,
    silver: list[StoredObject],
    earlier: Mapping[str, BuiltTable],
    pointer: Pointer,
    deadline: float,
) -> Build:
    """Build all tables, compare them with the published ones, then write the build's record."""
    started, build_id = time.monotonic(), new_build_id(datetime.now(UTC))
    tables, runs = engine.build(build_id, silver, earlier, deadline)
    movies = earlier.get("movies")
    query = engine.query(build_id, movies, deadline)
    has_movies = bool(movies and movies.objects)
    comparison = compare(settings.gold_bucket, query, pointer, has_movies=has_movies, tables=tables)
    build = Build(
        build_id=build_id,
        built_at=utc(datetime.now(UTC)),
        seconds=round(time.monotonic() - started, 3),
        code_version=CODE_VERSION,
        engine=engine.name,
        silver=SilverInput(
            settings.silver_bucket, len(silver), sum(entry.size for entry in silver), fingerprint(silver)
        ),
        tables=tables,
        runs=runs,
        profile=comparison.profile,
        reasons=comparison.reasons,
    )
    _write_record(settings.gold_bucket, build)
    logger.debug("gold built in %.1f s from %d objects", build.seconds, len(silver))
    return build


def _repair(
    settings: AggregateToGoldSettings, pointer: Pointer, intact_tables: Mapping[str, BuiltTable], deadline: float
) -> Pointer:
    """Recompute the published build's tables that are not among ``intact_tables``; return the pointer afterwards.

    They are computed from the Silver of that build's time, and replaced only if their rows are as recorded; other code
    may give other rows. A build by Athena is not repaired: digests of different engines cannot be compared, and its
    Silver may be too large.
    """
    build, gold = pointer.build, settings.gold_bucket
    if build is None:
        return pointer
    if build.engine != DuckdbEngine.name:
        logger.warning("build %s is damaged and cannot be computed again: %s built it", build.build_id, build.engine)
        return pointer
    damaged = build.tables.keys() - intact_tables.keys()
    moment = build_started_at(build.build_id)
    try:
        database = recompute(settings.silver_bucket, moment, settings.duckdb_memory_mb, deadline)
    except ReelhouseError as error:
        # Readers keep the damaged tables; newer Silver must still be built.
        logger.warning("build %s is damaged and cannot be computed again: %s", build.build_id, error)
        return pointer
    same = {name for name in damaged if database.digests[name] == build.tables[name].digest}
    if damaged - same:
        names = ", ".join(sorted(damaged - same))
        logger.warning("build %s is damaged and cannot be computed again: %s", build.build_id, names)
    if not same:
        return pointer
    repaired = {name: upload(gold, database, build.build_id, name, build.tables[name].rows) for name in same}
    build = replace(build, tables=build.tables | repaired)
    _write_record(gold, build)
    logger.warning("damaged tables of build %s were computed again: %s", build.build_id, ", ".join(sorted(same)))
    return correct(gold, build, pointer)


def _write_record(bucket: str, build: Build) -> None:
    """Write ``build.json``."""
    key = keys.build_record(build.build_id)
    aws.client("s3").put_object(Bucket=bucket, Key=key, Body=build.to_json(), ContentType="application/json")


def _publish(settings: AggregateToGoldSettings, build: Build, pointer: Pointer) -> Pointer:
    """Move the pointer to a build unless there is a reason to hold it; return the pointer afterwards."""
    reasons = reasons_to_hold(build, pointer)
    if reasons:
        logger.warning("build %s is held: %s", build.build_id, "; ".join(reasons))
        return hold(settings.gold_bucket, build, reasons, pointer)
    retention = timedelta(days=settings.gold_retention_days)
    return publish(settings.gold_bucket, build, pointer, retention=retention)


def _move_catalogue(settings: AggregateToGoldSettings, pointer: Pointer) -> Pointer:
    """Move the catalogue's tables to the published build; return the pointer afterwards.

    Another invocation may publish a build meanwhile, so the pointer is read again after each move.
    """
    while pointer.build and point_at(pointer.build, settings.gold_database, settings.gold_bucket):
        pointer = read_pointer(settings.gold_bucket)
    return pointer
