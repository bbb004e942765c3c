"""Sentences of reports: what differs by more than chance, and what so few films cannot show. Pure.

Every sentence speaks of the listed films, with intervals of 95% and n, and says so where nothing is clear.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from scipy.stats import binomtest, t

from insights import wording
from insights.trends.genre_ratings import HIGHER, LEAST_FILMS, LOWER
from insights.trends.genre_trends import FALLING, RISING

MOST_NAMES = 4
_CHANCE = 0.05  # accepted share of lists for which a difference is stated by chance alone
_LARGE_FACTOR = 10  # by which a change may be and not show; that it may be even larger says no more
_NEARLY = 0.02  # a share of films covered that is this close to the one stated needs no warning
Row = Any  # a row of DataFrame.itertuples


def rated_differently(genres: pd.DataFrame, source: str) -> list[str]:
    """Say which rows of :func:`.genre_ratings.genre_ratings` are higher and lower than the other listed films.

    ``source`` is the source's name for readers.
    """
    if genres.empty:
        return [f"Too few of the listed films have a genre and a {source} rating to compare genres."]
    sentences = []
    for verdict in (HIGHER, LOWER):
        clear = genres[genres["verdict"] == verdict].sort_values("difference", key=abs, ascending=False)
        sentences += [_difference(row, verdict, source) for row in clear.head(1).itertuples()]
        if names := [wording.kind_of_film(genre) for genre in clear["genre"][1:]]:
            sentences[-1] += f" Also {verdict}: {wording.shortened(names, MOST_NAMES)}."
    return sentences or [f"No genre's average on {source} clearly differs from that of the other listed films."]


def _difference(row: Row, verdict: str, source: str) -> str:
    kind = wording.capitalised(wording.kind_of_film(row.genre))
    places = wording.places_of(row.difference, row.difference_low, row.difference_high)
    interval = _ends(row.difference_low, row.difference_high, places)
    return (
        f"{kind} are rated {verdict} than the other listed films: {row.mean:.1f} against {row.others:.1f} of 100 on"
        f" {source}, a difference of {abs(row.difference):.{places}f} (95% confidence interval {interval},"
        f" n = {row.films:,})."
    )


def rating_title(genres: pd.DataFrame) -> str:
    """Return the title of a chart of genres by rating."""
    parts: list[str] = []
    for verdict in (HIGHER, LOWER):
        clear = genres[genres["verdict"] == verdict].sort_values("difference", key=abs, ascending=False)
        if names := [wording.kind_of_film(genre) for genre in clear["genre"]]:
            parts.append(f"{wording.shortened(names, 2)} {'' if parts else 'are rated '}{verdict}")
    if not parts:
        return "No genre is clearly rated higher or lower" if len(genres) else "Ratings by genre"
    return wording.capitalised(", ".join(parts))


def limit_of_ratings(genres: pd.DataFrame) -> str:
    """Say how large a difference must be to be told from chance; "" without genres."""
    if genres.empty:
        return ""
    reach = ((genres["difference_high"] - genres["difference_low"]) / 2).median()
    return f"For half of these genres, a difference of less than {reach:.1f} points cannot be told from chance."


def leaders(means: pd.DataFrame) -> list[str]:
    """Return the rows that are not clearly below the row with the highest mean; [] if none is clearly below it.

    Chance decides which row is the highest, so any two rows may be compared. A row is clearly below it by Welch's
    t-test at 5%, after Bonferroni's correction for all pairs.

    There are none either if the highest mean is one of too few films. ``means`` has mean, sem (standard error; null for
    one film) and count (films), with labels as index.
    """
    known = means[means["count"] >= LEAST_FILMS].dropna(subset=["mean", "sem"]).astype(float)
    if known.empty or known["mean"].max() < means["mean"].max():
        return []
    top = known.iloc[known["mean"].argmax()]
    variances = [known["sem"] ** 2, top["sem"] ** 2]
    error = (variances[0] + variances[1]) ** 0.5
    freedom = error**4 / (variances[0] ** 2 / (known["count"] - 1) + variances[1] ** 2 / (top["count"] - 1))
    pairs = len(known) * (len(known) - 1) / 2
    level = _CHANCE / (2 * max(pairs, 1))
    below = top["mean"] - known["mean"] > t.ppf(1 - level, freedom.fillna(1)) * error
    return [str(label) for label in known[~below].index] if below.any() else []


def box_office_title(leading: Sequence[str]) -> str:
    """Return the title of a chart of box office by decade, of which those ``leading`` are the highest."""
    return f"The known box offices are highest in the {wording.listed(leading)}" if leading else "Box office by decade"


def trend_title(shares: pd.DataFrame) -> str:
    """Return the title of a chart of the trends of genre shares."""
    rising, falling = ((shares["trend"] == trend).sum() for trend in (RISING, FALLING))
    if not rising and not falling:
        return "No genre has become clearly more or less common on the list"
    more, less = (rising, "more"), (falling, "less")
    (n, way), (others, other_way) = (more, less) if rising else (less, more)
    genres = wording.capitalised(f"{wording.in_words(n)} {'genre' if n == 1 else 'genres'}")
    rest = f"{wording.in_words(others) if others else 'none'} {other_way} common"
    return f"{genres} became {way} common on the list, {rest}"


def steepest_trend(shares: pd.DataFrame) -> list[str]:
    """Say which genre's share changes most among those with a clear trend."""
    clear = shares[shares["trend"].isin([RISING, FALLING])].sort_values("slope", key=abs)
    return [_steepest(row) for row in clear.tail(1).itertuples()]


