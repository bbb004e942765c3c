"""Trends of genres over the years: how common they are, how they are rated, what they earn. Pure.

Reads Gold's ``genre_share_by_year`` and ``movies`` as data frames; makes Gold's ``genre_trends``. The three functions
give rows of one layout, told apart by ``measure``; the table is their union.

Each row stands on one series with a value a year. Its slope is the Theil-Sen estimator, the median of the slopes
between all pairs of years (Sen 1968, ``scipy.stats.theilslopes``). Whether there is a trend at all is asked of the
Mann-Kendall test with the correction for ties (``pymannkendall``), and, because many genres are asked at once, of its
Benjamini-Hochberg q within the measure (``scipy.stats.false_discovery_control``).

Neighbouring years resemble each other, and Mann-Kendall then sees trends where there are none: in 10 % of simulated
series of 75 years at an autocorrelation of 0.5, in 31 % at 0.7. So the test is made a second time with the variance
corrected for the autocorrelation of the first lags (Hamed and Rao 1998), which leaves 1 % and 4 %. The correction may
only weaken the evidence: with a smaller variance it finds too many trends in short series, so there the plain p stands.
``p`` and ``q`` are those of the plain test; ``trend`` follows ``q_autocorrelated``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pymannkendall
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, theilslopes

from insights.columns import GENRE_TRENDS
from insights.frames import typed
from pipeline.errors import InvalidInput

RISING, FALLING, NO_CLEAR_TREND = "rising", "falling", "no clear trend"
SHARE, BOX_OFFICE = "share", "box_office"
# Measure (Gold's name of the rating source), column of movies, and the factor that brings it to 0-100.
RATINGS = (
    ("imdb", "imdb_rating", 10.0),
    ("metascore", "metascore", 1.0),
    ("rotten_tomatoes", "rotten_tomatoes", 1.0),
    ("source_list", "source_rating", 10.0),
)
FEWEST_YEARS = 3
YEARS_A_DECADE = 10
CONFIDENCE = 0.95

Scale = Callable[[float], float]


@dataclass(frozen=True)
class TrendOptions:
    """What the series are made of and when they are said to have a trend.

    Attributes
    ----------
    first_year, last_year : int or None
        The window of years, both included; None leaves that end open.
    min_films : int
        Fewest films behind a year's value; a year with fewer is left out. For the share these are all films of the
        year with a genre, for ratings and box office the genre's films with a value.
    alpha : float
        Share of false findings, among the trends found in one measure, that is accepted; between 0 and 1.
    lags : int
        Lags whose autocorrelation counts in the second test; 0 leaves it out.

    Raises
    ------
    InvalidInput
        When a value is outside its range.
    """

    first_year: int | None = None
    last_year: int | None = None
    min_films: int = 5
    alpha: float = 0.05
    lags: int = 3

    def __post_init__(self) -> None:
        window = (self.first_year, self.last_year)
        if None not in window and self.first_year > self.last_year:  # type: ignore[operator]
            raise InvalidInput(f"first year {self.first_year} is after last year {self.last_year}", subject="trends")
        if self.min_films < 1 or self.lags < 0 or not 0 < self.alpha < 1:
            raise InvalidInput(
                f"min_films {self.min_films}, lags {self.lags}, alpha {self.alpha}",
                subject="trends",
                next_step="min_films must be 1 or more, lags 0 or more, alpha between 0 and 1",
            )


DEFAULT = TrendOptions()


def genre_trends(shares: pd.DataFrame, options: TrendOptions = DEFAULT) -> pd.DataFrame:
    """Trend of each genre's share of the year's films, in percentage points a decade.

    Parameters
    ----------
    shares : DataFrame
        Gold's ``genre_share_by_year``. It has no row for a genre without films in a year: there the share is 0, in
        every year that has films at all, also before the genre's first film.
    options : TrendOptions
        Window of years, fewest films a year, and the level of the test.

    Returns
    -------
    DataFrame
        Rows of ``genre_trends`` with measure ``share``, one a genre, genres in alphabetical order.
    """
    used = _window(shares.reindex(columns=["year", "genre", "films", "films_in_year"]).dropna(), options)
    used = used[used["films_in_year"] >= options.min_films]
    films_in_year = used.groupby("year")["films_in_year"].max()
    films = used.pivot_table(index="genre", columns="year", values="films", aggfunc="sum", fill_value=0)
    series = [
        Series(str(genre), 100 * counts / films_in_year[counts.index], int(counts.sum()))
        for genre, counts in films.iterrows()
    ]
    return _rows(SHARE, "percentage points a decade", series, options)


def rating_trends(movies: pd.DataFrame, options: TrendOptions = DEFAULT) -> pd.DataFrame:
    """Trend of each genre's median rating, by source, in points of a 0-100 scale a decade.

    Parameters
    ----------
    movies : DataFrame
        Gold's ``movies``; lists of genres may be lists, arrays or None.
    options : TrendOptions
        Window of years, fewest films a year, and the level of the test.

    Returns
    -------
    DataFrame
        Rows of ``genre_trends``; measure is the source (imdb, metascore, rotten_tomatoes, source_list). A source
        without ratings gives no rows. They say how the catalogue's films of a year are rated, not how films were: of
        the oldest years a catalogue holds mostly the films that are still liked, and ratings then seem to fall.
    """
    parts = [
        _rows(measure, "points of 100 a decade", list(_medians(movies, column, factor, options)), options)
        for measure, column, factor in RATINGS
    ]
    return pd.concat(parts, ignore_index=True)


def box_office_trends(movies: pd.DataFrame, options: TrendOptions = DEFAULT) -> pd.DataFrame:
    """Trend of each genre's median box office, in per cent a decade.

    Box office grows by factors, so the slope is fitted to the logarithm of the yearly medians. It is nominal: inflation
    is in it, and a genre that only keeps up with prices rises. A box office of 0 counts as not known.

    Parameters
    ----------
    movies : DataFrame
        Gold's ``movies``.
    options : TrendOptions
        Window of years, fewest films a year, and the level of the test.

    Returns
    -------
    DataFrame
        Rows of ``genre_trends`` with measure ``box_office``.
    """
    medians = list(_medians(movies, "box_office_usd", 1.0, options))
    logarithms = [Series(one.genre, one.values.map(math.log10), one.films) for one in medians]
    return _rows(BOX_OFFICE, "per cent a decade", logarithms, options, scale=lambda slope: 100 * (10**slope - 1))


@dataclass(frozen=True)
class Series:
    """One genre's values by year (the index, ascending) and the films behind them."""

    genre: str
    values: pd.Series[float]
    films: int


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


