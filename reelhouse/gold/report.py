"""``reelhouse report``: run the notebooks on a stack's Gold and write their pages to a folder and the Gold bucket."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from insights import wording
from insights.reports import notebooks as report_notebooks
from insights.reports import publish
from insights.reports.notebooks import Notebook
from insights.reports.publish import Published
from insights.reports.store import BucketStore, FolderStore, Store
from pipeline import keys
from pipeline.errors import InvalidInput, ReelhouseError
from reelhouse import console, stack
from reelhouse.gold import repeat
from reelhouse.gold.repeat import Clock
from reelhouse.options import Json, StackName, usage_errors
from reelhouse.stack import Stack


def command(
    names: Annotated[
        list[str] | None, typer.Argument(help="Reports by name or number; without any, all.", metavar="[NAME]...")
    ] = None,
    parameters: Annotated[
        list[str] | None, typer.Option("-p", help="A notebook's parameter; repeatable.", metavar="NAME=VALUE")
    ] = None,
    output: Annotated[Path, typer.Option(help="Folder for the pages.", metavar="DIR")] = Path("reports"),
    every: Annotated[str, typer.Option(help="Repeat at this interval, e.g. 1h, until Ctrl-C.", metavar="TIME")] = "",
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Run the notebooks on Gold and publish their pages.

    Pages are written to a folder and to the Gold bucket, tables to Gold. Exit 1 when a notebook fails; the others run.
    The dashboard page, dashboard.html in the same folder, is written by [bold]reelhouse dashboard[/].

    Example: [bold]reelhouse report 02_genre_trends -p min_films=10 --output reports[/]
    """
    wanted = Wanted(names or [], parameters or [])
    with usage_errors():
        seconds = repeat.interval(every) if every else 0
        report_notebooks.choose(report_notebooks.discover(), wanted.names)
        parse_parameters(wanted.parameters)
    found = stack.find(stack_name)

    def once() -> bool:
        published = run(found, wanted, output)
        if json_output:
            console.print_json(as_dict(published, output, found))
        else:
            print_published(published, output, found)
            print_dashboard(output)
        return all(one.succeeded for one in published)

    if seconds:
        run_repeatedly(once, seconds, repeat.Clock())
    elif not once():
        raise typer.Exit(1)


@dataclass(frozen=True)
class Wanted:
    """The reports that a person asks for.

    Attributes
    ----------
    names : sequence of str
        Notebooks; none means all.
    parameters : sequence of str
        Parameters as ``name=value``.
    """

    names: Sequence[str] = ()
    parameters: Sequence[str] = ()


def run(stack: Stack, wanted: Wanted, output: Path) -> list[Published]:
    """Run reports, with a progress bar for each.

    Parameters
    ----------
    output : Path
        Folder for the pages, besides the Gold bucket.

    Raises
    ------
    InvalidInput
        When a name or parameter is unknown or of another type; nothing has run then.
    """
    notebooks = report_notebooks.choose(report_notebooks.discover(), wanted.names)
    stores: list[Store] = [FolderStore(output), BucketStore(stack["GoldBucketName"])]
    with ReportBars(notebooks) as bars:
        published = []
        given = parse_parameters(wanted.parameters)
        for report in publish.run(notebooks, given, stack.lake(), stores, bars.update):
            bars.finish(report)
            published.append(report)
    return published


def run_repeatedly(run_once: Callable[[], bool], seconds: int, clock: Clock) -> None:
    """Run reports now and at every interval, until Ctrl-C.

    Parameters
    ----------
    run_once : callable
        Runs the reports and prints which failed; they are tried again the next time.
    seconds : int
        The interval.
    clock : Clock
        The clock to wait by.

    Raises
    ------
    ReelhouseError
        When the first round cannot run: a wrong name or parameter stays wrong. A later error is printed, and the next
        round tries again, since the stack may be back by then.
    """
    try:
        for number in repeat.rounds(seconds, clock):
            try:
                run_once()
            except ReelhouseError as error:
                if number == 1:
                    raise
                console.fail(str(error))
            console.say(f"again every {seconds:,} seconds; Ctrl-C ends it")
    except KeyboardInterrupt:
        console.say("no more reports")


