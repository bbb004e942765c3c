"""How everything here is measured: ours and its baseline in turn, the order alternated, the median of the pairs.

Load on the machine changes from minute to minute, so a ratio is taken between two runs side by side, and the spread of
these ratios is shown. Where memory or imports matter, each run has a process of its own:
``python -m benchmarks.measure MODULE FUNCTION '{"argument": …}'`` prints what the function returns as JSON.
"""

from __future__ import annotations

import importlib
import json
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal

RUNS = 3


@dataclass(frozen=True)
class Run:
    """One run: its time, the peak memory of its process and its processor time; None where not measured."""

    seconds: float
    peak_mb: float | None = None
    cpu_seconds: float | None = None


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
        ``most``: our own figure is at most ``value``.
    """

    kind: Literal["gain", "cost", "most"]
    value: float

    def met(self, figure: float) -> bool:
        """Whether a ratio, or for ``most`` a figure, reaches it."""
        return figure >= self.value if self.kind == "gain" else figure <= self.value


@dataclass(frozen=True)
class Case:
    """A line of the table: its name, its target (None where only the figures are wanted), and notes for its reader."""

    name: str
    target: Target | None = None
    notes: str = ""


@dataclass(frozen=True)
class Result:
    """The figures of a case; ``ratio`` is as its target's kind has it, else a gain. None: without a baseline."""

    case: Case
    unit: str
    ours: float
    runs: int
    met: bool | None
    peak_mb: float | None = None
    baseline: float | None = None
    baseline_peak_mb: float | None = None
    ratio: float | None = None
    spread: tuple[float, float] | None = None


@dataclass(frozen=True)
class Plan:
    """How thoroughly to measure; ``say`` shows what is being done."""

    quick: bool
    say: Callable[[str], None]

    def runs(self, wanted: int = RUNS) -> int:
        """Runs of each side: what is wanted, or one where it must be quick."""
        return 1 if self.quick else wanted


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
    is_cost = case.target is not None and case.target.kind == "cost"
    times = [(one.seconds, other.seconds) for one, other in zip(pairs.ours, pairs.baseline, strict=True)]
    ratios = [ours / baseline if is_cost else baseline / ours for ours, baseline in times]
    return Result(
        case=case,
        unit="s",
        ours=median(ours for ours, _ in times),
        runs=len(times),
        met=case.target.met(median(ratios)) if case.target else None,
        peak_mb=_peak(pairs.ours),
        baseline=median(baseline for _, baseline in times),
        baseline_peak_mb=_peak(pairs.baseline),
        ratio=median(ratios),
        spread=(min(ratios), max(ratios)),
    )


def measured(case: Case, unit: str, values: list[float], runs: list[Run] | None = None) -> Result:
    """Take a figure of ours that has no baseline: the median of ``values``."""
    ours = median(values)
    return Result(case, unit, ours, len(values), case.target.met(ours) if case.target else None, _peak(runs or []))


def peak_of(case: Case, runs: list[Run]) -> Result:
    """Take the highest peak of memory of all runs, in MB."""
    return measured(case, "MB", [_peak(runs) or 0.0], runs)


def _peak(runs: list[Run]) -> float | None:
    return max((run.peak_mb for run in runs if run.peak_mb is not None), default=None)


def fresh(module: str, function: str, *, timeout_seconds: float = 600, **arguments: Any) -> Run:
    """Call a function of a module of ``benchmarks`` in a process of its own.

    Parameters
    ----------
    function : str
        Returns a dict with ``seconds`` and possibly ``cpu_seconds``.
    **arguments
        Its keyword arguments; anything JSON can hold.

    Raises
    ------
    subprocess.CalledProcessError
        When it fails; its own traceback has been shown.
    """
    command = [sys.executable, "-m", "benchmarks.measure", f"benchmarks.{module}", function, json.dumps(arguments)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=timeout_seconds, check=True)
    return Run(**json.loads(ran.stdout.splitlines()[-1]))


def peak_mb() -> float:
    """Highest resident memory of this process so far, in MB, interpreter and imports included.

    On Linux ``getrusage`` is of no use: a child begins with its parent's peak.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main(module: str, function: str, arguments: str) -> None:
    """Call a function, and print what it returns with this process's peak."""
    result = getattr(importlib.import_module(module), function)(**json.loads(arguments))
    print(json.dumps({"peak_mb": peak_mb(), **result}))


if __name__ == "__main__":
    main(*sys.argv[1:])
