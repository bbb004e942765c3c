"""The command line: ``reelhouse COMMAND``. Exit 0 done, 1 failed, 2 wrong usage.

A command is a function called ``command`` in a module of its own, which is imported only when the command runs: so
``--help`` is fast, and no command waits for libraries that it does not need. A new command is one line in COMMANDS.
"""

from __future__ import annotations

import errno
import io
import os
import re
import sys
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from inspect import cleandoc
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from pipeline.settings import variable
from reelhouse import console
from reelhouse.local import lifeline
from reelhouse.options import StackName

# Name, module, and the first line of the command's help, in the order that help lists them.
COMMANDS = (
    ("up", "reelhouse.local.up", "Start the local stack and deploy to it."),
    ("down", "reelhouse.local.down", "Stop the local stack; --delete also removes its data."),
    ("run", "reelhouse.run.start", "Start or resume a run, and watch it from the list to Gold."),
    ("status", "reelhouse.run.status", "Show runs and queues, or one run in detail and what to do about it."),
    ("doctor", "reelhouse.operate.doctor", "Check everything that a run needs, and say how to repair it."),
    ("demo", "reelhouse.gold.demo", "Run everything once: stack, films, reports, results. `make run` does this."),
    ("table", "reelhouse.gold.table", "Show a table of Gold or Silver, or write it to a file."),
    ("builds", "reelhouse.gold.builds", "List the builds of Gold: published, published earlier, or held."),
    ("publish", "reelhouse.gold.publish", "Publish a build of Gold that is held."),
    ("rollback", "reelhouse.gold.rollback", "Publish an earlier build of Gold again."),
    ("why", "reelhouse.gold.why", "Explain why a table of Gold changed: by films, their values and the code."),
    ("query", "reelhouse.gold.query", "Run SQL on Silver and Gold; it only reads."),
    ("similar", "reelhouse.gold.similar", "Find films similar to a film, with the reasons."),
    ("evaluate", "reelhouse.gold.evaluate", "Measure the recommendations on people's ratings."),
    ("report", "reelhouse.gold.report", "Run the notebooks on Gold and publish their pages."),
    ("dashboard", "reelhouse.gold.dashboard", "Write the dashboard page: one HTML file that works offline."),
    ("lab", "reelhouse.gold.lab", "Open JupyterLab on the notebooks, connected to the stack's tables."),
    ("env", "reelhouse.gold.env", "Print the variables by which other programs find the stack."),
    ("mcp", "reelhouse.gold.mcp", "Serve the tables to agents by the Model Context Protocol; it only reads."),
    ("redrive", "reelhouse.operate.redrive", "Show parked messages, or move them back to their queue."),
    ("replay", "reelhouse.operate.replay", "Rebuild Silver and Gold from Bronze, and report the differences."),
    ("compact", "reelhouse.operate.compact", "Merge the small Silver parts of finished runs."),
    ("verify", "reelhouse.operate.verify", "Check Bronze, Silver and Gold against each other."),
    ("trace", "reelhouse.operate.trace", "Follow one film from its run to Gold, and show where it stopped."),
)
_LINE_BREAK = re.compile(r"(?<!\n)\n(?!\n)")


class LazyCommand(TyperCommand):
    """A command whose module is imported when it runs; the list of commands needs only its name and summary."""

    def __init__(self, name: str, module: str, summary: str) -> None:
        super().__init__(name=name, help=summary, rich_markup_mode="rich")
        self.module = module

    def load(self) -> Any:
        """Import the command's module and return the command."""
        app = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)
        app.command(self.name)(_reporting_errors(import_module(self.module).command, str(self.name)))
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
        for name, module, summary in COMMANDS:
            self.add_command(LazyCommand(name, module, summary))


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


def main() -> None:
    """Run the command line; characters that an output cannot encode are written as escapes, a full disk is one line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
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
