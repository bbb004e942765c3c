"""``reelhouse doctor``: check everything that a run needs, and say how to repair it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psutil
import typer

from pipeline import aws, keys, settings
from pipeline.columns import GOLD_TABLES
from pipeline.errors import ReelhouseError, StorageFailed
from pipeline.gold.athena_engine import Queries
from pipeline.gold.publication import Held, Pointer, Publication
from reelhouse import console, stack
from reelhouse.console import counted
from reelhouse.local import catalogue, deploy, processes, state
from reelhouse.local.state import Process
from reelhouse.options import Json, StackName
from reelhouse.run import steps
from reelhouse.stack import Stack

STALE_HOURS = 26
# Parts beyond one a run: a cold build reads 250 of them in about a second.
MOST_SMALL_PARTS = 250
ATHENA_SECONDS = 300
FUNCTION_FAILS = 'see docs/operations.md, "A function fails"'
_LOSSES_SHOWN = 3
DASHBOARD_ID = "QuickSightDashboardId"
_SIGNS = {True: "[green]✓[/]", False: "[red]✗[/]", None: "[yellow]–[/]"}
# Errors that damaged documents, files and processes cause: a check reports them.
_ODD = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, OSError, psutil.Error)


@dataclass(frozen=True)
class Check:
    """One check; ``ok`` is None when it does not apply now, or is not a fault but worth a look."""

    name: str
    ok: bool | None
    found: str
    advice: str = ""


def command(stack_name: StackName = None, json_output: Json = False) -> None:
    """Check everything that a run needs, and say how to repair it.

    Exit 1 when a check fails.

    Example: [bold]reelhouse doctor[/]
    """
    checks = []
    for one in examine(stack_name):
        check = replace(one, advice="") if one.ok else one
        checks.append(check)
        if not json_output:
            advice = f" – {check.advice}" if check.advice else ""
            console.print_signed(_SIGNS[check.ok], f"{check.name}: {check.found}{advice}")
    if json_output:
        console.print_json([asdict(check) for check in checks])
    if any(check.ok is False for check in checks):
        raise typer.Exit(1)


def examine(stack_name: str | None) -> Iterator[Check]:
    """Check the machine, the processes and the stack; a check never raises."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Check("Python", sys.version_info >= (3, 11), version, "Reelhouse needs Python 3.11 or later")
    if stack_name is None:
        yield Check("SAM CLI", deploy.SAM.is_file(), str(deploy.SAM), "`make environment` installs it")
        yield from _local()
    if settings.variable("OPENAI_API_KEY") or settings.variable("OPENAI_BASE_URL"):
        yield _safely("language model", _language_model, None)
    try:
        deployed = stack.find(stack_name)
    except ReelhouseError as error:
        yield _failed("stack", error)
        return
    yield Check("stack", True, f"{deployed.name} is deployed")
    for name, check in CHECKS:
        yield _safely(name, check, deployed)
    if DASHBOARD_ID in deployed.outputs:
        yield _safely("QuickSight dashboard", _dashboard, deployed)
        yield _safely("QuickSight data", _dashboard_data, deployed)


def _local() -> Iterator[Check]:
    """Check the disk, and the local stack's state file and processes."""
    space = state.space(state.home())
    yield Check("disk", space.enough, space.text, "free some space; objects are lost on a full disk")
    try:
        current = state.load()
    except ReelhouseError as error:
        yield _failed("local stack", error)
        return
    for name, process in (("MiniStack", current.ministack), ("OMDb-compatible server", current.omdb)):
        yield _safely(name, partial(_process, name), process)


def _safely(name: str, check: Callable[[Any], Check], subject: Any) -> Check:
    """Run a check; an error that it raises becomes a failed check."""
    try:
        with aws.failures_of("doctor", name):
            return check(subject)
    except ReelhouseError as error:
        return _failed(name, error)
    except _ODD as error:
        return Check(name, False, f"the check failed: {type(error).__name__}: {error}"[:300], "`reelhouse verify`")


def _failed(name: str, error: ReelhouseError) -> Check:
    subject = "" if error.subject in {"", name} else f"{error.subject}: "
    return Check(name, False, f"{subject}{error.cause}", error.next_step or "see docs/operations.md")


def _process(name: str, process: Process | None) -> Check:
    if process is None:
        return Check(name, None, "not started", "`reelhouse up` starts it")
    if not processes.healthy(process):
        return Check(name, False, f"pid {process.pid} does not serve port {process.port}", "`reelhouse up` starts it")
    reachable = [
        connection.laddr.ip
        for connection in psutil.Process(process.pid).net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.ip != processes.HOST
    ]
    if reachable:
        return Check(name, False, f"listens on {', '.join(reachable)}", "`reelhouse down`, then report this")
    return Check(name, True, f"pid {process.pid} listens on {processes.HOST}:{process.port} only")


