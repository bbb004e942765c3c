"""The numbers of Gold's aggregate tables, each as a count, sum, mean, share or quantile of films. Pure.

A number stands on the films of its row, and on one value of each. This is the same definition as the SQL in
``pipeline/gold/sql/``; tests compare the two for every table.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from insights import frames, rating_sources
from pipeline.columns import FILM, GOLD_TABLES
from pipeline.errors import InvalidInput

Kind = Literal["count", "sum", "mean", "share", "quantile"]
Values = pd.Series  # of float, by IMDb id

# Tables of films, whose rows are no aggregates.
OF_FILMS = ("movies", "movie_ratings", "rank_history")


@dataclass(frozen=True)
class Number:
    """A number of a row of an aggregate table, in one build.

    Attributes
    ----------
    name : str
        Column of the table.
    kind : str
        A share is a mean of ones and zeros.
    films : Index
        The films of the row, by IMDb id.
    values : Series
        The value of each film that counts.
    row_columns, value_columns : tuple of str
        Columns of ``movies`` that say which films are in the row, and what the value of each is.
    """

    name: str
    kind: Kind
    films: pd.Index[str]
    values: Values
    row_columns: tuple[str, ...]
    value_columns: tuple[str, ...]


@dataclass(frozen=True)
class _Row:
    """The films of a row, and the columns that select them."""

    films: pd.DataFrame
    columns: tuple[str, ...]

    def number(self, name: str, kind: Kind, values: Values, *value_columns: str) -> Number:
        """A number of this row, on values by film."""
        return Number(name, kind, self.films.index, values, self.columns, value_columns)

    def count(self, name: str, films: pd.Index[str], *value_columns: str) -> Number:
        """The number of some films of this row."""
        return self.number(name, "count", pd.Series(1.0, index=films), *value_columns)

    def share(self, name: str, films: pd.Index[str], *value_columns: str) -> Number:
        """The share of some films among those of this row."""
        values = pd.Series(self.films.index.isin(films), index=self.films.index, dtype=float)
        return self.number(name, "share", values, *value_columns)

    def known(self, column: str) -> pd.Series[Any]:
        """The values of a column, without those that are missing."""
        return self.films.reindex(columns=[column])[column].dropna()


def explained_tables() -> list[str]:
    """Return the names of the tables whose numbers can be explained."""
    return [name for name in GOLD_TABLES if name not in OF_FILMS]


def check_table(table: str) -> None:
    """Check that a table is an aggregate.

    Raises
    ------
    InvalidInput
        When it is not.
    """
    if table not in explained_tables():
        cause, explained = "is no aggregate", explained_tables()
        if table not in GOLD_TABLES:
            cause, explained = "is not built by AggregateToGold, so it has no earlier builds", list(GOLD_TABLES)
        raise InvalidInput(cause, subject=table, step="why", next_step=f"explained are {', '.join(explained)}")


def films_of(table: str, movies: pd.DataFrame) -> pd.DataFrame:
    """Return the films that a table stands on, by IMDb id: those on the list, of ``pipeline_runs`` all."""
    return (movies if table == "pipeline_runs" else frames.listed(movies)).set_index("imdb_id")


def numbers_of(table: str, key: Mapping[str, Any], films: pd.DataFrame) -> list[Number]:
    """Return the numbers of a row of an aggregate table, in the order of the table's columns.

    ``films`` are as :func:`films_of` gives them.
    """
    if table == "genre_share_by_year":
        return _genre_share(_having(films, "year", key["year"]), key["genre"])
    if table == "data_quality":
        return _data_quality(_Row(films, ()), key["column_name"])
    group = next(iter(key))
    column = GOLD_TABLES[table].groups or group
    row = _Row(_having(films, column, key[group]), (column,))
    if table == "ratings_by_genre":
        return _ratings_by_genre(row, key["source"])
    everyone = row.films.index
    if table == "pipeline_runs":
        return [row.count("in_gold", everyone)]
    if table == "box_office_by_decade":
        names: dict[str, Kind] = {"mean_usd": "mean", "median_usd": "quantile", "total_usd": "sum"}
        return [row.count("films", everyone), *_box_office(row, names)]
    names = {"box_office_mean_usd": "mean", "box_office_total_usd": "sum"}
    return [row.count("films", everyone), *_ratings(row), *_box_office(row, names)]


def _having(films: pd.DataFrame, column: str, value: Any) -> pd.DataFrame:
    """Return the films of which a column has this value, or a list that contains it."""
    values = films.reindex(columns=[column])[column].explode()
    return films[films.index.isin(values.index[(values == value).fillna(False).astype(bool)])]


def _rating(row: _Row, source: str) -> Values:
    return row.known(rating_sources.COLUMNS[source]).astype(float) * rating_sources.FACTORS[source]


def _ratings_by_genre(row: _Row, source: str) -> list[Number]:
    rating, column = _rating(row, source), rating_sources.COLUMNS[source]
    kinds: dict[str, Kind] = {"mean": "mean", "median": "quantile", "p90": "quantile"}
    films = row.count("films", rating.index, column)
    return [films, *(row.number(name, kind, rating, column) for name, kind in kinds.items())]


def _ratings(row: _Row) -> list[Number]:
    numbers = []
    for source, column in rating_sources.COLUMNS.items():
        rating = _rating(row, source)
        numbers.append(row.number(f"{source}_mean", "mean", rating, column))
        numbers.append(row.count(f"{source}_films", rating.index, column))
    return numbers


def _box_office(row: _Row, kinds: Mapping[str, Kind]) -> list[Number]:
    column = "box_office_usd"
    known = row.known(column).astype(float)
    films = row.count("films_with_box_office", known.index, column)
    return [films, *(row.number(name, kind, known, column) for name, kind in kinds.items())]


def _genre_share(of_year: pd.DataFrame, genre: str) -> list[Number]:
    row = _Row(of_year[of_year["genres"].notna()], ("year", "genres"))
    of_genre = _having(row.films, "genres", genre).index
    return [
        row.count("films", of_genre, "genres"),
        row.count("films_in_year", row.films.index),
        row.share("share", of_genre, "genres"),
    ]


def _data_quality(row: _Row, name: str) -> list[Number]:
    column = next(column for column in FILM if column.name == name)
    filled, faults = row.known(name).index, row.known("unreadable").explode().dropna().astype(str)
    bounds = [limit if limit is not None else math.nan for limit in (column.low, column.high)]
    values = row.known(name).astype(float) if not all(map(math.isnan, bounds)) else pd.Series(dtype=float)
    return [
        row.count("rows", row.films.index),
        row.count("filled", filled, name),
        row.share("filled_share", filled, name),
        row.count("unreadable", faults.index[faults.str.split(":").str[0] == name].unique(), "unreadable"),
        row.count("out_of_range", values.index[(values < bounds[0]) | (values > bounds[1])], name),
    ]
