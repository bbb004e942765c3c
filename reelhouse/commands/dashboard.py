"""``reelhouse dashboard``: write the dashboard page of a stack's Gold, one HTML file."""

from __future__ import annotations

import sys
import webbrowser
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from insights import wording
from insights.columns import INSIGHTS_TABLES
from insights.dashboard import checks, data, schema
from insights.dashboard.definition import load
from insights.dashboard.page import render
from insights.lake import Lake
from insights.reports import data as report_data
from insights.reports import store as report_store
from insights.reports.data import Source
from insights.reports.store import FolderStore, write_index
from pipeline.errors import InvalidInput
from reelhouse import console, stack
from reelhouse.options import Json, StackName


def command(
    output: Annotated[Path, typer.Option(help="File to write.", metavar="FILE")] = Path("reports/dashboard.html"),
    browser: Annotated[bool, typer.Option(help="Open it in a browser, if stdout is a terminal.")] = True,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Write the dashboard page: one HTML file that works offline.

    Example: [bold]reelhouse dashboard --output dashboard.html --no-browser[/]
    """
    made = make(stack.find(stack_name).lake(), output)
    if json_output:
        console.print_json(made.as_dict())
    else:
        print_page(made, browser=browser and sys.stdout.isatty())


@dataclass(frozen=True)
class Made:
    """A page that was written: its path, its source in Gold and its KPIs."""

    path: Path
    source: Source
    numbers: dict[str, dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        """Return it for ``--json``."""
        about = self.source.about()
        return {
            "page": str(self.path.absolute()),
            "run_id": about["run_id"],
            "build_id": about["build_id"],
            "built_at": about["built_at"],
            "missing": missing(self.source),
            "numbers": self.numbers,
        }


def make(lake: Lake, output: Path) -> Made:
    """Make the page from a lake's Gold.

    Raises
    ------
    InvalidInput
        When the definition has faults, or the file cannot be written.
    StorageFailed
        When Gold cannot be read.
    """
    definition = load()
    checks.check(definition)
    source = report_data.load(lake, **dict.fromkeys(schema.source_tables(definition), ()))
    frames = data.frames(definition, source.tables)
    cards = data.cards(source.tables)
    as_of = f"Data of {wording.moment(source.build.built_at_time)}. {source.held}" if source.build else ""
    page = render(definition, frames, stands_on=stands_on(source), as_of=as_of, cards=cards, missing=missing(source))
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InvalidInput(error.strerror or "cannot be written", subject=f"--output {output}") from error
    _add_to_index(output)
    numbers = {
        name: {"title": visual.title, "value": number.value, "n": number.n}
        for name, (visual, number) in data.kpis(definition, frames).items()
    }
    return Made(output, source, numbers)


def _add_to_index(output: Path) -> None:
    """Link the page from the index of reports in the same folder, if there is one and the page has the usual name."""
    store = FolderStore(output.parent)
    existing_keys = store.keys()
    if report_store.dashboard(existing_keys) == output.name and report_store.report_keys(existing_keys):
        write_index(store, datetime.now(UTC))


def missing(source: Source) -> list[str]:
    """Say what Gold lacks, and which command makes the tables that notebooks add."""
    hint = ["`reelhouse report` makes the tables of trends, similar films and summaries."]
    return [*source.missing, *(hint if INSIGHTS_TABLES.keys() & set(source.absent) else [])]


def stands_on(source: Source) -> str:
    """Name the run and the time of the build of the data."""
    if not source.build:
        return "Gold has not been built yet."
    built = wording.moment(source.build.built_at_time)
    return f"Data of run {source.run_id}; Gold was built {built}."


def print_page(made: Made, *, browser: bool) -> None:
    """Print where the page is and what it lacks; open it if ``browser``."""
    for sentence in missing(made.source):
        console.warn(sentence)
    console.out.print(f"Dashboard: {escape(str(made.path.absolute()))}", soft_wrap=True)
    if browser:
        webbrowser.open(made.path.absolute().as_uri())
