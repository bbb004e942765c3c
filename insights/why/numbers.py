"""The numbers of Gold's aggregate tables, each as a count, sum, mean, share or quantile of films. Pure.

A number stands on the films of its row, and on one value of each. This is the same definition as the SQL in
``pipeline/gold/``; tests compare the two for every table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd

from insights import rating_sources
from insights.frames import listed
from pipeline.columns import FILM, GOLD_TABLES, SILVER_TABLES
from pipeline.errors import InvalidInput

Kind = Literal["count", "sum", "mean", "share", "quantile"]
Floats = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]

# Column of movies that groups the films, by key column. A list holds several groups of a film.
_GROUPS = {"genre": "genres", "director": "directors", "language": "languages", "country": "countries"}


class Films:
    """Films of one build's ``movies``, with vectors of their values in one order.

    Parameters
    ----------
    movies : DataFrame
        As Gold has it.
    all_films : bool
        Keep films that have left the list; aggregates leave them out.
    """

    def __init__(self, movies: pd.DataFrame, *, all_films: bool = False) -> None:
        kept = movies if all_films else listed(movies)
        self.frame = kept.set_index("imdb_id")
        self._have: dict[tuple[str, Any], Flags] = {}

    def numbers(self, column: str) -> Floats:
        """Return a column's values; NaN where there is none."""
        if column not in self.frame:
            return np.full(len(self.frame), np.nan)
        return self.frame[column].to_numpy(dtype="float64", na_value=np.nan)

    def filled(self, column: str) -> Flags:
        """Return where a column has a value."""
        if column not in self.frame:
            return np.zeros(len(self.frame), dtype=bool)
        return self.frame[column].notna().to_numpy(dtype=bool)

    def have(self, column: str, value: Any) -> Flags:
        """Return where a column has this value, or its list contains it."""
        if (column, value) not in self._have:
            self._have[column, value] = self._where(column, value)
        return self._have[column, value]

    def _where(self, column: str, value: Any) -> Flags:
        if column not in self.frame:
            return np.zeros(len(self.frame), dtype=bool)
        values = self.frame[column]
        if SILVER_TABLES["movies"].duckdb_types().get(column) == "VARCHAR[]":
            return np.fromiter((_is_list(each) and value in list(each) for each in values), bool, len(values))
        flags: Flags = (values == value).fillna(False).to_numpy(dtype=bool)
        return flags

    def rows(self, imdb_ids: pd.Index[str], columns: tuple[str, ...]) -> dict[str, dict[str, Any]]:
        """Return these columns of some films, by IMDb id; other films and columns that are not there are left out."""
        names = [name for name in dict.fromkeys(columns) if name in self.frame]
        chosen = self.frame.loc[self.frame.index.intersection(imdb_ids), names]
        rows: list[dict[str, Any]] = chosen.to_dict("records")  # type: ignore[assignment]
        return dict(zip(chosen.index, rows, strict=True))


@dataclass(frozen=True)
class Number:
    """A number of a row of an aggregate table.

    Attributes
    ----------
    name : str
        Column of the table.
    kind : str
        A share is a mean of ones and zeros.
    row, value : callable
        Which films stand behind it, and the value of each; NaN where a film has none and does not count.
    row_columns, value_columns : tuple of str
        Columns of ``movies`` that ``row`` and ``value`` read.
    all_films : bool
        Films that have left the list count too.
    """

    name: str
    kind: Kind
    row: Callable[[Films], Flags]
    row_columns: tuple[str, ...]
    value: Callable[[Films], Floats]
    value_columns: tuple[str, ...] = ()
    all_films: bool = False

    def values(self, films: Films) -> pd.Series[float]:
        """Return the value of each film that counts, by IMDb id."""
        values = np.where(self.row(films), self.value(films), np.nan)
        series = pd.Series(values, index=films.frame.index)
        return series[~np.isnan(values)]


def explained_tables() -> list[str]:
    """Return the names of the tables whose numbers can be explained."""
    return [name for name in GOLD_TABLES if name not in ("movies", "movie_ratings", "rank_history")]


def numbers_of(table: str, key: Mapping[str, Any]) -> list[Number]:
    """Return the numbers of a row, in the order of the table's columns.

    Parameters
    ----------
    table : str
        An aggregate table.
    key : mapping
        Value of each key column.

    Raises
    ------
    InvalidInput
        When the table is no aggregate.
    """
    if table not in explained_tables():
        cause = "is no aggregate"
        if table not in GOLD_TABLES:
            cause = "is not built by AggregateToGold, so it has no earlier builds"
        raise InvalidInput(cause, subject=table, step="why", next_step=f"explained are {', '.join(GOLD_TABLES)}")
    if table == "ratings_by_genre":
        return _ratings_by_genre(key["genre"], key["source"])
    if table == "genre_share_by_year":
        return _genre_share(key["year"], key["genre"])
    if table == "data_quality":
        return _data_quality(key["column_name"])
    if table == "pipeline_runs":
        row = partial(Films.have, column="run_id", value=key["run_id"])
        return [Number("in_gold", "count", row, ("run_id",), _ones, all_films=True)]
    (group,) = key
    column = _GROUPS.get(group, group)
    row = partial(Films.have, column=column, value=key[group])
    return _box_office_by_decade(row) if table == "box_office_by_decade" else _films_by(row, column)


