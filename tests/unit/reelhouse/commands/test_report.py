"""``reelhouse report``: what it prints about its pages, and ``--every``, by a clock that only tests move."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidInput, StorageFailed
from reelhouse.commands import report
from reelhouse.stack import Stack

STACK = Stack("s", {"GoldBucketName": "gold"})


def test_the_dashboard_page_is_named_when_the_folder_has_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "dashboard.html"
    page.write_text("a page", encoding="utf-8")

    report.print_dashboard(tmp_path)

    assert capsys.readouterr().out == f"Dashboard page: {page}\n"
    assert report.as_dict([], tmp_path, STACK)["dashboard"] == str(page)


def test_the_command_that_writes_the_dashboard_page_is_named_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report.print_dashboard(tmp_path)

    assert capsys.readouterr().out == "Dashboard page: not in this folder; `reelhouse dashboard` writes it\n"
    assert report.as_dict([], tmp_path, STACK)["dashboard"] is None


@dataclass
class FakeTime:
    """The clock of a loop: rounds take the given seconds, and Ctrl-C comes when there are no more."""

    rounds: list[float]
    now: float = 1000.0
    begun: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds

    def action(self) -> None:
        if len(self.begun) == len(self.rounds):
            raise KeyboardInterrupt
        self.begun.append(self.now - 1000)
        self.now += self.rounds[len(self.begun) - 1]


def begun(seconds: int, *rounds: float) -> list[float]:
    """When rounds began, in seconds after the first."""
    fake = FakeTime(list(rounds))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "time", fake)
        report.repeat(fake.action, seconds)
    return fake.begun


@pytest.mark.parametrize(
    ("text", "seconds"), [("60s", 60), ("1m", 60), (" 90m ", 5400), ("1h", 3600), ("30d", 2_592_000)]
)
def test_intervals(text: str, seconds: int) -> None:
    assert report.interval(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "1", "h", "0m", "59s", "31d", "-1h", "1.5h", "1 h", "1w", "1h30m", "١h", "999999h"]
)
def test_an_invalid_interval_is_rejected_with_an_example(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"from 1m to 30d.*--every 1h"):
        report.interval(text)


def test_rounds_begin_at_the_interval_however_long_they_take() -> None:
    assert begun(3600, 600, 0, 600) == [0, 3600, 7200]


def test_a_round_that_takes_too_long_leaves_out_what_it_missed() -> None:
    assert begun(60, 150, 0) == [0, 180]


@given(st.integers(60, 10_000), st.lists(st.integers(0, 50_000), max_size=20))
def test_every_round_begins_at_a_multiple_of_the_interval(seconds: int, durations: list[int]) -> None:
    assert all(each % seconds == 0 for each in begun(seconds, *durations))


def test_reports_stay_fresh_through_failures_until_ctrl_c(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = FakeTime([0, 0, 0])
    monkeypatch.setattr(report, "time", fake)

    def action() -> None:
        fake.action()
        if len(fake.begun) == 2:
            raise StorageFailed("EndpointConnectionError", subject="gold")

    report.repeat(action, 60)

    assert fake.begun == [0, 60, 120]
    said = capsys.readouterr().err
    assert "EndpointConnectionError" in said
    assert "no more reports" in said


def test_ctrl_c_while_waiting_ends_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(report.time, "sleep", interrupted)
    reports: list[int] = []

    report.repeat(lambda: reports.append(1), 60)

    assert reports == [1]


def test_what_is_wrong_from_the_start_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeTime([])
    monkeypatch.setattr(report, "time", fake)

    def action() -> None:
        raise InvalidInput("there is no such report")

    with pytest.raises(InvalidInput):
        report.repeat(action, 60)
    assert fake.now == 1000
