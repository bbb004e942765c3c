"""The benchmarks' arithmetic and their page; nothing is measured here."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.baselines import copying
from benchmarks.measure import Case, Pairs, Plan, Result, Run, Target, compared, interleaved, measured, peak_of
from benchmarks.report import Record
from pipeline import documents
from pipeline.gold.publication import Published

PAIRS = Pairs([Run(1.0, 10), Run(2.0, 30), Run(4.0, 20)], [Run(4.0, 100), Run(6.0, 300), Run(8.0, 200)])
MACHINE = {"cores": 2, "processor": "P", "memory_gb": 8.0, "system": "S", "python": "3.13", "packages": {"a": "1"}}


def test_medians_and_the_ratios_of_neighbours() -> None:
    result = compared(Case("case", Target("gain", 3)), PAIRS)

    assert (result.ours, result.baseline) == (2.0, 6.0)
    assert (result.ratio, result.spread, result.met) == (3.0, (2.0, 4.0), True)
    assert (result.peak_mb, result.baseline_peak_mb, result.runs) == (30, 300, 3)


@pytest.mark.parametrize(
    ("target", "met"),
    [
        (Target("gain", 3.1), False),
        (Target("cost", 0.3), False),
        (Target("cost", 0.34), True),
    ],
)
def test_a_target_is_met_or_not(target: Target, met: bool) -> None:
    assert compared(Case("case", target), PAIRS).met is met


def test_a_figure_of_ours_alone_has_an_upper_limit() -> None:
    assert [measured(Case("case", Target("most", limit)), "s", [2.0]).met for limit in (2, 1.9)] == [True, False]


def test_a_cost_is_ours_in_terms_of_the_baseline() -> None:
    assert compared(Case("case", Target("cost", 1)), PAIRS).ratio == pytest.approx(1 / 3)


def test_the_highest_peak_counts() -> None:
    result = peak_of(Case("memory", Target("most", 29)), PAIRS.ours)

    assert (result.ours, result.unit, result.met) == (30, "MB", False)


def test_the_sides_take_turns_and_turns_in_beginning() -> None:
    order: list[str] = []

    def side(name: str) -> Run:
        order.append(name)
        return Run(1.0)

    pairs = interleaved(lambda: side("ours"), lambda: side("baseline"), 3)

    assert order == ["ours", "baseline", "baseline", "ours", "ours", "baseline"]
    assert (len(pairs.ours), len(pairs.baseline)) == (3, 3)


@pytest.mark.parametrize(("quick", "runs"), [(True, 1), (False, 5)])
def test_runs_are_as_many_as_there_is_time_for(quick: bool, runs: int) -> None:
    assert Plan(quick, print).runs(5) == runs


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
        compared(Case("1,000 films", Target("gain", 3), notes="A note."), PAIRS),
        compared(Case("2,000 films", Target("gain", 9), notes="A note."), PAIRS),
    ]


def test_the_page_says_what_was_and_what_was_not_reached(tmp_path: Path) -> None:
    page = tmp_path / "RESULTS.md"

    report.write([Record("Row", "2026-11-24 03:00 UTC", 12.0, (0.5, 2.5), results())], ["Row"], MACHINE, page)

    text = page.read_text(encoding="utf-8")
    assert "| 1,000 films | 2 s | 6 s | 3.00× (2.00–4.00) | ≥ 3× | reached | 30 MB | 300 MB | 3 |" in text
    assert "**not reached**" in text
    assert text.count("A note.") == 1
    assert "load 0.5 before and 2.5 after" in text


def test_a_row_measured_alone_replaces_its_own_section(tmp_path: Path) -> None:
    page, titles = tmp_path / "RESULTS.md", ["First", "Second", "Third"]

    def measured_at(title: str, moment: str) -> Record:
        return Record(title, moment, 1.0, (0.0, 0.0), results())

    report.write([measured_at("Third", "before"), measured_at("First", "before")], titles, MACHINE, page)
    report.write([measured_at("First", "now")], titles, MACHINE, page)

    sections = page.read_text(encoding="utf-8").split("\n## ")[1:]
    assert [section.splitlines()[::2][:2] for section in sections] == [
        ["First", "now, 1 s in all, load 0.0 before and 0.0 after."],
        ["Third", "before, 1 s in all, load 0.0 before and 0.0 after."],
    ]


def test_a_ratio_of_one_run_has_no_spread() -> None:
    one = compared(Case("case"), Pairs([Run(1.0)], [Run(4.0)]))

    assert "| 4.00× |" in report.line(one)


def test_the_floor_publishes_what_a_watch_reads() -> None:
    run_id = "20261124T030000Z-aaaaaaaa"
    counts = {"expected": 2, "stored": 2, "rejected": 0, "quarantined": 0, "in_gold": 2, "status": "complete"}

    published = documents.read(Published, documents.to_json(copying.published({run_id: counts})), "_build.json")

    assert published.build.complete_runs == {run_id}
