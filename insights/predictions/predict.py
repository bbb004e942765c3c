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

from insights.columns import PREDICTION_SCORES, PREDICTIONS
from insights.frames import typed
from insights.predictions.features import TARGETS, Target, build
from insights.predictions.model import MOST_REASONS, TimeSplit, learn, split_by_time
from insights.predictions.scores import MODEL, baselines, best_baseline, score_rows
from pipeline.errors import InvalidInput


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
