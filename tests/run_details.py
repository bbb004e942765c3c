"""A healthy run's details, as ``status`` describes it: tests replace parts of it."""

from __future__ import annotations

from reelhouse.run.documents import FilmCounts, InGold, ListRead, Request, RunDetails
from reelhouse.run.steps import OmdbAnswers, Step
from reelhouse.stack import QUEUES, QueueCounts

RUN = "20261124T030000Z-1a2b3c4d"
EMPTY, WAITING = QueueCounts(0, 0, 0), QueueCounts(1, 0, 0)
GOLD = InGold("b1", "2026-11-24T03:01:00Z", "duckdb", "v", "complete", 9, RUN)
FILMS = FilmCounts(
    expected=9, stored=9, rejected=0, quarantined=0, rows=9, parked=0, missing=0, not_in_silver=0
)  # fmt: skip
ENRICHED = Step(
    "EnrichAndStoreMovie", "2026-11-24T03:00:04+00:00", "2026-11-24T03:00:09.250+00:00",
    invocations=2, busy_seconds=6.0, outcomes={"stored": 9, "failed": 0},
)  # fmt: skip
DETAILS = RunDetails(
    run_id=RUN,
    requested=Request("schedule", "2026-11-24T03:00:00.000000Z", top_n=9, batch_size=3, code_version="v"),
    list=ListRead("s3://lists/top.json", "0a", 2_048, entries=12, taken=9, unusable=()),
    messages=3,
    steps=(ENRICHED, Step("AggregateToGold")),
    omdb=OmdbAnswers(calls=9, errors={"Unclear": 2}, p95_ms=81.4, state="open"),
    films=FILMS,
    left_out=(),
    missing=(),
    parked_messages=(),
    queues=dict.fromkeys(QUEUES, EMPTY),
    waiting_for_quota_until=None,
    gold=GOLD,
    held=None,
    reports=(),
)