def parse_parameters(given: Sequence[str]) -> dict[str, str]:
    """Read ``name=value`` texts.

    Raises
    ------
    InvalidInput
        When one has no ``=``, or names a parameter twice.
    """
    values: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name or name in values:
            fault = "is given twice" if name in values else "must be name=value"
            raise InvalidInput(fault, subject=f"-p {text}"[:80], next_step="nothing was run")
        values[name] = value
    return values


class ReportBars:
    """A progress bar for each notebook, in cells."""

    def __init__(self, notebooks: Sequence[Notebook]) -> None:
        self._bars = Progress(
            SpinnerColumn(finished_text=""), TextColumn("{task.fields[sign]} {task.description:<20}"), BarColumn(30),
            MofNCompleteColumn(), TextColumn("cells"), TimeElapsedColumn(), console=console.err,
            disable=not console.err.is_terminal,
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {
            one.name: self._bars.add_task(one.name, start=False, total=one.cells, sign=" ") for one in notebooks
        }

    def __enter__(self) -> ReportBars:
        """Show the bars."""
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave them as they are."""
        self._bars.stop()

    def update(self, notebook: Notebook, done: int) -> None:
        """Move a notebook's bar."""
        task = self._tasks[notebook.name]
        self._bars.start_task(task)
        self._bars.update(task, completed=done)

    def finish(self, report: Published) -> None:
        """Mark a notebook as succeeded or failed."""
        task = self._tasks[report.report["name"]]
        self._bars.update(task, sign="[green]✓[/]" if report.succeeded else "[red]✗[/]")
        self._bars.stop_task(task)


def print_published(published: Sequence[Published], output: Path, stack: Stack) -> None:
    """Print the first finding, or the first headlines, of each report, and where the pages are."""
    for one in published:
        if not one.succeeded:
            console.fail(f"{one.report['name']}: {one.report['error']}")
            continue
        values = "".join(one.report["findings"][:1])
        values = values or "; ".join(_headline(entry) for entry in one.report["headlines"][:3])
        console.out.print(f"[bold]{escape(one.report['title'])}[/]{escape(f': {values}' if values else '')}")
    console.out.print(f"Reports: [bold]{escape(str((output / 'index.html').absolute()))}[/]", soft_wrap=True)
    console.out.print(f"         s3://{stack['GoldBucketName']}/{keys.REPORT_INDEX}", soft_wrap=True)


def print_dashboard(output: Path) -> None:
    """Print which page is the dashboard page, or how to write it; reports do not change it."""
    page = _dashboard(output)
    text = f"[bold]{escape(page)}[/]" if page else "not in this folder; `reelhouse dashboard` writes it"
    console.out.print(f"Dashboard page: {text}", soft_wrap=True)


def _dashboard(output: Path) -> str | None:
    """Return the path of the folder's dashboard page; None when it has none."""
    page = output / keys.DASHBOARD.removeprefix(keys.REPORTS)
    return str(page.absolute()) if page.is_file() else None


def _headline(entry: dict[str, Any]) -> str:
    value = entry["value"] if isinstance(entry["value"], str) else wording.number(entry["value"])
    return f"{entry['name']} {value} {entry['unit']}".strip()


def as_dict(published: Sequence[Published], output: Path, stack: Stack) -> dict[str, Any]:
    """Return the same for JSON output."""
    return {
        "index": str((output / "index.html").absolute()),
        "dashboard": _dashboard(output),
        "s3": f"s3://{stack['GoldBucketName']}/{keys.REPORT_INDEX}",
        "reports": [{**one.report, "page": str(_page(output, one).absolute())} for one in published],
    }


def _page(output: Path, one: Published) -> Path:
    return output / one.key.removeprefix(keys.REPORTS)
