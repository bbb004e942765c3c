"""Options and arguments that several commands share, with the checks that make wrong usage exit 2."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

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


def _checked_stack_name(value: str | None) -> str | None:
    # `--stack "$STACK"` with an unset variable must not run on another stack.
    if value == "":
        raise typer.BadParameter("is empty")
    return value


def _checked_run_id(value: str | None) -> str | None:
    if value is not None and not keys.is_run_id(value):
        raise typer.BadParameter("a run id looks like 20261124T030000Z-1a2b3c4d; `reelhouse status` lists them")
    return value


def _checked_imdb_id(value: str) -> str:
    if not keys.is_imdb_id(value):
        raise typer.BadParameter("an IMDb id is tt and 7 to 10 digits, such as tt0111161")
    return value


def _checked_build(value: str | None) -> str | None:
    if value is not None and not keys.is_build_id(value):
        raise typer.BadParameter("a build id looks like 20261124T030000.000000Z; `reelhouse builds` lists the builds")
    return value


def _checked_reason(value: str) -> str:
    if not value.strip():
        raise typer.BadParameter("must say why")
    return value.strip()


def _checked_table_file(value: Path | None) -> Path | None:
    if value is not None and value.suffix not in TABLE_FILES:
        raise typer.BadParameter(f"must end in {' or '.join(TABLE_FILES)}")
    return value


Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print CSV on stdout.")]
StackName = Annotated[
    str | None,
    typer.Option(
        "--stack", help="A stack in AWS; without it, the local stack.", metavar="NAME", callback=_checked_stack_name
    ),
]
RunId = Annotated[
    str | None,
    typer.Option("--run-id", help="Only this run.", metavar="RUN_ID", callback=_checked_run_id),
]
RunIdArgument = Annotated[
    str | None,
    typer.Argument(help="One run, in detail; without it, the newest 20.", metavar="RUN_ID", callback=_checked_run_id),
]
ResumedRunId = Annotated[
    str | None,
    typer.Option(help="Resume this run instead of starting one.", metavar="RUN_ID", callback=_checked_run_id),
]
BuildId = Annotated[
    str,
    typer.Argument(help="A build; `reelhouse builds` lists the builds.", metavar="BUILD", callback=_checked_build),
]
EarlierBuild = Annotated[
    str | None,
    typer.Option(
        "--from", help="The earlier build; by default the one before.", metavar="BUILD", callback=_checked_build
    ),
]
LaterBuild = Annotated[
    str | None,
    typer.Option(
        "--to", help="The later build; by default the published one.", metavar="BUILD", callback=_checked_build
    ),
]
Because = Annotated[
    str,
    typer.Option(help="Your reason; `reelhouse builds` shows it.", metavar="TEXT", callback=_checked_reason),
]
ImdbId = Annotated[str, typer.Argument(help="The film's IMDb id.", metavar="IMDB_ID", callback=_checked_imdb_id)]
TableFile = Annotated[
    Path | None,
    typer.Option("--output", help="Write to a .csv or .parquet file.", metavar="FILE", callback=_checked_table_file),
]
