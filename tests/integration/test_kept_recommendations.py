"""Recommendations in Gold are kept while what they are made of is the same, and made again for anything else."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from insights import lake as gold_lake
from insights.columns import RECOMMENDATIONS
from insights.similar import kept_recommendations
from insights.similar.choice import Options
from insights.similar.content import FieldWeights
from pipeline import aws, keys
from tests.integration.moto_lake import Lake

MARK = "kept"


@pytest.fixture
def movies(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """Thirty films, and a Gold to write to."""
    monkeypatch.setenv("GOLD_DATABASE", "gold_database")
    aws.client("glue").create_database(DatabaseInput={"Name": "gold_database"})
    return pd.DataFrame(
        {
            "imdb_id": [f"tt{number:07}" for number in range(30)],
            "title": [f"Film {number}" for number in range(30)],
            "year": [1990 + number % 20 for number in range(30)],
            "genres": [["Drama", "Crime"] if number % 2 else ["Drama"] for number in range(30)],
            "actors": [[f"Person {number % 7}"] for number in range(30)],
            "imdb_rating": [5 + number / 10 for number in range(30)],
            "run_id": "20261124T030000Z-1a2b3c4d",
        }
    )


@pytest.fixture
def kept(movies: pd.DataFrame) -> pd.DataFrame:
    """The films, with recommendations in Gold that show when they are used again: a mark in place of each reason."""
    options = Options()
    built = kept_recommendations.up_to_date(movies, options)
    made_from = kept_recommendations.made_from(movies, options)
    gold_lake.write(RECOMMENDATIONS, built.assign(because=MARK), made_from=made_from)
    return movies


def is_kept(movies: pd.DataFrame, options: Options | None = None) -> bool:
    table = kept_recommendations.up_to_date(movies, options or Options())
    assert not table.empty
    return set(table["because"]) == {MARK}


def test_the_same_films_in_another_run_and_order_keep_the_table(kept: pd.DataFrame) -> None:
    again = kept.assign(run_id="20261125T030000Z-1a2b3c4d", plot=None).sample(frac=1, random_state=1)

    assert is_kept(again)


CHANGES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "a film less": lambda movies: movies.head(29),
    "another year": lambda movies: movies.assign(year=movies["year"].replace(1990, 1991)),
    "another rating": lambda movies: movies.assign(imdb_rating=movies["imdb_rating"] + 0.1),
    "another cast": lambda movies: movies.assign(actors=movies["actors"].map(lambda names: [*names, "Else"])),
    "a plot": lambda movies: movies.assign(plot="A plot."),
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_of_a_film_makes_it_again(kept: pd.DataFrame, change: str) -> None:
    assert not is_kept(CHANGES[change](kept))


@pytest.mark.parametrize(
    "options", [Options(k=5), Options(prior=0), Options(weights=FieldWeights(title=0))], ids=["k", "prior", "weights"]
)
def test_other_options_make_it_again(kept: pd.DataFrame, options: Options) -> None:
    assert not is_kept(kept, options)


def test_a_table_that_is_gone_or_somebody_else_s_is_made_again(kept: pd.DataFrame) -> None:
    s3, key = aws.client("s3"), keys.gold_table(RECOMMENDATIONS.name)
    s3.put_object(Bucket="gold", Key=key, Body=aws.get(s3, "gold", key)[0])
    assert not is_kept(kept), "what it is made of is not known"

    s3.delete_object(Bucket="gold", Key=key)
    assert not is_kept(kept)
    assert aws.exists(s3, "gold", key)


def test_made_again_it_is_what_was_made(movies: pd.DataFrame) -> None:
    built = kept_recommendations.up_to_date(movies, Options())
    read = kept_recommendations.up_to_date(movies, Options())

    pd.testing.assert_frame_equal(built, read.astype(built.dtypes.to_dict()), check_exact=True)
