"""Profile of a build: the few hundred numbers by which one build of Gold is compared with another.

Three SQL statements in Trino's dialect compute it, so that both engines can. They read ``gold.*``, the new build, and
``published.movies``, the table that readers see now. The profile is part of the build's record: a later build is
compared with it without reading old tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.columns import GOLD, GOLD_TABLES, LINEAGE, Column

# Runs a statement in Trino's dialect and returns its rows; Athena's values are text.
Query = Callable[[str], Sequence[Sequence[Any]]]

QUANTILES = {"p10": 0.1, "median": 0.5, "p90": 0.9}
# Relative change from which a film's number counts as changed: ratings move by less from day to day.
CHANGED_BY = 0.05
_MOVIES = GOLD_TABLES["movies"]
_LINEAGE = {column.name for column in LINEAGE}
_NUMBERS = {"int", "bigint", "double"}
# Columns whose values may change any day: ranks move, votes and reviews grow, OMDb rewrites texts.
_VOLATILE = {"rank", "imdb_votes", "rotten_tomatoes_reviews", "source_rating_count", "plot", "awards", "poster"}


@dataclass(frozen=True)
class ColumnProfile:
    """A column of the listed films: those with a value, their mean and standard deviation (dates in days), quantiles.

    The mean is None, and ``quantiles`` (by the names of :data:`QUANTILES`) is empty, for text and without values.
    """

    filled: int
    mean: float | None = None
    deviation: float | None = None
    quantiles: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Profile:
    """The numbers of one build.

    Attributes
    ----------
    depth : int
        Lowest rank in a complete run. All other numbers cover films on the list down to this rank, so that a longer
        list can be compared with a shorter one.
    films, repeated : int
        Films; and rows that repeat the id, or the title and year, of another.
    settled, rejected, quarantined : int
        Films of the newest run by outcome.
    schema : dict of str to (dict of str to str)
        Columns and their types, by table.
    changes : dict of str to float
        Change since the build that was published before, by the name of the number; {} for the first builds.
    """

    depth: int
    films: int
    repeated: int
    columns: dict[str, ColumnProfile]
    settled: int
    rejected: int
    quarantined: int
    schema: dict[str, dict[str, str]]
    changes: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Turnover:
    """Films that joined the list since the published build, that left it, and that changed.

    ``changed`` has two counts by column: films whose value changed, and films compared, which were processed again and
    have a value in both builds.
    """

    new: int
    vanished: int
    changed: dict[str, tuple[int, int]]


def profile_of(query: Query, depth: int | None = None) -> Profile | None:
    """Compute the profile of the build that ``query`` reads; None before the first complete run.

    It covers films down to the rank ``depth``; None means the build's own depth.
    """
    own_depth, settled, rejected, quarantined = (None if n is None else int(n) for n in query(RUNS)[0])
    if own_depth is None:
        return None
    depth = depth or own_depth
    numbers = iter(query(profile_statement(depth))[0])
    films, repeated = int(next(numbers)), int(next(numbers))
    columns = {column.name: _column_profile(column, numbers) for column in profiled()}
    schema = {table.name: {column.name: column.type for column in table.columns} for table in GOLD}
    return Profile(depth, films, repeated, columns, settled or 0, rejected or 0, quarantined or 0, schema)


def turnover_of(query: Query, before: Profile) -> Turnover:
    """Compare the films of the new build with those of the published one, down to its depth."""
    columns = [column for column in comparable() if column.name in before.schema.get(_MOVIES.name, {})]
    counts = [int(number or 0) for number in query(turnover_statement(before.depth, columns))[0]]
    pairs = zip(counts[2::2], counts[3::2], strict=True)
    return Turnover(counts[0], counts[1], {column.name: pair for column, pair in zip(columns, pairs, strict=True)})


def profiled() -> list[Column]:
    """Return the columns of ``movies`` that a profile covers: all but identity and lineage."""
    left_out = _LINEAGE | {"imdb_id", "on_list", "unreadable", "decade"}
    return [column for column in _MOVIES.columns if column.name not in left_out]


def comparable() -> list[Column]:
    """Return the columns whose value normally stays the same for a film."""
    return [column for column in profiled() if column.name not in _VOLATILE]


def is_measured(column: Column) -> bool:
    """Whether a column has a mean and quantiles: numbers and dates. A rank is a position, not a measurement."""
    return column.type in _NUMBERS | {"date"} and column.name != "rank"


# The newest run's films by outcome, and the lowest rank in a complete run.
RUNS = """
SELECT
    (
        SELECT max(h.rank)
        FROM gold.rank_history AS h
        JOIN gold.pipeline_runs AS c ON c.run_id = h.run_id
        WHERE c.status = 'complete'
    ) AS depth,
    max_by(r.stored + r.rejected, r.run_id) AS settled,
    max_by(r.rejected, r.run_id) AS rejected,
    max_by(r.quarantined, r.run_id) AS quarantined
