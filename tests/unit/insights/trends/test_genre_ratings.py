"""Genres are called rated higher or lower only where that is more than chance among many genres."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from insights.trends.genre_ratings import COLUMNS, HIGHER, LOWER, UNCLEAR, genre_ratings

NAMES = [f"Genre {number}" for number in range(15)]


def films(random: np.random.Generator, count: int = 250, higher: float = 0.0) -> pd.DataFrame:
    """Films of up to three genres with ratings as a list has them; those of the first genre are ``higher``."""
    genres = [list(random.choice(NAMES, size=random.integers(1, 4), replace=False)) for _ in range(count)]
    ratings = np.minimum(100, random.normal(88, 5, count) + [higher * (NAMES[0] in names) for names in genres])
    return pd.DataFrame({"genres": genres, "rotten_tomatoes": ratings})


def test_without_a_difference_few_lists_have_a_genre_that_differs() -> None:
    random = np.random.default_rng(1)
    differs = [genre_ratings(films(random), "rotten_tomatoes")["verdict"].ne(UNCLEAR).any() for _ in range(60)]
    assert np.mean(differs) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 60)


def test_the_intervals_of_a_difference_cover_it() -> None:
    random = np.random.default_rng(2)
    rows = [
        genre_ratings(films(random, higher=3.0), "rotten_tomatoes").set_index("genre").loc[NAMES[0]] for _ in range(60)
    ]
    covered = [row["difference_low"] <= 3.0 * 1.0 <= row["difference_high"] for row in rows]
    assert 0.9 <= np.mean(covered) <= 1.0


@pytest.mark.parametrize(("higher", "verdict"), [(6.0, HIGHER), (-6.0, LOWER)])
def test_a_large_difference_is_found(higher: float, verdict: str) -> None:
    ratings = genre_ratings(films(np.random.default_rng(3), higher=higher), "rotten_tomatoes").set_index("genre")
    assert ratings.loc[NAMES[0], "verdict"] == verdict
    assert ratings.loc[NAMES[0], "difference"] == pytest.approx(
        ratings.loc[NAMES[0], "mean"] - ratings.loc[NAMES[0], "others"]
    )


def test_the_test_is_welchs_with_intervals_for_the_genres_that_are_clear() -> None:
    movies = films(np.random.default_rng(11), higher=6.0)
    ratings = genre_ratings(movies, "rotten_tomatoes").set_index("genre")
    row, clear = ratings.loc[NAMES[0]], int((ratings["verdict"] != UNCLEAR).sum())
    has = movies["genres"].map(lambda names: NAMES[0] in names)
    own, others = movies["rotten_tomatoes"][has], movies["rotten_tomatoes"][~has]
    assert own.std() > others.std(), "else theirs counts for both"
    # 5% of the clear ones of all genres may be wrong
    interval = stats.ttest_ind(own, others, equal_var=False).confidence_interval(1 - 0.05 * clear / len(ratings))
    assert (row["difference_low"], row["difference_high"]) == pytest.approx((interval.low, interval.high))
    interval = stats.t.interval(0.95, len(own) - 1, own.mean(), own.std() / np.sqrt(len(own)))
    assert (row["low"], row["high"]) == pytest.approx(interval)
    excludes = (ratings["difference_low"] > 0) | (ratings["difference_high"] < 0)
    assert (excludes == (ratings["verdict"] != UNCLEAR)).all()


def test_few_films_that_are_alike_by_chance_do_not_differ() -> None:
    # given ratings of which four in five are the highest, so that all of many a small genre are
    random = np.random.default_rng(6)
    lists = [films(random).assign(rotten_tomatoes=np.where(random.random(250) < 0.8, 100, 75)) for _ in range(40)]
    # then, with the genres' own variances, half of the lists had a genre that differs
    assert sum(genre_ratings(one, "rotten_tomatoes", 5)["verdict"].ne(UNCLEAR).any() for one in lists) <= 4


def test_films_of_one_director_are_no_independent_evidence() -> None:
    # given 60 films of different directors, each of them four times
    once = films(np.random.default_rng(5), count=60)
    movies = once.loc[once.index.repeat(4)].reset_index(drop=True)
    directors = [[f"Director {at // 4}", "Other"] for at in movies.index]
    # when
    alone, related = (
        genre_ratings(movies.assign(directors=column), "rotten_tomatoes", 40).set_index("genre")
        for column in ([None] * 240, directors)
    )
    # then four times the variance is twice the width
    widths = [one["difference_high"] - one["difference_low"] for one in (alone, related)]
    assert (widths[1] / widths[0]).median() > 1.8
    assert (related["q"] >= alone["q"]).all()


def test_sources_of_ten_are_brought_to_one_hundred_and_genres_of_few_films_are_left_out() -> None:
    movies = pd.DataFrame(
        {
            "genres": [["Drama"]] * 12 + [["Comedy"]] * 12 + [["Rare"]] * 3 + [None],
            "imdb_rating": [8.0] * 12 + [7.0] * 16,
        }
    )
    ratings = genre_ratings(movies, "imdb")
    assert ratings["genre"].tolist() == ["Drama", "Comedy"]
    assert ratings["mean"].tolist() == [80.0, 70.0]
    assert ratings["verdict"].tolist()[0] == HIGHER


@pytest.mark.parametrize("movies", [pd.DataFrame(), pd.DataFrame({"genres": [["Drama"]], "imdb_rating": [8.0]})])
def test_too_few_films_give_no_rows(movies: pd.DataFrame) -> None:
    ratings = genre_ratings(movies, "imdb")
    assert ratings.empty
    assert ratings.columns.tolist() == list(COLUMNS)