def _steepest(row: Row) -> str:
    genre, rises = wording.plain_name(row.genre), "rises" if row.slope > 0 else "falls"
    places = wording.places_of(row.slope, row.slope_low, row.slope_high)
    size = f"{rises} by {abs(row.slope):.{places}f} percentage points a decade"
    interval = f"95% confidence interval {_ends(row.slope_low, row.slope_high, places)}"
    return (
        f"{genre} has the steepest clear trend: its share of the listed films {size} ({interval},"
        f" n = {row.films:,} films)."
    )


def genre_names(genres: Iterable[str], limit: int) -> str:
    """Join up to ``limit`` genres and say how many more there are; "" without any."""
    return wording.shortened([wording.plain_name(genre) for genre in genres], limit)


def _ends(low: float, high: float, places: int) -> str:
    """Write the ends of an interval on one side of 0 without signs, the smaller first."""
    near, far = sorted((abs(low), abs(high)))
    return f"{near:.{places}f} to {far:.{places}f}"


def in_every_film(shares: pd.DataFrame) -> str:
    """Name the genres of all films of every year, whose share cannot have a trend; "" without any."""
    names = genre_names(shares.loc[shares["slope_low"] == shares["slope_high"], "genre"], 8)
    return f"A genre of every listed film has no trend: {names}." if names else ""


def limit_of_trends(trends: pd.DataFrame, films: int, unit: str) -> str:
    """Say how large a trend must be to be told from chance among so many films.

    Parameters
    ----------
    trends : DataFrame
        Rows of Gold's ``genre_trends`` of one measure.
    films : int
        Films on the list.
    unit : str
        Unit of the slopes for readers. Slopes in % are changes by a factor, and so is the size of the smallest.
    """
    known = trends[trends["slope_low"] < trends["slope_high"]]
    if known.empty and trends["slope_low"].notna().any():
        return ""  # all values of each series are equal
    if known.empty:
        return f"The {films:,} listed films are too few for trends: no genre has enough years with enough films."
    chance = f"a change of less than {((known['slope_high'] - known['slope_low']) / 2).median():.1f} {unit} cannot"
    if unit.startswith("%"):
        factors = (100 + known["slope_high"]) / (100 + known["slope_low"])
        factor, per = (factors**0.5).median(), unit.removeprefix("%")
        chance = f"a change of less than a factor of {factor:.1f}{per} cannot"
        if factor > _LARGE_FACTOR:
            chance = f"not even a change by a factor of {_LARGE_FACTOR}{per} can"
    years = " to ".join(dict.fromkeys(str(int(number)) for number in (known["years"].min(), known["years"].max())))
    return (
        f"The {films:,} listed films give {years} years with enough films. In half of the genres, {chance} be told from"
        " chance. More films make the intervals narrower."
    )


