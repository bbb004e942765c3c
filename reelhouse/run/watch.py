"""Watch a run until every film is in Gold or otherwise accounted for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn

from pipeline import aws, keys
from pipeline.errors import OmdbKeyInvalid, OmdbQuotaSpent, ReelhouseError, StorageFailed
from pipeline.gold.build import Build
from pipeline.gold.publication import Held
from pipeline.runs import RunReply, Skipped, started_at
from reelhouse import logs
from reelhouse.console import bars
from reelhouse.stack import QueueCounts, Stack

POLL_SECONDS = 0.5
# A film is retried after 15 seconds and after 30 more; after 90 without any change, none is to be expected soon.
PATIENCE_SECONDS = 90.0
# Each poll has retried for some seconds already: the stack is gone, not busy.
UNANSWERED_SECONDS = 30.0
# An invocation that was running when a run is resumed may log an error afterwards whose cause is gone.
RESUMED_SECONDS = 10.0
# Errors that waiting does not cure: an operator must act, or OMDb's quota must be renewed.
_HOPELESS = {OmdbKeyInvalid.__name__, OmdbQuotaSpent.__name__}
_ERROR_CHARACTERS = 400


@dataclass
class Report:
    """Counts of a run as they are now, and in the end its result; the fields are the keys of ``run --json``.

    ``gold`` has the rows of each table of the build that contains the run, {} until there is one. ``seconds`` has the
    time until ``bronze``, ``silver`` and ``gold`` were complete, and in ``total``. ``status`` is "complete", "held" or
    "incomplete". ``missing`` is None unless watching ended before the run did.
    """

    run_id: str
    messages: int
    batch_size: int
    expected: int
    stored: int = 0
    rejected: int = 0
    quarantined: int = 0
    silver_rows: int = 0
    gold: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    status: str = "incomplete"
    skipped: list[Skipped] = field(default_factory=list)
    missing: StillMissing | None = None
    held: Held | None = None
    note: str = ""

    @property
    def settled(self) -> int:
        """Films that Bronze has stored or rejected."""
        return self.stored + self.rejected


@dataclass(frozen=True)
class StillMissing:
    """Why watching a run ended before the run did, and its films that are neither stored nor rejected, by IMDb id.

    ``films`` is None where Bronze cannot be read.
    """

    why: str
    films: tuple[str, ...] | None
    queues: dict[str, QueueCounts]


@dataclass(frozen=True)
class Resumed(RunReply):
    """Reply of a resumption; errors logged before ``since`` (ISO 8601) no longer matter."""

    since: str = ""


def watch(stack: Stack, reply: RunReply, on_progress: Callable[[Report], None], seconds: float) -> Report:
    """Watch a run until it is complete, or until waiting longer is of no use.

    Parameters
    ----------
    reply : RunReply
        Reply of :func:`reelhouse.commands.run.start` or :func:`reelhouse.run.resume.resume`.
    on_progress : callable
        Called with the counts after each poll.
    seconds : float
        Longest time to watch.
    """
    report = Report(reply.run_id, reply.messages, reply.batch_size, reply.selected)
    report.skipped, report.note = reply.skipped, reply.note
    started = changed = answered = time.monotonic()
    # Count errors from the start of the run or of its resumption: warm functions may fail before the first poll.
    since = datetime.fromisoformat(reply.since) if isinstance(reply, Resumed) else started_at(report.run_id)
    trusted_after = RESUMED_SECONDS if isinstance(reply, Resumed) else 2 * POLL_SECONDS
    while True:
        # A poll that fails counts as no change.
        has_changed, failure = _poll(stack, report)
        now = time.monotonic()
        changed, answered = now if has_changed else changed, answered if failure else now
        idle, unanswered = now - changed, now - answered
        _record_times(report, now - started)
        on_progress(report)
        if report.status != "incomplete":
            return report
        if unanswered > UNANSWERED_SECONDS:
            why = f"the stack has not answered for {unanswered:.0f} s ({failure}); the counts are older"
            report.missing = StillMissing(why, None, {})
            return report
        if report.seconds["total"] > seconds:
            reason = "the time to watch is over"
        else:
            trusts = report.settled < report.expected and idle > trusted_after
            reason = _reason_to_stop(stack, since, idle, trusts_errors=trusts)
        if reason:
            report.missing = _missing(stack, report.run_id, reason)
            return report
        time.sleep(POLL_SECONDS)


def _poll(stack: Stack, report: Report) -> tuple[bool, str]:
    """Update the report; return whether a count has changed, and the error of a poll that failed, else ""."""
    try:
        with aws.failures_of("run", report.run_id):
            return _update(stack, report), ""
    except StorageFailed as error:
        return False, error.cause


def _update(stack: Stack, report: Report) -> bool:
    """Put the run's counts as they are now into its report; return whether any has changed."""
    # Gold first: counts that are read after a build are not behind it.
    pointer = stack.pointer()
    held = None if _has(pointer.build, report.run_id) else stack.held_build(pointer)
    stored = stack.films("Bronze", keys.MOVIES, report.run_id)
    rejected = stack.films("Bronze", keys.REJECTED, report.run_id) - stored
    quarantined = stack.count("Silver", keys.QUARANTINE, report.run_id)
    rows = min(sum(map(keys.rows_of, stack.films("Silver", keys.MOVIES, report.run_id))), len(stored))
    if pointer.build and _has(pointer.build, report.run_id):
        counts = pointer.build.runs[report.run_id]
        rows = counts.stored - counts.quarantined
        report.gold, report.status = pointer.build.rows, "complete"
    elif _has(held, report.run_id):
        report.held, report.status = pointer.held, "held"
    before = (report.stored, report.rejected, report.quarantined, report.silver_rows)
    now = (len(stored), len(rejected), quarantined, rows)
    report.stored, report.rejected, report.quarantined, report.silver_rows = now
    return now != before


