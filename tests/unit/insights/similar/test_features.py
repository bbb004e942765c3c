"""Features: tokens of films by field, their TF-IDF weights, and each film's standing among films of its years."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.similar.features import FieldWeights, build, percentiles, rarity, read, standing, tfidf

NAN = float("nan")
FILMS = pd.DataFrame(
    {
        "title": ["The Blue Angel", "Angel's Blue blue Eyes", None],
        "genres": [["Drama", "Crime"], np.array(["Crime", "Drama", "Crime"]), [None, "", "Drama"]],
        "production": ["UFA, Paramount", "Paramount", ""],
        "actors": [None, NAN, "not a list"],
    }
)


def only(**weights: float) -> FieldWeights:
    """Weights that are 0 but for those given."""
    return FieldWeights(**(dict.fromkeys(FieldWeights.__dataclass_fields__, 0.0) | weights))


def test_each_film_has_its_tokens_in_order_and_each_once() -> None:
    fields = read(FILMS)

    assert fields["genres"] == [["Drama", "Crime"], ["Crime", "Drama"], ["Drama"]]
    assert fields["title"] == [["blue", "angel"], ["angel's", "blue", "eyes"], []]
    assert fields["production"] == [["UFA", "Paramount"], ["Paramount"], []]
    assert fields["actors"] == fields["plot"] == [[], [], []]


def test_weights_are_tfidf_with_rows_of_length_1() -> None:
    """Given "b" in two of three films and "a" in one: weights are ln(4/(1+f)) + 1 before the length is made 1."""
    weight = {"a": np.log(4 / 2) + 1, "b": np.log(4 / 3) + 1}

    weights = tfidf([["b", "a"], ["b"], []]).toarray()

    length = np.hypot(weight["a"], weight["b"])
    expected = [[weight["a"] / length, weight["b"] / length], [0, 1], [0, 0]]
    assert weights == pytest.approx(np.array(expected))


def test_the_product_of_two_films_is_the_sum_over_fields_of_weight_times_cosine() -> None:
    """Given two films with equal genres and, in writers, a cosine of 0 (nobody shared)."""
    fields = read(pd.DataFrame({"genres": [["A", "B"]] * 2 + [["C"]] * 98, "writers": [["x"], ["y"]] + [["x"]] * 98}))

    features = build(fields, np.full(100, 2000, np.float32), only(genres=0.7, writers=2.5))

    products = features.common @ features.common.T + (features.rare @ features.rare.T).toarray()
    assert products[0, 1] == pytest.approx(0.7)
    assert products[0, 2] == pytest.approx(2.5)
    assert products[1, 2] == pytest.approx(0)


def test_the_middle_of_three_stands_in_the_middle() -> None:
    assert percentiles(np.array([10.0, 30.0, 20.0]), np.full(3, 2000.0)) == pytest.approx([1 / 6, 5 / 6, 0.5])


def test_equal_values_stand_equal_and_a_film_alone_in_the_middle() -> None:
    assert percentiles(np.array([7.0, 7.0]), np.full(2, 2000.0)).tolist() == [0.5, 0.5]
    assert percentiles(np.array([7.0]), np.array([NAN])).tolist() == [0.5]


def test_unknown_values_have_no_percentile_and_are_not_compared() -> None:
    result = percentiles(np.array([NAN, 5.0, 6.0]), np.full(3, 2000.0))

    assert np.isnan(result[0])
    assert result[1:].tolist() == [0.25, 0.75]


def test_old_films_are_measured_by_films_of_their_own_years() -> None:
    """Given sixty films of 1950 with few votes and sixty of 2010 with many: the best known of each stand equal."""
    votes = np.concatenate([np.arange(60.0), 1000 + np.arange(60.0)])
    years = np.repeat([1950.0, 2010.0], 60)

    result = percentiles(votes, years)

    assert result[59] == result[119] > 0.99


def test_few_films_are_compared_with_those_of_years_further_away() -> None:
    result = percentiles(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1940.0, 1960.0, 1980.0, 2000.0]))

    assert result.tolist() == [0.125, 0.375, 0.625, 0.875]


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_rarity_keeps_order_and_range(shares: list[float]) -> None:
    rare = rarity(np.sort(np.array(shares)))

    assert (np.diff(rare) >= 0).all()
    assert (rare >= -1e-12).all()
    assert (rare <= 1 + 1e-12).all()


def test_votes_stand_in_for_reviews_film_by_film() -> None:
    """Given films with reviews and others with votes: the best of either kind are equally well noticed."""
    movies = pd.DataFrame(
        {
            "year": [2000] * 6,
            "rotten_tomatoes_reviews": [10, 20, 30, None, None, None],
            "imdb_votes": [None, None, None, 1_000, 2_000, 3_000_000],
            "imdb_rating": [None, None, None, 5.0, 6.0, 7.0],
            "metascore": [50, 60, 70, None, None, None],
        }
    )

    known = standing(movies)

    assert known.notice[2] == known.notice[5] > known.notice[1]
    assert known.rating[2] == known.rating[5] > known.rating[1]


def test_without_ratings_notice_is_zero_and_rating_is_in_the_middle() -> None:
    unknown = standing(pd.DataFrame({"imdb_id": ["tt0000001", "tt0000002"]}))

    assert unknown.notice.tolist() == [0, 0]
    assert 0 < unknown.rating[0] == unknown.rating[1] < 0.5
