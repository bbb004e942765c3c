"""Advice on a run: one case for each problem."""

from __future__ import annotations

from typing import Any

import pytest

from reelhouse.run.advice import NOTE, WAIT, WRONG, advise

RUN = "20261124T030000Z-1a2b3c4d"
QUEUES = ("MovieQueue", "BronzeEvents", "SilverEvents")
WELL = {"expected": 10, "stored": 10, "rejected": 0, "quarantined": 0, "parked": 0, "missing": 0, "not_in_silver": 0}
COMPLETE = {"status": "complete"}
PARKED = {"queue": "BronzeEvents", "films": 1, "why": "ProcessBronzeToSilver: AccessDenied", "failed_at": None}


def story(busy: str = "", gold: dict[str, str] | None = None, **changes: Any) -> dict[str, Any]:
    """A run's story; ``changes`` of counts of films or of other parts."""
    films = WELL | {name: count for name, count in changes.items() if name in WELL}
    others = {name: value for name, value in changes.items() if name not in WELL}
    return {
        "run_id": RUN,
        "films": films,
        "queues": {name: {"waiting": int(name == busy), "in_flight": 0, "parked": 0} for name in QUEUES},
        "list": {"unusable": []},
        "steps": [],
        "omdb": {"state": "open"},
        "parked_messages": [],
        "waiting_for_quota_until": None,
        "gold": gold,
        "held": None,
    } | others


def test_a_complete_run_needs_nothing() -> None:
    assert advise(story(gold=COMPLETE)) == []


@pytest.mark.parametrize(
    ("told", "level", "what", "do"),
    [
        (story(parked=1, parked_messages=[PARKED]), WRONG, "AccessDenied", "`reelhouse redrive --queue BronzeEvents`"),
        (story(missing=3), WRONG, "3 films neither stored nor rejected", f"`reelhouse run --resume {RUN}`"),
        (story("MovieQueue", missing=3), WAIT, "a first try or a retry: 3 films", "check again"),
        (
            story("MovieQueue", missing=1, waiting_for_quota_until="2026-11-25T00:05:00"),
            WAIT, "waiting for OMDb's quota until 2026-11-25T00:05 UTC: 1 film", "nothing",
        ),
        (story("MovieQueue", missing=3, omdb={"state": "key refused"}), WRONG, "rejects the API key", "the secret"),
        (story("BronzeEvents", not_in_silver=2), WAIT, "2 Bronze objects on the way", "check again"),
        (story(not_in_silver=2), WRONG, "BronzeEvents is empty", f"`reelhouse run --resume {RUN}`"),
        (story("SilverEvents"), WAIT, "Gold has not been built", "check again"),
        (story(gold={"status": "incomplete"}), WRONG, "SilverEvents is empty", f"`reelhouse run --resume {RUN}`"),
        (
            story(held={"build_id": "B", "reasons": ["movies: too few films"]}),
            WRONG, "build B is held: movies: too few films", "`reelhouse publish B --because",
        ),
        (story(gold=COMPLETE, rejected=1), NOTE, "films left out: 1 rejected by OMDb", "`reelhouse trace"),
        (story(gold=COMPLETE, list={"unusable": [{}]}), NOTE, "1 entry of the list", "correct the list"),
        (story(gold=COMPLETE, steps=[{"step": "AnyStep", "failed": 2}]), NOTE, "AnyStep (2)", "retried"),
    ],
)  # fmt: skip
def test_each_trouble_has_its_advice(told: dict[str, Any], level: str, what: str, do: str) -> None:
    (found,) = advise(told)

    assert found["level"] == level
    assert what in found["what"]
    assert do in found["do"]


def test_the_most_urgent_comes_first() -> None:
    found = advise(story("MovieQueue", missing=3, rejected=1, parked=1, parked_messages=[PARKED]))

    assert [one["level"] for one in found] == [WRONG, WAIT, NOTE]
