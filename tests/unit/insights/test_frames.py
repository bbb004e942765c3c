from __future__ import annotations

import pandas as pd

from insights.frames import listed


def test_films_that_left_the_list_are_dropped() -> None:
    movies = pd.DataFrame({"imdb_id": ["a", "b", "c"], "on_list": pd.array([True, False, None], dtype="boolean")})

    assert listed(movies)["imdb_id"].tolist() == ["a", "c"]


def test_movies_of_an_older_gold_are_all_kept() -> None:
    assert len(listed(pd.DataFrame({"imdb_id": ["a", "b"]}))) == 2
