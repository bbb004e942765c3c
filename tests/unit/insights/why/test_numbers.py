"""The numbers of a row stand on the films that the SQL of Gold counts."""

from __future__ import annotations

from typing import Any

import pandas as pd

from insights.why.numbers import numbers_of

FILMS = pd.DataFrame(
    {
        "year": [1970, 1970, 1970, 1971, 1970],
        "genres": [["Drama"], ["Drama", "War"], None, ["Drama"], ["War"]],
        "metascore": [0, 100, 101, -1, None],
        "unreadable": [["metascore: a", "metascore: b", "year: c"], [], None, ["year: d"], []],
    },
    index=pd.Index([f"tt{film}" for film in range(5)], name="imdb_id"),
)


def computed(table: str, **key: Any) -> dict[str, float]:
    numbers = numbers_of(table, key, FILMS)
    return {one.name: len(one.values) if one.kind == "count" else one.values.mean() for one in numbers}


def test_shares_are_among_the_films_of_the_year_with_a_genre() -> None:
    shares = computed("genre_share_by_year", year=1970, genre="Drama")
    assert shares == {"films": 2, "films_in_year": 3, "share": 2 / 3}


def test_a_film_is_unreadable_once_and_the_bounds_are_in_range() -> None:
    assert computed("data_quality", column_name="metascore") == {
        "rows": 5, "filled": 4, "filled_share": 0.8, "unreadable": 1, "out_of_range": 2,
    }  # fmt: skip
