"""The command line: ``reelhouse COMMAND``. Exit 0 done, 1 failed, 2 wrong usage."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline import settings
from pipeline.errors import InvalidInput, ReelhouseError
from reelhouse import doctor as doctor_checks
from reelhouse import local_stack, runs, show, stack
from reelhouse import status as stack_status

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout; all else goes to stderr.")]
StackName = Annotated[
    str | None, typer.Option("--stack", help="A stack in AWS by its name; without it, the local stack.", metavar="NAME")
]
TopN = Annotated[int | None, typer.Option(min=1, help="Films to take from the list.")]
BatchSize = Annotated[int | None, typer.Option(min=1, max=100, help="Films in one message.")]


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Make a command: our errors become one line and exit 1, in JSON too where that was asked for."""

    @wraps(function)
    def guarded(*args: Any, **arguments: Any) -> None:
        try:
            function(*args, **arguments)
        except ReelhouseError as error:
            if arguments.get("json_output"):
                show.as_json({"error": str(error), "subject": error.subject, "retryable": error.retryable})
            show.fail(str(error))
            raise typer.Exit(1) from None

    return app.command()(guarded)


@command
def up(
    source_list: Annotated[
        str, typer.Option(help="The list: a file, s3://… or https://…; else the sample's.", metavar="FILE|URI")
    ] = "",
    omdb_url: Annotated[str, typer.Option(help="The OMDb API to use; else the sample server.", metavar="URL")] = "",
    schedule: Annotated[str, typer.Option(help='Start runs by themselves, e.g. "rate(10 minutes)".')] = "",
    json_output: Json = False,
) -> None:
    """Start the local stack and deploy to it; doing it twice changes nothing.

    Example: [bold]reelhouse up --source-list my_list.json[/]. The key of an OMDb API is read from OMDB_API_KEY.
    """
    options = local_stack.Options(source_list, omdb_url, settings.variable("OMDB_API_KEY"), schedule)
    current = local_stack.up(options, show.say)
    if json_output:
        show.as_json(
            {"endpoint_url": current.connection()["AWS_ENDPOINT_URL"], "omdb_port": current.omdb and current.omdb.port}
        )
    else:
        show.out.print("The local stack is up. Next: [bold]reelhouse run --top-n 20 --batch-size 5[/]")


@command
def down(
    delete: Annotated[bool, typer.Option("--delete", help="Remove all data too.")] = False, json_output: Json = False
) -> None:
    """Stop the local stack; its data stays unless --delete is given.

    Example: [bold]reelhouse down --delete[/]
    """
    ran = local_stack.down(delete=delete)
    if json_output:
        show.as_json({"stopped": ran, "deleted": delete})
    else:
        show.out.print(("Stopped." if ran else "Nothing was running.") + (" All data is removed." if delete else ""))