def _rows(
    measure: str, unit: str, series: list[Series], options: TrendOptions, *, scale: Scale = float
) -> pd.DataFrame:
    rows = pd.DataFrame([{"genre": one.genre} | _statistics(one, options.lags, scale) for one in series])
    rows = rows.reindex(columns=GENRE_TRENDS.column_names).assign(measure=measure, unit=unit)
    rows["q"] = _false_discovery(rows["p"])
    rows["q_autocorrelated"] = _false_discovery(rows["p_autocorrelated"])
    clear = rows["q_autocorrelated"] <= options.alpha
    # A genre that is missing in most years has a median slope of 0: nothing there rises or falls from year to year.
    rows["trend"] = np.select(
        [clear & (rows["slope"] > 0), clear & (rows["slope"] < 0)], [RISING, FALLING], NO_CLEAR_TREND
    )
    return typed(rows, GENRE_TRENDS)


def _statistics(series: Series, lags: int, scale: Scale) -> dict[str, float | int]:
    values = np.asarray(series.values, dtype=np.float64)
    years = series.values.index.to_numpy(int)
    found: dict[str, float | int] = {
        "first_year": years[0],
        "last_year": years[-1],
        "years": len(years),
        "films": series.films,
    }
    if len(values) < FEWEST_YEARS:
        return found
    line = theilslopes(values, years, alpha=CONFIDENCE)
    slopes = {"slope": line.slope, "slope_low": line.low_slope, "slope_high": line.high_slope}
    found |= {name: scale(YEARS_A_DECADE * slope) for name, slope in slopes.items()}
    if np.ptp(values) > 0:  # of equal values the test's variance is 0, and it says nothing
        found["p"] = float(pymannkendall.original_test(values).p)
        found["p_autocorrelated"] = max(found["p"], _hamed_rao(values, lags))
    return found


def _hamed_rao(values: NDArray[np.float64], lags: int) -> float:
    """Give p of the Hamed-Rao test; 0 where it does not exist: no residuals about the line, or a negative variance."""
    with np.errstate(invalid="ignore", divide="ignore"):
        test = pymannkendall.hamed_rao_modification_test(values, lag=min(lags, len(values) - 1))
    return float(np.nan_to_num(test.p, nan=0.0))


def _false_discovery(p: pd.Series[float]) -> pd.Series[float]:
    known = p.dropna().astype(float)
    return pd.Series(false_discovery_control(known), index=known.index).reindex(p.index)
