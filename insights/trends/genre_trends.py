"""Trends of genres over the years: how common they are, how they are rated, what they earn. Pure.

Reads Gold's ``genre_share_by_year`` and ``movies`` as data frames; makes Gold's ``genre_trends``. Three functions
return rows of one layout, distinguished by ``measure``; the table is their union.

Each row describes one series with a value per year. For ratings and box office, its slope is the Theil-Sen estimator,
the median of the slopes between all pairs of years (Sen 1968). Interval and p-value come from the same statistic,
Kendall's S, with the same variance, corrected for ties (:func:`fit`).

Shares have a least-squares line (:func:`fit_share`). Kendall's S would call a share rising merely because the number of
films rises: 1% of 10 films is mostly no film, 1% of 400 mostly some. The mean of a share does not depend on the number
of films.

Both variances are multiplied by ``(1 + r) / (1 - r)``, where r is the autocorrelation of neighbouring years about the
line, corrected for its bias in short series. Without that factor, neighbouring years that resemble each other pass for
a trend.

Many genres are tested at once, so the verdict follows q, the p-value after Benjamini and Hochberg within the measure,
and so do the intervals (:func:`selected_confidence`): an interval excludes 0 where the trend is clear.
Decisions 0032 and 0072 say what was measured; unit tests repeat a part of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pymannkendall
from numpy.typing import NDArray
from scipy import stats

from insights.columns import GENRE_TRENDS
from insights.frames import typed
from insights.rating_sources import COLUMNS, FACTORS
from pipeline.errors import InvalidInput

RISING, FALLING, NO_CLEAR_TREND = "rising", "falling", "no clear trend"
SHARE, BOX_OFFICE = "share", "box_office"
# Measure (Gold's name of the rating source), column of movies, and the factor that brings it to 0-100.
RATINGS = tuple((name, COLUMNS[name], FACTORS[name]) for name in COLUMNS)
FEWEST_YEARS = 3
YEARS_A_DECADE = 10
CONFIDENCE = 0.95
MOST_AUTOCORRELATION = 0.95
SMALLEST = 1e-300
RESIDUAL_DECIMALS = 12  # of shares; what is smaller is rounding, and would count as autocorrelated

Scale = Callable[[float], float]
Line = Callable[[float], "Fit"]  # by the confidence of its interval


@dataclass(frozen=True)
class TrendOptions:
    """What the series are made of, and when they have a trend.

    Attributes
    ----------
    first_year, last_year : int or None
        The window of years, both included; None leaves that end open.
    min_films : int
        Fewest films behind a year's value; a year with fewer is left out. For the share these are all films of the
        year with a genre, for ratings and box office the genre's films with a value.
    alpha : float
        Accepted share of false findings among the trends found in one measure; between 0 and 1.

    Raises
    ------
    InvalidInput
        If a value is outside its range.
    """

    first_year: int | None = None
    last_year: int | None = None
    min_films: int = 5
    alpha: float = 0.05

    def __post_init__(self) -> None:
        window = (self.first_year, self.last_year)
        if None not in window and self.first_year > self.last_year:  # type: ignore[operator]
            raise InvalidInput(f"first year {self.first_year} is after last year {self.last_year}", subject="trends")
        if self.min_films < 1 or not 0 < self.alpha < 1:
            raise InvalidInput(
                f"min_films {self.min_films}, alpha {self.alpha}",
                subject="trends",
                next_step="min_films must be 1 or more, alpha between 0 and 1",
            )


DEFAULT = TrendOptions()


def genre_trends(shares: pd.DataFrame, options: TrendOptions = DEFAULT) -> pd.DataFrame:
    """Return the trend of each genre's share of the year's listed films, in percentage points a decade.

    ``shares`` is Gold's ``genre_share_by_year``. It has no row for a genre without films in a year; its share is then
    0, also before the genre's first film.

    Returns
    -------
    DataFrame
        Rows of ``genre_trends`` with measure ``share``, one per genre, in alphabetical order.
    """
    used = _years_used(shares, options)
    films_in_year = used.groupby("year")["films_in_year"].max()
    films = used.pivot_table(index="genre", columns="year", values="films", aggfunc="sum", fill_value=0)
    series = [
        Series(str(genre), counts / films_in_year[counts.index], int(counts.sum()), films_in_year[counts.index])
        for genre, counts in films.iterrows()
    ]
    return _rows(SHARE, "percentage points a decade", series, options, scale=lambda slope: 100 * slope)


def pooled_shares(shares: pd.DataFrame, genres: list[str], years: int, options: TrendOptions = DEFAULT) -> pd.DataFrame:
    """Return the share of some genres among the listed films of each ``years`` years, for a chart.

    ``shares`` is Gold's ``genre_share_by_year``; a year without films of a genre counts in its share.

    Returns
    -------
    DataFrame
        genre, Period (its first year), films of the genre, and share (0-1).
    """
    used = _years_used(shares, options)
    used = used.assign(Period=used["year"] // years * years)
    all_films = used.drop_duplicates("year").groupby("Period")["films_in_year"].sum()
    films = used.pivot_table("films", "Period", "genre", "sum", fill_value=0).reindex(columns=genres)
    pooled = films.melt(var_name="genre", value_name="films", ignore_index=False).reset_index()
    return pooled.assign(share=(pooled["films"] / pooled["Period"].map(all_films)).astype(float))


def rating_trends(movies: pd.DataFrame, options: TrendOptions = DEFAULT) -> pd.DataFrame:
    """Return the trend of each genre's median rating, by source, in points of 100 a decade.

    These are trends of the listed films, not of films as such: of old films a list holds mostly those that are still
    liked, so ratings seem to fall.

    Returns
    -------
    DataFrame
        Rows of ``genre_trends``; measure is the source (imdb, metascore, rotten_tomatoes, source_list). A source
        without ratings gives no rows.
    """
    parts = [
        _rows(measure, "points of 100 a decade", list(_medians(movies, column, factor, options)), options)
        for measure, column, factor in RATINGS
    ]
    return pd.concat(parts, ignore_index=True)


def box_office_trends(movies: pd.DataFrame, options: TrendOptions = DEFAULT) -> pd.DataFrame:
    """Return the trend of each genre's median box office, in per cent a decade: rows with measure ``box_office``.

    Box office grows by factors, so the slope is fitted to the logarithm of the yearly medians. It is nominal: a genre
    that only keeps up with inflation rises. A box office of 0 counts as unknown.
    """
    medians = list(_medians(movies, "box_office_usd", 1.0, options))
    logarithms = [Series(one.genre, one.values.map(math.log10), one.films) for one in medians]
    return _rows(BOX_OFFICE, "per cent a decade", logarithms, options, scale=lambda slope: 100 * (10**slope - 1))


@dataclass(frozen=True)
class Series:
    """One genre's values by year (the index, ascending), films behind them, and of shares all films of each year."""

    genre: str
    values: pd.Series[float]
    films: int
    films_in_year: pd.Series[int] | None = None


