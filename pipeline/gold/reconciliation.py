"""Reconciliation: the aggregate tables of a build must add up to the films that they stand on.

The breaker compares films, so a wrong aggregate of right films would pass it. Here totals of each aggregate table are
computed a second time, from ``movies`` alone, and no table may have two rows of one key. The totals are exact: they
need no history, and an ordinary day never breaks them. One statement in Trino's dialect computes all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pipeline.columns import FILM, GOLD, RATING_SOURCES, Table
from pipeline.gold import statements
from pipeline.gold.profile import Query

# Sums of floating-point numbers differ by their order.
ROUNDING = 1e-6
LISTED, ALL_FILMS = "gold.movies AS m WHERE m.on_list", "gold.movies AS m"
# Expression of a film's rating, 0-100, by source.
_RATINGS = {source.name: statements.rating(source) for source in RATING_SOURCES}
_BOX_OFFICE = "CAST(m.box_office_usd AS DOUBLE)"
_GROUPED = [table for table in GOLD if table.groups and "films_with_box_office" in table.column_names]
_GENRES = "cardinality(m.genres)"


@dataclass(frozen=True)
class Check:
    """Two aggregates that must be equal; with ``at_most``, ``actual`` may also be less.

    ``actual`` is over ``rows``, a FROM clause ("": the table as ``t``), and ``expected`` over ``source``, another one.
    """

    table: str
    number: str
    actual: str
    expected: str
    source: str = LISTED
    at_most: bool = False
    rows: str = ""

    def fault(self, actual: float, expected: float) -> str:
        """Return what is wrong in one sentence without its full stop; "" when nothing is."""
        difference = actual - expected
        if abs(difference) <= ROUNDING * max(abs(actual), abs(expected), 1.0) or (self.at_most and difference < 0):
            return ""
        return f"{self.table}: {self.number}: {actual:,.6g} instead of {expected:,.6g} (limit: no difference)"


def faults(query: Query, tables: Collection[str]) -> tuple[str, ...]:
    """Return where the tables of the build that ``query`` reads do not add up to its films, one sentence each."""
    wanted = [check for check in checks() if check.table in tables]
    if not wanted:
        return ()
    row = [float(value or 0) for value in query(statement(wanted))[0]]
    pairs = zip(wanted, row[::2], row[1::2], strict=True)
    return tuple(fault for check, actual, expected in pairs if (fault := check.fault(actual, expected)))


def statement(wanted: list[Check]) -> str:
    """Return the SQL of one row: of each check the actual, then the expected number. Each table is read once."""
    read: dict[str, list[str]] = {}
    columns = []
    for check in wanted:
        for source, expression in (
            (check.rows or f"gold.{check.table} AS t", check.actual),
            (check.source, check.expected),
        ):
            read.setdefault(source, []).append(expression)
            columns.append(f"s{list(read).index(source)}.n{len(read[source])}")
    sources = []
    for number, (source, expressions) in enumerate(read.items()):
        named = ", ".join(f"{sql} AS n{column_number}" for column_number, sql in enumerate(expressions, start=1))
        sources.append(f"(SELECT {named} FROM {source}) AS s{number}")
    return f"SELECT {', '.join(columns)} FROM {' CROSS JOIN '.join(sources)}"


def checks() -> Iterator[Check]:
    """Yield all checks."""
    for table in GOLD:
        key = " || '|' || ".join(f"CAST(t.{name} AS varchar)" for name in table.key)
        rows = f"gold.{table.name} AS t"
        yield Check(table.name, "rows of different keys", "count(*)", f"count(DISTINCT {key})", rows)
    for table in _GROUPED:
        yield from _of_groups(table)
    yield from _of_ratings()
    yield from _of_genre_share()
    yield from _of_quality()
    yield Check("pipeline_runs", "total of in_gold", "sum(t.in_gold)", "count(*)", ALL_FILMS, at_most=True)


def _of_groups(table: Table) -> Iterator[Check]:
    """Yield the checks of a table with one row a group of films, and their box office and ratings."""
    name, groups = table.name, table.groups
    # Rows of a film; null for none.
    times = f"CASE WHEN m.{groups} IS NOT NULL THEN 1 END" if groups in table.key else f"cardinality(m.{groups})"
    counts = {"films": "1", "films_with_box_office": "box_office_usd"}
    sums = {"total_usd": "t.total_usd", "mean_usd": "t.mean_usd * t.films_with_box_office"}
    if name != "box_office_by_decade":
        sums = {"box_office_total_usd": "t.box_office_total_usd"}
        sums |= {"box_office_mean_usd": "t.box_office_mean_usd * t.films_with_box_office"}
        for source, rating in _RATINGS.items():
            known = f"sum(CASE WHEN {rating} IS NOT NULL THEN {times} END)"
            yield Check(name, f"total of {source}_films", f"sum(t.{source}_films)", known)
            mean = f"sum(t.{source}_mean * t.{source}_films)"
            yield Check(name, f"total behind {source}_mean", mean, f"sum({rating} * {times})")
    for column, value in counts.items():
        known = times if value == "1" else f"CASE WHEN m.{value} IS NOT NULL THEN {times} END"
        yield Check(name, f"total of {column}", f"sum(t.{column})", f"sum({known})")
    for column, sql in sums.items():
        yield Check(name, f"total behind {column}", f"sum(CAST({sql} AS DOUBLE))", f"sum({_BOX_OFFICE} * {times})")


def _of_ratings() -> Iterator[Check]:
    """Yield the checks of ``movie_ratings`` and ``ratings_by_genre``."""
    for source, rating in _RATINGS.items():
        of_source = f"CASE WHEN t.source = '{source}' THEN"
        yield Check("movie_ratings", f"{source} ratings", f"count({of_source} 1 END)", f"count({rating})")
        total = f"sum({of_source} t.rating END)"
        yield Check("movie_ratings", f"total of {source} ratings", total, f"sum({rating})")
        known = f"sum(CASE WHEN {rating} IS NOT NULL THEN {_GENRES} END)"
        yield Check("ratings_by_genre", f"total of {source} films", f"sum({of_source} t.films END)", known)
        mean = f"sum({of_source} t.mean * t.films END)"
        yield Check("ratings_by_genre", f"total behind the {source} mean", mean, f"sum({rating} * {_GENRES})")
    below = "count(CASE WHEN t.p90 < t.median THEN 1 END)"
    yield Check("ratings_by_genre", "rows whose p90 is below the median", below, "0 * count(*)")


def _of_genre_share() -> Iterator[Check]:
    name, films = "genre_share_by_year", f"sum(CASE WHEN m.year IS NOT NULL THEN {_GENRES} END)"
    yield Check(name, "total of films", "sum(t.films)", films)
    yield Check(name, "total behind share", "sum(t.share * t.films_in_year)", films)
    years = f"(SELECT y.year, max(y.films_in_year) AS films FROM gold.{name} AS y GROUP BY y.year) AS t"
    known = "count(CASE WHEN m.year IS NOT NULL AND m.genres IS NOT NULL THEN 1 END)"
    # A year whose films have empty lists of genres has no row.
    yield Check(name, "total of films_in_year", "sum(t.films)", known, at_most=True, rows=years)


def _of_quality() -> Iterator[Check]:
    name, columns = "data_quality", [column for column in FILM if column.name != "imdb_id"]
    filled = " + ".join(f"count(m.{column.name})" for column in columns)
    outside = " + ".join(
        f"count(CASE WHEN m.{column.name} {sign} {limit} THEN 1 END)"
        for column in columns
        for sign, limit in (("<", column.low), (">", column.high))
        if limit is not None
    )
    yield Check(name, "total of rows", "sum(t.rows)", f"{len(columns)} * count(*)")
    yield Check(name, "total of filled", "sum(t.filled)", filled)
    yield Check(name, "total behind filled_share", "sum(t.filled_share * t.rows)", filled)
    yield Check(name, "total of out_of_range", "sum(t.out_of_range)", outside)
    # A film counts once for a column, however many of its values could not be read.
    unreadable = "coalesce(sum(cardinality(m.unreadable)), 0)"
    yield Check(name, "total of unreadable", "sum(t.unreadable)", unreadable, at_most=True)