@command
def run(
    top_n: TopN = None,
    batch_size: BatchSize = None,
    seconds: Annotated[float, typer.Option(min=1, help="Longest time to watch.")] = 1800,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Start a run, and watch it from the list to Gold.

    Example: [bold]reelhouse run --top-n 20 --batch-size 5 --json[/]. Exit 1 when it is not complete in the end.
    """
    result = _run(stack.find(stack_name), top_n, batch_size, seconds)
    if json_output:
        show.as_json(result.as_dict())
    else:
        show.report(result)
    if result.status != "complete":
        raise typer.Exit(1)


def _run(found: stack.Stack, top_n: int | None, batch_size: int | None, seconds: float) -> runs.Report:
    reply = runs.start(found, top_n, batch_size)
    with show.RunBars(reply["selected"], hidden=not sys.stderr.isatty()) as bars:
        return runs.watch(found, reply, bars.update, seconds)


@command
def status(
    run_id: Annotated[str | None, typer.Argument(help="One run; without it, the newest 20.")] = None,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Show the runs with their counts, and what is waiting, in flight and parked in each queue.

    Example: [bold]reelhouse status --json[/]
    """
    found = stack_status.status(stack.find(stack_name), run_id)
    if json_output:
        show.as_json(found)
    else:
        show.status(found)


@command
def table(
    name: Annotated[str, typer.Argument(help="A Gold table; without it, their names.")] = "",
    output: Annotated[Path | None, typer.Option(help="Write it to a .csv or .parquet file.", metavar="FILE")] = None,
    rows: Annotated[int, typer.Option(min=1, help="Rows to print.")] = 20,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Show any Gold table, or write it to a file.

    Example: [bold]reelhouse table ratings_by_genre --output ratings.csv[/]
    """
    from insights import lake  # noqa: PLC0415 (awswrangler takes a second to import; other commands need not wait)

    if output is not None and output.suffix not in {".csv", ".parquet"}:
        raise InvalidInput("must end in .csv or .parquet", subject=f"--output {output}")
    stack.find(stack_name)
    if not name:
        show.as_json(lake.tables()) if json_output else show.out.print("\n".join(lake.tables()))
        return
    data = lake.table(name)
    if output is not None:
        show.write(data, output)
        show.say(f"{len(data):,} rows of {name} written to {output}")
    elif json_output:
        print(data.to_json(orient="records", date_format="iso", force_ascii=False))
    else:
        show.frame(name, data, rows)


@command
def report(
    names: Annotated[list[str] | None, typer.Argument(help="Notebooks; without any, all.", metavar="[NAME]...")] = None,
    parameters: Annotated[
        list[str] | None, typer.Option("-p", help="A notebook's parameter; may be repeated.", metavar="NAME=VALUE")
    ] = None,
    output: Annotated[Path, typer.Option(help="Folder for the pages.", metavar="DIR")] = Path("reports"),
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Run the notebooks on Gold, and write their pages to a folder and to the Gold bucket.

    Example: [bold]reelhouse report 02_genre_trends -p min_films=10[/]. Exit 1 when a notebook fails; the others run.
    """
    from reelhouse import report as reporting  # noqa: PLC0415 (as in table)

    found = stack.find(stack_name)
    published = reporting.run(found, names or [], parameters or [], output, hidden=not sys.stderr.isatty())
    if json_output:
        show.as_json(reporting.as_dict(published, output, found))
    else:
        reporting.tell(published, output, found)
    if not all(one.succeeded for one in published):
        raise typer.Exit(1)


@command
def lab(
    port: Annotated[int, typer.Option(min=1024, max=65535, help="Port on 127.0.0.1.")] = 8888,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
    stack_name: StackName = None,
) -> None:
    """Open JupyterLab on the notebooks, with the stack's Gold in reach.

    Example: [bold]reelhouse lab[/]; in the first cell: from insights import lake; lake.table("ratings_by_genre")
    """
    from reelhouse import lab as jupyterlab  # noqa: PLC0415 (as in table)

    raise typer.Exit(jupyterlab.run(stack.find(stack_name).name, port, browser=browser))


@command
def similar(
    query: Annotated[str, typer.Argument(help="A title, with or without its year, or an IMDb id.")],
    k: Annotated[int, typer.Option("-k", min=1, max=20, help="Films to show.")] = 10,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Find films like a film, and why they are like it.

    Example: [bold]reelhouse similar "the godfather" -k 5[/]. Exit 1 for an unknown film, and where several fit.
    """
    from reelhouse import similar as similar_films  # noqa: PLC0415 (as in table)

    answer = similar_films.similar(stack.find(stack_name), query, k)
    if json_output:
        show.as_json(answer)
    else:
        similar_films.show_answer(answer)
    if "films" in answer:
        raise typer.Exit(1)


@command
def doctor(stack_name: StackName = None, json_output: Json = False) -> None:
    """Check everything that a run needs, and say what to do where something is wrong.

    Example: [bold]reelhouse doctor[/]. Exit 1 when a check fails.
    """
    checks = []
    for check in doctor_checks.examine(stack_name):
        checks.append(check)
        if not json_output:
            show.check(check)
    if json_output:
        show.as_json([check.as_dict() for check in checks])
    if any(check.ok is False for check in checks):
        raise typer.Exit(1)


@command
def demo(films: Annotated[int, typer.Option(min=1, help="Films to ingest.")] = 1000) -> None:
    """Start the local stack, ingest films, and show what came out: what `make run` does.

    Example: [bold]reelhouse demo --films 100[/]. With OMDB_API_KEY set, the real list and the real OMDb, 250 films.
    """
    key = settings.variable("OMDB_API_KEY")
    options = local_stack.Options()
    if key:
        options = local_stack.Options(local_stack.REAL_LIST, local_stack.REAL_OMDB, key)
        films = min(films, 250)
    local_stack.up(options, show.say)
    result = _run(stack.find(None), films, 10 if key else 20, 1800)
    show.report(result)
    if result.status != "complete":
        raise typer.Exit(1)
    from reelhouse.highlights import show_highlights  # noqa: PLC0415 (as in table)

    show_highlights()


def main() -> None:
    """Run the command line."""
    app()
