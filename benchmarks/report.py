"""The report: reads and writes ``results.json``, and writes ``RESULTS.md`` from it.

A row that was measured alone replaces its own part only; each says when it was measured and under which load.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.measure import Case, Result, Target

FOLDER = Path(__file__).parent
STORED, PAGE = FOLDER / "results.json", FOLDER / "RESULTS.md"
_SIGNS = {"gain": "≥ {:g}×", "cost": "≤ {:g}×", "least": "≥ {:g}{}", "most": "≤ {:g}{}"}


@dataclass(frozen=True)
class Record:
    """A module's results, when they were measured, the load before and after, and the seconds it took."""

    measured_at: str
    seconds: float
    load: tuple[float, float]
    results: list[Result]


@dataclass(frozen=True)
class Report:
    """The machine of the newest run, and the newest record of each module, by its name."""

    machine: dict[str, Any]
    records: dict[str, Record]


def read(path: Path = STORED) -> Report:
    """Read the stored report; an empty one when there is none."""
    if not path.exists():
        return Report({}, {})
    stored = json.loads(path.read_text(encoding="utf-8"))
    return Report(stored["machine"], {name: _record(record) for name, record in stored["records"].items()})


def write(report: Report, stored: Path = STORED, page: Path = PAGE) -> None:
    """Store the report and its page."""
    stored.write_text(json.dumps(asdict(report), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    page.write_text(render(report), encoding="utf-8")


def render(report: Report) -> str:
    """Write the page."""
    machine = report.machine
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    lines = [
        "# What was measured",
        "",
        "Written by `make bench`; the method is in `measure.py`, the baselines are in `baselines/`. Both sides run in",
        "turn. Figures are medians. A ratio is the median of the pairs' ratios, with the lowest and highest of several",
        "pairs. Ratios depend on the machine: a busy one, or one with smaller caches, gives others. Memory is the peak",
        "of the whole process, interpreter and imports included (VmHWM; 1 MB = 1024² bytes).",
        "",
        f"{machine['cores']} cores of {machine['processor']}, {machine['memory_gb']} GB, {machine['system']}, "
        f"Python {machine['python']}; {packages}.",
    ]
    for record in report.records.values():
        lines += ["", *section(record)]
    return "\n".join(lines) + "\n"


def section(record: Record) -> list[str]:
    """Write the lines of one module: its table and its notes."""
    before, after = record.load
    notes = list(dict.fromkeys(result.case.notes for result in record.results if result.case.notes))
    return [
        f"## {record.results[0].case.row}",
        "",
        f"{record.measured_at}, {record.seconds:.0f} s in all, load {before} before and {after} after.",
        "",
        "| case | ours | baseline | ratio | target | | peak memory | baseline's | runs |",
        "| --- | ---: | ---: | ---: | ---: | --- | ---: | ---: | ---: |",
        *(line(result) for result in record.results),
        *(["", " ".join(notes)] if notes else []),
    ]


def line(result: Result) -> str:
    """Write one line of a table."""
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
    spread = f" ({lowest:.2f}–{highest:.2f})" if result.runs > 1 else ""
    return f"{result.ratio:.2f}×{spread}"


def _target(target: Target | None, unit: str) -> str:
    return _SIGNS[target.kind].format(target.value, f" {unit}" if unit else "") if target else "–"


def _record(stored: dict[str, Any]) -> Record:
    before, after = stored["load"]
    results = [_result(result) for result in stored["results"]]
    return Record(stored["measured_at"], stored["seconds"], (before, after), results)


def _result(stored: dict[str, Any]) -> Result:
    case = stored.pop("case")
    target = case.pop("target")
    spread = stored.pop("spread")
    return Result(
        case=Case(**case, target=Target(**target) if target else None),
        spread=tuple(spread) if spread else None,
        **stored,
    )
