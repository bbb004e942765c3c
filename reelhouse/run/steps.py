"""What each step did for a run, summed up from the line that every invocation of a function ends with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.runs import started_at
from reelhouse import logs
from reelhouse.stack import Stack

INVOCATION = "invocation"
# How the error of a whole invocation begins.
FAILED = "the invocation failed"
STEPS = ("GetMoviesAndSendToQueue", "EnrichAndStoreMovie", "ProcessBronzeToSilver", "AggregateToGold")
# How far back a failure is looked for: a schedule starts a run a day, and failed messages are retried more often.
_RECENT = timedelta(hours=26)
# Clocks differ: a run's first lines may be dated shortly before its start.
_CLOCK_SKEW = timedelta(minutes=1)


@dataclass(frozen=True)
class Step:
    """What a step did for one run: films, objects or builds by outcome, and messages put back into the queue, by error.

    Times are ISO 8601 in UTC, None where the log has no line (any more). ``failed`` invocations failed as a whole.
    ``busy_seconds`` adds up the time of all invocations, of which several may run at once.
    """

    step: str
    began_at: str | None = None
    ended_at: str | None = None
    invocations: int = 0
    failed: int = 0
    busy_seconds: float = 0.0
    outcomes: dict[str, int] = field(default_factory=dict)
    put_back: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class OmdbAnswers:
    """OMDb's answers to one run: ``errors`` counts calls without one, by error.

    ``p95_ms`` is the 95th percentile of the time of a call, of the slowest invocation. ``state`` is what the newest
    invocation says of OMDb, such as "key refused". Both are None where no function has logged any.
    """

    calls: int
    errors: dict[str, int]
    p95_ms: float | None
    state: str | None


def of_run(stack: Stack, run_id: str) -> dict[str, list[dict[str, Any]]]:
    """Return the invocations of a run by step, oldest first."""
    since = started_at(run_id) - _CLOCK_SKEW
    return {step: invocations(logs.read(stack, step, since, run_id)) for step in STEPS}


def invocations(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Select the last lines of invocations from log entries."""
    return [
        entry
        for entry in entries
        if entry.get("message") == INVOCATION and "seconds" in entry and logs.moment(entry.get("timestamp"))
    ]


def newest_failure(stack: Stack, step: str) -> str | None:
    """Return why a step's newest invocation failed as a whole; None when it did not, or was more than 26 hours ago."""
    since = datetime.now(UTC) - _RECENT
    newest = invocations(logs.read(stack, step, since, INVOCATION))[-1:]
    if not newest or newest[0].get("ended") != "failed":
        return None
    whole = [one.message for one in logs.errors(stack, step, since) if one.message.startswith(FAILED)]
    why = whole[-1].removeprefix(f"{FAILED}: ") if whole else str(newest[0].get("error"))
    return why.removeprefix(f"{step}: ")


def summarise(step: str, run_id: str, entries: list[dict[str, Any]]) -> Step:
    """Add up the invocations of one step; where a line covers several runs, only this run's counts."""
    ends = [ended for entry in entries if (ended := logs.moment(entry["timestamp"]))]
    begins = [ended - timedelta(seconds=entry["seconds"]) for ended, entry in zip(ends, entries, strict=True)]
    counts = [entry.get("by_run", {}).get(run_id, entry) for entry in entries]
    return Step(
        step,
        began_at=min(begins).isoformat() if begins else None,
        ended_at=max(ends).isoformat() if ends else None,
        invocations=len(entries),
        failed=sum(entry.get("ended") == "failed" for entry in entries),
        busy_seconds=round(sum(entry["seconds"] for entry in entries), 3),
        outcomes=_total(each.get("outcomes", {}) for each in counts),
        put_back=_total(each.get("put_back", {}) for each in counts),
    )


def omdb(entries: list[dict[str, Any]]) -> OmdbAnswers:
    """Sum up OMDb's answers over all invocations of EnrichAndStoreMovie."""
    answers = [entry["omdb"] for entry in entries if "omdb" in entry]
    return OmdbAnswers(
        calls=sum(answer["calls"] for answer in answers),
        errors=_total(answer["errors"] for answer in answers),
        p95_ms=max((answer["p95_ms"] for answer in answers if answer["p95_ms"] is not None), default=None),
        state=answers[-1]["state"] if answers else None,
    )


def _total(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total = Counter[str]()
    for each in counts:
        total.update(each)
    return dict(total)
