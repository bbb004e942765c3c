"""What changed in a table of films: who came and left, and each value with its cause."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pandas as pd

from insights.why.films import changes
from insights.why.split import Snapshot
from tests.daily_films import FIRST_DAY, Row, first_rows, stamped
from tests.gold_snapshots import snapshot

NEXT_DAY = FIRST_DAY + timedelta(days=1)
ROWS = first_rows(12)
IDS = [row["imdb_id"] for row in ROWS]


def later(table: str = "movies", code_version: str = "1.0", **changed: Any) -> Snapshot:
    """The build of the next day's run: the first film left, another came, the second has ``changed`` values."""
    rows: list[Row] = [stamped(dict(row), NEXT_DAY, code_version) for row in ROWS[1:]]
    rows[0] |= changed
    rows.append(stamped({**first_rows(13)[12], "rank": 1}, NEXT_DAY, code_version))
    rows.append({**ROWS[0], "on_list": False, "rank": None})
    return snapshot(rows, table, 1, code_version)


def earlier(table: str = "movies") -> Snapshot:
    return snapshot(ROWS, table)


def test_films_that_came_and_left_come_first() -> None:
    added, left, year = changes(earlier(), later(year=1901))

    assert (added.origin, [film.imdb_id for film in added.films]) == ("came", [first_rows(13)[12]["imdb_id"]])
    assert (left.origin, [film.imdb_id for film in left.films]) == ("left", IDS[:1])
    assert left.films[0].run_id.startswith("20260101")
    assert (year.origin, year.column) == ("source", "year")
    (film,) = year.films
    assert (film.imdb_id, film.before, film.after, film.contribution) == (IDS[1], ROWS[1]["year"], 1901, None)
    assert film.bronze_key == f"movies/{film.bronze_key.split('/')[1]}/imdb_id={IDS[1]}.json"
    assert film.run_id.startswith("20260102")


def test_a_value_that_other_code_may_have_read_otherwise_says_so() -> None:
    *_, year = changes(earlier(), later(year=1901, code_version="2.0"))

    assert (year.origin, year.code_versions) == ("source or code", ("1.0", "2.0"))


def test_columns_with_the_fewest_films_come_first() -> None:
    after = later(genres=["Noir"], title="Another")
    after = replace(after, movies=after.movies.assign(imdb_votes=after.movies["imdb_votes"].fillna(0) + 1))

    columns = [cause.column for cause in changes(earlier(), after)]

    assert columns == ["", "", "genres", "title", "imdb_votes"]


def test_one_film() -> None:
    assert changes(earlier(), later(), imdb_id=IDS[2]) == ()
    assert [cause.origin for cause in changes(earlier(), later(), imdb_id=IDS[0])] == ["left"]


def test_the_same_build_has_no_changes() -> None:
    assert changes(earlier(), earlier()) == ()


def test_ratings_are_compared_by_source_and_a_first_rating_is_no_film_that_came() -> None:
    causes = changes(earlier("movie_ratings"), later("movie_ratings", metascore=1, imdb_rating=None), "movie_ratings")

    assert [cause.origin for cause in causes[:2]] == ["came", "left"]
    values = {cause.column: (cause.films[0].before, cause.films[0].after) for cause in causes[2:]}
    assert values["metascore rating"] == (ROWS[1]["metascore"], 1)
    assert values["imdb rating"][1] is None


def test_ranks_are_the_newest_of_each_film() -> None:
    def history(*ranks: int) -> pd.DataFrame:
        runs = [f"2026010{day + 1}T030000Z-00000000" for day in range(len(ranks))]
        return pd.DataFrame({"run_id": runs, "imdb_id": IDS[1], "rank": ranks})

    before, after = replace(earlier(), table=history(3)), replace(later(), table=history(3, 7))
    *_, rank = changes(before, after, "rank_history")

    assert (rank.column, rank.films[0].before, rank.films[0].after) == ("rank", 3, 7)