FROM gold.pipeline_runs AS r
"""


def profile_statement(depth: int) -> str:
    """Return the SQL of one row: films, repeated rows, and the numbers of each column of :func:`profiled`."""
    inner = [
        "count(*) AS films",
        "2 * count(*) - count(DISTINCT m.imdb_id) - count(DISTINCT coalesce(m.title, m.imdb_id) "
        "|| coalesce(CAST(m.year AS varchar), m.imdb_id)) AS repeated",
    ]
    outer = ["c.films", "c.repeated"]
    for column in profiled():
        name = column.name
        inner.append(f"count(m.{name}) AS {name}")
        outer.append(f"c.{name}")
        if is_measured(column):
            value = _number(column)
            inner += [
                f"avg({value}) AS {name}_mean",
                f"stddev_pop({value}) AS {name}_deviation",
                f"array_sort(array_agg({value}) FILTER (WHERE m.{name} IS NOT NULL)) AS {name}_values",
            ]
            outer += [f"c.{name}_mean", f"c.{name}_deviation"]
            outer += [f"{_quantile(f'c.{name}_values', share)} AS {name}_{label}" for label, share in QUANTILES.items()]
    films = f"SELECT {', '.join(inner)} FROM gold.movies AS m WHERE {_down_to('m', depth)}"
    return f"SELECT {', '.join(outer)} FROM ({films}) AS c"


def turnover_statement(depth: int, columns: Iterable[Column]) -> str:
    """Return the SQL of one row: new and vanished films, and for each column changed films and compared films.

    Only films that were processed again since are compared, so that a damaged run shows before its last film is in.
    """
    again = "(a.processed_at <> b.processed_at OR a.bronze_key <> b.bronze_key)"
    both = f"a.imdb_id IS NOT NULL AND b.imdb_id IS NOT NULL AND {again}"
    parts = [
        f"count(CASE WHEN b.imdb_id IS NULL AND {_down_to('a', depth)} THEN 1 END) AS new_films",
        f"count(CASE WHEN a.imdb_id IS NULL AND {_down_to('b', depth)} THEN 1 END) AS vanished_films",
    ]
    for column in columns:
        name, given = column.name, f"a.{column.name} IS NOT NULL AND b.{column.name} IS NOT NULL"
        parts.append(f"count(CASE WHEN {both} AND {_differs(column)} THEN 1 END) AS {name}_changed")
        parts.append(f"count(CASE WHEN {both} AND {given} THEN 1 END) AS {name}_compared")
    return (
        f"SELECT {', '.join(parts)} FROM (SELECT m.* FROM gold.movies AS m WHERE m.on_list) AS a "
        "FULL OUTER JOIN (SELECT m.* FROM published.movies AS m WHERE m.on_list) AS b ON a.imdb_id = b.imdb_id"
    )


def _quantile(values: str, share: float) -> str:
    """Return a quantile of a sorted array, without interpolation: cheaper than Gold's, and as good for a comparison."""
    return f"element_at({values}, CAST(floor({share}E0 * cardinality({values}) + {1 - share:.1f}E0) AS BIGINT))"


def _differs(column: Column) -> str:
    # 5% of a year or a date has no meaning.
    if column.type in _NUMBERS and column.unit != "calendar year":
        return f"abs(a.{column.name} - b.{column.name}) > {CHANGED_BY}E0 * abs(b.{column.name})"
    return f"a.{column.name} <> b.{column.name}"


def _down_to(alias: str, depth: int) -> str:
    """Return the condition for films on the list; a film whose rank is not known now counts."""
    return f"{alias}.on_list AND ({alias}.rank IS NULL OR {alias}.rank <= {depth})"


def _number(column: Column) -> str:
    if column.type == "date":
        return f"CAST(date_diff('day', DATE '1970-01-01', m.{column.name}) AS DOUBLE)"
    return f"CAST(m.{column.name} AS DOUBLE)"


def _column_profile(column: Column, numbers: Any) -> ColumnProfile:
    filled = int(next(numbers))
    if not is_measured(column):
        return ColumnProfile(filled)
    mean, deviation, *quantiles = (next(numbers) for _ in range(2 + len(QUANTILES)))
    if mean is None:
        return ColumnProfile(filled)
    named: Mapping[str, Any] = dict(zip(QUANTILES, quantiles, strict=True))
    return ColumnProfile(filled, float(mean), float(deviation), {name: float(value) for name, value in named.items()})
