"""What ``reelhouse status RUN_ID`` prints for people: the run's story from top to bottom, and what to do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from reelhouse.run.advice import NOTE, WAIT, WRONG
from reelhouse.show import out

_LEFT_OUT_SHOWN, _UNUSABLE_SHOWN, _REPORTS_SHOWN = 5, 3, 6
_HEAD_CHARACTERS = 13
# What is counted, where its name alone says too little here.
_NAMES = {"runs": "manifest", "present": "stored before"}
_SIGNS = {WRONG: "[red]✗[/]", WAIT: "[yellow]…[/]", NOTE: "[yellow]![/]"}
_COLOURS = {"rejected": "yellow", "quarantined": "yellow", "parked": "red"}


def story(told: dict[str, Any]) -> None:
    """Print a run's story."""
    _head(told)
    _steps(told)
    _films(told)
    _gold(told)
    _next(told)


def _head(told: dict[str, Any]) -> None:
    complete = bool(told["gold"]) and told["gold"]["status"] == "complete"
    status = "[green]complete[/]" if complete else "[red]incomplete[/]"
    out.print(f"Run [bold]{told['run_id']}[/] is {status}")
    asked, source = told["requested"], told["list"]
    entries = f"{source['entries']:,} entries, " if source["entries"] is not None else ""
    unusable = f", {len(source['unusable']):,} unusable" if source["unusable"] else ""
    rows = [
        ("asked for", escape(f"by {asked['by'] or 'an invocation that did not say'}, {_time(asked['at'])} UTC")),
        (
            "parameters",
            escape(f"top_n {asked['top_n']}, batch_size {asked['batch_size']}; code {asked['code_version']}"),
        ),
        ("list", f"{entries}{source['taken']:,} taken in {told['messages']:,} messages{unusable}"),
        ("", escape(source["uri"])),
    ]
    shown = source["unusable"][:_UNUSABLE_SHOWN]
    rows += [("", escape(f"item {entry['item']}, id {entry['id']!r}: {entry['reason']}")) for entry in shown]
    _print([*rows, *_more(len(source["unusable"]) - _UNUSABLE_SHOWN, told, "unusable entries")])


def _steps(told: dict[str, Any]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("step", "from", "to", "invoked", "what was done"):
        table.add_column(name, justify="right" if name in {"from", "to", "invoked"} else "left", overflow="fold")
    began = datetime.fromisoformat(told["requested"]["at"])
    for step in told["steps"]:
        times = [_after(began, step[name]) for name in ("began_at", "ended_at")]
        done = _counts(step["outcomes"])
        if step["put_back"]:
            done += f"; [yellow]messages put back: {escape(_counts(step['put_back']))}[/]"
        if step["failed"]:
            done += f"; [red]{step['failed']} failed as a whole[/]"
        table.add_row(step["step"], *times, str(step["invocations"]), done or "[dim]no line in the log[/]")
    out.print(table)
    omdb = told["omdb"]
    if omdb["calls"]:
        errors = f", without an answer: {_counts(omdb['errors'])}" if omdb["errors"] else ""
        within = f"95 of 100 within {omdb['p95_ms']:,.0f} ms"
        _print([("OMDb", escape(f"{omdb['calls']:,} calls, {within}{errors}"))])


def _films(told: dict[str, Any]) -> None:
    films, queue = told["films"], told["queues"]["MovieQueue"]
    # While the queue is not empty, what is missing is taken to wait in it.
    names = {"missing": "waiting"} if films["missing"] and queue["waiting"] + queue["in_flight"] else {}
    counted = ", ".join(
        f"[{_COLOURS.get(name, 'default') if films[name] else 'default'}]{films[name]:,} {names.get(name, name)}[/]"
        for name in ("stored", "rejected", "quarantined", "parked", "missing")
    )
    rows = [("films", f"{films['expected']:,} expected: {counted}")]
    for outcome, colour in _COLOURS.items():
        concerned = [one for one in told["left_out"] if one["outcome"] == outcome]
        for one in concerned[:_LEFT_OUT_SHOWN]:
            rows.append(("", f"[{colour}]{outcome}[/] {one['imdb_id']}: {escape(one['why'])}"))
        rows += _more(len(concerned) - _LEFT_OUT_SHOWN, told, outcome)
    _print(rows)


def _gold(told: dict[str, Any]) -> None:
    gold, reports = told["gold"], told["reports"]
    said = "no build contains this run"
    if gold is not None:
        newer = "" if gold["newest_run"] == told["run_id"] else f"; newest run {gold['newest_run']}"
        said = f"build {gold['build_id']}, {_time(gold['built_at'])} UTC, where the run is {gold['status']}, and "
        said += f"{gold['films']:,} films are from it{newer}"
    rows = [("Gold", escape(said))]
    for place, report in enumerate(reports[-_REPORTS_SHOWN:]):
        rows.append(("" if place else "reports", escape(f"{report['name']} {report['status']}, {report['page']}")))
    _print(rows if reports else [*rows, ("reports", "none stands on this run")])


def _next(told: dict[str, Any]) -> None:
    if not any(one["level"] != NOTE for one in told["next"]):
        out.print("[green]✓[/] All is well: nothing has to be done.")
    for one in told["next"]:
        grid = Table.grid(padding=(0, 1))
        grid.add_row(_SIGNS[one["level"]], escape(one["what"]))
        grid.add_row("", f"→ {escape(one['do'])}")
        out.print(grid)


def _print(rows: list[tuple[str, str]]) -> None:
    """Print lines with a head each; a long text goes on below itself."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(min_width=_HEAD_CHARACTERS, style="bold")
    grid.add_column(overflow="fold")
    for head, text in rows:
        grid.add_row(f"  {head}", text)
    out.print(grid)


def _more(number: int, told: dict[str, Any], what: str) -> list[tuple[str, str]]:
    return [("", f"… and {number:,} more {what}: reelhouse status {told['run_id']} --json")] if number > 0 else []


def _counts(counts: dict[str, int]) -> str:
    shown = {_NAMES.get(name, name): number for name, number in counts.items() if number}
    return ", ".join(f"{number:,} {name}" for name, number in shown.items())


def _time(iso: str) -> str:
    return iso[:19].replace("T", " ")


def _after(began: datetime, iso: str | None) -> str:
    if iso is None:
        return "–"
    seconds = (datetime.fromisoformat(iso) - began).total_seconds()
    return f"{seconds:+.1f} s" if abs(seconds) < 3600 else f"{seconds / 3600:+.1f} h"
