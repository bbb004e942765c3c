"""How the ratings of a genre's listed films differ from those of the other listed films. Pure.

Reads Gold's ``movies`` as a data frame. Means are compared with Welch's t-test, which allows for groups of different
size and spread. A genre's spread counts as at least that of the other films, since few films may be alike by chance.
The variance is raised as far as films of one director resemble each other.

Many genres are compared at once, so the verdict follows q, the p-value after Benjamini and Hochberg. The intervals of
the differences follow it too: one excludes 0 where the difference is clear. Of simulated lists whose ratings have
nothing to do with their genres, at most 4% have a genre that differs; a unit test repeats some.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from insights import rating_sources, wording
from insights.trends.genre_trends import CONFIDENCE, selected_confidence

HIGHER, LOWER, UNCLEAR = "higher", "lower", "no clear difference"
LEAST_FILMS = 10  # of fewer films, a mean says little
FALSE_DISCOVERY_RATE = 0.05
COLUMNS = (
    "genre",
    "films",
    "mean",
    "low",
    "high",
    "others",
    "difference",
    "difference_low",
    "difference_high",
    "q",
    "verdict",
)


def genre_ratings(movies: pd.DataFrame, source: str, least: int = LEAST_FILMS) -> pd.DataFrame:
    """Compare the mean rating of each genre with that of the films not of that genre.

    Parameters
    ----------
    movies : DataFrame
        Gold's ``movies``; lists of genres may be lists, arrays or None.
    source : str
        Name of a rating source in Gold.
    least : int
        Fewest rated films of a genre, and of the others; at least two are needed.

    Returns
    -------
    DataFrame
        One row per genre, highest mean first: genre, films, mean with its 95% interval low to high, others (mean of
        the other rated films), difference with its interval difference_low to difference_high, q, verdict. All in
        points of 100. Of the intervals of clear differences, at most 5% are expected to be wrong; see
        :func:`.genre_trends.selected_confidence`.
    """
    column, factor = rating_sources.COLUMNS[source], rating_sources.FACTORS[source]
    rated = movies.reindex(columns=["genres", "directors", column]).dropna(subset=["genres", column])
    values = np.asarray(factor * rated[column].astype(float), dtype=np.float64)
    directors = _first_directors(rated["directors"])
    genres = rated["genres"].map(set)
    rows = []
    for genre in sorted(set().union(*genres)):
        has = np.array([genre in names for names in genres], dtype=bool)
        if min(has.sum(), (~has).sum()) >= max(least, 2):
            rows.append({"genre": genre, **_compared(values, has, directors)})
    if not rows:
        return pd.DataFrame(columns=list(COLUMNS))
    comparison = pd.DataFrame(rows)
    t = (comparison["difference"].abs() / comparison["error"]).fillna(0)  # without any spread, p is 0 or 1
    comparison["q"] = stats.false_discovery_control(2 * stats.t.sf(t, comparison["freedom"]))
    confidence = selected_confidence(comparison["q"], FALSE_DISCOVERY_RATE)
    reach = stats.t.isf((1 - confidence) / 2, comparison["freedom"]) * comparison["error"]
    comparison["difference_low"] = comparison["difference"] - reach
    comparison["difference_high"] = comparison["difference"] + reach
    clear = comparison["q"] <= FALSE_DISCOVERY_RATE
    comparison["verdict"] = np.select([clear & (comparison["difference"] > 0), clear], [HIGHER, LOWER], UNCLEAR)
    return comparison.sort_values(["mean", "genre"], ascending=[False, True])[list(COLUMNS)].reset_index(drop=True)


def _first_directors(directors: pd.Series[Any]) -> NDArray[np.intp]:
    """Number the films by their first director; a film without one has a number of its own."""
    names = [listed[0] if not wording.is_missing(listed) and len(listed) else at for at, listed in enumerate(directors)]
    return pd.factorize(np.array(names, dtype=object))[0]


def _compared(values: NDArray[np.float64], has: NDArray[np.bool_], directors: NDArray[np.intp]) -> dict[str, float]:
    """Return means, and their difference with its standard error and degrees of freedom."""
    own, others = values[has], values[~has]
    variances = [part.var(ddof=1) for part in (own, others)]
    # Few films that happen to be alike are no more certain than others: ten of a list may all have the highest score.
    parts = [max(variances) / len(own), variances[1] / len(others)]
    with np.errstate(invalid="ignore"):
        freedom = sum(parts) ** 2 / sum(v**2 / (len(part) - 1) for v, part in zip(parts, (own, others), strict=True))
    reach = stats.t.isf((1 - CONFIDENCE) / 2, len(own) - 1) * math.sqrt(variances[0] / len(own))
    # What each film adds to the difference; films of one director add alike, so that they say less than others do.
    adds = np.where(has, (values - own.mean()) / len(own), (others.mean() - values) / len(others))
    by_director = np.bincount(directors, adds)
    related = max(1.0, float(by_director @ by_director) / float(adds @ adds)) if adds.any() else 1.0
    return {
        "films": len(own),
        "mean": own.mean(),
        "low": own.mean() - reach,
        "high": own.mean() + reach,
        "others": others.mean(),
        "difference": own.mean() - others.mean(),
        "error": math.sqrt(sum(parts) * related),
        "freedom": 1.0 if math.isnan(freedom) else freedom,
    }
