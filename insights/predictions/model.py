"""Models that predict a target from features: earlier years to learn from, later years to test on. Pure.

The model is scikit-learn's histogram gradient boosting, which accepts missing values. Its interval is conformalised
quantile regression (Romano and others 2019): two more models predict a low and a high quantile, and the interval is
widened or narrowed until it would have covered the stated share of earlier films, in each quarter of the predictions
separately, since errors differ between films predicted low and high.

Films of different years are not exchangeable, so the films to calibrate on have to be recent. For the first test year
they are the last training years, predicted by models fitted to the years before them; for each later test year the
window moves on and takes in the test years before it. Drift within the window remains, so the coverage is not
guaranteed: ``prediction_scores`` reports it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from insights import wording

Floats = npt.NDArray[np.float64]
# Share of the films with a known value to test on, and share of the others to calibrate the interval on; approximate,
# since years are not split.
TEST_SHARE = 0.2
CALIBRATION_SHARE = 0.2
# Fewest films with a known value before the test years, and fewest to fit and to calibrate.
MIN_FILMS = 100
FEWEST_FILMS = 20
BINS = 4
FEWEST_OF_A_CERTIFICATE = 20
MOST_REASONS = 3
TREES = 200
SEED = 0


@dataclass(frozen=True)
class TimeSplit:
    """Films by year, as masks over all films; ``fitting`` and ``calibration`` make up ``training``.

    ``test`` holds all films of the test years, the others only films with a known value.
    """

    training: pd.Series[bool]
    fitting: pd.Series[bool]
    calibration: pd.Series[bool]
    test: pd.Series[bool]
    first_test_year: int | None

    @property
    def reason(self) -> str:
        """Why these films are too few to learn from; "" if they are enough."""
        if self.training.sum() < MIN_FILMS:
            n = self.training.sum()
            have = "has" if n == 1 else "have"
            return f"{wording.count(n, 'film')} before the test years {have} a known value; {MIN_FILMS} are needed"
        if min(self.fitting.sum(), self.calibration.sum()) < FEWEST_FILMS:
            return f"the films before the test years are of too few years to keep {FEWEST_FILMS} for the interval"
        return ""


def split_by_time(year: pd.Series[float], known: pd.Series[bool]) -> TimeSplit:
    """Split films into early years to fit, later years to calibrate and the last years to test.

    A film without a year is left out; ``known`` says whose target is known.
    """
    first_test_year = _first_of_last(year[known], TEST_SHARE)
    training = known & (year < (first_test_year or 0))
    first_calibration_year = _first_of_last(year[training], CALIBRATION_SHARE) or 0
    fitting, calibration = training & (year < first_calibration_year), training & (year >= first_calibration_year)
    return TimeSplit(training, fitting, calibration, year >= (first_test_year or math.inf), first_test_year)


def _first_of_last(year: pd.Series[float], share: float) -> int | None:
    """First of the last years that hold about ``share`` of the films; None when no film has a year."""
    year = year.dropna()
    return int(year.quantile(1 - share, interpolation="higher")) if len(year) else None


@dataclass(frozen=True)
class Learned:
    """Predictions for the test films, on the scale that was learned.

    Attributes
    ----------
    intervals : DataFrame
        ``predicted``, ``low`` and ``high``.
    contributions : DataFrame
        One column for each thing known of a film: how much it changes the prediction.
    """

    intervals: pd.DataFrame
    contributions: pd.DataFrame


def learn(features: pd.DataFrame, learned: pd.Series[float], split: TimeSplit, coverage: float) -> Learned:
    """Fit the model on the training films and predict the test films.

    Parameters
    ----------
    features : DataFrame
        As :func:`insights.predictions.features.build` makes them.
    learned : Series of float
        The target, NaN where not known.
    split : TimeSplit
        One without a ``reason``.
    coverage : float
        Share of films that the interval should cover.
    """
    # One thread: with two, the threads of the trees busy-wait for each other on a loaded machine.
    with threadpool_limits(limits=1):
        early = _forecasts(features, learned, split.fitting, split.calibration, coverage)
        late = _forecasts(features, learned, split.training, split.test, coverage)
        contributions = _contributions(_fitted(features[split.training], learned[split.training]), features[split.test])
    forecasts = pd.concat([early, late])
    outside = pd.concat([forecasts["low"] - learned, learned - forecasts["high"]], axis=1).max(axis=1, skipna=False)
    known = forecasts.assign(outside=outside, year=features["year"]).dropna(subset="outside")
    margin = pd.Series(0.0, index=late.index)
    for year, films in late.groupby(features["year"]):
        recent = _latest(known[known["year"] < year], len(early))
        margin[films.index] = conformal_margins(recent, films["predicted"].to_numpy(), coverage)
    low = (late["low"] - margin).clip(upper=late["predicted"])
    high = (late["high"] + margin).clip(lower=late["predicted"])
    return Learned(late.assign(low=low, high=high), contributions)


def _forecasts(
    features: pd.DataFrame, learned: pd.Series[float], fitting: pd.Series[bool], films: pd.Series[bool], coverage: float
) -> pd.DataFrame:
    """Predict mean (``predicted``), ``low`` and ``high`` quantile of some films by models fitted to others."""
    quantiles = {"predicted": None, "low": (1 - coverage) / 2, "high": (1 + coverage) / 2}
    columns = {
        name: _fitted(features[fitting], learned[fitting], quantile).predict(features[films])
        for name, quantile in quantiles.items()
    }
    return pd.DataFrame(columns, index=features.index[films])


def _latest(films: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return the films of the last years that hold at least ``count`` of them."""
    first: float = films["year"].nlargest(count).min()
    return films[films["year"] >= first]


