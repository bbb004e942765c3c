"""``python -m tests.chaos``: inject every fault into a deployed stack and print a table; exit 1 when a check fails.

Uses a temporary stack and removes it, unless ``REELHOUSE_HOME`` names one, which is then used and left running.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pipeline.documents import to_json
from pipeline.settings import set_variables, variable
from reelhouse.local import stack as local_stack
from reelhouse.local.omdb import films as sample_films
from tests.chaos import aws_calls, deliveries, killed, killed_emulator, omdb_kinds
from tests.chaos.harness import Result, Scenario, prepared

FILMS, BATCH_SIZE = 24, 4
KINDS: dict[str, Callable[[], Iterator[Scenario]]] = {
    "omdb": omdb_kinds.scenarios,
    "calls": aws_calls.scenarios,
    "killed": killed.scenarios,
    "deliveries": deliveries.scenarios,
    "emulator": killed_emulator.scenarios,
}
console = Console(width=150)


def source_list(folder: Path) -> str:
    """Write a list of sample films and one film that OMDb does not know, which every run must reject."""
    items = sample_films.source_list()["items"][: FILMS - 1]
    path = folder / "list.json"
    path.write_bytes(to_json({"items": [*items, {**items[0], "id": "tt0000000", "rank": str(FILMS)}]}))
    return str(path)


def chosen(words: list[str]) -> list[Scenario]:
    """Return the scenarios of some kinds or with some words in their names; all without any word."""
    every = [(kind, scenario) for kind, scenarios in KINDS.items() for scenario in scenarios()]
    return [s for kind, s in every if not words or kind in words or any(word in s.name for word in words)]


def results(scenarios: list[Scenario], folder: Path, stays: bool) -> Iterator[tuple[str, Result]]:
    """Start the stack and yield the result of each scenario."""
    options = local_stack.Options(source_list=source_list(folder), stays=stays)
    state = local_stack.up(options, console.print)
    with prepared(state, options, FILMS, BATCH_SIZE) as harness:
        for scenario in scenarios:
            started = time.monotonic()
            result = scenario.played(harness)
            sign = "[green]✓[/]" if result.held else "[red]✗[/]"
            console.print(f"{sign} {scenario.name} ({time.monotonic() - started:.0f} s)")
            yield scenario.name, result


def show(outcomes: list[tuple[str, Result]]) -> None:
    """Print the table."""
    table = Table("fault", title="Faults on the deployed stack", title_justify="left")
    for name in ("struck", "films", "stored", "rej.", "quar.", "parked", "lost", "doubled", "Silver rows repeated"):
        table.add_column(name, justify="right")
    table.add_column("Gold")
    for name, result in outcomes:
        accounts = result.accounts
        table.add_row(
            name,
            str(result.injected),
            *(str(sum(getattr(one, count) for one in accounts)) for count in ("expected", "stored", "rejected")),
            *(str(sum(getattr(one, count) for one in accounts)) for count in ("quarantined", "parked")),
            *(str(sum(len(getattr(one, named)) for one in accounts)) for named in ("lost", "doubled")),
            str(sum(one.repeated for one in accounts)),
            result.note or (f"differs: {', '.join(result.differing)}" if result.differing else "equal"),
            style="" if result.held else "red",
        )
    console.print(table)


def main() -> int:
    """Run the scenarios that the command line selects."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    help_ = f"{', '.join(KINDS)}, or a word of a fault's name; without any, all faults"
    parser.add_argument("words", nargs="*", metavar="WORD", help=help_)
    scenarios = chosen(parser.parse_args().words)
    if not scenarios:
        parser.error(f"there is no such fault; there are {', '.join(scenario.name for scenario in chosen([]))}")
    started, outcomes = time.monotonic(), list[tuple[str, Result]]()
    with tempfile.TemporaryDirectory(prefix="reelhouse-chaos-") as folder:
        own = variable("REELHOUSE_HOME")
        set_variables({"REELHOUSE_HOME": own or folder + "/home"})
        try:
            outcomes += results(scenarios, Path(folder), stays=bool(own))
        finally:
            show(outcomes)
            if not own:
                local_stack.down(delete=True)
    broken = [name for name, result in outcomes if not result.held]
    struck, seconds = sum(result.injected for _, result in outcomes), time.monotonic() - started
    console.print(f"{len(outcomes)} faults injected {struck} times in {seconds:.0f} s: {len(broken)} failed")
    return 1 if broken or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main())