def _language_model(_: None) -> Check:
    """Warn if the service's model list gives the model of the summaries a shutdown date."""
    from insights.summaries import language_model  # noqa: PLC0415 (loads pandas)

    model = language_model.model()
    gone = model.shutdown_date() if model else ""
    label = model.label if model else "none: without a key summaries are computed"
    text = f"{label} is shut down on {gone}" if gone else label
    return Check("language model", not gone, text, "set SUMMARY_MODEL to another model")


def _parked(deployed: Stack) -> Check:
    parked = {name: counts.parked for name, counts in deployed.queues().items() if counts.parked}
    text = ", ".join(f"{count} in {name}" for name, count in parked.items())
    return Check("queues", not parked, f"parked: {text}" if text else "nothing is parked", "`reelhouse redrive --peek`")


def _schedules(deployed: Stack) -> Check:
    failed = deployed.not_started()
    text = "everything that was due has started"
    if failed:
        text = f"{counted(failed, 'scheduled invocation')} did not start"
    return Check("schedules", not failed, text, 'see docs/operations.md, "A schedule starts nothing"')


def _functions(deployed: Stack) -> Check:
    """Check that the newest invocation of each step did not fail as a whole."""
    failures = {step: why for step in steps.STEPS if (why := steps.newest_failure(deployed, step))}
    text = "; ".join(f"{step} failed: {why}" for step, why in failures.items())
    return Check("functions", not failures, text or "none has failed as a whole", FUNCTION_FAILS)


def _newest_run(deployed: Stack) -> Check:
    runs = deployed.run_ids()
    if not runs:
        return Check("newest run", None, "there is none", "`reelhouse run` starts one")
    pointer = deployed.pointer()
    counts = pointer.build.runs.get(runs[-1]) if pointer.build else None
    text = f"{runs[-1]} is {counts.status if counts else 'not in Gold'}"
    complete = bool(counts and counts.complete)
    if not complete and pointer.held and pointer.held.rolled_back and runs[-1] <= (pointer.held.until_after or ""):
        return Check("newest run", None, f"{text}, which was rolled back", "see Gold publication below")
    return Check("newest run", complete, text, f"`reelhouse status {runs[-1]}`")


def _silver(deployed: Stack) -> Check:
    parts = aws.list_objects(aws.client("s3"), deployed["SilverBucketName"], f"{keys.MOVIES}/")
    runs = len({keys.run_of(part.key) for part in parts})
    few = len(parts) - runs <= MOST_SMALL_PARTS
    text = f"{console.counted(len(parts), 'part')} of {console.counted(runs, 'run')}"
    return Check("Silver", few or None, text, "`reelhouse compact` merges them")


def _objects(deployed: Stack) -> Check:
    """Name what is missing in Bronze and Silver, without reading their objects."""
    from reelhouse.operate.lost_objects import losses  # noqa: PLC0415 (it imports DuckDB)

    missing = losses(deployed, deployed.pointer())
    text = "; ".join(loss.what for loss in missing[:_LOSSES_SHOWN])
    more = f"; and {len(missing) - _LOSSES_SHOWN} more" if len(missing) > _LOSSES_SHOWN else ""
    advice = "; ".join(dict.fromkeys(loss.repair for loss in missing[:_LOSSES_SHOWN]))
    complete = "none is missing by the listings; `reelhouse verify` reads them all"
    return Check("objects", not missing, text + more or complete, advice)


def _gold(deployed: Stack) -> Check:
    pointer = deployed.pointer()
    build = pointer.build
    if not build:
        return _no_gold(deployed, pointer)
    hours = (datetime.now(UTC) - build.built_at_time).total_seconds() / 3600
    text = f"{build.rows.get('movies', 0):,} films, built {hours:.1f} h ago by version {build.code_version}"
    if hours >= STALE_HOURS and pointer.held and pointer.held.rolled_back:
        return Check("Gold", None, text, "it was rolled back: see Gold publication below")
    return Check("Gold", hours < STALE_HOURS, text, "is the schedule on? `reelhouse run` brings Gold up to date")


