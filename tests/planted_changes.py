"""Fifty changes between two builds of Gold, each with the number that it moves and the cause that must come first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from tests.daily_films import FIRST_DAY, Row, first_rows, stamped

FILMS = 300
NEXT_DAY = FIRST_DAY + timedelta(days=1)
Rows = list[Row]
Change = Callable[[Rows], Rows]


@dataclass(frozen=True)
class Planted:
    """A change.

    Attributes
    ----------
    number : str
        Number of the row that is looked at.
    change : callable
        Returns the rows of ``movies`` in the later build.
    origins : tuple of str
        The first cause has one of these origins.
    column : str
        Column of the first cause.
    """

    table: str
    key: Mapping[str, Any]
    number: str
    change: Change
    origins: tuple[str, ...]
    column: str = ""

    @property
    def name(self) -> str:
        return (
            f"{self.table} {' '.join(map(str, self.key.values()))} {self.number} {'/'.join(self.origins)} {self.column}"
        )


def before() -> Rows:
    """Rows of the earlier build."""
    return first_rows(FILMS)


def fetched(rows: Rows) -> Rows:
    """The same films, fetched again the next day."""
    return [stamped(row, NEXT_DAY) for row in rows]


def _has(row: Row, column: str, value: Any) -> bool:
    given = row[column]
    return value in given if isinstance(given, list) else bool(given == value)


def correct(rows: Rows, column: str, change: Callable[[Any], Any], where: tuple[str, Any], films: int = 1) -> Rows:
    """Change a value of the first few films of a group."""
    chosen = [row["imdb_id"] for row in rows if _has(row, *where) and row[column] is not None][:films]
    assert chosen
    return fetched([row | {column: change(row[column])} if row["imdb_id"] in chosen else row for row in rows])


def leave(rows: Rows, where: tuple[str, Any], films: int = 1) -> Rows:
    """Take films of a group off the list."""
    gone = [row["imdb_id"] for row in rows if _has(row, *where)][:films]
    assert gone
    return [
        row | {"on_list": False, "rank": None} if row["imdb_id"] in gone else stamped(row, NEXT_DAY) for row in rows
    ]


def come(rows: Rows, where: tuple[str, Any], films: int = 1) -> Rows:
    """Add films of a group that were not on the list."""
    others = [row for row in first_rows(FILMS + 300)[FILMS:] if _has(row, *where)][:films]
    assert others
    return fetched([*rows, *others])


def rename(rows: Rows, old: str, new: str) -> Rows:
    """Rename a genre in all films."""
    return fetched([
        row | {"genres": row["genres"] and [new if genre == old else genre for genre in row["genres"]]} for row in rows
    ])  # fmt: skip


def swap_list(rows: Rows) -> Rows:
    """Replace the lower half of the list by other films."""
    half = [row | {"on_list": False, "rank": None} for row in rows[FILMS // 2 :]]
    return fetched(rows[: FILMS // 2] + first_rows(FILMS + 200)[FILMS:]) + half


def replay(rows: Rows, column: str, change: Callable[[Any], Any]) -> Rows:
    """Process the same Bronze objects with another code version."""
    later = FIRST_DAY.replace(tzinfo=None) + timedelta(hours=5)
    return [
        row
        | {"code_version": "1.1", "processed_at": later, column: None if row[column] is None else change(row[column])}
        for row in rows
    ]


def several(rows: Rows, *changes: Change) -> Rows:
    for change in changes:
        rows = change(rows)
    return rows


def lose(rows: Rows, column: str, films: int) -> Rows:
    """Lose the values of a column of the first few films."""
    return fetched([row | {column: None} if index < films else row for index, row in enumerate(rows)])


def _up(value: float) -> float:
    return value + 1


def _less(value: float) -> float:
    return value - 9


def _cents(value: int) -> int:
    return value * 100


def _all_changes() -> list[Planted]:
    drama, french = ("genres", "Drama"), ("countries", "France")
    english, of_1999 = ("languages", "English"), ("year", 1999)
    director, nineties = ("directors", "Alfred Hitchcock"), ("decade", 1990)
    genre: Callable[[str, str], dict[str, Any]] = lambda name, source: {"genre": name, "source": source}  # noqa: E731
    rows = [
        # A rating or a box office is corrected.
        *(
            Planted("ratings_by_genre", genre("Drama", source), "mean", partial(correct, column=column, change=change,
                    where=drama), ("source",), column)
            for source, column, change in (("imdb", "imdb_rating", _up), ("metascore", "metascore", _less),
                                           ("rotten_tomatoes", "rotten_tomatoes", _less),
                                           ("source_list", "source_rating", _up))
        ),
        *(
            Planted(table, {key: value}, number, partial(correct, column=column, change=change, where=(group, value)),
                    ("source",), column)
            for table, key, group, value in (
                ("films_by_director", "director", *director), ("films_by_country", "country", *french),
                ("films_by_language", "language", *english), ("films_by_year", "year", *of_1999),
            )
            for number, column, change in (("imdb_mean", "imdb_rating", _up),
                                           ("rotten_tomatoes_mean", "rotten_tomatoes", _less))
        ),
        *(
            Planted("box_office_by_decade", {"decade": 1990}, number,
                    partial(correct, column="box_office_usd", change=_cents, where=nineties), ("source",),
                    "box_office_usd")
            for number in ("mean_usd", "total_usd", "median_usd")
        ),
        # A film leaves the list, or comes onto it.
        *(
            Planted(table, key, number, partial(change, where=where), (origin,))
            for change, origin in ((leave, "left"), (come, "came"))
            for table, key, number, where in (
                ("ratings_by_genre", genre("Drama", "imdb"), "films", drama),
                ("ratings_by_genre", genre("Drama", "rotten_tomatoes"), "mean", drama),
                ("films_by_country", {"country": "France"}, "films", french),
                ("films_by_language", {"language": "English"}, "rotten_tomatoes_mean", english),
                ("box_office_by_decade", {"decade": 1990}, "films", nineties),
                ("data_quality", {"column_name": "title"}, "rows", drama),
                ("films_by_country", {"country": "United States"}, "imdb_films", ("countries", "United States")),
            )
        ),
        # A genre is renamed: its films are not gone.
        *(
            Planted(table, key, number, partial(rename, old="Sci-Fi", new="Science fiction"), ("source",), "genres")
            for table, key, number in (
                ("ratings_by_genre", genre("Sci-Fi", "imdb"), "films"),
                ("ratings_by_genre", genre("Science fiction", "imdb"), "films"),
                ("genre_share_by_year", {"year": 1982, "genre": "Sci-Fi"}, "share"),
                ("genre_share_by_year", {"year": 1982, "genre": "Science fiction"}, "films"),
            )
        ),
        # Half of the list is swapped.
        *(
            Planted(table, key, number, swap_list, ("came", "left"))
            for table, key, number in (
                ("ratings_by_genre", genre("Drama", "imdb"), "films"),
                ("ratings_by_genre", genre("Comedy", "rotten_tomatoes"), "mean"),
                ("films_by_country", {"country": "United States"}, "imdb_mean"),
                ("box_office_by_decade", {"decade": 2000}, "total_usd"),
            )
        ),
        # Another code version reads money or ratings otherwise.
        *(
            Planted(table, key, number, partial(replay, column="box_office_usd", change=_cents), ("code",),
                    "box_office_usd")
            for table, key, number in (
                ("box_office_by_decade", {"decade": 1990}, "mean_usd"),
                ("box_office_by_decade", {"decade": 2000}, "total_usd"),
                ("films_by_country", {"country": "United States"}, "box_office_mean_usd"),
                ("films_by_language", {"language": "English"}, "box_office_total_usd"),
                ("films_by_year", {"year": 1999}, "box_office_mean_usd"),
            )
        ),
        Planted("ratings_by_genre", genre("Drama", "imdb"), "mean", partial(replay, column="imdb_rating",
                change=lambda value: value / 2), ("code",), "imdb_rating"),
        # Values are lost.
        Planted("data_quality", {"column_name": "metascore"}, "filled", partial(lose, column="metascore", films=30),
                ("source",), "metascore"),
        Planted("data_quality", {"column_name": "box_office_usd"}, "filled", partial(lose, column="box_office_usd",
                films=40), ("source",), "box_office_usd"),
        Planted("data_quality", {"column_name": "genres"}, "filled_share", partial(lose, column="genres", films=10),
                ("source",), "genres"),
    ]  # fmt: skip
    money = partial(replay, column="box_office_usd", change=_cents)
    rating = partial(correct, column="imdb_rating", change=lambda value: value - 5, where=drama, films=20)
    gone = partial(leave, where=drama, films=3)
    renamed = partial(rename, old="Sci-Fi", new="Science fiction")
    together: Change = lambda rows: several(rows, gone, rating, renamed, money)  # noqa: E731
    at_once: tuple[tuple[str, dict[str, Any], str, tuple[str, ...], str], ...] = (
        ("box_office_by_decade", {"decade": 1990}, "total_usd", ("source or code",), "box_office_usd"),
        ("ratings_by_genre", genre("Drama", "imdb"), "mean", ("source or code",), "imdb_rating"),
        ("ratings_by_genre", genre("Drama", "imdb"), "films", ("left",), ""),
        ("ratings_by_genre", genre("Sci-Fi", "rotten_tomatoes"), "films", ("source or code",), "genres"),
    )
    return rows + [
        Planted(table, key, number, together, origins, column) for table, key, number, origins, column in at_once
    ]


PLANTED = _all_changes()
