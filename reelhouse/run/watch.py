"""A run, started and watched from here until every film has reached Gold or is accounted for otherwise."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from pipeline import aws, keys
from pipeline.errors import InvalidInput, ReelhouseError, StorageFailed
from pipeline.runs import started_at
from reelhouse.stack import Stack

LOOK_SECONDS = 0.5
# The first retry of a film comes after 15 seconds, the second after 30 more: a minute and a half without any change
# means that nothing will change soon.
PATIENCE_SECONDS = 90.0
# Faults that no waiting mends: a person must act, or the next day come.
_HOPELESS = ("does not accept the API key", "daily request limit")


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
        """Films whose fate in Bronze is known."""
        return self.stored + self.rejected


@dataclass
class Report:
    """What ``reelhouse run`` says at the end; its fields are the keys of ``--json``."""

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
    skipped: list[dict[str, Any]] = field(default_factory=list)
    missing: dict[str, Any] = field(default_factory=dict)
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def start(stack: Stack, top_n: int | None, batch_size: int | None) -> dict[str, Any]:
    """Invoke GetMoviesAndSendToQueue and return its reply; None leaves a parameter to the stack's default.

    Raises
    ------
    InvalidInput
        With the function's own message, when it failed.
    """
    given = {"top_n": top_n, "batch_size": batch_size, "requested_by": "person"}
    event = {name: value for name, value in given.items() if value is not None}
    with aws.failures_of("run", "GetMoviesAndSendToQueue", "nothing was started"):
        answer = aws.client("lambda").invoke(
            FunctionName=stack["GetMoviesAndSendToQueueName"], Payload=json.dumps(event).encode()
        )
        body = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise InvalidInput(str(body.get("errorMessage", "it failed without a message")))
    return dict(body)


def watch(stack: Stack, reply: dict[str, Any], seen: Callable[[Progress], None], seconds: float) -> Report:
    """Watch a run until it is complete, or until waiting longer is no use.

    Parameters
    ----------
    seen : callable
        Is given the counts at each look.
    seconds : float
        Longest time to watch.
    """
    report = Report(reply["run_id"], reply["messages"], reply["batch_size"], reply["selected"])
    report.skipped, report.note = reply["skipped"], reply.get("note", "")
    started, changed = time.monotonic(), time.monotonic()
    # From the run's own beginning, or that of its resumption: warm functions may have failed before the first look.
    since = datetime.fromisoformat(reply["since"]) if "since" in reply else started_at(report.run_id)
    last: Progress | None = None
    for progress in _looks(stack, report):
        now = time.monotonic()
        seen(progress)
        _clock(report, progress, now - started)
        if progress.in_gold:
            break
        if progress != last:
            last, changed = progress, now
        reason = _give_up(stack, since, now - changed, now - started > seconds)
        if reason:
            report.missing = {"why": reason, **_missing(stack, report.run_id)}
            break
        time.sleep(LOOK_SECONDS)
    return report


def _looks(stack: Stack, report: Report) -> Iterator[Progress]:
    """Look at the run again and again; the report takes each look's counts."""
    while True:
        progress = Progress(report.expected)
        try:
            with aws.failures_of("run", report.run_id):
                _count(stack, report.run_id, progress)
                build = stack.build()
        except StorageFailed:
            # One look failed; the next may not, and patience ends the watch.
            yield progress
            continue
        counts = build.runs.get(report.run_id) if build else None
        if build and counts and counts.complete:
            progress.silver_rows = counts.stored - counts.quarantined
            progress.in_gold = progress.settled >= report.expected
            report.gold, report.status = build.tables, "complete"
        report.stored, report.rejected = progress.stored, progress.rejected
        report.quarantined, report.silver_rows = progress.quarantined, progress.silver_rows
        yield progress


def _count(stack: Stack, run_id: str, progress: Progress) -> None:
    stored = stack.films("Bronze", keys.MOVIES, run_id)
    progress.stored = len(stored)
    progress.rejected = len(stack.films("Bronze", keys.REJECTED, run_id) - stored)
    progress.quarantined = stack.count("Silver", keys.QUARANTINE, run_id)
    parts = stack.films("Silver", keys.MOVIES, run_id)
    progress.silver_rows = min(sum(keys.rows_of(part) for part in parts), progress.stored)


def _clock(report: Report, progress: Progress, elapsed: float) -> None:
    """Note when each stage was done."""
    done = {
        "bronze": progress.settled >= report.expected,
        "silver": progress.settled >= report.expected
        and progress.silver_rows + progress.quarantined >= progress.stored,
        "gold": progress.in_gold,
    }
    for stage, reached in done.items():
        if reached:
            report.seconds.setdefault(stage, round(elapsed, 2))
    report.seconds["total"] = round(elapsed, 2)


def _give_up(stack: Stack, since: datetime, idle: float, out_of_time: bool) -> str:
    """Why watching longer is no use, or ""."""
    if out_of_time:
        return "the time to watch is over"
    if idle < 2 * LOOK_SECONDS:
        return ""
    faults = [line for line in _faults(stack, since) if any(sign in line for sign in _HOPELESS)]
    if faults:
        return faults[-1]
    if idle > PATIENCE_SECONDS:
        last = _faults(stack, since)
        return f"nothing changed for {PATIENCE_SECONDS:.0f} s" + (f"; last error: {last[-1]}" if last else "")
    return ""


def _faults(stack: Stack, since: datetime) -> list[str]:
    """Errors that the functions logged, as one line each."""
    found = []
    for function in ("EnrichAndStoreMovie", "ProcessBronzeToSilver", "AggregateToGold"):
        try:
            with aws.failures_of("run", function):
                lines = list(stack.errors_since(function, since))
        except ReelhouseError:
            continue
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict) and entry.get("level") == "ERROR":
                found.append(f"{function}: {entry.get('message')}"[:400])
    return found


def _missing(stack: Stack, run_id: str) -> dict[str, Any]:
    """Films that are neither stored nor rejected, and where their messages are."""
    expected = set(stack.manifest(run_id).expected)
    settled = stack.films("Bronze", keys.MOVIES, run_id) | stack.films("Bronze", keys.REJECTED, run_id)
    return {"films": sorted(expected - settled), "queues": stack.queues()}