def predictions(scores: pd.DataFrame) -> list[str]:
    """Say for each target how well the model predicts it, next to the best simple guess; most test films first.

    ``scores`` is Gold's ``prediction_scores``, with the target for readers as ``name``.
    """
    models = scores[scores["method"] == "model"].sort_values("test_films", ascending=False)
    sentences = []
    for row in models.itertuples():
        best = scores[(scores["target"] == row.target) & (scores["method"] == row.best_baseline)]
        sentences.append(_prediction(row, next(best.itertuples(), None)))
    return sentences


def _prediction(row: Row, best: Row | None) -> str:
    if best is None:
        return f"{row.name}: not predicted. {wording.capitalised(row.verdict.removeprefix('no model: '))}."
    model, guess, n = error(row.mae, row.unit), error(best.mae, best.unit), f"n = {row.test_films:,} films"
    if row.beats_baseline:
        return (
            f"{row.name}: the model does better than each of three simple guesses. It is off by {model} on average;"
            f" the best guess, {_GUESSES[best.method].removeprefix('a guess ')}, is off by {guess} ({n})."
        )
    off = f"It is off by {model} on average, the guess by {guess} ({n})"
    if row.mae_gain_high < 0:
        return f"{row.name}: the model does worse than {_GUESSES[best.method]}. {off}."
    if row.mae_gain_low > 0:
        return (
            f"{row.name}: the model is closer than {_GUESSES[best.method]} on average, but not by R², in which large"
            f" errors count more. {off}."
        )
    return f"{row.name}: the model is not clearly better than {_GUESSES[best.method]}. {off}; that may be chance."


_GUESSES = {
    "mean": "a guess at the average of earlier films",
    "genre mean": "a guess at the genre's average",
    "director's earlier films": "a guess from the director's earlier films",
}
LOGARITHMS = "log10 US dollars"


def error(size: float, unit: str) -> str:
    """Write an error with its unit; one in logarithms is a factor."""
    return f"a factor of {10**size:.1f}" if unit == LOGARITHMS else f"{wording.decimals(1)(size)} points"


def agreement(name: str, correlation: float) -> str:
    """Return the title of a chart of predictions beside what came true."""
    if pd.isna(correlation):
        return f"{name}: predicted and actual"
    strengths = ((0.7, "closely"), (0.4, "roughly"), (0.2, "only loosely"), (-1.0, "hardly"))
    agree = next(word for least, word in strengths if correlation >= least)
    return f"{name}: predictions {agree} agree with what came true (rank correlation {correlation:.2f})"


def coverage(covered: float, n: int) -> str:
    """Write the share of ``n`` test films that intervals cover, with its own 95% Wilson interval."""
    interval = binomtest(round(covered * n), n).proportion_ci(method="wilson")
    return f"{wording.percent(covered)} ({wording.percent(interval.low)} to {wording.percent(interval.high)})"


def coverage_verdict(name: str, aim: float, covered: float, n: int) -> str:
    """Say whether intervals cover as many of the test films as they should; "" where they may, or nearly do."""
    if abs(covered - aim) < _NEARLY:
        return ""
    interval = binomtest(round(covered * n), n).proportion_ci(method="wilson")
    if interval.high < aim:
        return f"{name}: the intervals cover fewer films than they should. Read them as too narrow."
    if interval.low > aim:
        return f"{name}: the intervals cover more films than they should. They are wider than need be."
    return ""


def joined(sentences: Sequence[str]) -> str:
    """Join sentences to a paragraph; empty ones are left out."""
    return " ".join(sentence for sentence in sentences if sentence)
