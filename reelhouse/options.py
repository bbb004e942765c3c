"""Options and arguments that several commands share, with the checks that make wrong usage exit 2."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline import keys
from pipeline.errors import InvalidInput

TABLE_FILES = (".csv", ".parquet")


@contextmanager
def usage_errors() -> Iterator[None]:
    """Report InvalidInput raised inside the block as wrong usage, with exit 2."""
    try:
        yield
    except InvalidInput as error:
        raise typer.BadParameter(str(error)) from None


def pairs(texts: Iterable[str] | None, example: str) -> dict[str, str]:
    """Read texts such as ``genre=Drama``; one without "=", or a name that comes twice, is wrong usage."""
    values: dict[str, str] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not (name and equals) or name in values:
            fault = "gives a name twice" if name in values else f"is not a name and a value, such as {example}"
            raise typer.BadParameter(f"{text[:80]!r} {fault}")
        values[name] = value
    return values


def _check(is_valid: Callable[[Any], bool], rule: str) -> Callable[[Any], Any]:
    """Return the callback of an option; one that is not given, None, is valid."""

    def checked(value: Any) -> Any:
        if value is not None and not is_valid(value):
            raise typer.BadParameter(rule)
        return value

    return checked


def _checked_reason(value: str) -> str:
    if not value.strip():
        raise typer.BadParameter("must say why")
    return value.strip()


# `--stack "$STACK"` with an unset variable must not run on another stack.
_stack_name = _check(bool, "is empty")
_run_id = _check(keys.is_run_id, "a run id looks like 20261124T030000Z-1a2b3c4d; `reelhouse status` lists them")
_imdb_id = _check(keys.is_imdb_id, "an IMDb id is tt and 7 to 10 digits, such as tt0111161")
_build = _check(keys.is_build_id, "a build id looks like 20261124T030000.000000Z; `reelhouse builds` lists the builds")
_table_file = _check(lambda path: path.suffix in TABLE_FILES, f"must end in {' or '.join(TABLE_FILES)}")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print CSV on stdout.")]
StackName = Annotated[
    str | None,
    typer.Option("--stack", help="A stack in AWS; without it, the local stack.", metavar="NAME", callback=_stack_name),
]
RunId = Annotated[
    str | None,
    typer.Option("--run-id", help="Only this run.", metavar="RUN_ID", callback=_run_id),
]
RunIdArgument = Annotated[
    str | None,
    typer.Argument(help="One run, in detail; without it, the newest 20.", metavar="RUN_ID", callback=_run_id),
]
ResumedRunId = Annotated[
    str | None,
    typer.Option(help="Resume this run instead of starting one.", metavar="RUN_ID", callback=_run_id),
]
BuildId = Annotated[
    str,
    typer.Argument(help="A build; `reelhouse builds` lists the builds.", metavar="BUILD", callback=_build),
]
EarlierBuild = Annotated[
    str | None,
    typer.Option("--from", help="The earlier build; by default the one before.", metavar="BUILD", callback=_build),
]
LaterBuild = Annotated[
    str | None,
    typer.Option("--to", help="The later build; by default the published one.", metavar="BUILD", callback=_build),
]
Because = Annotated[
    str,
    typer.Option(help="Your reason; `reelhouse builds` shows it.", metavar="TEXT", callback=_checked_reason),
]
ImdbId = Annotated[str, typer.Argument(help="The film's IMDb id.", metavar="IMDB_ID", callback=_imdb_id)]
TableFile = Annotated[
    Path | None,
    typer.Option("--output", help="Write to a .csv or .parquet file.", metavar="FILE", callback=_table_file),
]
