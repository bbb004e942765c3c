"""Commands about Gold: table, query, similar, report, dashboard, lab."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import InvalidInput
from reelhouse import show, stack
from reelhouse.commands.base import Json, StackName, command
from reelhouse.gold import repeat
from reelhouse.terminal import json_text


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
        print(json_text(data.to_json(orient="records", date_format="iso", force_ascii=False)))
    else:
        show.frame(name, data, rows)


@command
def query(
    sql: Annotated[str, typer.Argument(help="One statement; tables without a database are Gold's.", metavar="SQL")],
    output: Annotated[Path | None, typer.Option(help="Write it to a .csv or .parquet file.", metavar="FILE")] = None,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Ask Athena, on AWS or the local stack's stand-in, which speaks DuckDB's dialect.

    Example: [bold]reelhouse query "SELECT title, year FROM movies WHERE year < 1960" --output old.csv[/]
    """
    from reelhouse.gold import query as queries  # noqa: PLC0415 (as in table)

    if output is not None and output.suffix not in {".csv", ".parquet"}:
        raise InvalidInput("must end in .csv or .parquet", subject=f"--output {output}")
    found = queries.run(stack.find(stack_name), sql)
    if output is not None:
        show.write(found.rows, output)
    if json_output:
        print(json_text(found.rows.to_json(orient="records", date_format="iso", force_ascii=False)))
    elif output is None:
        show.frame("", found.rows)
    scanned = f"{found.bytes_scanned / 1e6:,.1f} MB scanned, {found.seconds:.1f} s"
    show.say(f"{len(found.rows):,} rows{f' written to {output}' if output else ''} ({scanned})")


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
    from reelhouse.gold import similar as similar_films  # noqa: PLC0415 (as in table)

    answer = similar_films.similar(stack.find(stack_name), query, k)
    if json_output:
        show.as_json(answer)
    else:
        similar_films.show_answer(answer)
    if "films" in answer:
        raise typer.Exit(1)


@command
def report(  # noqa: PLR0913, PLR0917 (each is an option)
    names: Annotated[list[str] | None, typer.Argument(help="Notebooks; without any, all.", metavar="[NAME]...")] = None,
    parameters: Annotated[
        list[str] | None, typer.Option("-p", help="A notebook's parameter; may be repeated.", metavar="NAME=VALUE")
    ] = None,
    output: Annotated[Path, typer.Option(help="Folder for the pages.", metavar="DIR")] = Path("reports"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Run notebooks even where nothing changed.")] = False,
    every: Annotated[str, typer.Option(help="Run them again and again, e.g. 1h, until Ctrl-C.", metavar="TIME")] = "",
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Run the notebooks on Gold, and write their pages to a folder and to the Gold bucket.

    A notebook whose data, parameters and code are as they were for its newest report is not run again.

    Example: [bold]reelhouse report 02_genre_trends -p min_films=10[/]. Exit 1 when a notebook fails; the others run.
    """
    from reelhouse.gold import report as reporting  # noqa: PLC0415 (as in table)

    seconds = repeat.interval(every) if every else 0
    found = stack.find(stack_name)
    wanted = reporting.Wanted(names or [], parameters or [], fresh)

    def once() -> bool:
        published = reporting.run(found, wanted, output, hidden=not sys.stderr.isatty())
        if json_output:
            show.as_json(reporting.as_dict(published, output, found))
        else:
            reporting.tell(published, output, found)
        return all(one.succeeded for one in published)

    if seconds:
        reporting.keep_fresh(once, seconds, repeat.Clock())
    elif not once():
        raise typer.Exit(1)


@command
def dashboard(
    output: Annotated[Path, typer.Option(help="File to write.", metavar="FILE")] = Path("reports/dashboard.html"),
    browser: Annotated[bool, typer.Option(help="Open it in a browser, when this is a terminal.")] = True,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Write the dashboard as one HTML file that works offline, with filters.

    Example: [bold]reelhouse dashboard --output dashboard.html --no-browser[/]
    """
    from reelhouse.gold import dashboard as dashboard_page  # noqa: PLC0415 (as in table)

    stack.find(stack_name)
    made = dashboard_page.make(output)
    if json_output:
        show.as_json(made.as_dict())
    else:
        dashboard_page.tell(made, browser=browser and sys.stdout.isatty())


@command
def lab(
    port: Annotated[int, typer.Option(min=1024, max=65535, help="Port on 127.0.0.1.")] = 8888,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
    stack_name: StackName = None,
) -> None:
    """Open JupyterLab on the notebooks, with the stack's Gold in reach.

    Example: [bold]reelhouse lab[/]; in the first cell: from insights import lake; lake.table("ratings_by_genre")
    """
    from reelhouse.gold import lab as jupyterlab  # noqa: PLC0415 (as in table)

    raise typer.Exit(jupyterlab.run(stack.find(stack_name).name, port, browser=browser))
