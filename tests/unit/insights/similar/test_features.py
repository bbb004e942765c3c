"""Features: tokens of films by field, and their TF-IDF weights."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from insights.similar.features import FieldWeights, build, read, tfidf

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
