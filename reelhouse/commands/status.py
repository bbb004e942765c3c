"""``reelhouse status``: runs with their counts, queues and Gold; or one run in detail."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.text import Text

from pipeline import aws, keys
from pipeline.errors import DocumentInvalid, OmdbQuotaSpent, StorageFailed
from pipeline.gold.build import BuiltTable, RunCounts
from pipeline.gold.publication import Held
from pipeline.retries import quota_renewed_at
from reelhouse import console, logs, stack
from reelhouse.commands.run import print_held
from reelhouse.console import counted
from reelhouse.logs import LoggedError
from reelhouse.options import Json, RunIdArgument, StackName
from reelhouse.stack import QueueCounts, Stack

if TYPE_CHECKING:
    from reelhouse.run.details import RunDetails
    from reelhouse.run.steps import Step

NEWEST_RUNS = 20
# Columns of the table: short names on a terminal, so that 80 columns hold a whole run id.
_COLUMNS = {
    "run_id": "run", "status": "status", "expected": "films", "stored": "stored", "rejected": "rej.",
    "quarantined": "quar.", "missing": "miss.", "in_gold": "Gold",
}  # fmt: skip
_LEFT_OUT_SHOWN, _UNUSABLE_SHOWN, _REPORTS_SHOWN = 5, 3, 6
_NAME_WIDTH = 11
# Counts whose name says too little by itself.
_NAMES = {"runs": "manifests", "present": "stored before"}
_SIGNS = {"wrong": "[red]✗[/]", "wait": "[yellow]…[/]", "note": "[yellow]![/]"}
_COLOURS = {"rejected": "yellow", "quarantined": "yellow", "parked": "red"}


@dataclass(frozen=True)
class RunSummary:
    """One line of ``reelhouse status``; a count is None where the manifest cannot be read, as ``status`` then says."""

    run_id: str
    status: str
    started_at: str | None = None
    source_uri: str | None = None
    top_n: int | None = None
    batch_size: int | None = None
    messages: int | None = None
    expected: int | None = None
    stored: int | None = None
    rejected: int | None = None
    quarantined: int | None = None
    in_gold: int | None = None
    missing: int | None = None


@dataclass(frozen=True)
class PublishedGold:
    """The published build of Gold, with its tables."""

    build_id: str
    built_at: str
    code_version: str
    tables: dict[str, BuiltTable]


@dataclass(frozen=True)
class Status:
    """Runs (newest first), queues, the published build of Gold, and the newest build if it is held.

    Counts of complete runs are from ``pipeline_runs``, others from Bronze and Silver as they are now. Times are ISO
    8601; ``waiting_for_quota_until`` is None where messages do not wait for OMDb's quota. ``story`` is the run that was
    asked for; None for the overview.
    """

    stack: str
    runs: tuple[RunSummary, ...]
    queues: dict[str, QueueCounts]
    waiting_for_quota_until: str | None
    gold: PublishedGold | None
    held: Held | None
    story: RunDetails | None = None


def command(run_id: RunIdArgument = None, stack_name: StackName = None, json_output: Json = False) -> None:
    """Show runs and queues, or one run in detail and what to do about it.

    Example: [bold]reelhouse status[/], then [bold]reelhouse status 20261124T030000Z-1a2b3c4d[/]
    """
    deployed = stack.find(stack_name)
    state = status(deployed, run_id)
    if run_id is not None:
        from reelhouse.run import details  # noqa: PLC0415 (it reads Silver with DuckDB; the overview need not wait)

        state = replace(state, story=details.describe(deployed, run_id, state.waiting_for_quota_until))
    if json_output:
        console.print_json(asdict(state))
    elif state.story:
        print_run(state.story)
    else:
        print_status(state)


def status(stack: Stack, run_id: str | None = None) -> Status:
    """Describe one run, or the newest 20, and all queues."""
    with aws.failures_of("status", stack.name):
        pointer = stack.pointer()
        build, held = pointer.build, pointer.held
        known = build.runs if build else {}
        run_ids = [run_id] if run_id else stack.run_ids()[: -NEWEST_RUNS - 1 : -1]
        runs = tuple(_run(stack, each, known.get(each)) for each in run_ids)
        queues = stack.queues()
        # Messages of films that a resumed run has fetched since may still wait.
        needs_omdb = queues["MovieQueue"].busy and any(run.missing != 0 for run in runs)
        until = _quota_renewed(stack) if needs_omdb else None
    gold = PublishedGold(build.build_id, build.built_at, build.code_version, build.tables) if build else None
    return Status(stack.name, runs, queues, until.isoformat() if until else None, gold, held)


def _quota_renewed(stack: Stack) -> datetime | None:
    now = datetime.now(UTC)
    return quota_wait(logs.errors(stack, "EnrichAndStoreMovie", now - timedelta(days=1)), now)


def quota_wait(errors: list[LoggedError], now: datetime) -> datetime | None:
    """Return when OMDb's quota is renewed if the newest error is a spent quota; None otherwise.

    Parameters
    ----------
    errors : list of LoggedError
        Errors of EnrichAndStoreMovie, oldest first; those without a name or a time are skipped.
    """
    for one in reversed(errors):
        at = logs.moment(one.at)
        if one.error and at:
            until = quota_renewed_at(at)
            return until if one.error == OmdbQuotaSpent.__name__ and until > now else None
    return None


def _run(stack: Stack, run_id: str, known: RunCounts | None) -> RunSummary:
    try:
        manifest = stack.manifest(run_id)
    except DocumentInvalid:
        return RunSummary(run_id, "its manifest is damaged")
    except StorageFailed as error:
        return RunSummary(run_id, error.cause)
    summary = RunSummary(
        run_id, "incomplete", manifest.started_at, manifest.source_uri, manifest.top_n, manifest.batch_size,
        manifest.messages,
    )  # fmt: skip
    if known and known.complete:
        return replace(summary, missing=0, **asdict(known))
    expected = len(manifest.expected)
    stored = stack.films("Bronze", keys.MOVIES, run_id)
    rejected = stack.films("Bronze", keys.REJECTED, run_id) - stored
    return replace(
        summary,
        expected=expected,
        stored=len(stored),
        rejected=len(rejected),
        quarantined=stack.count("Silver", keys.QUARANTINE, run_id),
        in_gold=known.in_gold if known else 0,
        missing=expected - len(stored) - len(rejected),
    )


def print_status(state: Status) -> None:
    """Print runs, queues and the age of Gold; in a pipe the two tables alone, separated by an empty line."""
    terminal = console.out.is_terminal
    names = list(_COLUMNS.values() if terminal else _COLUMNS)
    # A long status would leave a terminal no columns for the counts; warnings below name the reason.
    unread = [run for run in state.runs if run.expected is None] if terminal else []
    shown = [replace(run, status="unknown") if run in unread else run for run in state.runs]
    rows = [[getattr(run, name) for name in _COLUMNS] for run in shown]
    console.print_table(names, rows, f"Runs of {state.stack}, newest first")
    if not terminal:
        console.out.print()
    queues = [
        (name, counts.waiting, counts.in_flight, Text(str(counts.parked), "red" if counts.parked else ""))
        for name, counts in state.queues.items()
    ]
    console.print_table(("queue", "waiting", "in flight", "parked"), queues, "Messages")
    for run in unread:
        console.warn(f"run {run.run_id}: {run.status}; `reelhouse verify` says what to restore")
    if state.waiting_for_quota_until:
        console.warn(f"waiting for OMDb's quota until {state.waiting_for_quota_until[:16]} UTC")
    if state.held:
        print_held(state.held)
    if state.gold and terminal:
        age = datetime.now(UTC) - datetime.fromisoformat(state.gold.built_at)
        minutes = age.total_seconds() / 60
        ago = f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:,.0f} h"
        console.out.print(f"Gold was built {ago} ago by version {state.gold.code_version}.")


def print_run(run: RunDetails) -> None:
    """Print a run and what to do about it."""
    _print_head(run)
    _print_steps(run)
    _print_films(run)
    _print_gold(run)
    _print_next(run)


def _print_head(run: RunDetails) -> None:
    complete = run.gold is not None and run.gold.status == "complete"
    status = "[green]complete[/]" if complete else "[red]incomplete[/]"
    manifest = run.manifest
    console.out.print(f"Run [bold]{manifest.run_id}[/] is {status}")
    entries = f"{manifest.listed:,} entries, " if manifest.listed is not None else ""
    unusable = f", {len(manifest.skipped):,} unusable" if manifest.skipped else ""
    parameters = f"top_n {manifest.top_n}, batch_size {manifest.batch_size}; code {manifest.code_version}"
    rows = [
        ("started by", escape(f"{manifest.requested_by or 'unknown'}, {_time(manifest.started_at)} UTC")),
        ("parameters", escape(parameters)),
        ("list", f"{entries}{len(manifest.expected):,} taken in {counted(manifest.messages, 'message')}{unusable}"),
        ("", escape(manifest.source_uri)),
    ]
    shown = manifest.skipped[:_UNUSABLE_SHOWN]
    rows += [("", escape(f"item {entry.item}, id {entry.id!r}: {entry.reason}")) for entry in shown]
    _print([*rows, *_more(len(manifest.skipped) - _UNUSABLE_SHOWN, run, "unusable entries")])


def _print_steps(run: RunDetails) -> None:
    began = datetime.fromisoformat(run.manifest.started_at)
    rows = [
        (step.step, _after(began, step.began_at), _after(began, step.ended_at), step.invocations,
         console.out.render_str(_done(step)))
        for step in run.steps
    ]  # fmt: skip
    console.print_table(("step", "from", "to", "calls", "what was done"), rows)
    omdb = run.omdb
    if omdb.calls:
        errors = f", without an answer: {_counts(omdb.errors)}" if omdb.errors else ""
        within = f"95% within {omdb.p95_ms:,.0f} ms" if omdb.p95_ms is not None else "no answer"
        _print([("OMDb", escape(f"{omdb.calls:,} calls, {within}{errors}"))])


def _done(step: Step) -> str:
    """Return a step's counts, with markup."""
    done = _counts(step.outcomes) or "[dim]no line in the log[/]"
    if step.put_back:
        done += f"; [yellow]messages put back: {escape(_counts(step.put_back))}[/]"
    if step.failed:
        done += f"; [red]{step.failed} failed as a whole[/]"
    return done