def _has(build: Build | None, run_id: str) -> bool:
    """Whether a build holds the whole run."""
    counts = build.runs.get(run_id) if build else None
    return bool(counts and counts.complete)


def _record_times(report: Report, elapsed: float) -> None:
    """Record the seconds after which each stage was done."""
    bronze = report.settled >= report.expected
    silver = bronze and report.silver_rows + report.quarantined >= report.stored
    for stage, done in {"bronze": bronze, "silver": silver, "gold": report.status == "complete"}.items():
        if done:
            report.seconds.setdefault(stage, round(elapsed, 2))
    report.seconds["total"] = round(elapsed, 2)


def _reason_to_stop(stack: Stack, since: datetime, idle: float, *, trusts_errors: bool) -> str:
    """Return why watching longer is of no use, or ""; ``trusts_errors`` ends it at the first hopeless error."""
    if not trusts_errors and idle <= PATIENCE_SECONDS:
        return ""
    errors = _errors(stack, since)
    hopeless = [text for name, text in errors if name in _HOPELESS]
    if trusts_errors and hopeless:
        return hopeless[-1]
    if idle > PATIENCE_SECONDS:
        return f"nothing changed for {PATIENCE_SECONDS:.0f} s" + (f"; last error: {errors[-1][1]}" if errors else "")
    return ""


def _errors(stack: Stack, since: datetime) -> list[tuple[str, str]]:
    """Return the name and text of each error that the functions logged."""
    errors = []
    for function in ("EnrichAndStoreMovie", "ProcessBronzeToSilver", "AggregateToGold"):
        try:
            with aws.failures_of("run", function):
                logged = logs.errors(stack, function, since)
        except ReelhouseError:
            continue
        errors += [(one.error, f"{function}: {one.message}"[:_ERROR_CHARACTERS]) for one in logged]
    return errors


def _missing(stack: Stack, run_id: str, why: str) -> StillMissing:
    try:
        with aws.failures_of("run", run_id):
            settled = stack.films("Bronze", keys.MOVIES, run_id) | stack.films("Bronze", keys.REJECTED, run_id)
            films = sorted(set(stack.manifest(run_id).expected) - settled)
            return StillMissing(why, tuple(films), stack.queues())
    except ReelhouseError as error:
        return StillMissing(f"{why}; what is missing cannot be read: {error}", None, {})


@contextmanager
def run_bars(expected: int) -> Iterator[Callable[[Report], None]]:
    """Show progress bars of Bronze, Silver and Gold inside the block; yield a function that takes new counts."""
    with bars(
        SpinnerColumn(finished_text="[green]✓[/]"), TextColumn("{task.description:<7}"), BarColumn(30),
        MofNCompleteColumn(), TextColumn("{task.fields[note]}"), TimeElapsedColumn(),
    ) as shown:  # fmt: skip
        bronze, silver = (shown.add_task(name, total=expected, note="") for name in ("Bronze", "Silver"))
        gold = shown.add_task("Gold", total=1, note="build of all tables")

        def update(report: Report) -> None:
            note = f"films, {report.rejected} rejected" if report.rejected else "films"
            shown.update(bronze, completed=report.settled, note=note)
            note = f"rows, {report.quarantined} quarantined" if report.quarantined else "rows"
            done, total = report.silver_rows + report.quarantined, report.expected - report.rejected
            shown.update(silver, completed=done, total=total, note=note)
            shown.update(gold, completed=int(report.status == "complete"))

        yield update
