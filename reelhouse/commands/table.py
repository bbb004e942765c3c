"""``reelhouse table``: a Gold table on stdout or in a file."""

from __future__ import annotations

import warnings
from typing import Annotated

import typer

from reelhouse import console, frames, stack
from reelhouse.options import Csv, Json, StackName, TableFile


def command(  # noqa: PLR0913, PLR0917 (one parameter per option)
    name: Annotated[
        str,
        typer.Argument(help="A table, such as movies or silver.movies; without it, the names of all.", metavar="NAME"),
    ] = "",
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            "--build",
            metavar="TIME|ID",
            help="As it was: a time in UTC (2026-11-24, 2026-11-24T06:00) or a build.",
        ),
    ] = None,
    output: TableFile = None,
    rows: Annotated[int, typer.Option(min=1, help="Rows to show on a terminal; a pipe gets all.")] = 20,
    csv: Csv = False,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Show a table of Gold or Silver, or write it to a file.

    With --at or --build, a Gold table as it was. A build that is no longer stored is computed again from Silver.

    Example: [bold]reelhouse table ratings_by_genre --output ratings.csv[/]
    """
    if not name and (output or at or csv):
        raise typer.BadParameter("--output, --at and --csv need the NAME of a table")
    lake = stack.find(stack_name).lake()
    if not name:
        console.print_json(lake.tables()) if json_output else print("\n".join(lake.tables()))
        return
    with warnings.catch_warnings(record=True) as recomputed:
        data = lake.table(name, at=at)
    if note := data.attrs.get("as_of"):
        console.warn(note) if recomputed else console.say(note)
    frames.give(data, output, csv=csv, json_output=json_output, title=name, rows=rows)
    if output is not None:
        console.say(f"{console.counted(len(data), 'row')} of {name} written to {output}")
