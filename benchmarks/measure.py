"""How everything here is measured: ours and its baseline in turn, the order alternated, the median of the pairs.

Load on the machine changes from minute to minute, so a ratio is taken between two runs that stand side by side, and
the spread of these ratios is shown. Where memory or imports matter, each run has a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal

RUNS = 3


@dataclass(frozen=True)
class Run:
    """One run: its time, the peak of its process's memory (None: not measured), and what else it found."""

    seconds: float
    peak_mb: float | None = None
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Pairs:
    """Runs side by side: the first of ``ours`` ran next to the first of ``baseline``, and so on."""

    ours: list[Run]
    baseline: list[Run]


@dataclass(frozen=True)
class Target:
    """What is to be reached.

    Attributes
    ----------
    kind : str
        ``gain``: baseline / ours is at least ``value``. ``cost``: ours / baseline is at most ``value``.
        ``least`` and ``most`` bound our own figure, whatever the baseline's.
    """

    kind: Literal["gain", "cost", "least", "most"]
    value: float

    @property
    def relative(self) -> bool:
        """Whether it bounds a ratio."""
        return self.kind in {"gain", "cost"}

    def ratio(self, ours: float, baseline: float) -> float:
        """Our gain over the baseline or, for a cost, ours in terms of it."""
        return ours / baseline if self.kind == "cost" else baseline / ours

    def met(self, ours: float, ratio: float | None) -> bool:
        """Whether it is reached."""
        found = ratio if self.relative else ours
        if found is None:
            return False
        return found >= self.value if self.kind in {"gain", "least"} else found <= self.value


@dataclass(frozen=True)
class Case:
    """What a result is about.

    Attributes
    ----------
    row, name : str
        The row of the table, and the case within it, such as "1 million rows".
    target : Target or None
        None where only the figures are wanted.
    size : int or None
        Rows, films or the like: the place on the curve; None for no curve.
    notes : str
        What a reader must know beside the figures.
    """

    row: str
    name: str
    target: Target | None = None
    size: int | None = None
    notes: str = ""


@dataclass(frozen=True)
class Result:
    """One line of the table. Ratios are as its target's kind has them, else gains; ``spread`` is least and greatest."""

    case: Case
    unit: str
    ours: float
    baseline: float | None
    ratio: float | None
    spread: tuple[float, float] | None
    met: bool | None
    peak_mb: float | None
    baseline_peak_mb: float | None
    runs: int


@dataclass(frozen=True)
class Plan:
    """How thoroughly to measure; ``say`` shows what is being done; ``most_runs`` bounds the runs of each side."""

    quick: bool
    say: Callable[[str], None]
    most_runs: int = 100

    def runs(self, wanted: int = RUNS) -> int:
        """Runs of each side: what is wanted, or one where it must be quick."""
        return 1 if self.quick else min(wanted, self.most_runs)


def interleaved(ours: Callable[[], Run], baseline: Callable[[], Run], runs: int) -> Pairs:
    """Run both sides in turn, and let the other side begin each time."""
    pairs = Pairs([], [])
    for turn in range(runs):
        sides = [(pairs.ours, ours), (pairs.baseline, baseline)]
        for taken, side in sides if turn % 2 == 0 else reversed(sides):
            taken.append(side())
    return pairs


def compared(case: Case, pairs: Pairs) -> Result:
    """Compare times: medians of both sides, and median and spread of the pairs' ratios."""
    measure = (case.target if case.target and case.target.relative else Target("gain", 0)).ratio
    ratios = [measure(one.seconds, other.seconds) for one, other in zip(pairs.ours, pairs.baseline, strict=True)]
    ours, ratio = median(run.seconds for run in pairs.ours), median(ratios)
    return Result(
        case=case,
        unit="s",
        ours=ours,
        baseline=median(run.seconds for run in pairs.baseline),
        ratio=ratio,
        spread=(min(ratios), max(ratios)),
        met=case.target.met(ours, ratio) if case.target else None,
        peak_mb=_peak(pairs.ours),
        baseline_peak_mb=_peak(pairs.baseline),
        runs=len(ratios),
    )


def measured(case: Case, unit: str, values: list[float], runs: list[Run] | None = None) -> Result:
    """Take a figure of ours that has no baseline: the median of ``values``."""
    ours = median(values)
    met = case.target.met(ours, None) if case.target else None
    return Result(case, unit, ours, None, None, None, met, _peak(runs or []), None, len(values))


def peak_of(case: Case, runs: list[Run]) -> Result:
    """Take the highest peak of memory of all runs, in MB."""
    return measured(case, "MB", [_peak(runs) or 0.0], runs)


def fresh(module: str, function: str, *, timeout_seconds: float = 600, **arguments: Any) -> Run:
    """Call a function of a module of ``benchmarks`` in a process of its own.

    Parameters
    ----------
    function : str
        Returns a dict with its ``seconds``; what else is in it becomes the run's values.
    **arguments
        Its keyword arguments; anything JSON can hold.

    Raises
    ------
    subprocess.CalledProcessError
        When it fails; its own traceback has been shown.
    """
    command = [sys.executable, "-m", "benchmarks.child", f"benchmarks.{module}", function, json.dumps(arguments)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=timeout_seconds, check=True)
    found = json.loads(ran.stdout.splitlines()[-1])
    return Run(found.pop("seconds"), found.pop("peak_mb"), found)


def _peak(runs: list[Run]) -> float | None:
    peaks = [run.peak_mb for run in runs if run.peak_mb is not None]
    return max(peaks) if peaks else None
