"""Features of films: computed by hand for known films, and without information from later films."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.predictions.features import ROLES, SMOOTHING, TARGETS, build, outcomes

NAMES = st.one_of(st.none(), st.lists(st.sampled_from(["Ann", "Bo", "Cy"]), max_size=3))
FILM = st.fixed_dictionaries(
    {
        "year": st.one_of(st.none(), st.integers(2000, 2005)),
        "rated": st.sampled_from([None, "R", "PG"]),
        "released": st.sampled_from([None, "2001-05-20", "2004-12-01"]),
        "runtime_minutes": st.one_of(st.none(), st.integers(60, 200)),
        "production": st.sampled_from([None, "Studio One", "Studio One, Studio Two"]),
        "rotten_tomatoes": st.one_of(st.none(), st.integers(0, 100)),
        "imdb_rating": st.one_of(st.none(), st.floats(0, 10)),
        "box_office_usd": st.one_of(st.none(), st.integers(0, 10**9)),
        **{column: NAMES for column in ROLES.values() if column != "production"},
    }
)


@pytest.mark.parametrize(
    ("target", "values", "learned"),
    [
        ("rotten_tomatoes", [-1, 0, 55, 100, 101], [None, 0, 55, 100, None]),
        ("imdb_rating", [0, 10, 10.5], [0, 10, None]),
        ("box_office_usd", [0, 1, 1000, None], [None, 0, 3, None]),
    ],
)
def test_values_out_of_range_are_unknown_and_box_office_is_learned_as_its_logarithm(
    target: str, values: list[float], learned: list[float | None]
) -> None:
    (used,) = (each for each in TARGETS if each.name == target)
    transformed = used.learned(pd.Series(values, dtype=float))

    assert transformed.astype(object).where(transformed.notna(), None).tolist() == learned
    assert used.value(transformed.dropna()).tolist() == pytest.approx(pd.Series(values)[transformed.notna()].tolist())
    assert used.in_range(pd.Series([-500.0])).tolist() == [transformed.min()], "no prediction is below the lowest value"


@settings(max_examples=12)
@given(st.lists(FILM, min_size=6, max_size=12), st.lists(FILM, min_size=12, max_size=12), st.integers(2000, 2005))
def test_no_feature_sees_the_future(films: list[dict[str, object]], others: list[dict[str, object]], year: int) -> None:
    # given the same films up to a year, but everything about films of that year and after is different, the year
    # itself excepted where that would make them earlier; and a film more
    later = [film["year"] is None or film["year"] >= year for film in films]  # type: ignore[operator]
    changed = [
        {**other, "year": film["year"]} if is_later else film
        for film, other, is_later in zip(films, others, later, strict=False)
    ]
    changed.append({**others[-1], "year": year})
    # when
    before, after = build(pd.DataFrame(films)), build(pd.DataFrame(changed)).iloc[:-1]
    # then the features of earlier films are the same to the last bit
    earlier = [not is_later for is_later in later]
    pd.testing.assert_frame_equal(before[earlier], after[earlier], check_exact=True)


@settings(max_examples=12)
@given(st.lists(FILM, min_size=6, max_size=12), st.lists(FILM, min_size=12, max_size=12), st.integers(2000, 2005))
def test_no_feature_sees_its_own_films_outcome(
    films: list[dict[str, object]], others: list[dict[str, object]], year: int
) -> None:
    # given the same films with other outcomes in one year
    changed = [
        film | {target.name: other[target.name] for target in TARGETS} if film["year"] == year else film
        for film, other in zip(films, others, strict=False)
    ]
    # then neither those films nor their neighbours of that year have other features
    of_year = [film["year"] == year for film in films]
    before, after = build(pd.DataFrame(films)), build(pd.DataFrame(changed))
    pd.testing.assert_frame_equal(before[of_year], after[of_year], check_exact=True)


def test_history_is_the_smoothed_difference_from_films_of_the_same_year() -> None:
    # given Ann's films 10 and 30 points above their years' means, Bo's as much below
    movies = pd.DataFrame(
        {
            "year": [2000, 2000, 2001, 2001, 2002, 2002],
            "directors": [["Ann"], ["Bo"], np.array(["Ann"]), ["Bo"], ["Ann", "Cy"], ["Cy"]],
            "rotten_tomatoes": [60, 40, 80, 20, 50, 50],
        }
    )
    # when
    features = build(movies)
    # then films of the first year have no history, and names without one take no part in the mean
    expected = [np.nan, np.nan, 10 / (1 + SMOOTHING), -10 / (1 + SMOOTHING), 40 / (2 + SMOOTHING), np.nan]
    assert features["director: rotten_tomatoes"].tolist() == pytest.approx(expected, nan_ok=True)
    assert features["director: films"].tolist() == [0, 0, 1, 1, 1, 0]


def test_a_name_listed_twice_counts_once_and_studios_are_taken_apart() -> None:
    movies = pd.DataFrame(
        {
            "year": [2000, 2001, 2001],
            "directors": [["Ann", "Ann"], ["Ann"], None],
            "production": ["One, Two", "Two", "Three"],
        }
    )
    features = build(movies)
    assert features["director: films"].tolist() == pytest.approx([0, 1, np.nan], nan_ok=True)
    assert features["studio: films"].tolist() == [0, 1, 0]


def test_attributes_are_the_films_own() -> None:
    movies = pd.DataFrame({"year": [2004], "runtime_minutes": [118], "released": ["2004-12-01"], "rated": ["PG-13"]})
    assert build(movies).loc[0, ["year", "runtime", "release month", "certificate"]].tolist() == [
        2004,
        118,
        12,
        "PG-13",
    ]


def test_impossible_outcomes_are_not_known() -> None:
    known = outcomes(
        pd.DataFrame({"rotten_tomatoes": [101, 50], "imdb_rating": [7.5, -1], "box_office_usd": [0, 1000]})
    )
    assert known.to_numpy().tolist() == pytest.approx(np.array([[np.nan, 7.5, np.nan], [50, np.nan, 3]]), nan_ok=True)


def test_no_films_and_no_columns_have_the_same_schema() -> None:
    full = build(pd.DataFrame({"year": [2000, 2001], "directors": [["Ann"], ["Ann"]], "rotten_tomatoes": [1, 2]}))
    for movies in (pd.DataFrame(), pd.DataFrame({"imdb_id": ["tt0000001"]}), pd.DataFrame({"year": [None]})):
        features = build(movies)
        assert len(features) == len(movies)
        assert features.dtypes.equals(full.dtypes)
