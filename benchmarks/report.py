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
    """A module's results, and how they came about; ``load`` is before and after, ``seconds`` all it took."""

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


def write(report: Report, plots: dict[str, str], stored: Path = STORED, page: Path = PAGE) -> None:
    """Store the report and its page; ``plots`` are file names by module."""
    stored.write_text(json.dumps(asdict(report), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    page.write_text(render(report, plots), encoding="utf-8")


def render(report: Report, plots: dict[str, str]) -> str:
    """Write the page."""
    machine = report.machine
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    lines = [
        "# What was measured",
        "",
        "Written by `make bench`. How: `measure.py`. Baselines: `baselines/`. Both sides run",
        "in turn. Figures are medians, a ratio is the median of the pairs' ratios (least–greatest). Memory is the peak",
        "of the whole process, interpreter and imports included (VmHWM; 1 MB = 1024² bytes).",
        "",
        f"{machine['cores']} cores of {machine['processor']}, {machine['memory_gb']} GB, {machine['system']}, "
        f"Python {machine['python']}; {packages}.",
    ]
    for name, record in report.records.items():
        lines += ["", *section(record), *_plot(plots.get(name), record)]
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


def _plot(file: str | None, record: Record) -> list[str]:
    if file is None:
        return []
    about = record.results[0].case.row
    return ["", f"![{about}: time and memory of ours and the baseline, by size](plots/{file})"]


def line(result: Result) -> str:
    """One line of a table."""
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
    """Three digits that matter, in a unit that fits: 0.0123 s is 12.3 ms; None is a dash."""
    if value is None:
        return "–"
    if unit == "s" and value < 1:
        value, unit = value * 1000, "ms"
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{text} {unit}".strip()


def _ratio(result: Result) -> str:
    if result.ratio is None or result.spread is None:
        return "–"
    least, greatest = result.spread
    return f"{result.ratio:.2f}× ({least:.2f}–{greatest:.2f})"


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