def _years_used(shares: pd.DataFrame, options: TrendOptions) -> pd.DataFrame:
    """Return the rows of ``genre_share_by_year`` in the window, of years with enough films."""
    used = _window(shares.reindex(columns=["year", "genre", "films", "films_in_year"]).dropna(), options)
    return used[used["films_in_year"] >= options.min_films]


def _window(rows: pd.DataFrame, options: TrendOptions) -> pd.DataFrame:
    year = rows["year"]
    first = year.min() if options.first_year is None else options.first_year
    last = year.max() if options.last_year is None else options.last_year
    return rows[year.between(first, last)]


def _medians(movies: pd.DataFrame, column: str, factor: float, options: TrendOptions) -> Iterator[Series]:
    films = movies.reindex(columns=["year", "genres", column]).explode("genres").dropna()
    films = _window(films.astype({"year": int, column: float}), options)
    films = films[films[column] > 0] if column == "box_office_usd" else films
    for genre, of_genre in films.groupby("genres"):
        years = of_genre.groupby("year")[column].agg(["median", "count"])
        years = years[years["count"] >= options.min_films]
        if len(years):
            yield Series(str(genre), factor * years["median"], int(years["count"].sum()))


@dataclass(frozen=True)
class Fit:
    """Slope of a series per year, its confidence interval, and the p-value of no trend.

    p is NaN if untestable; the interval is NaN if there are too few years for its confidence.
    """

    slope: float
    low: float
    high: float
    p: float


def selected_confidence(q: pd.Series[float], rate: float) -> float:
    """Return a confidence for all intervals, so that at most 5% of those of clear rows are expected to be wrong.

    Rows are selected because they look large, so their usual intervals are too far from 0 too often. With R rows of m
    selected by Benjamini and Hochberg's q, intervals of 1 - 5% * R / m have that coverage (Benjamini and Yekutieli
    2005).

    Parameters
    ----------
    q : Series of float
        One per tested row.
    rate : float
        Largest q of a clear row.
    """
    return 1 - (1 - CONFIDENCE) * max(int((q <= rate).sum()), 1) / max(len(q), 1)


def fit(values: NDArray[np.float64], years: NDArray[np.int_], confidence: float = CONFIDENCE) -> Fit:
    """Fit a line through the values of at least three years, allowing for autocorrelation.

    Interval and p-value use Kendall's S and Student's t with the degrees of freedom that the autocorrelation leaves.

    Parameters
    ----------
    values, years : arrays of shape (n,)
        Years ascending. If all values are equal there is no test: p is NaN and the slope 0.
    confidence : float
        Of the interval.
    """
    if np.ptp(values) == 0:
        return Fit(0.0, 0.0, 0.0, math.nan)
    n = len(values)
    inflation = _variance_inflation(values - stats.theilslopes(values, years).slope * years)
    freedom = max(n / inflation, 1.0)
    z = stats.t.isf((1 - confidence) / 2, freedom) * math.sqrt(inflation)
    # theilslopes takes a normal quantile by its tail, which must not underflow to 0.
    line = stats.theilslopes(values, years, alpha=max(2 * stats.norm.sf(z), SMALLEST))
    kendall = pymannkendall.original_test(values)
    # With few years, even the interval from the lowest to the highest slope lacks the confidence: of three random
    # values, all slopes are above 0 in one case of six.
    enough = z * math.sqrt(kendall.var_s) < n * (n - 1) / 2
    low, high = (line.low_slope, line.high_slope) if enough else (math.nan, math.nan)
    distance = max(abs(kendall.s) - 1, 0) / math.sqrt(kendall.var_s * inflation)
    return Fit(line.slope, low, high, float(2 * stats.t.sf(distance, freedom)))


