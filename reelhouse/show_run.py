"""What ``reelhouse status RUN_ID`` prints for people: the run's story from top to bottom, and what to do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from reelhouse.run_advice import NOTE, WAIT, WRONG
from reelhouse.show import out

_LEFT_OUT_SHOWN, _UNUSABLE_SHOWN, _REPORTS_SHOWN = 5, 3, 6
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
    asked, source = told["requested"], told["list"]
    complete = bool(told["gold"]) and told["gold"]["status"] == "complete"
    status = "[green]complete[/]" if complete else "[red]incomplete[/]"
    out.print(f"Run [bold]{told['run_id']}[/] is {status}")
    _line("asked for", f"by {asked['by'] or 'an invocation that did not say'}, {_time(asked['at'])} UTC")
    _line("parameters", f"top_n {asked['top_n']}, batch_size {asked['batch_size']}; code {asked['code_version']}")
    entries = f"{source['entries']:,} entries, " if source["entries"] is not None else ""
    unusable = f", {len(source['unusable']):,} unusable" if source["unusable"] else ""
    _line("list", f"{entries}{source['taken']:,} taken in {told['messages']:,} messages{unusable}")
    _line("", source["uri"])
    for entry in source["unusable"][:_UNUSABLE_SHOWN]:
        _line("", f"item {entry['item']}, id {entry['id']!r}: {entry['reason']}")
    _more(len(source["unusable"]) - _UNUSABLE_SHOWN, told, "unusable entries")


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
        _line("OMDb", f"{omdb['calls']:,} calls, 95 of 100 within {omdb['p95_ms']:,.0f} ms{errors}")


def _films(told: dict[str, Any]) -> None:
    films, queue = told["films"], told["queues"]["MovieQueue"]
    # While the queue is not empty, what is missing is taken to wait in it.
    names = {"missing": "waiting"} if queue["waiting"] + queue["in_flight"] else {}
    counted = ", ".join(
        f"[{_COLOURS.get(name, 'default') if films[name] else 'default'}]{films[name]:,} {names.get(name, name)}[/]"
        for name in ("stored", "rejected", "quarantined", "parked", "missing")
    )
    out.print(f"  [bold]{'films':<10}[/] {films['expected']:,} expected: {counted}", soft_wrap=True)
    for outcome, colour in _COLOURS.items():
        concerned = [one for one in told["left_out"] if one["outcome"] == outcome]
        for one in concerned[:_LEFT_OUT_SHOWN]:
            why = escape(one["why"])
            out.print(f"  {'':<10} [{colour}]{outcome}[/] {one['imdb_id']}: {why}", soft_wrap=True)
        _more(len(concerned) - _LEFT_OUT_SHOWN, told, outcome)


def _gold(told: dict[str, Any]) -> None:
    gold, reports = told["gold"], told["reports"]
    if gold is None:
        _line("Gold", "no build contains this run")
    else:
        status = f"where the run is {gold['status']}, and {gold['films']:,} films are from it"
        newer = "" if gold["newest_run"] == told["run_id"] else f"; newest run {gold['newest_run']}"
        _line("Gold", f"build {gold['build_id']}, {_time(gold['built_at'])} UTC, {status}{newer}")
    for place, report in enumerate(reports[-_REPORTS_SHOWN:]):
        _line("" if place else "reports", f"{report['name']} {report['status']}, {report['page']}")
    if not reports:
        _line("reports", "none stands on this run")


def _next(told: dict[str, Any]) -> None:
    if not any(one["level"] != NOTE for one in told["next"]):
        out.print("[green]✓[/] All is well: nothing has to be done.")
    for one in told["next"]:
        out.print(f"{_SIGNS[one['level']]} {escape(one['what'])}", soft_wrap=True)
        out.print(f"  → {escape(one['do'])}", soft_wrap=True)


def _line(head: str, text: str) -> None:
    out.print(f"  [bold]{head:<10}[/] {escape(text)}", soft_wrap=True)


def _more(number: int, told: dict[str, Any], what: str) -> None:
    if number > 0:
        _line("", f"… and {number:,} more {what}: reelhouse status {told['run_id']} --json")


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in counts.items() if number)


def _time(iso: str) -> str:
    return iso[:19].replace("T", " ")


def _after(began: datetime, iso: str | None) -> str:
    if iso is None:
        return "–"
    seconds = (datetime.fromisoformat(iso) - began).total_seconds()
    return f"{seconds:+.1f} s" if abs(seconds) < 3600 else f"{seconds / 3600:+.1f} h"
