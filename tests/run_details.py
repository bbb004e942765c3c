"""A healthy run's details, as ``status`` describes it: tests replace parts of it."""

from __future__ import annotations

from pipeline.runs import Manifest
from reelhouse.run.details import FilmCounts, InGold, RunDetails
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
    invocations=2, outcomes={"stored": 9, "failed": 0},
)  # fmt: skip
MANIFEST = Manifest(
    RUN, "2026-11-24T03:00:00.000000Z", "s3://lists/top.json", None, "0a", top_n=9, batch_size=3, messages=3,
    expected={f"tt000000{rank}": rank for rank in range(1, 10)}, skipped=[], code_version="v", requested_by="schedule",
    listed=12, source_bytes=2_048,
)  # fmt: skip
DETAILS = RunDetails(
    manifest=MANIFEST,
    steps=(ENRICHED, Step("AggregateToGold")),
    omdb=OmdbAnswers(calls=9, errors={"Unclear": 2}, p95_ms=81.4, state="open"),
    films=FILMS,
    left_out=(),
    missing=(),
    parked=(),
    queues=dict.fromkeys(QUEUES, EMPTY),
    waiting_for_quota_until=None,
    gold=GOLD,
    held=None,
    reports=(),
)
