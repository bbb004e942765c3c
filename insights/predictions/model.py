"""Learning a target from features: earlier years to learn from, later years to be tested on. Pure.

Reads the features of :mod:`.prediction_features`; :mod:`.predictions` reads the predictions.

The model is scikit-learn's histogram gradient boosting, which takes missing values as they are. Its interval is split
conformal (Lei and others, "Distribution-free predictive inference for regression", 2018): a model of the early
training years predicts the last training years, and the size that its errors do not exceed there is the half width.
The model is then fitted again on all training years. Later years may differ from those the width was measured on, so
the coverage is no promise: ``prediction_scores`` says what it was.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from pipeline.errors import InvalidInput

FEWEST_FILMS = 20
FEWEST_OF_A_CERTIFICATE = 20
MOST_REASONS = 3
SEED = 0


@dataclass(frozen=True)
class PredictionOptions:
    """How the years are divided, and how wide the intervals are.

    Attributes
    ----------
    first_test_year : int or None
        First year of the test; None takes the last years that together hold at most about ``test_share`` of the films.
    test_share, calibration_share : float
        Share of the films with a known value to test on, and share of the others to measure the interval on; whole
        years, so only about. Between 0 and 1.
    coverage : float
        Share of films that the interval should cover; between 0 and 1.
    min_films : int
        Fewest films with a known value before the test years; with fewer there is no model.

    Raises
    ------
    InvalidInput
        When a value is outside its range.
    """

    first_test_year: int | None = None
    test_share: float = 0.2
    calibration_share: float = 0.2
    coverage: float = 0.8
    min_films: int = 100

    def __post_init__(self) -> None:
        shares = {name: getattr(self, name) for name in ("test_share", "calibration_share", "coverage")}
        wrong = [f"{name} {share}" for name, share in shares.items() if not 0 < share < 1]
        wrong += [f"min_films {self.min_films}"] if self.min_films < 1 else []
        if wrong:
            raise InvalidInput(
                ", ".join(wrong), subject="predictions", next_step="shares lie between 0 and 1, min_films is 1 or more"
            )


@dataclass(frozen=True)
class TimeSplit:
    """Films by year: masks over all films, of which ``fitting`` and ``calibration`` make up ``training``.

    ``test`` are all films of the test years; of the others only films with a known value take part. ``reason`` says
    why these are too few to learn from, and is "" when they are enough.
    """

    training: pd.Series[bool]
    fitting: pd.Series[bool]
    calibration: pd.Series[bool]
    test: pd.Series[bool]
    first_test_year: int | None
    reason: str = ""


def split_by_time(year: pd.Series[float], known: pd.Series[bool], options: PredictionOptions) -> TimeSplit:
    """Divide films into early years to fit, later ones to calibrate and the last ones to test.

    Parameters
    ----------
    year : Series of float
        Year of release; a film without one takes no part.
    known : Series of bool
        Films whose target is known.
    options : PredictionOptions
        Shares, first test year and fewest films.
    """
    first_test_year = options.first_test_year or _first_of_last(year[known], options.test_share)
    training = known & (year < (first_test_year or 0))
    first_calibration_year = _first_of_last(year[training], options.calibration_share) or 0
    fitting, calibration = training & (year < first_calibration_year), training & (year >= first_calibration_year)
    split = TimeSplit(training, fitting, calibration, year >= (first_test_year or math.inf), first_test_year)
    return replace(split, reason=_too_few(split, options.min_films))


def _too_few(split: TimeSplit, min_films: int) -> str:
    if split.training.sum() < min_films:
        return f"{split.training.sum()} films with a known value before the test years, {min_films} needed"
    if min(split.fitting.sum(), split.calibration.sum()) < FEWEST_FILMS:
        return f"the films before the test years are of too few years to keep {FEWEST_FILMS} for the interval"
    return "" if split.test.any() else "no film is of the test years"


def _first_of_last(year: pd.Series[float], share: float) -> int | None:
    """First of the last years that hold about ``share`` of the films; None when no film has a year."""
    year = year.dropna()
    return int(year.quantile(1 - share, interpolation="higher")) if len(year) else None


@dataclass(frozen=True)
class Learned:
    """Predictions for the test films, on the scale that was learned.

    ``contributions`` has a column for each thing known of a film: how much the prediction moves when the model is told
    it. ``half_width`` is that of the interval.
    """

    predicted: pd.Series[float]
    half_width: float
    contributions: pd.DataFrame


def learn(features: pd.DataFrame, learned: pd.Series[float], split: TimeSplit, coverage: float) -> Learned:
    """Fit the model on the training films and predict the test films.

    Parameters
    ----------
    features : DataFrame
        One row a film, as :func:`.prediction_features.build` makes them.
    learned : Series of float
        The target, NaN where not known.
    split : TimeSplit
        Which films to fit, calibrate and test on; ``reason`` must be "".
    coverage : float
        Share of films that the interval should cover.
    """
    # One thread: the trees' threads wait for each other busily, and on a busy machine two take many times as long.
    with threadpool_limits(limits=1):
        early = _fitted(features[split.fitting], learned[split.fitting])
        errors = (learned[split.calibration] - early.predict(features[split.calibration])).abs()
        model = _fitted(features[split.training], learned[split.training])
        predicted, contributions = _predicted(model, features[split.test])
    return Learned(predicted, conformal_half_width(errors, coverage), contributions)


def _predicted(model: Pipeline, test: pd.DataFrame) -> tuple[pd.Series[float], pd.DataFrame]:
    """Predictions, and how each moves when one thing known of the film is no longer known."""
    predicted = pd.Series(model.predict(test), index=test.index)
    columns_of: dict[str, list[str]] = {}
    for column in map(str, test.columns.drop("year")):
        columns_of.setdefault(column.split(":")[0], []).append(column)
    nothing = test.iloc[:0].reindex(test.index)
    contributions = {
        known: predicted - model.predict(test.assign(**{column: nothing[column] for column in columns}))
        for known, columns in columns_of.items()
    }
    return predicted, pd.DataFrame(contributions, index=test.index)


def conformal_half_width(errors: pd.Series[float], coverage: float) -> float:
    """Give the error of rank ceil((n + 1) * coverage) of n, the largest one when n is too small for that."""
    rank = min(math.ceil((len(errors) + 1) * coverage), len(errors))
    return float(np.sort(errors.to_numpy())[rank - 1])


def _fitted(features: pd.DataFrame, learned: pd.Series[float]) -> Pipeline:
    certificates = OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
        encoded_missing_value=np.nan,
        min_frequency=FEWEST_OF_A_CERTIFICATE,
    )
    trees = HistGradientBoostingRegressor(
        max_iter=200,
        learning_rate=0.05,
        max_leaf_nodes=8,
        l2_regularization=20,  # small trees held back, for a list of a few hundred films teaches little
        categorical_features=[0],
        early_stopping=False,
        random_state=SEED,
    )
    # The trees refuse a column without any value, such as the history of a target that nobody has.
    numbers = features.columns[features.notna().any()].drop("certificate", errors="ignore")
    columns = make_column_transformer((certificates, ["certificate"]), ("passthrough", list(numbers)))
    return make_pipeline(columns, trees).fit(features, learned)
