"""``reelhouse report``: run the notebooks on a stack's Gold and write their pages to a folder and the Gold bucket."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn

from insights import wording
from insights.reports import notebooks as report_notebooks
from insights.reports import publish
from insights.reports.notebooks import Notebook
from insights.reports.publish import Published
from insights.reports.store import BucketStore, FolderStore, Store
from pipeline import keys
from pipeline.errors import InvalidInput, ReelhouseError
from reelhouse import console, stack
from reelhouse.console import bars
from reelhouse.options import Json, StackName, pairs, usage_errors
from reelhouse.stack import Stack

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_INTERVAL = re.compile(r"(\d{1,5})([smhd])", re.ASCII)
SHORTEST, LONGEST = 60, 30 * 86_400


def command(
    names: Annotated[
        list[str] | None, typer.Argument(help="Reports by name or number; without any, all.", metavar="NAME")
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
    with usage_errors():
        seconds = interval(every) if every else 0
        notebooks = report_notebooks.choose(report_notebooks.discover(), names or [])
    given = pairs(parameters, "min_films=10")
    deployed = stack.find(stack_name)

    def once() -> bool:
        published = run(deployed, notebooks, given, output)
        if json_output:
            console.print_json(as_dict(published, output, deployed))
        else:
            print_published(published, output, deployed)
            print_dashboard(output)
        return all(one.succeeded for one in published)

    if seconds:
        repeat(once, seconds)
    elif not once():
        raise typer.Exit(1)


def interval(text: str) -> int:
    """Read an interval such as ``30m``, ``1h`` or ``1d``, in seconds.

    Raises
    ------
    InvalidInput
        When it is not an interval, or not between a minute and 30 days.
    """
    match = _INTERVAL.fullmatch(text.strip())
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    if not SHORTEST <= seconds <= LONGEST:
        cause = "must be a whole number of s, m, h or d, from 1m to 30d"
        raise InvalidInput(cause, subject=f"--every {text}"[:80], next_step="for example --every 1h")
    return seconds


def repeat(action: Callable[[], object], seconds: int) -> None:
    """Run an action now and at every interval until Ctrl-C; intervals that a long round overlaps are skipped.

    Raises
    ------
    ReelhouseError
        When the first round fails, for example for a wrong name. A later error is printed, and the next round tries
        again: the stack may be back by then.
    """
    start = time.monotonic()
    try:
        for number in count(1):
            try:
                action()
            except ReelhouseError as error:
                if number == 1:
                    raise
                console.fail(str(error))
            console.say(f"again every {seconds:,} seconds; Ctrl-C ends it")
            time.sleep(seconds - (time.monotonic() - start) % seconds)
    except KeyboardInterrupt:
        console.say("no more reports")


def run(stack: Stack, notebooks: Sequence[Notebook], given: Mapping[str, str], output: Path) -> list[Published]:
    """Run notebooks with the given parameters, and write their pages to a folder and to the Gold bucket.

    Raises
    ------
    InvalidInput
        When a parameter is unknown or of another type; nothing has run then.
    """
    stores: list[Store] = [FolderStore(output), BucketStore(stack["GoldBucketName"])]
    with bars(
        SpinnerColumn(finished_text=""), TextColumn("{task.fields[sign]} {task.description:<20}"), BarColumn(30),
        MofNCompleteColumn(), TextColumn("cells"), TimeElapsedColumn(),
    ) as shown:  # fmt: skip
        tasks = {one.name: shown.add_task(one.name, start=False, total=one.cells, sign=" ") for one in notebooks}

        def on_progress(notebook: Notebook, done: int) -> None:
            shown.start_task(tasks[notebook.name])
            shown.update(tasks[notebook.name], completed=done)

        published = []
        for report in publish.run(notebooks, given, stack.lake(), stores, on_progress):
            task = tasks[report.report["name"]]
            shown.update(task, sign="[green]✓[/]" if report.succeeded else "[red]✗[/]")
            shown.stop_task(task)
            published.append(report)
    return published


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
    """Print the path of the folder's dashboard page, or the command that writes it."""
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
    """Return the reports and where their pages are, for ``--json``."""
    return {
        "index": str((output / "index.html").absolute()),
        "dashboard": _dashboard(output),
        "s3": f"s3://{stack['GoldBucketName']}/{keys.REPORT_INDEX}",
        "reports": [{**one.report, "page": str(_page(output, one).absolute())} for one in published],
    }


def _page(output: Path, one: Published) -> Path:
    return output / one.key.removeprefix(keys.REPORTS)