def _contributions(model: Pipeline, test: pd.DataFrame) -> pd.DataFrame:
    """Return how each prediction moves when one thing known of the film is no longer known."""
    predicted = model.predict(test)
    columns_of: dict[str, list[str]] = {}
    for column in map(str, test.columns.drop("year")):
        columns_of.setdefault(column.split(":")[0], []).append(column)
    nothing = test.iloc[:0].reindex(test.index)
    contributions = {
        known: predicted - model.predict(test.assign(**{column: nothing[column] for column in columns}))
        for known, columns in columns_of.items()
    }
    return pd.DataFrame(contributions, index=test.index)


def conformal_margins(earlier: pd.DataFrame, predicted: Floats, coverage: float) -> Floats:
    """Return by how much the interval of each prediction has to widen; negative to narrow it.

    Predictions are split into quarters at the quartiles of those of ``earlier`` films. The margin of a quarter is the
    distance of rank ceil((n + 1) * coverage) among the n earlier films in it. If n is too small for that rank, as six
    films are for 95%, it is the margin of all earlier films; if they are too few as well, the largest distance.

    Parameters
    ----------
    earlier : DataFrame
        ``predicted``, and ``outside``: how far each film's value lies outside its interval, negative inside.
    predicted : array of shape (n,)
        Predictions whose margins are wanted.
    coverage : float
        Share of films that the interval should cover.
    """
    edges = np.quantile(earlier["predicted"], np.arange(1, BINS) / BINS)
    quarters = np.searchsorted(edges, earlier["predicted"])
    margins = np.empty(BINS)
    for quarter in range(BINS):
        distances = np.sort(earlier["outside"][quarters == quarter])
        if math.ceil((len(distances) + 1) * coverage) > len(distances):
            distances = np.sort(earlier["outside"])
        margins[quarter] = distances[min(math.ceil((len(distances) + 1) * coverage), len(distances)) - 1]
    margin: Floats = margins[np.searchsorted(edges, predicted)]
    return margin


def _fitted(features: pd.DataFrame, learned: pd.Series[float], quantile: float | None = None) -> Pipeline:
    """Fit the mean, or a quantile."""
    certificates = OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
        encoded_missing_value=np.nan,
        min_frequency=FEWEST_OF_A_CERTIFICATE,
    )
    trees = HistGradientBoostingRegressor(
        max_iter=TREES,
        learning_rate=0.05,
        # Small, regularised trees: a list may have only a few hundred films. Quantiles need somewhat larger ones.
        max_leaf_nodes=8 if quantile is None else 16,
        l2_regularization=20,
        loss="squared_error" if quantile is None else "quantile",
        quantile=quantile,
        categorical_features=[0],
        early_stopping=False,
        random_state=SEED,
    )
    # The trees reject a column without any value, such as the history of a target that no film has.
    numbers = features.columns[features.notna().any()].drop("certificate", errors="ignore")
    columns = make_column_transformer((certificates, ["certificate"]), ("passthrough", list(numbers)))
    return make_pipeline(columns, trees).fit(features, learned)
