"""Tables of any age come in the shape of their definition, with what they lack named."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from insights.columns import INSIGHTS_TABLES
from insights.reports import data
from pipeline.columns import GOLD_TABLES
from pipeline.gold.publication import Held, Pointer, Published
from tests.gold_builds import BUILD_ID, a_build

RATINGS = GOLD_TABLES["ratings_by_genre"]


def ratings() -> pd.DataFrame:
    return pd.DataFrame(
        {"genre": ["Drama"], "source": ["imdb"], "films": [3], "mean": [70.0], "median": [71.0], "p90": [90.0]}
    )


def test_a_table_of_today_lacks_nothing() -> None:
    frame, missing = data.read(ratings(), RATINGS, ["genre", "mean"])
    assert missing == []
    assert frame["films"].tolist() == [3]


def test_missing_and_odd_columns_are_named_and_null() -> None:
    old = ratings().drop(columns="p90").assign(films="three", extra=1)
    frame, missing = data.read(old, RATINGS, ["films"])
    assert frame.columns.tolist() == RATINGS.column_names
    assert frame[["films", "p90"]].isna().all(axis=None)
    assert len(missing) == 1
    assert "Best tenth from, Films (n)" in missing[0]


def test_needed_columns_without_a_value_are_named() -> None:
    movies = pd.DataFrame({name: [None, None] for name in GOLD_TABLES["movies"].column_names})
    movies = movies.assign(title=["A", None], genres=[[], None])
    _, missing = data.read(movies, GOLD_TABLES["movies"], ["title", "genres", "year"])
    assert missing == ["Not known for any of the movies: Genres.", "Not known for any of the movies: Year."]


def test_no_rows_is_said_once() -> None:
    _, missing = data.read(ratings().head(0), RATINGS, ["genre"])
    assert missing == ["There are no ratings by genre yet."]


def test_a_list_on_which_no_film_has_moved_is_no_gap() -> None:
    empty = pd.DataFrame(columns=INSIGHTS_TABLES["rank_movers"].column_names)
    assert data.read(empty, INSIGHTS_TABLES["rank_movers"], [])[1] == []


@pytest.mark.parametrize(("until_after", "because"), [(None, "its numbers changed"), ("RUN", "a person went back")])
def test_newer_data_that_is_held_back_has_a_cause(
    monkeypatch: pytest.MonkeyPatch, until_after: str | None, because: str
) -> None:
    build, lake = a_build(), SimpleNamespace(gold_bucket="gold")
    held = Held(BUILD_ID, "2026-11-28T03:00:00Z", "basis", ("odd",), until_after)
    monkeypatch.setattr(data, "read_pointer", lambda _: Pointer(Published(build, (), held), None))

    def sentence(read: Any) -> str:
        return data._held(lake, read)  # type: ignore[arg-type]

    assert because in sentence(build)
    assert sentence(replace(build, code_version="older")) == "", "only the published build has a newer one"
