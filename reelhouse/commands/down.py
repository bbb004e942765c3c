"""``reelhouse down``: stop the local stack."""

from __future__ import annotations

from typing import Annotated

import typer

from reelhouse import console
from reelhouse.local.stack import down
from reelhouse.options import Json


def command(
    delete: Annotated[bool, typer.Option("--delete", help="Remove all data too.")] = False, json_output: Json = False
) -> None:
    """Stop the local stack; --delete also removes its data.

    Example: [bold]reelhouse down --delete[/]
    """
    was_running = down(delete=delete)
    if json_output:
        console.print_json({"stopped": was_running, "deleted": delete})
    else:
        done = "Stopped." if was_running else "Nothing was running."
        console.out.print(f"{done} All data is removed." if delete else done)
