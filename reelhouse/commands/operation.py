"""Commands for the operator: redrive."""

from __future__ import annotations

from typing import Annotated

import typer

from reelhouse import show, stack
from reelhouse.commands.base import Json, StackName, command


@command
def redrive(
    peek: Annotated[bool, typer.Option("--peek", help="Only show what is parked, and why.")] = False,
    queue: Annotated[
        str | None, typer.Option(help="MovieQueue, BronzeEvents or SilverEvents; without it, all.", metavar="QUEUE")
    ] = None,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Show parked messages, or move them back to their queue when the cause is mended.

    Example: [bold]reelhouse redrive --peek[/], then [bold]reelhouse redrive --queue MovieQueue[/]
    """
    from reelhouse import parked, show_operation  # noqa: PLC0415 (they import DuckDB; other commands need not wait)
    from reelhouse import redrive as moving  # noqa: PLC0415

    found = stack.find(stack_name)
    if peek:
        messages = parked.parked(found, queue)
        show.as_json([one.as_dict() for one in messages]) if json_output else show_operation.parked(messages)
        return
    with show_operation.MoveBars() as bars:
        moved = moving.redrive(found, queue, bars.update)
    if json_output:
        show.as_json({"moved": moved})
    else:
        show.out.print(
            f"{sum(moved.values())} messages moved back. [bold]reelhouse status[/] shows what becomes of them."
        )
