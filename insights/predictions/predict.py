"""Predictions of a film's reception and box office, from what is known before its release. Pure.

Reads Gold's ``movies`` as a data frame; makes Gold's ``predictions`` and ``prediction_scores``. Targets are the Rotten
Tomatoes score, IMDb's rating and box office, each if enough films have it. The model learns from earlier years and is
tested on later ones, beside three baselines; if it does not beat the best of them, the scores say so.

Box office is learned and scored as log10 US dollars, since it grows by factors: a mean absolute error of 0.3 is a
factor of 2. Its predictions are in US dollars, so they are medians rather than means. If box office is known mostly for
films that did well, predictions for all other films are too high.

Without films, years, values of a target or enough years, the tables have fewer rows or none, always with all columns,
and ``prediction_scores`` gives the reason as the model's ``verdict``.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import pandas as pd
from scipy.stats import ttest_1samp
from sklearn.metrics import mean_absolute_error, r2_score

from insights.columns import PREDICTION_SCORES, PREDICTIONS
from insights.frames import typed
from insights.predictions.features import TARGETS, Target, build, earlier_films
from insights.predictions.model import MOST_REASONS, TimeSplit, learn, split_by_time
from pipeline.errors import InvalidInput

MODEL, MEAN, GENRE_MEAN, DIRECTOR = "model", "mean", "genre mean", "director's earlier films"
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Prediction:
    """The two tables: ``predictions``, one row per target and film of the test years, and their ``scores``."""

    predictions: pd.DataFrame
    scores: pd.DataFrame


def predict(movies: pd.DataFrame, coverage: float = 0.8) -> Prediction:
    """Predict the films of the last years for each target, and score the predictions.

    Parameters
    ----------
    movies : DataFrame
        Gold's ``movies``; lists may be lists, arrays or None, and missing columns count as unknown.
    coverage : float
        Share of films that the intervals should cover, between 0 and 1.

    Raises
    ------
    InvalidInput
        When ``coverage`` is outside its range.
    """
    if not 0 < coverage < 1:
        raise InvalidInput(f"coverage {coverage}", subject="predictions", next_step="it lies between 0 and 1")
    needed = ["imdb_id", "year", "genres", "directors", *(target.name for target in TARGETS)]
    movies = movies.reindex(columns=list(dict.fromkeys([*movies.columns, *needed]))).reset_index(drop=True)
    features = build(movies)
    predictions, scores = [], []
    for target in TARGETS:
        learned = target.learned(movies[target.name])
        split = split_by_time(features["year"], learned.notna())
        none: dict[str, object] = {"method": MODEL, "unit": target.score_unit, "verdict": f"no model: {split.reason}"}
        rows = [none]
        if not split.reason:
            model = learn(features, learned, split, coverage)
            intervals = model.intervals.apply(target.in_range).assign(actual=learned)
            simple = baselines(movies, learned, split.training).loc[intervals.index]
            rows = score_rows(target, intervals, simple, coverage)
            chosen = best_baseline(intervals["actual"], simple)
            values = intervals.assign(baseline=simple[chosen]).apply(target.value)
            values["imdb_id"] = movies["imdb_id"]
            moves = model.contributions.to_dict("records")
            values["reasons"] = [_reasons(each, target.logarithm) for each in moves]
            about = {"target": target.name, "unit": target.unit, "baseline_method": chosen}
            predictions.append(values.assign(**about))
        scores += [row | _films(target, features["year"], learned, split) for row in rows]
    empty = pd.DataFrame(columns=PREDICTIONS.column_names)
    return Prediction(
        typed(pd.concat(predictions) if predictions else empty, PREDICTIONS),
        typed(pd.DataFrame(scores), PREDICTION_SCORES),
    )


def _reasons(moves: Mapping[Hashable, float], logarithm: bool) -> str | None:
    """Return what moves a prediction most, such as ``genres +6.1, cast -3.2``, or as a factor ``cast ×1.8``."""
    biggest = sorted(moves, key=lambda known: -abs(moves[known]))[:MOST_REASONS]
    shown = [
        f"{known} ×{10 ** moves[known]:.2g}" if logarithm else f"{known} {moves[known]:+.2g}"
        for known in biggest
        if moves[known]
    ]
    return ", ".join(shown) or None


def _films(target: Target, year: pd.Series[float], learned: pd.Series[float], split: TimeSplit) -> dict[str, object]:
    """Return the target, its films and its test years, for a row of scores."""
    return {
        "target": target.name,
        "training_films": split.training.sum(),
        "test_films": (split.test & learned.notna()).sum(),
        "first_test_year": split.first_test_year,
        "last_test_year": year[split.test].max(),
    }


def baselines(movies: pd.DataFrame, learned: pd.Series[float], training: pd.Series[bool]) -> pd.DataFrame:
    """Predict all films by three simple rules.

    Parameters
    ----------
    movies : DataFrame
        Gold's ``movies`` with ``year``, ``genres`` and ``directors``.
    learned : Series of float
        The target as it is learned, NaN where unknown.
    training : Series of bool
        Films to take the means from.

    Returns
    -------
    DataFrame
        ``mean``: the mean of the training films. ``genre mean``: the mean of the training films of a genre, averaged
        over the film's genres; else the mean. ``director's earlier films``: the mean of these and one pseudo-film at
        the genre mean, averaged over the film's directors; else the genre mean.
    """
    mean = pd.Series(learned[training].mean(), index=movies.index)
    genres = movies["genres"].explode().dropna()
    of_genre = learned.where(training).reindex(genres.index).groupby(genres.to_numpy()).mean()
    genre_mean = genres.map(of_genre).astype(float).groupby(level=0).mean().reindex(movies.index).fillna(mean)
    before = earlier_films(movies, {"director": "directors"}, learned.to_frame("known"))
    expected = (before["known_sum"] + before["film"].map(genre_mean)) / (before["known_count"] + 1)
    director = expected.groupby(before["film"]).mean().reindex(movies.index).fillna(genre_mean)
    return pd.DataFrame({MEAN: mean, GENRE_MEAN: genre_mean, DIRECTOR: director})


def best_baseline(actual: pd.Series[float], simple: pd.DataFrame) -> str:
    """Return the baseline with the lowest mean absolute error."""
    return str(simple.sub(actual, axis=0).abs().mean().idxmin())


def score_rows(target: Target, intervals: pd.DataFrame, simple: pd.DataFrame, aim: float) -> list[dict[str, object]]:
    """Score the model and the baselines on the same test films.

    Parameters
    ----------
    intervals : DataFrame
        ``predicted``, ``low``, ``high`` and ``actual`` (NaN where unknown) of the test films, as learned.
    simple : DataFrame
        The baselines' predictions.
    aim : float
        Share of films that the interval should cover.

    Returns
    -------
    list of dict
        One row per method, the model's first.
    """
    known = intervals.dropna(subset=["actual"])
    methods = known[["predicted"]].rename(columns={"predicted": MODEL}).join(simple)
    rows: list[dict[str, object]] = [{"method": name, "unit": target.score_unit} for name in methods.columns]
    rows[0]["interval_aim"] = aim
    for row in rows:
        row["r2"] = r2_score(known["actual"], methods[row["method"]])
        row["mae"] = mean_absolute_error(known["actual"], methods[row["method"]])
    rows[0]["interval_coverage"] = known["actual"].between(known["low"], known["high"]).mean()
    rows[0]["interval_width"] = (known["high"] - known["low"]).mean()
    rows[0] |= _comparison(known["actual"], methods, target.score_unit)
    return rows


def _comparison(actual: pd.Series[float], methods: pd.DataFrame, unit: str) -> dict[str, object]:
    """Compare the model with the best baseline, film by film: a smaller error may be chance."""
    best = best_baseline(actual, methods.drop(columns=MODEL))
    errors = methods.sub(actual, axis=0).abs()
    gain = errors[best] - errors[MODEL]
    ends = ttest_1samp(gain, 0).confidence_interval(CONFIDENCE)
    beats = bool(ends.low > 0 and r2_score(actual, methods[MODEL]) > r2_score(actual, methods[best]))
    return {
        "best_baseline": best,
        "mae_gain": gain.mean(),
        "mae_gain_low": ends.low,
        "mae_gain_high": ends.high,
        "beats_baseline": beats,
        "verdict": f"{'beats' if beats else 'does not beat'} the best baseline ({best}): "
        + _gain_in_words(gain.mean(), ends.low, ends.high, unit),
    }


def _gain_in_words(mean: float, low: float, high: float, unit: str) -> str:
    if mean < 0:
        mean, low, high = -mean, -high, -low
        return f"mean error higher by {mean:.2f} {unit} (95% interval {low:.2f} to {high:.2f})"
    return f"mean error lower by {mean:.2f} {unit} (95% interval {low:.2f} to {high:.2f})"
