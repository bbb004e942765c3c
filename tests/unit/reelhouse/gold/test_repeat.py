"""``reelhouse report --every``: its intervals, its rounds, and how it ends, by a clock that only tests move."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidInput, StorageFailed
from reelhouse.gold import repeat, report


@dataclass
class FakeClock:
    """A clock that goes only when told, and remembers how long it was waited for."""

    time: float = 1000.0
    waits: list[float] = field(default_factory=list)

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds

    def clock(self) -> repeat.Clock:
        return repeat.Clock(lambda: self.time, self.wait)


@pytest.mark.parametrize(
    ("text", "seconds"), [("60s", 60), ("1m", 60), (" 90m ", 5400), ("1h", 3600), ("30d", 2_592_000)]
)
def test_intervals(text: str, seconds: int) -> None:
    assert repeat.interval(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "1", "h", "0m", "59s", "31d", "-1h", "1.5h", "1 h", "1w", "1h30m", "١h", "999999h"]
)
def test_an_invalid_interval_is_rejected_with_an_example(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"from 1m to 30d.*--every 1h"):
        repeat.interval(text)


def test_rounds_begin_at_the_interval_however_long_they_take() -> None:
    fake = FakeClock()
    begun = []

    for number in islice(repeat.rounds(3600, fake.clock()), 3):
        begun.append((number, fake.time - 1000))
        fake.time += 600

    assert begun == [(1, 0), (2, 3600), (3, 7200)]
    assert fake.waits == [3000, 3000]


def test_a_round_that_takes_too_long_leaves_out_what_it_missed() -> None:
    fake = FakeClock()
    rounds = repeat.rounds(60, fake.clock())

    next(rounds)
    fake.time += 150
    next(rounds)

    assert fake.time == 1000 + 180


@given(st.integers(60, 10_000), st.lists(st.integers(0, 50_000), max_size=20))
def test_every_round_begins_at_a_multiple_of_the_interval(seconds: int, durations: list[int]) -> None:
    fake = FakeClock()
    rounds = repeat.rounds(seconds, fake.clock())

    next(rounds)
    for duration in durations:
        fake.time += duration
        next(rounds)
        assert (fake.time - 1000) % seconds == 0
    assert all(0 < wait <= seconds for wait in fake.waits)


def test_reports_stay_fresh_through_failures_until_ctrl_c(capsys: pytest.CaptureFixture[str]) -> None:
    fake = FakeClock()
    begun = []

    def once() -> bool:
        begun.append(fake.time - 1000)
        if len(begun) == 2:
            raise StorageFailed("EndpointConnectionError", subject="gold")
        if len(begun) == 4:
            raise KeyboardInterrupt
        return len(begun) != 3

    report.run_repeatedly(once, 60, fake.clock())

    assert begun == [0, 60, 120, 180]
    said = capsys.readouterr().err
    assert "EndpointConnectionError" in said
    assert "no more reports" in said


def test_ctrl_c_while_waiting_ends_it_too() -> None:
    def wait(_: float) -> None:
        raise KeyboardInterrupt

    report.run_repeatedly(lambda: True, 60, repeat.Clock(lambda: 0.0, wait))


def test_what_is_wrong_from_the_start_is_not_tried_again() -> None:
    fake = FakeClock()

    def once() -> bool:
        raise InvalidInput("there is no such report")

    with pytest.raises(InvalidInput):
        report.run_repeatedly(once, 60, fake.clock())
    assert fake.waits == []
