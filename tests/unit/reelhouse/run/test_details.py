"""Printed details of a run: all parts are shown, foreign text is escaped, long lists are shortened."""

from __future__ import annotations

from typing import Any

import pytest

from reelhouse.run import details

RUN = "20261124T030000Z-1a2b3c4d"
STEP = {
    "step": "EnrichAndStoreMovie", "began_at": "2026-11-24T03:00:04+00:00", "ended_at": "2026-11-24T03:00:09.250+00:00",
    "invocations": 2, "failed": 1, "busy_seconds": 6.0, "outcomes": {"stored": 3, "failed": 0},
    "put_back": {"OmdbUnavailable": 1},
}  # fmt: skip
NONE = STEP | {"step": "AggregateToGold", "began_at": None, "ended_at": None, "invocations": 0, "failed": 0}
NONE |= {"outcomes": {}, "put_back": {}}


def story(**changes: Any) -> dict[str, Any]:
    return {
        "run_id": RUN,
        "requested": {
            "by": "schedule", "at": "2026-11-24T03:00:00.000000Z", "top_n": 9, "batch_size": 3, "code_version": "v",
        },
        "list": {"uri": "s3://lists/top.json", "entries": 12, "taken": 9, "unusable": []},
        "messages": 3,
        "steps": [STEP, NONE],
        "omdb": {"calls": 9, "errors": {"Unclear": 2}, "p95_ms": 81.4, "state": "open"},
        "films": {"expected": 9, "stored": 3, "rejected": 0, "quarantined": 6, "parked": 0, "missing": 0},
        "left_out": [],
        "queues": {"MovieQueue": {"waiting": 0, "in_flight": 0, "parked": 0}},
        "gold": None,
        "held": None,
        "reports": [],
        "next": [],
    } | changes  # fmt: skip


def test_all_of_it_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    gold = {"build_id": "b1", "built_at": "2026-11-24T03:01:00Z", "status": "complete", "films": 3, "newest_run": RUN}
    reports = [{"name": "02_genre_trends", "status": "succeeded", "page": "reports/02_genre_trends/x/report.html"}]
    details.print_run(story(gold=gold, reports=reports))

    said = " ".join(capsys.readouterr().out.split())

    for part in (
        f"Run {RUN} is complete", "started by schedule, 2026-11-24 03:00:00 UTC", "top_n 9, batch_size 3",
        "12 entries, 9 taken in 3 messages", "+4.0 s", "+9.2 s", "3 stored", "put back: 1 OmdbUnavailable",
        "1 failed as a whole", "no line in the log", "9 calls, 95% within 81 ms, without an answer: 2 Unclear",
        "9 expected: 3 stored, 0 rejected, 6 quarantined, 0 parked, 0 missing", "build b1", "3 films are from it",
        "02_genre_trends succeeded", "Nothing to do",
    ):  # fmt: skip
        assert part in said, part


def test_films_left_out_are_named_with_their_reasons_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    quarantined = [
        {"outcome": "quarantined", "imdb_id": f"tt000000{n}", "why": "year: '[red]1492[/]'"} for n in range(6)
    ]
    unusable = [{"item": n, "id": "[bold]../x[/]", "reason": "no id"} for n in range(5)]
    source = {"uri": "s3://lists/[x]", "entries": 12, "taken": 9, "unusable": unusable}
    details.print_run(story(left_out=quarantined, list=source))

    said = " ".join(capsys.readouterr().out.split())

    assert said.count("quarantined tt") == 5
    assert "year: '[red]1492[/]'" in said
    assert "[bold]../x[/]" in said
    assert f"… and 1 more quarantined: reelhouse status {RUN} --json" in said
    assert f"… and 2 more unusable entries: reelhouse status {RUN} --json" in said
    assert "is incomplete" in said


def test_what_is_missing_waits_while_its_queue_is_not_empty(capsys: pytest.CaptureFixture[str]) -> None:
    films = {"expected": 9, "stored": 3, "rejected": 0, "quarantined": 0, "parked": 0, "missing": 6}
    queues = {"MovieQueue": {"waiting": 2, "in_flight": 0, "parked": 0}}
    advice = [{"level": "wait", "what": "waiting for OMDb's quota", "do": "nothing"}]
    details.print_run(story(films=films, queues=queues, next=advice))

    said = " ".join(capsys.readouterr().out.split())

    assert "6 waiting" in said
    assert "… waiting for OMDb's quota" in said
    assert "→ nothing" in said
    assert "Nothing to do" not in said
