"""The tables of docs/scale.md, computed. Pure but for :func:`update`, which puts them into the text."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from benchmarks.scale import cost, limits, prices
from benchmarks.scale.measured import Measured
from benchmarks.scale.model import MEMORY_MB, day, on_the_emulator, processors
from benchmarks.scale.simulation import simulate
from benchmarks.scale.sizes import Sizes

DOCUMENT = Path(__file__).parents[2] / "docs" / "scale.md"
FILMS = (250, 17_472, 1_000_000, 10_000_000)
_TABLE = "<!-- {name}: computed -->\n{body}\n<!-- end -->"


def update(text: str, measured: Measured, sizes: Sizes) -> str:
    """Put every computed table between its marks in a text."""
    for name, table in TABLES.items():
        body = _TABLE.format(name=name, body="\n".join(["", *table(measured, sizes), ""]))
        pattern = re.compile(re.escape(f"<!-- {name}: computed -->") + ".*?<!-- end -->", re.DOTALL)
        text = pattern.sub(lambda _, body=body: body, text)  # type: ignore[misc]
    return text


def limits_table(measured: Measured, sizes: Sizes) -> list[str]:
    """What gives way, the first first."""
    head = ["what gives way", "films a day", "basis", "because", "then"]
    rows = [
        [each.part, f"{_two_digits(each.films):,}", each.basis, each.why, each.then]
        for each in limits.limits(measured, sizes)
    ]
    return _table(head, rows, "l r l l l")


def cost_table(measured: Measured, sizes: Sizes) -> list[str]:
    """The bill of a month of daily runs, by size of the list."""
    days = [day(films, measured, sizes) for films in FILMS]
    bills = [cost.month(each, measured) for each in days]
    rows = [[lines[0].item, *(_dollars(line.dollars) for line in lines)] for lines in zip(*bills, strict=True)]
    rows.append(["**together**", *(f"**{_dollars(cost.total(bill))}**" for bill in bills)])
    for name, changes in (("Gold built once a run", {"builds": 1}), ("not compacted", {"compacted": False})):
        others = [cost.month(day(films, measured, sizes, **changes), measured) for films in FILMS]
        rows.append([f"together, {name}", *(_dollars(cost.total(bill)) for bill in others)])
    return _table(["dollars a month", *(f"{films:,}" for films in FILMS)], rows, "l r r r r")


def day_table(measured: Measured, sizes: Sizes) -> list[str]:
    """What a day is, by size of the list."""
    days = [day(films, measured, sizes) for films in FILMS]
    plain = [day(films, measured, sizes, compacted=False) for films in FILMS]
    rows = [
        ["OMDb to Bronze", *(_duration(each.bronze_seconds) for each in days)],
        ["invocations of EnrichAndStoreMovie", *(f"{each.invocations['EnrichAndStoreMovie']:,}" for each in days)],
        ["Silver parts a run", *(f"{each.parts:,}" for each in days)],
        ["Silver parts of a year, compacted", *(f"{each.kept_parts:,}" for each in days)],
        ["the same, not compacted", *(f"{each.kept_parts:,}" for each in plain)],
        ["engine of Gold", *(each.engine for each in days)],
        ["builds of Gold a run", *(f"{each.builds:,}" for each in days)],
        ["OMDb tier", *(f"${prices.omdb_tier(each.films).dollars:.0f}" for each in days)],
    ]
    return _table(["a daily run", *(f"{films:,}" for films in FILMS)], rows, "l r r r r")


def check_table(measured: Measured, _: Sizes) -> list[str]:
    """The simulation against the runs that were measured here."""
    rows = []
    for run in measured.runs:
        simulated = simulate(run.films, on_the_emulator(run))
        rows.append([
            f"{run.films:,}",
            f"{run.seconds['bronze']:.0f} s", f"{simulated.bronze:.0f} s",
            f"{run.seconds['silver']:.0f} s", f"{simulated.silver:.0f} s",
            f"{run.parts}", f"{len(simulated.parts)}",
        ])  # fmt: skip
    return _table(
        ["films", "to Bronze", "simulated", "to Silver", "simulated", "parts", "simulated"], rows, "r r r r r r r"
    )


def function_table(measured: Measured, _: Sizes) -> list[str]:
    """Processor time of each function in the runs that were measured here."""
    largest = measured.largest()
    rows = [
        [
            name,
            *(f"{run.steps[name].cpu_seconds / run.films * 1e3:.1f} ms" for run in measured.runs),
            f"{largest.steps[name].invocations:,}",
            f"{MEMORY_MB[name]:,} MB, {processors(name):.2f}",
        ]
        for name in MEMORY_MB
    ]
    head = [f"a film, of {run.films:,}" for run in measured.runs]
    columns = ["processor time", *head, f"invocations at {largest.films:,}", "on Lambda, processors"]
    return _table(columns, rows, "l r r r r r")


def compaction_table(measured: Measured, _: Sizes) -> list[str]:
    """Silver read cold, before and after compaction."""
    rows = [
        [name, f"{each.objects:,}", f"{each.bytes / 1e6:.1f} MB", f"{each.cpu_seconds:.2f} s", f"{each.seconds:.2f} s"]
        for name, each in (("as it was written", measured.parts), ("compacted", measured.compacted))
    ]
    columns = [f"Silver of {measured.compacted.rows:,} rows", "objects", "size", "processor time", "by the clock"]
    return _table(columns, rows, "l r r r r")


TABLES: dict[str, Callable[[Measured, Sizes], list[str]]] = {
    "limits": limits_table,
    "cost": cost_table,
    "day": day_table,
    "check": check_table,
    "functions": function_table,
    "compaction": compaction_table,
}


def _table(head: list[str], rows: list[list[str]], alignment: str) -> list[str]:
    rules = ["---:" if side == "r" else "---" for side in alignment.split()]
    return [f"| {' | '.join(cells)} |" for cells in (head, rules, *rows)]


def _dollars(value: float) -> str:
    return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _two_digits(value: float) -> int:
    """Round to two digits: nothing here is known better."""
    return int(float(f"{value:.2g}"))
