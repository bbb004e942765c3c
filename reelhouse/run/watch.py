"""Watch a run until every film is in Gold or otherwise accounted for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as ProgressBars

from pipeline import aws, keys
from pipeline.errors import OmdbKeyInvalid, OmdbQuotaSpent, ReelhouseError, StorageFailed
from pipeline.gold.build import Build
from pipeline.runs import RunReply, Skipped, started_at
from reelhouse import logs
from reelhouse.console import err
from reelhouse.run.documents import HeldBuild, StillMissing
from reelhouse.stack import Stack

POLL_SECONDS = 0.5
# A film is retried after 15 seconds and after 30 more; after 90 without any change, none is to be expected soon.
PATIENCE_SECONDS = 90.0
# An invocation that was running when a run is resumed may log an error afterwards whose cause is gone.
RESUMED_SECONDS = 10.0
# Errors that waiting does not cure: a person must act, or the next day come.
_HOPELESS = {OmdbKeyInvalid.__name__, OmdbQuotaSpent.__name__}
_ERROR_CHARACTERS = 400


@dataclass
class Progress:
    """Counts of a run as they are now."""

    expected: int
    stored: int = 0
    rejected: int = 0
    quarantined: int = 0
    silver_rows: int = 0
    in_gold: bool = False

    @property
    def settled(self) -> int:
        """Films that Bronze has stored or rejected."""
        return self.stored + self.rejected


@dataclass
class Report:
    """Result of ``reelhouse run``; its fields are the keys of ``--json``."""

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
    held: HeldBuild | None = None
    note: str = ""


@dataclass(frozen=True)
class Resumed(RunReply):
    """Reply of a resumption; errors logged before ``since`` (ISO 8601) no longer matter."""

    since: str = ""


def watch(stack: Stack, reply: RunReply, on_progress: Callable[[Progress], None], seconds: float) -> Report:
    """Watch a run until it is complete, or until waiting longer is of no use.

    Parameters
    ----------
    reply : RunReply
        Reply of :func:`reelhouse.run.start.start` or :func:`reelhouse.run.resume.resume`.
    on_progress : callable
        Called with the counts after each poll.
    seconds : float
        Longest time to watch.
    """
    report = Report(reply.run_id, reply.messages, reply.batch_size, reply.selected)
    report.skipped, report.note = reply.skipped, reply.note
    started = changed = time.monotonic()
    # Count errors from the start of the run or of its resumption: warm functions may fail before the first poll.
    since = datetime.fromisoformat(reply.since) if isinstance(reply, Resumed) else started_at(report.run_id)
    trusted_after = RESUMED_SECONDS if isinstance(reply, Resumed) else 2 * POLL_SECONDS
    last: Progress | None = None
    for progress in _poll(stack, report):
        now = time.monotonic()
        on_progress(progress)
        _record_times(report, progress, now - started)
        if progress.in_gold or report.held:
            break
        if progress != last:
            last, changed = progress, now
        if now - started > seconds:
            reason = "the time to watch is over"
        else:
            trusts = progress.settled < progress.expected and now - changed > trusted_after
            reason = _reason_to_stop(stack, since, now - changed, trusts_errors=trusts)
        if reason:
            report.missing = _missing(stack, report.run_id, reason)
            break
        time.sleep(POLL_SECONDS)
    return report


def _poll(stack: Stack, report: Report) -> Iterator[Progress]:
    """Yield the run's counts again and again, and put them into the report.

    A poll that fails yields the counts of the one before, so that it counts as no change.
    """
    last = Progress(report.expected)
    while True:
        progress = Progress(report.expected)
        try:
            with aws.failures_of("run", report.run_id):
                _count(stack, report.run_id, progress)
                build = stack.build()
                held = None if _has(build, report.run_id) else stack.held_build()
        except StorageFailed:
            yield last
            continue
        if held and _has(held, report.run_id):
            report.held, report.status = HeldBuild(held.build_id, held.reasons), "held"
        if build and _has(build, report.run_id):
            counts = build.runs[report.run_id]
            progress.silver_rows = counts.stored - counts.quarantined
            progress.in_gold = progress.settled >= report.expected
            report.gold, report.status = build.rows, "complete"
        report.stored, report.rejected = progress.stored, progress.rejected
        report.quarantined, report.silver_rows = progress.quarantined, progress.silver_rows
        last = replace(progress)
        yield progress


def _has(build: Build | None, run_id: str) -> bool:
    """Whether a build holds the whole run."""
    counts = build.runs.get(run_id) if build else None
    return bool(counts and counts.complete)


def _count(stack: Stack, run_id: str, progress: Progress) -> None:
    stored = stack.films("Bronze", keys.MOVIES, run_id)
    progress.stored = len(stored)
    progress.rejected = len(stack.films("Bronze", keys.REJECTED, run_id) - stored)
    progress.quarantined = stack.count("Silver", keys.QUARANTINE, run_id)
    parts = stack.films("Silver", keys.MOVIES, run_id)
    progress.silver_rows = min(sum(keys.rows_of(part) for part in parts), progress.stored)


def _record_times(report: Report, progress: Progress, elapsed: float) -> None:
    """Record the seconds after which each stage was done."""
    bronze = progress.settled >= report.expected
    silver = bronze and progress.silver_rows + progress.quarantined >= progress.stored
    for stage, done in {"bronze": bronze, "silver": silver, "gold": progress.in_gold}.items():
        if done:
            report.seconds.setdefault(stage, round(elapsed, 2))
    report.seconds["total"] = round(elapsed, 2)


def _reason_to_stop(stack: Stack, since: datetime, idle: float, *, trusts_errors: bool) -> str:
    """Return why watching longer is of no use, or ""; ``trusts_errors`` ends it at the first hopeless error."""
    if not trusts_errors and idle <= PATIENCE_SECONDS:
        return ""
    found = _errors(stack, since)
    hopeless = [text for name, text in found if name in _HOPELESS]
    if trusts_errors and hopeless:
        return hopeless[-1]
    if idle > PATIENCE_SECONDS:
        return f"nothing changed for {PATIENCE_SECONDS:.0f} s" + (f"; last error: {found[-1][1]}" if found else "")
    return ""


def _errors(stack: Stack, since: datetime) -> list[tuple[str, str]]:
    """Return the name and text of each error that the functions logged."""
    found = []
    for function in ("EnrichAndStoreMovie", "ProcessBronzeToSilver", "AggregateToGold"):
        try:
            with aws.failures_of("run", function):
                logged = logs.errors(stack, function, since)
        except ReelhouseError:
            continue
        found += [(one.error, f"{function}: {one.message}"[:_ERROR_CHARACTERS]) for one in logged]
    return found


def _missing(stack: Stack, run_id: str, why: str) -> StillMissing:
    """Return why watching ended, the films that are neither stored nor rejected, and what the queues hold."""
    try:
        with aws.failures_of("run", run_id):
            settled = stack.films("Bronze", keys.MOVIES, run_id) | stack.films("Bronze", keys.REJECTED, run_id)
            films = sorted(set(stack.manifest(run_id).expected) - settled)
            return StillMissing(why, tuple(films), stack.queues())
    except ReelhouseError as error:
        return StillMissing(f"{why}; what is missing cannot be read: {error}", None, {})


class RunBars:
    """Progress bars of a run on stderr: Bronze, Silver and Gold; hidden unless stderr is a terminal."""

    def __init__(self, expected: int) -> None:
        self._bars = ProgressBars(
            SpinnerColumn(finished_text="[green]✓[/]"), TextColumn("{task.description:<7}"), BarColumn(30),
            MofNCompleteColumn(), TextColumn("{task.fields[note]}"), TimeElapsedColumn(), console=err,
            disable=not err.is_terminal,
        )  # fmt: skip
        self._tasks = {n: self._bars.add_task(n, total=expected, note="films") for n in ("Bronze", "Silver")}
        self._tasks["Gold"] = self._bars.add_task("Gold", total=1, note="build of all tables")

    def __enter__(self) -> RunBars:
        """Show the bars."""
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the bars as they are."""
        self._bars.stop()

    def update(self, progress: Progress) -> None:
        """Show new counts."""
        note = f"films, {progress.rejected} rejected" if progress.rejected else "films"
        self._bars.update(self._tasks["Bronze"], completed=progress.settled, note=note)
        note = f"rows, {progress.quarantined} quarantined" if progress.quarantined else "rows"
        done, total = progress.silver_rows + progress.quarantined, progress.expected - progress.rejected
        self._bars.update(self._tasks["Silver"], completed=done, total=total, note=note)
        self._bars.update(self._tasks["Gold"], completed=int(progress.in_gold))
