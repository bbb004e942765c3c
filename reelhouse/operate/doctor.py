"""Checks of everything that a run needs, each with what to do where it fails."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import psutil

from pipeline import aws, keys
from pipeline.errors import ReelhouseError
from reelhouse import stack
from reelhouse.gold import query
from reelhouse.local import deploy, state
from reelhouse.local import stack as local_stack
from reelhouse.local.state import Process
from reelhouse.operate import quicksight
from reelhouse.operate.check import Check
from reelhouse.stack import Stack

STALE_HOURS = 26
# Parts that compaction could spare a cold build: 250 take it about a second.
MOST_SMALL_PARTS = 250
DASHBOARD_ID = "QuickSightDashboardId"


def examine(stack_name: str | None) -> Iterator[Check]:
    """Check the machine, the processes and the stack; a check never raises."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Check("Python", sys.version_info >= (3, 11), version, "Reelhouse needs Python 3.11 or later")
    if stack_name is None:
        yield Check("SAM CLI", deploy.SAM.is_file(), str(deploy.SAM), "`make environment` installs it")
        current = state.load()
        for name, process in (("MiniStack", current.ministack), ("OMDb-compatible server", current.omdb)):
            yield _process(name, process)
    try:
        found = stack.find(stack_name)
    except ReelhouseError as error:
        yield Check("stack", False, str(error), error.next_step)
        return
    yield Check("stack", True, f"{found.name} is deployed")
    for name, check in CHECKS:
        yield _safely(name, check, found)
    if DASHBOARD_ID in found.outputs:
        yield _safely(quicksight.DASHBOARD, _dashboard, found)
        yield _safely(quicksight.DATA, _dashboard_data, found)


def _safely(name: str, check: Callable[[Stack], Check], found: Stack) -> Check:
    try:
        with aws.failures_of("doctor", name):
            return check(found)
    except ReelhouseError as error:
        return Check(name, False, str(error), "see docs/operations.md")


def _process(name: str, process: Process | None) -> Check:
    if process is None:
        return Check(name, None, "not started", "`reelhouse up` starts it")
    if not local_stack.healthy(process):
        return Check(name, False, f"pid {process.pid} does not serve port {process.port}", "`reelhouse up` starts it")
    open_to_others = [
        connection.laddr.ip
        for connection in psutil.Process(process.pid).net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.ip != "127.0.0.1"
    ]
    if open_to_others:
        return Check(name, False, f"listens on {', '.join(open_to_others)}", "`reelhouse down`, then report this")
    return Check(name, True, f"pid {process.pid} on 127.0.0.1:{process.port} alone")


def _parked(found: Stack) -> Check:
    parked = {name: counts["parked"] for name, counts in found.queues().items() if counts["parked"]}
    text = ", ".join(f"{count} in {name}" for name, count in parked.items())
    return Check("queues", not parked, f"parked: {text}" if text else "nothing is parked", "see docs/operations.md")


def _schedules(found: Stack) -> Check:
    kept = found.not_started()
    text = f"{kept} invocations could not be made" if kept else "everything that was due was started"
    return Check("schedules", not kept, text, 'see docs/operations.md, "A schedule starts nothing"')


def _newest_run(found: Stack) -> Check:
    runs = found.run_ids()
    if not runs:
        return Check("newest run", None, "there was none", "`reelhouse run` starts one")
    build = found.build()
    counts = build.runs.get(runs[-1]) if build else None
    text = f"{runs[-1]} is {counts.status if counts else 'not in Gold'}"
    return Check("newest run", bool(counts and counts.complete), text, f"`reelhouse status {runs[-1]}`")


def _silver(found: Stack) -> Check:
    parts = aws.list_objects(aws.client("s3"), found["SilverBucketName"], f"{keys.MOVIES}/")
    runs = len({keys.run_of(part.key) for part in parts})
    few = len(parts) - runs <= MOST_SMALL_PARTS
    text = f"{len(parts):,} parts of {runs:,} runs"
    return Check("Silver", few or None, text, "`reelhouse compact` merges those of a run")


def _gold(found: Stack) -> Check:
    build = found.build()
    if not build:
        return Check("Gold", None, "not built yet", "`reelhouse run` leads to it")
    hours = (datetime.now(UTC) - build.built_at_time).total_seconds() / 3600
    text = f"{build.tables.get('movies', 0):,} films, built {hours:.1f} h ago by version {build.code_version}"
    return Check("Gold", hours < STALE_HOURS, text, "is the schedule on? `reelhouse run` brings it up to date")


def _dashboard(found: Stack) -> Check:
    return quicksight.dashboard(aws.client("quicksight"), _account(), found[DASHBOARD_ID])


def _dashboard_data(found: Stack) -> Check:
    build = found.build()
    built_at = build.built_at if build else None
    return quicksight.data(aws.client("quicksight"), _account(), found[DASHBOARD_ID], built_at)


def _account() -> str:
    return str(aws.client("sts").get_caller_identity()["Account"])


def _athena(found: Stack) -> Check:
    build = found.build()
    films = build.tables.get("movies") if build else None
    if films is None:
        return Check("Athena", None, "there is no Gold to ask about yet", "`reelhouse run` leads to it")
    answer = query.run(found, "SELECT count(*) AS films FROM movies").rows["films"].iloc[0]
    text = f"work group {found['AthenaWorkGroupName']} counts {answer:,} films, Gold's build {films:,}"
    return Check("Athena", bool(answer == films), text, 'see docs/aws.md, "Athena"')


CHECKS = (
    ("queues", _parked),
    ("schedules", _schedules),
    ("newest run", _newest_run),
    ("Silver", _silver),
    ("Gold", _gold),
    ("Athena", _athena),
)
