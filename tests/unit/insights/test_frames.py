from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from insights.frames import listed, plain


def test_films_that_left_the_list_are_dropped() -> None:
    movies = pd.DataFrame({"imdb_id": ["a", "b", "c"], "on_list": pd.array([True, False, None], dtype="boolean")})

    assert listed(movies)["imdb_id"].tolist() == ["a", "c"]


def test_movies_of_an_older_gold_are_all_kept() -> None:
    assert len(listed(pd.DataFrame({"imdb_id": ["a", "b"]}))) == 2


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (float("inf"), None),
        (np.float64("nan"), None),
        (pd.NA, None),
        (pd.NaT, None),
        (np.int32(7), 7),
        (np.array(["a", None], dtype=object), ["a", None]),
        (date(1970, 1, 2), date(1970, 1, 2)),
    ],
)
def test_cells_become_plain_values(cell: object, value: object) -> None:
    assert plain(cell) == value
