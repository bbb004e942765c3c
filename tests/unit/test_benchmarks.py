"""The benchmarks' arithmetic and their page; nothing is measured here."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.baselines import copying
from benchmarks.measure import Case, Pairs, Plan, Result, Run, Target, compared, interleaved, measured, peak_of
from benchmarks.report import Record, Report
from pipeline import documents
from pipeline.gold.publication import Published

PAIRS = Pairs([Run(1.0, 10), Run(2.0, 30), Run(4.0, 20)], [Run(4.0, 100), Run(6.0, 300), Run(8.0, 200)])
MACHINE = {"cores": 2, "processor": "P", "memory_gb": 8.0, "system": "S", "python": "3.13", "packages": {"a": "1"}}


def test_medians_and_the_ratios_of_neighbours() -> None:
    result = compared(Case("row", "case", Target("gain", 3)), PAIRS)

    assert (result.ours, result.baseline) == (2.0, 6.0)
    assert (result.ratio, result.spread, result.met) == (3.0, (2.0, 4.0), True)
    assert (result.peak_mb, result.baseline_peak_mb, result.runs) == (30, 300, 3)


@pytest.mark.parametrize(
    ("target", "met"),
    [
        (Target("gain", 3.1), False),
        (Target("cost", 0.3), False),
        (Target("cost", 0.34), True),
        (Target("most", 2), True),
        (Target("least", 2.1), False),
    ],
)
def test_a_target_is_met_or_not(target: Target, met: bool) -> None:
    assert compared(Case("row", "case", target), PAIRS).met is met


def test_a_cost_is_ours_in_terms_of_the_baseline() -> None:
    assert compared(Case("row", "case", Target("cost", 1)), PAIRS).ratio == pytest.approx(1 / 3)


def test_a_relative_target_is_not_met_without_a_baseline() -> None:
    assert measured(Case("row", "case", Target("gain", 1)), "s", [1.0]).met is False


def test_the_highest_peak_counts() -> None:
    result = peak_of(Case("row", "memory", Target("most", 29)), PAIRS.ours)

    assert (result.ours, result.unit, result.met) == (30, "MB", False)


def test_the_sides_take_turns_and_turns_in_beginning() -> None:
    order: list[str] = []

    def side(name: str) -> Run:
        order.append(name)
        return Run(1.0)

    pairs = interleaved(lambda: side("ours"), lambda: side("baseline"), 3)

    assert order == ["ours", "baseline", "baseline", "ours", "ours", "baseline"]
    assert (len(pairs.ours), len(pairs.baseline)) == (3, 3)


@pytest.mark.parametrize(("quick", "most", "runs"), [(True, 9, 1), (False, 3, 3), (False, 9, 5)])
def test_runs_are_as_many_as_there_is_time_for(quick: bool, most: int, runs: int) -> None:
    assert Plan(quick, print, most).runs(5) == runs


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.01234, "s", "12.3 ms"),
        (1.5, "s", "1.5 s"),
        (1234.5, "MB", "1,234 MB"),
        (None, "s", "–"),
        (1.07, "×", "1.07 ×"),
    ],
)
def test_figures_have_three_digits_that_matter(value: float | None, unit: str, shown: str) -> None:
    assert report.figure(value, unit) == shown


def results() -> list[Result]:
    return [
        compared(Case("Row", "1,000 films", Target("gain", 3), size=1_000, notes="A note."), PAIRS),
        compared(Case("Row", "2,000 films", Target("gain", 9), size=2_000, notes="A note."), PAIRS),
    ]


def test_the_page_says_what_was_and_what_was_not_reached(tmp_path: Path) -> None:
    record = Record("2026-11-24 03:00 UTC", 12.0, (0.5, 2.5), results())
    stored, page = tmp_path / "results.json", tmp_path / "RESULTS.md"

    report.write(Report(MACHINE, {"row": record}), stored, page)

    text = page.read_text(encoding="utf-8")
    assert "| 1,000 films | 2 s | 6 s | 3.00× (2.00–4.00) | ≥ 3× | reached | 30 MB | 300 MB | 3 |" in text
    assert "**not reached**" in text
    assert text.count("A note.") == 1
    assert "load 0.5 before and 2.5 after" in text
    assert report.read(stored) == Report(MACHINE, {"row": record})


def test_a_ratio_of_one_run_has_no_spread() -> None:
    one = compared(Case("row", "case"), Pairs([Run(1.0)], [Run(4.0)]))

    assert "| 4.00× |" in report.line(one)


def test_the_floor_publishes_what_a_watch_reads() -> None:
    run_id = "20261124T030000Z-aaaaaaaa"
    counts = {"expected": 2, "stored": 2, "rejected": 0, "quarantined": 0, "in_gold": 2, "status": "complete"}

    published = documents.read(Published, documents.to_json(copying.published({run_id: counts})), "_build.json")

    assert published.build.complete_runs == {run_id}
