"""Trends: series with a known trend, with none, with ties, autocorrelation, gaps and nothing at all."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from insights.columns import GENRE_TRENDS
from insights.trends.genre_trends import (
    TrendOptions,
    box_office_trends,
    fit,
    fit_share,
    genre_trends,
    pooled_shares,
    rating_trends,
)
from pipeline.errors import InvalidInput

FILMS_IN_YEAR = 100


def shares(films_by_genre: dict[str, list[int]], first_year: int = 1950) -> pd.DataFrame:
    """``genre_share_by_year`` with one count a year and genre; a count of 0 has no row, as in Gold."""
    rows = [
        {"year": year, "genre": genre, "films": films, "films_in_year": FILMS_IN_YEAR, "share": films / FILMS_IN_YEAR}
        for genre, counts in films_by_genre.items()
        for year, films in enumerate(counts, first_year)
        if films
    ]
    return pd.DataFrame(rows, columns=["year", "genre", "films", "films_in_year", "share"])


def row(trends: pd.DataFrame, genre: str) -> pd.Series:
    return trends.set_index("genre").loc[genre]


def movies(years: list[int], genre: str, **columns: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"year": years, "genres": [np.array([genre])] * len(years), **columns})


def test_known_slopes_are_found_in_points_a_decade() -> None:
    # given a genre that wins one point a year, one that loses two every year, and one that stays
    films = {
        "Up": list(range(10, 40)),
        "Down": list(range(70, 10, -2)),
        "Noise": [20 + (7 * year) % 5 for year in range(30)],
    }
    # when
    trends = genre_trends(shares(films))
    # then
    assert row(trends, "Up")["slope"] == pytest.approx(10)
    assert row(trends, "Down")["slope"] == pytest.approx(-20)
    assert trends["trend"].tolist() == ["falling", "no clear trend", "rising"]
    assert row(trends, "Up")[["first_year", "last_year", "years", "films"]].tolist() == [
        1950,
        1979,
        30,
        sum(films["Up"]),
    ]


def test_tied_values_are_corrected_for() -> None:
    # given a series of few values, so with many ties
    counts = [5, 5, 5, 6, 5, 6, 6, 6, 7, 6, 7, 7, 7, 7, 8, 8]
    n, ties = len(counts), [counts.count(value) for value in set(counts)]
    # when
    fitted = fit(np.array(counts, float), np.arange(n))
    # then p stands on Kendall's S as defined: pairs in order minus pairs out of order, and the variance under ties
    s = sum(np.sign(later - earlier) for i, earlier in enumerate(counts) for later in counts[i:])
    variance = (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18
    inflation = variance_inflation(np.array(counts, float))
    assert fitted.p == pytest.approx(2 * student.sf((s - 1) / (variance * inflation) ** 0.5, n / inflation))


def test_q_is_benjamini_hochberg_over_the_genres() -> None:
    # given three genres with different evidence
    films = {"A": [1, 2, 3, 5, 4, 6, 7, 8], "B": [1, 3, 2, 5, 4, 3, 7, 6], "C": [4, 3, 5, 4, 5, 3, 4, 6]}
    # when
    trends = genre_trends(shares(films)).sort_values("p")
    # then
    p = trends["p"].tolist()
    assert trends["q"].tolist() == pytest.approx([min(3 * p[0], 1.5 * p[1], p[2]), min(1.5 * p[1], p[2]), p[2]])


def test_the_verdict_follows_q_and_not_p() -> None:
    # given one genre with weak evidence, alone and among ten without any
    weak = {"Weak": [30, 43, 34, 55, 41, 64, 47, 52, 67, 58, 71, 56]}
    noise = {f"g{i}": [20, 22, 19, 21, 23, 18, 20, 21, 19, 22, 20 + i % 3, 21] for i in range(10)}
    # when
    alone, among = (row(genre_trends(shares(films)), "Weak") for films in (weak, weak | noise))
    # then
    assert alone["p"] == among["p"] < 0.05 < among["q"]
    assert (alone["trend"], among["trend"]) == ("rising", "no clear trend")


def test_years_without_the_genre_count_as_zero() -> None:
    # given a genre that does not exist before 1965 and is in every fourth film after
    trends = genre_trends(shares({"Late": [0] * 15 + [25] * 15, "Drama": [60] * 30}))
    # then its series begins with the catalogue, not with the genre
    assert row(trends, "Late")[["first_year", "years"]].tolist() == [1950, 30]
    expected = np.polyfit(np.arange(30), [0] * 15 + [25] * 15, 1)[0]
    assert row(trends, "Late")["slope"] == pytest.approx(10 * expected)
    assert row(trends, "Late")["films"] == 15 * 25


@pytest.mark.parametrize("films", [[8] * 20 + [100] * 30, [100] * 30 + [8] * 20])
def test_a_constant_share_is_no_trend_where_only_the_number_of_films_changes(films: list[int]) -> None:
    # given 2% of all films, so mostly no film of 8 and mostly some of 100
    random, years = np.random.default_rng(6), np.arange(50)
    counts = random.binomial(films, 0.02, size=(200, 50))
    fits = [fit_share(series / films, np.array(films), years) for series in counts if series.any()]
    # then Kendall's S would have a p of at most 0.05 in 80% of these series
    assert np.mean([fitted.p <= 0.05 for fitted in fits]) <= 0.05
    assert np.mean([fitted.slope for fitted in fits]) == pytest.approx(0, abs=2e-4)


def test_the_slope_of_a_share_is_found_with_its_interval() -> None:
    # given a share that rises from 10% to 30% over forty years with ever more films
    random, years, films = np.random.default_rng(7), np.arange(40), np.linspace(10, 200, 40).round().astype(int)
    shares_of_years = 0.1 + 0.2 * years / 39
    fits = [fit_share(random.binomial(films, shares_of_years) / films, films, years) for _ in range(200)]
    assert 0.92 <= np.mean([fitted.low <= 0.2 / 39 <= fitted.high for fitted in fits]) <= 1
    assert np.mean([fitted.p <= 0.05 for fitted in fits]) >= 0.9


def test_the_interval_of_a_share_is_that_of_hc3_with_two_degrees_of_freedom_fewer_than_years() -> None:
    shares, years = np.array([0.1, 0.3, 0.2, 0.4, 0.3, 0.5]), np.arange(6)
    design = np.column_stack([np.ones(6), years])
    inverse = np.linalg.inv(design.T @ design)
    line = inverse @ design.T @ shares
    weights = ((shares - design @ line) / (1 - np.diag(design @ inverse @ design.T))) ** 2
    error = math.sqrt((inverse @ design.T @ np.diag(weights) @ design @ inverse)[1, 1])

    fitted = fit_share(shares, np.full(6, 1000), years)

    reach = student.isf(0.025, 4) * error
    assert (fitted.low, fitted.high) == pytest.approx((line[1] - reach, line[1] + reach))


def test_shuffled_series_rise_or_fall_in_at_most_five_per_cent() -> None:
    # given 300 series without a trend, in 15 catalogues of 20 genres
    random = np.random.default_rng(4)
    counts = random.poisson(20, size=(20, 30)) + 1
    trends: list[str] = []
    for _ in range(15):
        shuffled = {f"g{i}": random.permutation(series).tolist() for i, series in enumerate(counts)}
        trends += genre_trends(shares(shuffled))["trend"].tolist()
    # then
    assert np.mean([trend != "no clear trend" for trend in trends]) <= 0.05


def variance_inflation(values: np.ndarray) -> float:
    """What the autocorrelation of the residuals does to the variance, by pandas and by hand."""
    years, n = np.arange(len(values)), len(values)
    slopes = [(values[j] - values[i]) / (j - i) for i in range(n) for j in range(i + 1, n)]
    residuals = pd.Series(values - np.median(slopes) * years)
    residuals -= residuals.mean()
    r = (residuals * residuals.shift()).sum() / (residuals**2).sum()
    r = np.clip((n * r + 2) / (n - 4), 0, 0.95)
    return (1 + r) / (1 - r)


def autoregressive(n: int, rho: float, series: int, seed: int) -> np.ndarray:
    """Stationary series without a trend, of shape (series, n)."""
    noise = np.random.default_rng(seed).normal(size=(series, n))
    noise[:, 0] /= np.sqrt(1 - rho**2)
    for year in range(1, n):
        noise[:, year] += rho * noise[:, year - 1]
    return noise


@pytest.mark.parametrize("rho", [0.0, 0.7])
def test_intervals_cover_and_false_trends_are_rare_at_any_autocorrelation(rho: float) -> None:
    # given 300 series of 75 years without a trend
    fits = [fit(values, np.arange(75)) for values in autoregressive(75, rho, 300, seed=3)]
    # then 3-7% of the intervals exclude 0, give or take two standard errors of 300 draws
    assert 0.01 <= np.mean([fitted.low > 0 or fitted.high < 0 for fitted in fits]) <= 0.09
    assert np.mean([fitted.p <= 0.05 for fitted in fits]) <= 0.07


@pytest.mark.parametrize(("years", "known"), [(5, False), (6, True)])
def test_too_few_years_have_no_interval(years: int, *, known: bool) -> None:
    fitted = fit(np.array([0.0, 2.0, 1.0, 4.0, 3.0, 6.0])[:years], np.arange(years))
    assert (math.isfinite(fitted.low), math.isfinite(fitted.high)) == (known, known)
    assert math.isfinite(fitted.slope)
    assert math.isfinite(fitted.p)


def test_the_interval_is_the_one_of_sen_recomputed_from_sorted_slopes() -> None:
    # given a series with autocorrelation and without ties
    values = autoregressive(40, 0.5, 1, seed=5)[0] + 0.02 * np.arange(40)
    n = len(values)
    # when
    fitted = fit(values, np.arange(n))
    # then its ends are the slopes whose ranks are C away from the middle
    slopes = sorted((values[j] - values[i]) / (j - i) for i in range(n) for j in range(i + 1, n))
    inflation = variance_inflation(values)
    c = student.ppf(0.975, n / inflation) * (n * (n - 1) * (2 * n + 5) / 18 * inflation) ** 0.5
    middle = len(slopes) / 2
    assert fitted.low == pytest.approx(slopes[round(middle - c / 2) - 1])
    assert fitted.high == pytest.approx(slopes[round(middle + c / 2)])
    half = student.ppf(0.75, n / inflation) * (n * (n - 1) * (2 * n + 5) / 18 * inflation) ** 0.5
    assert fitted.high > slopes[round(middle + half / 2)], "wider than the interval of 50%"


def test_verdict_and_interval_agree() -> None:
    # given thirty genres, some of which rise
    noise = autoregressive(60, 0.3, 30, seed=9)
    films = {
        f"g{i:02}": (40 + 5 * s + i * 0.015 * np.arange(60)).round().astype(int).tolist() for i, s in enumerate(noise)
    }
    # when
    trends = genre_trends(shares(films))
    # then a trend has an interval without 0, and a genre without one has an interval that covers it
    clear = trends["trend"] != "no clear trend"
    covers = (trends["slope_low"] <= 0) & (trends["slope_high"] >= 0)
    assert 0 < clear.sum() < len(trends)
    assert (covers == ~clear).all()
    assert (trends["p"] <= 0.05).sum() > clear.sum(), "no interval excludes 0 for a p that many genres explain"


def test_slopes_count_the_years_that_are_left_out() -> None:
    # given one point a year, and a catalogue that skips every year but the fifth
    films = {"Up": [10 + year if year % 5 == 0 else 0 for year in range(40)]}
    trend = row(genre_trends(shares(films)), "Up")
    assert trend["years"] == 8
    assert trend["slope"] == pytest.approx(10)


@settings(max_examples=40)
@given(st.lists(st.lists(st.integers(0, 60), min_size=1, max_size=12), min_size=1, max_size=4))
def test_any_series_gives_a_sound_row(counts: list[list[int]]) -> None:
    films = {f"g{i}": series for i, series in enumerate(counts)}
    trends = genre_trends(shares(films))
    assert trends["genre"].tolist() == [genre for genre, series in films.items() if any(series)]
    known = trends.dropna(subset=["q"])
    assert (known["q"] >= known["p"]).all()
    clear = trends["trend"] != "no clear trend"
    assert (np.sign(trends.loc[clear, "slope"]) == trends.loc[clear, "trend"].map({"rising": 1, "falling": -1})).all()
    assert (trends.loc[clear, "q"] <= 0.05).all()


def test_what_cannot_be_computed_is_null() -> None:
    single = row(genre_trends(shares({"Once": [10]})), "Once")
    assert single["trend"] == "no clear trend"
    assert single[["slope", "slope_low", "slope_high", "p", "q"]].isna().all()
    constant = row(genre_trends(shares({"Same": [10] * 20})), "Same")
    assert constant["trend"] == "no clear trend"
    assert constant[["slope", "p"]].tolist() == pytest.approx([0, 1])
    assert constant["slope_low"] < 0 < constant["slope_high"], "20 samples of 100 films leave room for a trend"
    in_every_film = row(genre_trends(shares({"All": [FILMS_IN_YEAR] * 20})), "All")
    assert in_every_film[["slope", "slope_low", "slope_high"]].tolist() == [0, 0, 0]
    assert in_every_film[["p", "q"]].isna().all()


def test_no_rows_have_the_same_schema_as_many() -> None:
    full = genre_trends(shares({"Up": list(range(10, 40))}))
    empty = [genre_trends(shares({})), rating_trends(pd.DataFrame()), box_office_trends(movies([], "Drama"))]
    assert full.columns.tolist() == GENRE_TRENDS.column_names
    for trends in empty:
        assert len(trends) == 0
        assert trends.dtypes.equals(full.dtypes)


def test_window_and_thin_years_are_left_out() -> None:
    counts = shares({"Up": list(range(10, 40))})
    counts.loc[counts["year"] == 1979, "films_in_year"] = 4
    counts.loc[counts["year"] == 1978, "films_in_year"] = 5
    trend = row(genre_trends(counts, TrendOptions(first_year=1960, last_year=1979)), "Up")
    assert trend[["first_year", "last_year", "years"]].tolist() == [1960, 1978, 19]


def test_ratings_are_medians_by_source_on_a_scale_of_100() -> None:
    # given five films a year, IMDb's median rating 5.0 rising by 0.1 a year; no other source
    years = [year for year in range(1990, 2010) for _ in range(5)]
    ratings = [5 + 0.1 * (year - 1990) + spread for year in range(1990, 2010) for spread in (-4, -0.5, 0, 1, 3)]
    # when
    trends = rating_trends(movies(years, "Drama", imdb_rating=ratings, metascore=[np.nan] * 100))
    # then 0.1 of 10 a year are 10 points of 100 a decade
    assert trends["measure"].tolist() == ["imdb"]
    assert trends["slope"].tolist() == pytest.approx([10])
    assert trends["trend"].tolist() == ["rising"]
    assert trends["films"].tolist() == [100]


def test_box_office_grows_by_per_cent_and_zero_is_not_known() -> None:
    # given a median that doubles each decade; box offices of 0, which would pull it down, are not known
    years = [year for year in range(1980, 2010) for _ in range(7)]
    dollars = [
        scale * 2 ** ((year - 1980) / 10) for year in range(1980, 2010) for scale in (0, 0, 1e5, 1e6, 1e7, 1e8, 1e9)
    ]
    trend = row(box_office_trends(movies(years, "Action", box_office_usd=dollars)), "Action")
    assert trend["slope"] == pytest.approx(100)
    assert trend["unit"] == "per cent a decade"
    assert trend["films"] == 150


def test_genres_may_be_missing_and_thin_years_do_not_count() -> None:
    films = movies([2000] * 5 + [2001] * 4, "Drama", rotten_tomatoes=[50.0] * 9)
    films["genres"] = films["genres"].astype(object)
    films.at[8, "genres"] = None
    trends = rating_trends(films)
    assert trends[["measure", "years", "films"]].values.tolist() == [["rotten_tomatoes", 1, 5]]


@pytest.mark.parametrize(
    "wrong", [{"min_films": 0}, {"alpha": 0}, {"alpha": 1}, {"first_year": 2001, "last_year": 2000}]
)
def test_options_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidInput):
        TrendOptions(**wrong)  # type: ignore[arg-type]


def test_a_year_without_films_of_a_genre_counts_in_its_pooled_share() -> None:
    rows = [
        (2000, "Drama", 3, 4), (2000, "War", 1, 4), (2001, "Drama", 6, 6), (2002, "War", 1, 1), (2007, "Drama", 2, 4),
    ]  # fmt: skip
    shares = pd.DataFrame(rows, columns=["year", "genre", "films", "films_in_year"])
    pooled = pooled_shares(shares, ["War", "Drama"], 5, TrendOptions(min_films=2))
    assert pooled[["genre", "Period", "films", "share"]].to_numpy().tolist() == [
        ["War", 2000, 1, 0.1], ["War", 2005, 0, 0.0], ["Drama", 2000, 9, 0.9], ["Drama", 2005, 2, 0.5],
    ]  # fmt: skip
    assert len(pooled_shares(shares, [], 5)) == len(pooled_shares(shares.iloc[:0], ["War"], 5)) == 0
