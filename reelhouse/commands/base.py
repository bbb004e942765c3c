"""What all commands share: the application, its option types, and how an error ends a command."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from pipeline import aws
from pipeline.errors import ReelhouseError
from reelhouse import show

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout; all else goes to stderr.")]
StackName = Annotated[
    str | None, typer.Option("--stack", help="A stack in AWS by its name; without it, the local stack.", metavar="NAME")
]


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Make a command: our errors, and AWS's, become one line and exit 1, in JSON too where that was asked for."""

    @wraps(function)
    def guarded(*args: Any, **arguments: Any) -> None:
        try:
            with aws.failures_of(function.__name__, "AWS", "try again; `reelhouse doctor` looks at the stack"):
                function(*args, **arguments)
        except ReelhouseError as error:
            if arguments.get("json_output"):
                show.as_json({"error": str(error), "subject": error.subject, "retryable": error.retryable})
            show.fail(str(error))
            raise typer.Exit(1) from None

    return app.command()(guarded)
