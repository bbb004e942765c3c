"""``reelhouse why``: why a table of Gold changed from one build to another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from pipeline.columns import GOLD_TABLES
from reelhouse import console, stack
from reelhouse.options import EarlierBuild, Json, LaterBuild, StackName, pairs

if TYPE_CHECKING:
    from insights.why.explain import BuildName, Explanation, FilmChanges
    from insights.why.split import Cause, FilmChange, Split

# Films of a cause on a terminal; a pipe and --json get all.
FILMS_SHOWN = 5
_FIELDS = (
    "number", "before", "after", "change", "exact", "cause", "column", "code_before", "code_after", "imdb_id", "title",
    "contribution", "film_before", "film_after", "run_id", "bronze_key",
)  # fmt: skip
_FILM_FIELDS = (
    "cause", "column", "code_before", "code_after", "imdb_id", "title", "before", "after", "run_id", "bronze_key",
)  # fmt: skip


def command(
    table: Annotated[str, typer.Argument(help="A table of Gold, such as ratings_by_genre or movies.", metavar="TABLE")],
    key: Annotated[
        list[str] | None,
        typer.Argument(help="The row; not needed for tables of films.", metavar="KEY=VALUE"),
    ] = None,
    before: EarlierBuild = None,
    after: LaterBuild = None,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Explain why a table of Gold changed: by films, their values and the code.

    For a row of an aggregate table: the contributions of films add up to the change of a count, sum, mean or share.
    For movies, movie_ratings and rank_history: films that came and left, and every value that changed. A terminal shows
    the largest causes; a pipe and --json get all, with the Bronze object and run of each film.

    Example: [bold]reelhouse why ratings_by_genre genre=Drama source=rotten_tomatoes[/]

    Example: [bold]reelhouse why movies imdb_id=tt0068646[/]
    """
    values = pairs(key, "genre=Drama")
    columns = GOLD_TABLES[table].key if table in GOLD_TABLES else ()
    if columns and not key and "imdb_id" not in columns:
        raise typer.BadParameter(f"{table} needs {' '.join(f'{name}=…' for name in columns)}")
    from insights.why.explain import FilmChanges, explain, film_changes  # noqa: PLC0415 (pandas is slow)

    lake = stack.find(stack_name).lake()
    explanation = (film_changes if "imdb_id" in columns else explain)(lake, table, values, before or "", after or "")
    if json_output:
        console.print_json(asdict(explanation))
    elif isinstance(explanation, FilmChanges):
        show_films(explanation) if console.out.is_terminal else console.print_table(
            _FILM_FIELDS, list(film_rows(explanation))
        )
    else:
        show(explanation) if console.out.is_terminal else console.print_table(_FIELDS, list(rows(explanation)))


def film_rows(changes: FilmChanges) -> Iterator[list[Any]]:
    """Yield one row per cause and film."""
    for cause in changes.causes:
        about = [cause.origin, cause.column or None, *(cause.code_versions or (None, None))]
        for film in cause.films:
            yield [*about, film.imdb_id, film.title, film.before, film.after, film.run_id, film.bronze_key]


def show_films(changes: FilmChanges) -> None:
    """Print film changes for a terminal: each cause with its first films."""
    from insights.why import sentences  # noqa: PLC0415 (see command)

    _show_heading(changes.table, changes.key, changes.before, changes.after)
    if not changes.causes:
        console.out.print("\nnothing changed")
    for cause in changes.causes:
        console.out.print(f"\n{escape(console.visible(sentences.cause(cause)))}", highlight=False)
        grid = Table.grid(padding=(0, 2))
        grid.add_column(overflow="fold")
        for _, text in _films(cause):
            grid.add_row(f"[dim]  {escape(console.visible(text))}[/]")
        console.out.print(grid)


def rows(explanation: Explanation) -> Iterator[list[Any]]:
    """Yield one row per number, cause and film; without a cause or a film, the fields of these are None."""
    for number in explanation.numbers:
        head = [number.number, number.before, number.after, number.change, number.exact]
        for cause in number.causes:
            versions = cause.code_versions or (None, None)
            about = [*head, cause.origin, cause.column or None, *versions]
            for film in cause.films:
                values = (film.imdb_id, film.title, film.contribution, film.before, film.after, film.run_id)
                yield [*about, *values, film.bronze_key]
            if not cause.films:
                yield [*about, None, None, cause.contribution, None, None, None, None]
        if not number.causes:
            yield [*head, *[None] * (len(_FIELDS) - len(head))]


def show(explanation: Explanation) -> None:
    """Print an explanation for a terminal: each number that changed, its causes, and their largest films."""
    _show_heading(explanation.table, explanation.key, explanation.before, explanation.after)
    changed = [number for number in explanation.numbers if number.causes]
    for number in changed:
        _show_number(number)
    same = [number.number for number in explanation.numbers if not number.causes]
    if same:
        console.out.print(f"\n{'unchanged: ' if changed else 'nothing changed: '}{', '.join(same)}")


def _show_heading(table: str, key: dict[str, Any], before: BuildName, after: BuildName) -> None:
    row = "".join(f", {name} = {value}" for name, value in key.items())
    console.out.print(f"[bold]{escape(table)}[/]{escape(console.visible(row))}")
    for word, build in (("from", before), ("to", after)):
        console.out.print(f"{word:<4} build {build.build_id}, code {escape(build.code_version)}")


def _show_number(number: Split) -> None:
    """Print a number with its causes; films only where each has a contribution, since a quantile's are the same."""
    from insights.why import sentences  # noqa: PLC0415 (see command)

    change = f" ({_signed(number.change)})" if number.change is not None else ""
    console.out.print(f"\n[bold]{number.number}[/]: {_value(number.before)} → {_value(number.after)}{change}")
    if not number.exact:
        why = "a quantile has no exact split" if number.kind == "quantile" else "no split without films on both sides"
        console.out.print(f"  {why}; --json names the films:")
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right", min_width=8)
    grid.add_column(overflow="fold")
    for cause in number.causes:
        grid.add_row(_signed(cause.contribution), escape(console.visible(sentences.cause(cause))))
        for contribution, text in _films(cause) if number.exact else ():
            grid.add_row(f"[dim]{contribution}[/]", f"[dim]  {escape(console.visible(text))}[/]")
    console.out.print(grid)


def _films(cause: Cause) -> Iterator[tuple[str, str]]:
    """Yield contribution and text of the largest films of a cause; the Bronze object where a value changed."""
    for film in cause.films[:FILMS_SHOWN]:
        yield _signed(film.contribution), _film(film, cause)
        if cause.column:
            yield "", film.bronze_key
    if len(cause.films) > FILMS_SHOWN:
        yield "", f"… and {len(cause.films) - FILMS_SHOWN:,} more; --json and a pipe have all"


def _film(film: FilmChange, cause: Cause) -> str:
    before, after = film.before, film.after
    if isinstance(before, list) and isinstance(after, list) and set(before) != set(after):
        # Of two lists, only what differs.
        before, after = [v for v in before if v not in after], [v for v in after if v not in before]
    values = f": {console.shown(before)} → {console.shown(after)}" if cause.column else ""
    return f"{film.title} ({film.imdb_id}){values}"


def _value(value: float | None) -> str:
    if value is None:
        return "none"
    return f"{value:,.0f}" if abs(value) >= 1000 or value == round(value) else f"{value:,.4g}"


def _signed(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:+,.0f}" if abs(value) >= 1000 or value == round(value) else f"{value:+.3g}"
