"""A run's steps, put together from the lines that its invocations ended with."""

from __future__ import annotations

import json
from typing import Any

from reelhouse.run import stories

RUN, OTHER = "20261124T030000Z-1a2b3c4d", "20261124T040000Z-1a2b3c4d"


def line(second: int, seconds: float, by_run: dict[str, Any], **more: Any) -> str:
    timestamp = f"2026-11-24 03:00:{second:02},500+0000"
    return json.dumps({"message": "invocation", "timestamp": timestamp, "seconds": seconds, "by_run": by_run, **more})


def test_only_stories_are_read() -> None:
    story = line(1, 1.0, {})
    told = stories.read(["START RequestId: 1", "[]", '{"message": "film failed"}', '{"message": "invocation"}', story])

    assert told == [json.loads(story)]


def test_a_step_is_the_sum_of_what_its_invocations_did_for_this_run() -> None:
    mine = {"outcomes": {"stored": 3, "failed": 1}, "put_back": {"OmdbUnavailable": 1}}
    again = {"outcomes": {"stored": 1, "present": 3}, "put_back": {}}
    others = {"outcomes": {"stored": 9}, "put_back": {"OmdbKeyInvalid": 1}}
    told = stories.read(
        [
            line(10, 2.5, {RUN: mine, OTHER: others}, ended="done"),
            line(30, 0.5, {RUN: again}, ended="done"),
            line(20, 1.0, {RUN: {"outcomes": {}}}, ended="failed"),
        ]
    )

    step = stories.together("EnrichAndStoreMovie", RUN, told)

    assert (step.invocations, step.failed, step.busy_seconds) == (3, 1, 4.0)
    assert step.outcomes == {"stored": 4, "failed": 1, "present": 3}
    assert step.put_back == {"OmdbUnavailable": 1}
    assert step.began_at == "2026-11-24T03:00:08+00:00"
    assert step.ended_at == "2026-11-24T03:00:30.500000+00:00"


def test_a_step_without_lines_is_empty() -> None:
    step = stories.together("AggregateToGold", RUN, [])

    assert (step.began_at, step.ended_at, step.invocations, step.outcomes) == (None, None, 0, {})


def test_omdb_is_told_over_all_invocations() -> None:
    answers = [
        {"calls": 10, "errors": {"Unclear": 1}, "p95_ms": 80.0, "state": "open"},
        {"calls": 0, "errors": {}, "p95_ms": None, "state": "quota spent"},
    ]

    assert stories.omdb([{"omdb": answer} for answer in answers] + [{"error": "StorageFailed"}]) == {
        "calls": 10,
        "errors": {"Unclear": 1},
        "p95_ms": 80.0,
        "state": "quota spent",
    }
    assert stories.omdb([])["state"] is None