def _print_films(run: RunDetails) -> None:
    films = run.films
    # While the queue is not empty, missing films are assumed to wait in it.
    names = {"missing": "waiting"} if films.missing and run.queues["MovieQueue"].busy else {}
    counted = ", ".join(
        f"[{_COLOURS.get(name, 'default') if count else 'default'}]{count:,} {names.get(name, name)}[/]"
        for name in ("stored", "rejected", "quarantined", "parked", "missing")
        for count in (getattr(films, name),)
    )
    rows = [("films", f"{films.expected:,} expected: {counted}")]
    for outcome, colour in _COLOURS.items():
        concerned = [one for one in run.left_out if one.outcome == outcome]
        for one in concerned[:_LEFT_OUT_SHOWN]:
            rows.append(("", f"[{colour}]{outcome}[/] {one.imdb_id}: {escape(one.why)}"))
        rows += _more(len(concerned) - _LEFT_OUT_SHOWN, run, outcome)
    _print(rows)


def _print_gold(run: RunDetails) -> None:
    gold, reports = run.gold, run.reports
    text = "no build contains this run"
    if gold is not None:
        newer = "" if gold.newest_run == run.manifest.run_id else f"; newest run {gold.newest_run}"
        text = f"build {gold.build_id}, {_time(gold.built_at)} UTC: the run is {gold.status}, "
        text += f"{counted(gold.films, 'film')} from it{newer}"
    rows = [("Gold", escape(text))]
    for index, report in enumerate(reports[-_REPORTS_SHOWN:]):
        rows.append(("" if index else "reports", escape(f"{report.name} {report.status}, {report.page}")))
    _print(rows if reports else [*rows, ("reports", "none is based on this run")])


def _print_next(run: RunDetails) -> None:
    if not any(one.level != "note" for one in run.next):
        console.out.print("[green]✓[/] Nothing to do.")
    for one in run.next:
        console.print_signed(_SIGNS[one.level], one.what)
        console.print_signed("  →", one.do)


def _print(rows: list[tuple[str, str]]) -> None:
    console.print_fields(rows, _NAME_WIDTH)


def _more(number: int, run: RunDetails, what: str) -> list[tuple[str, str]]:
    return [("", f"… and {number:,} more {what}: reelhouse status {run.manifest.run_id} --json")] if number > 0 else []


def _counts(counts: dict[str, int]) -> str:
    shown = {_NAMES.get(name, name): number for name, number in counts.items() if number}
    return ", ".join(console.counted(number, name.removesuffix("s"), plural=name) for name, number in shown.items())


def _time(iso: str) -> str:
    return iso[:19].replace("T", " ")


def _after(began: datetime, iso: str | None) -> str:
    if iso is None:
        return "–"
    seconds = (datetime.fromisoformat(iso) - began).total_seconds()
    return f"{seconds:+.1f} s" if abs(seconds) < 3600 else f"{seconds / 3600:+.1f} h"