def _ones(films: Films) -> Floats:
    return np.ones(len(films.frame))


def _ones_where(films: Films, flags: Callable[[Films], Flags]) -> Floats:
    return np.where(flags(films), 1.0, np.nan)


def _share_where(films: Films, flags: Callable[[Films], Flags]) -> Floats:
    return np.where(flags(films), 1.0, 0.0)


def _rating(films: Films, source: str) -> Floats:
    return films.numbers(rating_sources.COLUMNS[source]) * rating_sources.FACTORS[source]


def _ratings_by_genre(genre: str, source: str) -> list[Number]:
    if source not in rating_sources.COLUMNS:
        known = f"there are: {', '.join(rating_sources.COLUMNS)}"
        raise InvalidInput("is no rating source", subject=source, step="why", next_step=known)
    row, rating, columns = (
        partial(Films.have, column="genres", value=genre),
        partial(_rating, source=source),
        ("genres",),
    )
    values = (rating_sources.COLUMNS[source],)
    return [
        Number(
            "films", "count", row, columns, partial(_ones_where, flags=partial(Films.filled, column=values[0])), values
        ),
        Number("mean", "mean", row, columns, rating, values),
        Number("median", "quantile", row, columns, rating, values),
        Number("p90", "quantile", row, columns, rating, values),
    ]


def _box_office(row: Callable[[Films], Flags], columns: tuple[str, ...], names: Mapping[str, Kind]) -> list[Number]:
    box_office: Callable[[Films], Floats] = partial(Films.numbers, column="box_office_usd")
    known = partial(_ones_where, flags=partial(Films.filled, column="box_office_usd"))
    return [
        Number(name, kind, row, columns, known if kind == "count" else box_office, ("box_office_usd",))
        for name, kind in names.items()
    ]


def _box_office_by_decade(row: Callable[[Films], Flags]) -> list[Number]:
    names: dict[str, Kind] = {"films_with_box_office": "count", "mean_usd": "mean", "median_usd": "quantile"}
    films = Number("films", "count", row, ("decade",), _ones)
    return [films, *_box_office(row, ("decade",), names | {"total_usd": "sum"})]


def _films_by(row: Callable[[Films], Flags], column: str) -> list[Number]:
    numbers = [Number("films", "count", row, (column,), _ones)]
    for source, rating in rating_sources.COLUMNS.items():
        rated = partial(_ones_where, flags=partial(Films.filled, column=rating))
        numbers += [
            Number(f"{source}_mean", "mean", row, (column,), partial(_rating, source=source), (rating,)),
            Number(f"{source}_films", "count", row, (column,), rated, (rating,)),
        ]
    names: dict[str, Kind] = {"films_with_box_office": "count", "box_office_mean_usd": "mean"}
    return numbers + _box_office(row, (column,), names | {"box_office_total_usd": "sum"})


def _genre_share(year: int, genre: str) -> list[Number]:
    def of_year(films: Films) -> Flags:
        return films.have("year", year) & films.filled("genres")

    of_genre = partial(Films.have, column="genres", value=genre)
    columns = ("year", "genres")
    return [
        Number("films", "count", of_year, columns, partial(_ones_where, flags=of_genre), ("genres",)),
        Number("films_in_year", "count", of_year, columns, _ones),
        Number("share", "share", of_year, columns, partial(_share_where, flags=of_genre), ("genres",)),
    ]


def _data_quality(name: str) -> list[Number]:
    column = next((column for column in FILM if column.name == name), None)
    if column is None:
        raise InvalidInput("is no column of movies", subject=name, step="why")

    def unreadable(films: Films) -> Flags:
        faults = films.frame["unreadable"]
        named = (_is_list(each) and any(fault.split(":")[0] == name for fault in each) for each in faults)
        return np.fromiter(named, bool, len(faults))

    def out_of_range(films: Films) -> Flags:
        values = films.numbers(name) if column.low is not None or column.high is not None else _ones(films) * np.nan
        low, high = (limit if limit is not None else np.nan for limit in (column.low, column.high))
        return (values < low) | (values > high)

    filled = partial(Films.filled, column=name)
    every: Callable[[Films], Flags] = lambda films: np.ones(len(films.frame), dtype=bool)  # noqa: E731
    return [
        Number("rows", "count", every, (), _ones),
        Number("filled", "count", every, (), partial(_ones_where, flags=filled), (name,)),
        Number("filled_share", "share", every, (), partial(_share_where, flags=filled), (name,)),
        Number("unreadable", "count", every, (), partial(_ones_where, flags=unreadable), ("unreadable",)),
        Number("out_of_range", "count", every, (), partial(_ones_where, flags=out_of_range), (name,)),
    ]


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple | np.ndarray)
