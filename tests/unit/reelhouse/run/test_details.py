"""Advice on a run: one case for each problem."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from pipeline.gold.publication import Held
from pipeline.runs import Skipped
from reelhouse.operate.parked import Parked
from reelhouse.run.details import RunDetails, advise
from reelhouse.run.steps import OmdbAnswers, Step
from tests.gold_builds import BUILD_ID
from tests.run_details import DETAILS, FILMS, GOLD, MANIFEST, RUN, WAITING

PARKED = (Parked("BronzeEvents", "m", RUN, ["tt0000001"], "ProcessBronzeToSilver: AccessDenied", "now", None, 3, ""),)
KEY_REFUSED = OmdbAnswers(0, {}, None, "key refused")
UNUSABLE = replace(MANIFEST, skipped=[Skipped(0, "x", "no id")])


def unfinished(busy: str = "", films: dict[str, int] | None = None, **changes: Any) -> RunDetails:
    """A run that no build contains, with counts of films, a queue where a message waits, or other parts changed."""
    queues = DETAILS.queues | {name: WAITING for name in DETAILS.queues if name == busy}
    return replace(DETAILS, **{"gold": None, "queues": queues, "films": replace(FILMS, **films or {}), **changes})


def test_a_complete_run_needs_nothing() -> None:
    assert advise(DETAILS) == ()


@pytest.mark.parametrize(
    ("run", "level", "what", "do"),
    [
        (
            unfinished(films={"parked": 1}, parked=PARKED),
            "wrong", "AccessDenied", "`reelhouse redrive --queue BronzeEvents`",
        ),
        (
            unfinished(films={"parked": 2}, parked=(*PARKED, replace(PARKED[0], why="NoSuchKey"))),
            "wrong", "2 messages parked in BronzeEventsDeadLetters; the last one failed with: NoSuchKey", "redrive",
        ),
        (
            unfinished(films={"missing": 3}),
            "wrong", "3 films neither stored nor rejected", f"`reelhouse run --resume {RUN}`",
        ),
        (unfinished("MovieQueue", {"missing": 3}), "wait", "a first try or a retry: 3 films", "check again"),
        (
            unfinished("MovieQueue", {"missing": 1}, waiting_for_quota_until="2026-11-25T00:05:00"),
            "wait", "waiting for OMDb's quota until 2026-11-25T00:05 UTC: 1 film", "nothing",
        ),
        (unfinished("MovieQueue", {"missing": 3}, omdb=KEY_REFUSED), "wrong", "rejects the API key", "the secret"),
        (unfinished("BronzeEvents", {"not_in_silver": 2}), "wait", "2 Bronze objects on the way", "check again"),
        (unfinished(films={"not_in_silver": 2}), "wrong", "BronzeEvents is empty", f"`reelhouse run --resume {RUN}`"),
        (
            unfinished("SilverEvents", gold_failure="movies/part.parquet: cannot be used"),
            "wrong", "part.parquet: cannot be used", f"`reelhouse run --resume {RUN}`",
        ),
        (unfinished("SilverEvents"), "wait", "Gold has not been built", "check again"),
        (
            unfinished(gold=replace(GOLD, status="incomplete"), gold_failure="an earlier build's"),
            "wrong", "SilverEvents is empty", f"`reelhouse run --resume {RUN}`",
        ),
        (
            unfinished(held=Held(BUILD_ID, "2026-11-24T03:01:00Z", "basis", ("movies: too few films",))),
            "wrong", f"build {BUILD_ID} is held: movies: too few films", f"`reelhouse publish {BUILD_ID} --because",
        ),
        (
            unfinished(films={"rejected": 1}, gold=GOLD),
            "note", "films left out: 1 rejected by OMDb", "`reelhouse trace",
        ),
        (unfinished(gold=GOLD, manifest=UNUSABLE), "note", "1 entry of the list", "correct the list"),
        (unfinished(gold=GOLD, steps=(Step("AnyStep", failed=2),)), "note", "AnyStep (2)", "retried"),
    ],
)  # fmt: skip
def test_each_problem_has_its_advice(run: RunDetails, level: str, what: str, do: str) -> None:
    (advice,) = advise(run)

    assert advice.level == level
    assert what in advice.what
    assert do in advice.do
    assert not re.search(r"\b0 ", advice.what), "what is none is not counted"


def test_the_most_urgent_comes_first() -> None:
    run = unfinished("MovieQueue", {"missing": 3, "rejected": 1, "parked": 1}, parked=PARKED)

    assert [advice.level for advice in advise(run)] == ["wrong", "wait", "note"]
