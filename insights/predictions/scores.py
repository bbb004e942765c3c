"""Baselines, and the scores of the model beside them. Pure.

Reads Gold's ``movies`` and the predictions of :mod:`.model`; makes the rows of ``prediction_scores``.
"""

from __future__ import annotations

import pandas as pd
from scipy.stats import ttest_1samp
from sklearn.metrics import mean_absolute_error, r2_score

from insights.predictions.features import Target, earlier_films

MODEL, MEAN, GENRE_MEAN, DIRECTOR = "model", "mean", "genre mean", "director's earlier films"
CONFIDENCE = 0.95


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