def _no_gold(deployed: Stack, pointer: Pointer) -> Check:
    """Say how to build Gold again if builds are stored whose pointer is missing or damaged; else how to build it."""
    text = f"{keys.BUILD} is damaged, or was written by another version"
    if not pointer.damaged:
        listed = aws.list_objects(aws.client("s3"), deployed["GoldBucketName"], keys.BUILDS)
        build_ids = {build_id for entry in listed if (build_id := keys.build_of(entry.key))}
        builds = len({entry.key for entry in listed} & set(map(keys.build_record, build_ids)))
        if not builds:
            return Check("Gold", None, "not built yet", "`reelhouse run` builds it")
        stored = f"{counted(builds, 'build')} of Gold {'is' if builds == 1 else 'are'} stored"
        text = f"{keys.BUILD} is missing, though {stored}"
    runs = deployed.run_ids()
    command = f"`reelhouse run --resume {runs[-1]}`" if runs else "`reelhouse run`"
    return Check("Gold", False, text, f"{command} builds Gold again; the list of earlier builds starts anew")


def _tables(deployed: Stack) -> Check:
    """Read every table of Gold that Reelhouse defines, with its key columns and types."""
    from insights import lake_tables  # noqa: PLC0415 (pandas takes a second to import)

    lake = deployed.lake()
    names = [name for name in lake.tables() if lake_tables.definition(name) and not name.startswith("silver.")]
    if not deployed.build():
        return Check("Gold tables", None, "nothing is published", "see Gold above")
    if missing := sorted(set(GOLD_TABLES) - set(names)):
        return Check("Gold tables", False, f"missing: {', '.join(missing)}", lake_tables.REBUILD)
    for name in names:
        try:
            lake.arrow(name)
        except StorageFailed as error:
            return _failed("Gold tables", error)
    return Check("Gold tables", True, f"{len(names)} tables have their key columns and types")


def _catalogue(deployed: Stack) -> Check:
    lacking = [f"{database}.{table['Name']}" for database, table in catalogue.missing(deployed)]
    text = f"lacks {', '.join(lacking)}" if lacking else "has every table of the template"
    return Check("catalogue", not lacking, text, "`reelhouse up` enters them again; in AWS, `make deploy`")


def _held(deployed: Stack) -> Check:
    pointer = deployed.pointer()
    held = pointer.held
    if pointer.published is None:
        return Check("Gold publication", None, "nothing is published", "see Gold above")
    if held is None:
        return Check("Gold publication", True, "the newest build is published")
    if held.rolled_back:
        return _rolled_back(pointer.history[-1], held)
    more = f" (and {len(held.reasons) - 1} more)" if len(held.reasons) > 1 else ""
    text = f"build {held.build_id} is held: {held.reasons[0]}{more}"
    advice = (
        f'`reelhouse publish {held.build_id} --because TEXT` if it is right; see docs/operations.md, "A build is held"'
    )
    return Check("Gold publication", False, text, advice)


def _rolled_back(back: Publication, held: Held) -> Check:
    """Say that an earlier build is published on purpose, by whom, and how to go forward."""
    by = f" by {back.by}" if back.by else ""
    text = f"rolled back to build {back.build_id}{by} at {back.at[:16]}Z: {back.because}"
    advice = (
        "intended; newer builds are held until another run is complete; "
        f"`reelhouse publish {held.build_id} --because TEXT` goes forward at once"
    )
    return Check("Gold publication", None, text, advice)


def _athena(deployed: Stack) -> Check:
    build = deployed.build()
    films = build.rows.get("movies") if build else None
    if films is None:
        return Check("Athena", None, "there is no Gold to query", "see Gold above")
    queries = Queries(aws.client("athena"), deployed["AthenaWorkGroupName"])
    answer = queries.answer(
        "SELECT count(*) AS films FROM movies", time.monotonic() + ATHENA_SECONDS, deployed["GoldDatabaseName"]
    )
    by_athena = int(str(answer.rows[0][0]))
    text = f"work group {deployed['AthenaWorkGroupName']} counts {by_athena:,} films, Gold's build {films:,}"
    return Check("Athena", by_athena == films, text, 'see docs/aws.md, "Athena"')


def _dashboard(deployed: Stack) -> Check:
    from reelhouse.operate import quicksight  # noqa: PLC0415 (it imports pandas; most stacks have no QuickSight)

    return quicksight.dashboard(aws.client("quicksight"), _account(), deployed[DASHBOARD_ID])


def _dashboard_data(deployed: Stack) -> Check:
    from reelhouse.operate import quicksight  # noqa: PLC0415

    build = deployed.build()
    built_at = build.built_at if build else None
    return quicksight.data(aws.client("quicksight"), _account(), deployed[DASHBOARD_ID], built_at)


def _account() -> str:
    return str(aws.client("sts").get_caller_identity()["Account"])


CHECKS = (
    ("queues", _parked),
    ("schedules", _schedules),
    ("functions", _functions),
    ("newest run", _newest_run),
    ("Silver", _silver),
    ("objects", _objects),
    ("Gold", _gold),
    ("Gold publication", _held),
    ("Gold tables", _tables),
    ("catalogue", _catalogue),
    ("Athena", _athena),
)