def fit_share(
    shares: NDArray[np.float64],
    films: NDArray[np.integer[Any]],
    years: NDArray[np.int_],
    confidence: float = CONFIDENCE,
) -> Fit:
    """Fit a line through shares of at least three years, allowing for years of few films and for autocorrelation.

    The slope is that of least squares, each year with the same weight. Its variance follows the residuals, which may
    differ from year to year (HC3, MacKinnon and White 1985), but is at least that of random samples from one share:
    years without a film of a rare genre have no residuals, and are no more certain for it.

    Parameters
    ----------
    shares, films, years : arrays of shape (n,)
        Shares of 0-1 of the films of each year; years ascending. A share of 1 in all years has no test: p is NaN.
    confidence : float
        Of the interval.
    """
    n, centred = len(shares), years - years.mean()
    squares, pooled = float(centred @ centred), float(shares @ films) / float(films.sum())
    if not 0 < pooled < 1:
        return Fit(0.0, 0.0, 0.0, math.nan)
    slope = float(centred @ shares) / squares
    residuals = np.round(shares - shares.mean() - slope * centred, RESIDUAL_DECIMALS)
    inflation = _variance_inflation(np.sqrt(films) * residuals)
    leverage = 1 / n + centred**2 / squares
    variance = inflation * float(((centred * residuals / (1 - leverage)) ** 2).sum())
    error = math.sqrt(max(variance, float((centred**2 * pooled * (1 - pooled) / films).sum()))) / squares
    freedom = max(n / inflation - 2, 1.0)
    reach = stats.t.isf((1 - confidence) / 2, freedom) * error
    return Fit(slope, slope - reach, slope + reach, float(2 * stats.t.sf(abs(slope) / error, freedom)))


def _variance_inflation(residuals: NDArray[np.float64]) -> float:
    """Return ``(1 + r) / (1 - r)`` for the lag-1 autocorrelation r, which a fitted line biases by -(2 + 4r) / n."""
    n, centred = len(residuals), residuals - residuals.mean()
    squares = float(centred @ centred)
    if n <= 4 or squares == 0:
        return 1.0
    r = (float(centred[1:] @ centred[:-1]) / squares * n + 2) / (n - 4)
    r = min(max(r, 0.0), MOST_AUTOCORRELATION)
    return (1 + r) / (1 - r)


def _rows(
    measure: str, unit: str, series: list[Series], options: TrendOptions, *, scale: Scale = float
) -> pd.DataFrame:
    lines = [_line(one) for one in series]
    p = pd.Series([line(CONFIDENCE).p if line else math.nan for line in lines], dtype=float)
    q = pd.Series(stats.false_discovery_control(p.dropna()), index=p.dropna().index)
    confidence = selected_confidence(q, options.alpha)
    rows = pd.DataFrame(
        [_series(one) | _slopes(line, confidence, scale) for one, line in zip(series, lines, strict=True)]
    )
    rows = rows.reindex(columns=GENRE_TRENDS.column_names).assign(measure=measure, unit=unit, p=p, q=q)
    clear = rows["q"] <= options.alpha
    # An interval that touches 0 is no trend.
    rising, falling = clear & (rows["slope_low"] > 0), clear & (rows["slope_high"] < 0)
    rows["trend"] = np.select([rising, falling], [RISING, FALLING], NO_CLEAR_TREND)
    return typed(rows, GENRE_TRENDS)


def _series(one: Series) -> dict[str, object]:
    years = one.values.index
    return {
        "genre": one.genre,
        "first_year": years[0],
        "last_year": years[-1],
        "years": len(years),
        "films": one.films,
    }


def _line(series: Series) -> Line | None:
    """Return what fits the line of a series; None for too few years."""
    years, values = series.values.index.to_numpy(int), np.asarray(series.values, dtype=np.float64)
    if len(years) < FEWEST_YEARS:
        return None
    if series.films_in_year is None:
        return lambda confidence: fit(values, years, confidence)
    films = series.films_in_year.to_numpy(int)
    return lambda confidence: fit_share(values, films, years, confidence)


def _slopes(line: Line | None, confidence: float, scale: Scale) -> dict[str, float]:
    if line is None:
        return {}
    fitted = line(confidence)
    slopes = {"slope": fitted.slope, "slope_low": fitted.low, "slope_high": fitted.high}
    return {name: scale(YEARS_A_DECADE * slope) for name, slope in slopes.items()}
