"""Stories of a run: the line that each invocation of a function ends with, read back from its log.

Reads the functions' logs; writes nothing. Lines are kept for the stack's ``LogRetentionDays``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.runs import started_at
from reelhouse.stack import Stack

STORY = "invocation"
STEPS = ("GetMoviesAndSendToQueue", "EnrichAndStoreMovie", "ProcessBronzeToSilver", "AggregateToGold")
# Clocks differ: what a run did may be dated shortly before its beginning.
_BEFORE = timedelta(minutes=1)


@dataclass
class Step:
    """What a step did for one run, put together from its invocations.

    Attributes
    ----------
    began_at, ended_at : str or None
        ISO 8601 in UTC; None where the log has no line of it (any more).
    invocations, failed : int
        Invocations that were about the run, and those of them that failed as a whole.
    busy_seconds : float
        Time of all invocations together; several may run at once.
    outcomes, put_back : dict
        Films, objects or builds by what became of them; messages that came again by the error that sent them back.
    """

    step: str
    began_at: str | None = None
    ended_at: str | None = None
    invocations: int = 0
    failed: int = 0
    busy_seconds: float = 0.0
    outcomes: dict[str, int] = field(default_factory=dict)
    put_back: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def of_run(stack: Stack, run_id: str) -> dict[str, list[dict[str, Any]]]:
    """Return the stories of a run by step, oldest first."""
    since = started_at(run_id) - _BEFORE
    return {step: read(stack.log_lines(step, since, run_id)) for step in STEPS}


def read(lines: Iterable[str]) -> list[dict[str, Any]]:
    """Pick the stories among log lines; whatever else there is is passed over."""
    found = []
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("message") == STORY and "seconds" in entry:
            found.append(entry)
    return found


def together(step: str, run_id: str, told: list[dict[str, Any]]) -> Step:
    """Put the stories of one step together: counts of this run only, where a line is about several."""
    result = Step(step, invocations=len(told))
    outcomes, put_back = Counter[str](), Counter[str]()
    for story in told:
        ended = _moment(story)
        began = ended - timedelta(seconds=story["seconds"])
        result.began_at = min(result.began_at or "9", began.isoformat())
        result.ended_at = max(result.ended_at or "", ended.isoformat())
        result.failed += story.get("ended") == "failed"
        result.busy_seconds = round(result.busy_seconds + story["seconds"], 3)
        mine = story.get("by_run", {}).get(run_id, story)
        outcomes.update(mine.get("outcomes", {}))
        put_back.update(mine.get("put_back", {}))
    result.outcomes, result.put_back = dict(outcomes), dict(put_back)
    return result


def omdb(told: list[dict[str, Any]]) -> dict[str, Any]:
    """How OMDb answered, over all of EnrichAndStoreMovie's stories; ``p95_ms`` is the worst invocation's."""
    answers = [story["omdb"] for story in told if "omdb" in story]
    errors = sum((Counter(answer["errors"]) for answer in answers), Counter[str]())
    slowest = [answer["p95_ms"] for answer in answers if answer["p95_ms"] is not None]
    return {
        "calls": sum(answer["calls"] for answer in answers),
        "errors": dict(errors),
        "p95_ms": max(slowest, default=None),
        "state": answers[-1]["state"] if answers else None,
    }


def _moment(story: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(story["timestamp"]).astimezone(UTC)
