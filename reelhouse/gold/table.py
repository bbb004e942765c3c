"""``reelhouse table``: a Gold table on stdout or in a file."""

from __future__ import annotations

from typing import Annotated

import typer

from reelhouse import console, stack
from reelhouse.gold import frames
from reelhouse.options import Csv, Json, StackName, TableFile


def command(
    name: Annotated[
        str, typer.Argument(help="A table, such as movies or silver.movies; without it, the names of all.")
    ] = "",
    output: TableFile = None,
    rows: Annotated[int, typer.Option(min=1, help="Rows to show on a terminal; a pipe gets all.")] = 20,
    csv: Csv = False,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Show a table of Gold or Silver, or write it to a file.

    Example: [bold]reelhouse table ratings_by_genre --output ratings.csv[/]
    """
    lake = stack.find(stack_name).lake()
    if not name:
        console.print_json(lake.tables()) if json_output else print("\n".join(lake.tables()))
        return
    data = lake.table(name)
    if output is not None:
        frames.write(data, output)
        console.say(f"{len(data):,} rows of {name} written to {output}")
    elif json_output:
        frames.print_json(data)
    elif csv:
        frames.print_csv(data)
    else:
        frames.show(data, name, rows)
