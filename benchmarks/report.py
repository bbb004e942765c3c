"""``RESULTS.md``: one section a row. A row that was measured alone replaces its own section only.

Each section says when it was measured and under which load; the page's head describes the machine of the newest run.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from benchmarks.measure import Result, Target

PAGE = Path(__file__).parent / "RESULTS.md"
PACKAGES = ("boto3", "duckdb", "pydantic", "sqlglot", "pandas", "pyarrow", "numpy", "scikit-learn", "ministack")
_SIGNS = {"gain": "≥ {:g}×", "cost": "≤ {:g}×", "most": "≤ {:g}{}"}
_HEAD = """\
# What was measured

Written by `make bench`; the method is in `measure.py`, the baselines are in `baselines/`. Both sides run in
turn. Figures are medians. A ratio is the median of the pairs' ratios, with the lowest and highest of several
pairs. Ratios depend on the machine: a busy one, or one with smaller caches, gives others. Memory is the peak
of the whole process, interpreter and imports included (VmHWM; 1 MB = 1024² bytes).

{machine}
"""


@dataclass(frozen=True)
class Record:
    """A row's title, when it was measured, the seconds it took, the load before and after, and its results."""

    title: str
    measured_at: str
    seconds: float
    load: tuple[float, float]
    results: list[Result]


def machine() -> dict[str, Any]:
    """Describe this machine: cores, memory in GB, and what it runs."""
    known = Path("/proc/cpuinfo")
    lines = known.read_text(encoding="utf-8").splitlines() if known.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "cores": psutil.cpu_count(),
        "processor": names[0] if names else platform.processor() or platform.machine(),
        "memory_gb": round(psutil.virtual_memory().total / 1024**3, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def load() -> float:
    """Return the mean number of processes that were running or waiting to, over the last minute."""
    return round(psutil.getloadavg()[0], 2)


def write(records: Sequence[Record], titles: Sequence[str], about: Mapping[str, Any], page: Path = PAGE) -> None:
    """Replace the sections of the records, in the order of all ``titles``; sections of no title are dropped."""
    packages = ", ".join(f"{name} {number}" for name, number in about["packages"].items())
    head = _HEAD.format(
        machine=f"{about['cores']} cores of {about['processor']}, {about['memory_gb']} GB, {about['system']}, "
        f"Python {about['python']}; {packages}."
    )
    stored = page.read_text(encoding="utf-8") if page.exists() else ""
    sections = {part.partition("\n")[0]: part.strip() for part in re.split("^## ", stored, flags=re.MULTILINE)[1:]}
    sections |= {record.title: section(record).removeprefix("## ") for record in records}
    body = "".join(f"\n## {sections[title]}\n" for title in titles if title in sections)
    page.write_text(head + body, encoding="utf-8")


def section(record: Record) -> str:
    """Return the section of one row: its table and its notes."""
    before, after = record.load
    notes = " ".join(dict.fromkeys(result.case.notes for result in record.results if result.case.notes))
    lines = [
        f"## {record.title}",
        "",
        f"{record.measured_at}, {record.seconds:.0f} s in all, load {before} before and {after} after.",
        "",
        "| case | ours | baseline | ratio | target | | peak memory | baseline's | runs |",
        "| --- | ---: | ---: | ---: | ---: | --- | ---: | ---: | ---: |",
        *map(line, record.results),
    ]
    return "\n".join([*lines, *(["", notes] if notes else [])])


def line(result: Result) -> str:
    """Return one line of a table."""
    cells = (
        result.case.name,
        figure(result.ours, result.unit),
        figure(result.baseline, result.unit),
        _ratio(result),
        _target(result.case.target, result.unit),
        {None: "", True: "reached", False: "**not reached**"}[result.met],
        figure(result.peak_mb, "MB"),
        figure(result.baseline_peak_mb, "MB"),
        str(result.runs),
    )
    return f"| {' | '.join(cells)} |"


def figure(value: float | None, unit: str) -> str:
    """Format a value with three significant digits: 0.0123 s is 12.3 ms; None is a dash."""
    if value is None:
        return "–"
    if unit == "s" and value < 1:
        value, unit = value * 1000, "ms"
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{text} {unit}".strip()


def _ratio(result: Result) -> str:
    if result.ratio is None or result.spread is None:
        return "–"
    lowest, highest = result.spread
    return f"{result.ratio:.2f}×" + (f" ({lowest:.2f}–{highest:.2f})" if result.runs > 1 else "")


def _target(target: Target | None, unit: str) -> str:
    return _SIGNS[target.kind].format(target.value, f" {unit}" if unit else "") if target else "–"
