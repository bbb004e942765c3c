"""The model behind docs/scale.md: its queues, its bill, its settings, and that the document says what it computes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from cfnlint.decode.cfn_yaml import load  # type: ignore[import-untyped]

from benchmarks.scale import cost, limits, measured, model, report, sizes
from benchmarks.scale.measured import Measured, Reading, Run, Step
from benchmarks.scale.prices import omdb_tier
from benchmarks.scale.simulation import SECONDS_A_DAY, Function, Pipeline, simulate
from benchmarks.scale.sizes import Build, Sizes
from pipeline import aggregate_to_gold, enrich_and_store_movie
from pipeline.gold.columns import GOLD
from reelhouse.operate import compact

RESOURCES: dict[str, Any] = load(str(report.DOCUMENT.parents[1] / "template.yaml"))["Resources"]
ONE_AT_A_TIME = Function(batch=1, window=0, at_once=1, seconds=1, seconds_an_item=0)


def pipeline(enrich: Function = ONE_AT_A_TIME, silver: Function = ONE_AT_A_TIME, quota: int | None = None) -> Pipeline:
    return Pipeline(1.0, 0.5, 2, enrich, silver, quota)


# ── The simulation ───────────────────────────────────────────────────────────────────────────────────────────────


def test_messages_wait_for_their_turn() -> None:
    """Three messages, sent at 1, 1.5 and 2 s, one at a time: stored at 2, 3 and 4 s; five films, a second each."""
    found = simulate(5, pipeline())

    assert (found.sent, found.bronze) == (2.0, 4.0)
    assert found.parts == [(3.0, 1), (4.0, 1), (5.0, 1), (6.0, 1), (7.0, 1)]
    assert (found.enrich_invocations, found.silver_invocations) == (3, 5)


def test_two_at_once_take_half_the_time() -> None:
    assert simulate(20, pipeline(Function(1, 0, 2, 4, 0))).bronze == 1 + 5 * 4 + 0.5


def test_a_window_fills_a_part_and_a_full_one_does_not_wait_for_it() -> None:
    at_once = Function(batch=10, window=0, at_once=1, seconds=1, seconds_an_item=0)
    silver = Function(batch=4, window=5, at_once=1, seconds=0, seconds_an_item=0)

    found = simulate(10, pipeline(at_once, silver))

    # Two films are stored at 2 s, four at 3 s and four at 4 s.
    assert found.parts == [(3.0, 4), (4.0, 4), (9.0, 2)]


def test_calls_beyond_the_quota_wait_for_the_days_after() -> None:
    at_once = Function(batch=10, window=0, at_once=2, seconds=1, seconds_an_item=0)

    found = simulate(50, pipeline(at_once, quota=20))

    assert found.bronze == 2 * SECONDS_A_DAY
    assert sum(films for _, films in found.parts) == 50


# ── The bill ─────────────────────────────────────────────────────────────────────────────────────────────────────

STEP = Step(invocations=1, seconds=1.0, cpu_seconds=1.0)
SMALL = Measured(
    at="", machine={}, load=(0, 0),
    runs=[Run(100, 10, {}, dict.fromkeys(model.MEMORY_MB, STEP), 1, 1, 200_000, 0, 0, 50_000)],
    parts=Reading(10, 100, 1000, 1.0, 1.0), compacted=Reading(1, 100, 10_000, 1.0, 1.0),
)  # fmt: skip
DAY = model.Day(
    films=1000,
    days_kept=100,
    bronze_seconds=0,
    silver_seconds=0,
    function_seconds={"EnrichAndStoreMovie": 100.0, "AggregateToGold": 50.0},
    invocations={"EnrichAndStoreMovie": 10, "AggregateToGold": 2},
    parts=10,
    kept_parts=99,
    builds=2,
    build_seconds=20,
    cold_parts=200,
    list_pages=44,
    engine="athena",
)


def test_every_line_of_a_bill_by_hand() -> None:
    bill = {line.item: line for line in cost.month(DAY, SMALL)}

    assert bill["Lambda, EnrichAndStoreMovie"].dollars == pytest.approx(30 * 100 * 0.5 * 0.0000133334)
    assert bill["Lambda, AggregateToGold"].dollars == pytest.approx(30 * 50 * 2 * 0.0000133334)
    assert bill["Lambda, requests"].dollars == pytest.approx(30 * 12 * 0.20 / 1e6)
    # 100 messages and 1,010 events: events one by one, all received and deleted by tens; pollers that never stop.
    assert bill["SQS"].quantity == 30 * (3 * 10 + 2 * 101 + 1010 + 3 * 5 * 4320)
    assert bill["S3, writing"].dollars == pytest.approx(30 * (1000 + 10 + 2 * 12) * 0.005 / 1000)
    assert bill["S3, listing"].dollars == pytest.approx(30 * 44 * 0.005 / 1000)
    assert bill["S3, reading"].dollars == pytest.approx(30 * 1210 * 0.0004 / 1000)
    # 100,000 rows of 2,000 bytes in Bronze and 100 in Silver.
    assert bill["S3, keeping"].dollars == pytest.approx(0.21 * 0.023)
    assert bill["Athena"].dollars == pytest.approx(30 * 2 * 0.01 * 1.3 / 1000 * 5)
    assert bill["CloudWatch, logs"].dollars == pytest.approx(30 * 1000 * 500 / 1e9 * 0.50)
    assert bill["OMDb"].dollars == 0
    assert cost.total(list(bill.values())) == pytest.approx(sum(line.dollars for line in bill.values()))


@pytest.mark.parametrize(("calls", "dollars"), [(1000, 0), (1001, 1), (100_001, 5), (250_001, 10), (10**9, 10)])
def test_the_cheapest_tier_of_omdb_that_is_enough(calls: int, dollars: float) -> None:
    assert omdb_tier(calls).dollars == dollars


def test_builds_are_told_apart_by_films_and_by_rows() -> None:
    """A second for each 100 films, and one for each 1,000 rows."""
    known = Sizes([], [Build(1000, 1, 11.0, 500), Build(100, 50, 6.0, 320)])

    assert known.build_cpu_seconds(1000, 1) == pytest.approx(11)
    assert known.build_cpu_seconds(200, 10) == pytest.approx(2 + 2)
    assert known.film_memory_bytes == pytest.approx(0.2 * 2**20)


def test_reading_is_told_apart_by_parts_and_by_rows() -> None:
    """The same 100 rows in ten parts and in one: 0.1 s a part, a millisecond a row."""
    known = replace(SMALL, parts=Reading(10, 100, 0, 0, 1.1), compacted=Reading(1, 100, 0, 0, 0.2))

    assert known.reading_cpu_seconds(10, 100) == pytest.approx(1.1)
    assert known.reading_cpu_seconds(100, 1000) == pytest.approx(10 + 1)


# ── What it stands on ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("function", "megabytes"), model.MEMORY_MB.items())
def test_memory_is_the_templates(function: str, megabytes: int) -> None:
    assert RESOURCES[function]["Properties"]["MemorySize"] == megabytes


def test_settings_are_the_templates() -> None:
    properties = {name: body.get("Properties", {}) for name, body in RESOURCES.items()}
    sources = {name: next(iter(properties[name]["Events"].values()))["Properties"] for name in model.MEMORY_MB}
    gold = properties["AggregateToGold"]

    assert sources["EnrichAndStoreMovie"]["BatchSize"] == model.ENRICH_BATCH
    assert sources["ProcessBronzeToSilver"]["BatchSize"] == model.SILVER_BATCH
    assert sources["ProcessBronzeToSilver"]["MaximumBatchingWindowInSeconds"] == model.SILVER_WINDOW
    for name in ("EnrichAndStoreMovie", "ProcessBronzeToSilver", "AggregateToGold"):
        assert sources[name]["ScalingConfig"]["MaximumConcurrency"] == model.AT_ONCE
    assert properties["GetMoviesAndSendToQueue"]["Timeout"] == limits.SEND_TIMEOUT
    assert gold["Timeout"] - 10 - model.LONGEST_WAIT_SECONDS == model.BUILD_SECONDS
    assert int(gold["Environment"]["Variables"]["DUCKDB_MEMORY_MB"]) * 1e6 == model.MEMORY_BYTES
    assert gold["EphemeralStorage"]["Size"] * 1e6 == model.DISK_BYTES
    assert model.LOOKS_A_BUILD == aggregate_to_gold.LONGEST_WAIT_SECONDS / aggregate_to_gold.QUIET_SECONDS + 2
    created = Counter(body["Type"] for body in RESOURCES.values() if "Condition" not in body)
    assert created["AWS::CloudWatch::Alarm"] == cost.ALARMS
    assert created["AWS::CloudWatch::Dashboard"] == cost.DASHBOARDS
    assert created["AWS::SecretsManager::Secret"] == cost.SECRETS
    assert (len(GOLD), compact.ROWS_A_PART) == (cost.GOLD_TABLES, model.ROWS_A_PART)
    assert enrich_and_store_movie.REQUESTS_AT_ONCE == model.REQUESTS_AT_ONCE


def test_the_document_has_the_tables_as_they_are_computed() -> None:
    """``python -m benchmarks.scale write`` writes them."""
    text = report.DOCUMENT.read_text(encoding="utf-8")

    assert all(f"<!-- {name}: computed -->" in text for name in report.TABLES)
    assert report.update(text, measured.read(), sizes.read()) == text
