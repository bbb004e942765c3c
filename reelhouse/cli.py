"""The command line: ``reelhouse COMMAND``. Exit 0 done, 1 failed, 2 wrong usage.

A command is the function ``command`` of the module of its name in ``commands/``, which is imported only when it runs:
so ``--help`` is fast, and no command waits for libraries that it does not need.
"""

from __future__ import annotations

import errno
import io
import logging
import os
import re
import sys
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from pipeline.settings import variable
from reelhouse import console
from reelhouse.local import lifeline
from reelhouse.options import StackName

# In the order that help lists them.
COMMANDS = (
    "up", "down", "run", "status", "doctor", "demo", "table", "builds", "publish", "rollback", "why", "query",
    "similar", "evaluate", "report", "dashboard", "lab", "env", "mcp", "redrive", "replay", "compact", "verify",
    "trace",
)  # fmt: skip
_SUMMARY = re.compile(r'^def command\(.*?"""(.+?)\n', re.DOTALL | re.MULTILINE)
_LINE_BREAK = re.compile(r"(?<!\n)\n(?!\n)")


class LazyCommand(TyperCommand):
    """A command whose module is imported when it runs; the list of commands shows the first line of its docstring."""

    def __init__(self, name: str) -> None:
        source = Path(__file__).with_name("commands").joinpath(f"{name}.py").read_text(encoding="utf-8")
        summary = _SUMMARY.search(source)
        super().__init__(name=name, help=summary[1] if summary else None, rich_markup_mode="rich")

    def load(self) -> Any:
        """Import the command's module and return the command."""
        app = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)
        app.command(self.name)(
            _reporting_errors(import_module(f"reelhouse.commands.{self.name}").command, str(self.name))
        )
        return typer.main.get_command(app)

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Parse the command's arguments; ``--stack`` given before the command counts as given after it."""
        stack_name = parent.params.get("stack_name") if parent else None
        given = ["--stack", stack_name, *args] if stack_name else args
        return self.load().make_context(info_name, given, parent=parent, **extra)


class Commands(TyperGroup):
    """All commands."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name in COMMANDS:
            self.add_command(LazyCommand(name))


app = typer.Typer(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 (only this option needs it)

        from pipeline.settings import CODE_VERSION  # noqa: PLC0415

        print(f"reelhouse {version('reelhouse')} (code {CODE_VERSION})")
        raise typer.Exit


@app.callback()
def reelhouse(
    stack_name: StackName = None,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Run and operate a movie lakehouse, on this machine or in AWS.

    Start with [bold]reelhouse up[/], then [bold]reelhouse run --top-n 20[/].
    [bold]reelhouse COMMAND --help[/] has an example for each command.
    """


def _reporting_errors(function: Callable[..., None], name: str) -> Callable[..., None]:
    """End a command with one line and exit 1 on an error of ours or of AWS; with ``--json`` also print it as JSON."""

    @wraps(function)
    def command(*args: Any, **options: Any) -> None:
        from pipeline import aws  # noqa: PLC0415 (boto3 takes half a second to import; help does not need it)
        from pipeline.errors import ReelhouseError  # noqa: PLC0415

        try:
            with aws.failures_of(name, "AWS", "try again; `reelhouse doctor` checks the stack"):
                function(*args, **options)
        except ReelhouseError as error:
            if options.get("json_output"):
                console.print_json({"error": str(error), "subject": error.subject, "retryable": error.retryable})
            console.fail(str(error))
            raise typer.Exit(1) from None

    # Typer keeps a docstring's line breaks, whatever the width of the terminal.
    command.__doc__ = _LINE_BREAK.sub(" ", cleandoc(function.__doc__ or ""))
    return command


class Warnings(logging.Handler):
    """Print warnings of the libraries on stderr, each once: every read of a damaged object gives the same one."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._printed: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Print a warning, unless it has been printed."""
        text = self.format(record)
        if text not in self._printed:
            self._printed.add(text)
            console.warn(text)


def main() -> None:
    """Run the command line; characters that an output cannot encode are written as escapes, a full disk is one line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    logging.lastResort = Warnings()
    if variable("REELHOUSE_END_WITH_PARENT"):
        lifeline.end_with_parent()
    try:
        try:
            app()
        finally:
            if sys.stdout:  # None where the caller closed it
                sys.stdout.flush()
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        console.fail(f"{error.filename or 'output'}: {error.strerror}; free some space and try again")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python writes the rest of it at its end
        sys.exit(1)
