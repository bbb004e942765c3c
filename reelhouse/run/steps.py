"""What each step did for a run, summed up from the line that every invocation of a function ends with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pipeline.runs import started_at
from reelhouse import logs
from reelhouse.stack import Stack

INVOCATION = "invocation"
STEPS = ("GetMoviesAndSendToQueue", "EnrichAndStoreMovie", "ProcessBronzeToSilver", "AggregateToGold")
# Clocks differ: a run's first lines may be dated shortly before its start.
_CLOCK_SKEW = timedelta(minutes=1)


@dataclass
class Step:
    """What a step did for one run.

    Attributes
    ----------
    began_at, ended_at : str or None
        ISO 8601 in UTC; None where the log has no line of it (or no longer has one).
    invocations, failed : int
        Invocations for this run, and those of them that failed as a whole.
    outcomes, put_back : dict
        Films, objects or builds by outcome; messages put back into the queue, by error.
    """

    step: str
    began_at: str | None = None
    ended_at: str | None = None
    invocations: int = 0
    failed: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    put_back: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class OmdbAnswers:
    """OMDb's answers to one run.

    Attributes
    ----------
    errors : dict
        Calls without an answer, by error.
    p95_ms : float or None
        95th percentile of the time of a call, of the slowest invocation; None without an answer.
    state : str or None
        What the newest invocation says of OMDb, such as "key refused"; None where none has logged.
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


def summarise(step: str, run_id: str, entries: list[dict[str, Any]]) -> Step:
    """Add up the invocations of one step; where a line covers several runs, only this run's counts."""
    result = Step(step, invocations=len(entries))
    outcomes, put_back = Counter[str](), Counter[str]()
    for entry in entries:
        ended = logs.moment(entry["timestamp"])
        if ended is not None:
            began = ended - timedelta(seconds=entry["seconds"])
            result.began_at = min(result.began_at or "9", began.isoformat())
            result.ended_at = max(result.ended_at or "", ended.isoformat())
        result.failed += entry.get("ended") == "failed"
        counts = entry.get("by_run", {}).get(run_id, entry)
        outcomes.update(counts.get("outcomes", {}))
        put_back.update(counts.get("put_back", {}))
    result.outcomes, result.put_back = dict(outcomes), dict(put_back)
    return result


def omdb(entries: list[dict[str, Any]]) -> OmdbAnswers:
    """Sum up OMDb's answers over all invocations of EnrichAndStoreMovie."""
    answers = [entry["omdb"] for entry in entries if "omdb" in entry]
    errors = sum((Counter(answer["errors"]) for answer in answers), Counter[str]())
    slowest = [answer["p95_ms"] for answer in answers if answer["p95_ms"] is not None]
    return OmdbAnswers(
        calls=sum(answer["calls"] for answer in answers),
        errors=dict(errors),
        p95_ms=max(slowest, default=None),
        state=answers[-1]["state"] if answers else None,
    )
