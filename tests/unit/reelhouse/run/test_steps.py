"""A run's steps, added up from the last lines of its invocations; and a step's newest failure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reelhouse import logs
from reelhouse.logs import LoggedError
from reelhouse.run import steps
from reelhouse.stack import Stack

RUN, OTHER = "20261124T030000Z-1a2b3c4d", "20261124T040000Z-1a2b3c4d"


def line(second: int, seconds: float, by_run: dict[str, Any], **more: Any) -> dict[str, Any]:
    timestamp = f"2026-11-24 03:00:{second:02},500+0000"
    return {"message": "invocation", "timestamp": timestamp, "seconds": seconds, "by_run": by_run, **more}


def test_only_the_last_lines_of_invocations_are_taken() -> None:
    last = line(1, 1.0, {})
    others = [{"message": "film failed"}, {"message": "invocation"}, last | {"timestamp": "soon"}]

    assert steps.invocations([*others, last]) == [last]


def test_a_step_is_the_sum_of_its_invocations_counts_for_this_run() -> None:
    mine = {"outcomes": {"stored": 3, "failed": 1}, "put_back": {"OmdbUnavailable": 1}}
    again = {"outcomes": {"stored": 1, "present": 3}, "put_back": {}}
    others = {"outcomes": {"stored": 9}, "put_back": {"OmdbKeyInvalid": 1}}
    entries = steps.invocations(
        [
            line(10, 2.5, {RUN: mine, OTHER: others}, ended="done"),
            line(30, 0.5, {RUN: again}, ended="done"),
            line(20, 1.0, {RUN: {"outcomes": {}}}, ended="failed"),
        ]
    )

    step = steps.summarise("EnrichAndStoreMovie", RUN, entries)

    assert (step.invocations, step.failed, step.busy_seconds) == (3, 1, 4.0)
    assert step.outcomes == {"stored": 4, "failed": 1, "present": 3}
    assert step.put_back == {"OmdbUnavailable": 1}
    assert step.began_at == "2026-11-24T03:00:08+00:00"
    assert step.ended_at == "2026-11-24T03:00:30.500000+00:00"


def test_a_step_without_lines_is_empty() -> None:
    step = steps.summarise("AggregateToGold", RUN, [])

    assert (step.began_at, step.ended_at, step.invocations, step.outcomes) == (None, None, 0, {})


def test_omdb_is_summed_over_all_invocations() -> None:
    answers = [
        {"calls": 10, "errors": {"Unclear": 1}, "p95_ms": 80.0, "state": "open"},
        {"calls": 0, "errors": {}, "p95_ms": None, "state": "quota spent"},
    ]

    assert steps.omdb([{"omdb": answer} for answer in answers] + [{"error": "StorageFailed"}]) == steps.OmdbAnswers(
        calls=10, errors={"Unclear": 1}, p95_ms=80.0, state="quota spent"
    )
    assert steps.omdb([]).state is None


@pytest.mark.parametrize(("newest", "why"), [("failed", "part.parquet: cannot be used"), ("done", None)])
def test_the_newest_invocation_says_whether_a_step_fails(
    newest: str, why: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = LoggedError("SilverDamaged", "the invocation failed: AggregateToGold: part.parquet: cannot be used", "", "")
    lines = [line(10, 1.0, {}, ended="failed"), line(20, 1.0, {}, ended=newest)]
    a_day_ago = datetime.now(UTC) - timedelta(hours=25)  # a run that a schedule starts, and its retries
    monkeypatch.setattr(logs, "read", lambda _stack, _step, since, _kind: lines if since < a_day_ago else [])
    monkeypatch.setattr(logs, "errors", lambda *_: [whole, LoggedError("OmdbUnavailable", "a film", "m", "")])

    assert steps.newest_failure(Stack("films", {}), "AggregateToGold") == why
