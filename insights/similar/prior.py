"""The catalogue prior: how widely noticed and how well rated a film is among the films of its years. Pure.

People tend to know and like widely noticed and well rated films, and those who like a film tend to like others of the
same standing. Standing is a percentile among films of neighbouring years: old films are not compared with films of the
web's years, and critics' reviews and viewers' votes can share one scale.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from insights.similar.features import Floats, Indices, numbers

# The first column in which a film has a value counts; it is compared with films that have a value in the same column.
NOTICE_COLUMNS = ("rotten_tomatoes_reviews", "imdb_votes", "source_rating_count")
RATING_COLUMNS = ("rotten_tomatoes_average", "imdb_rating", "source_rating", "metascore", "rotten_tomatoes")
YEAR = "year"
# Years on either side of a film's; more if they hold fewer than MIN_FILMS films.
NEIGHBOURING_YEARS = 2
MIN_FILMS = 50
# Keeps the standing of the best-known film of its years finite.
TAIL = 0.02


@dataclass(frozen=True)
class PriorWeights:
    """Weight of a candidate's standing, and of its closeness to the film asked for; 0 leaves a part out."""

    notice: float = 1.2
    rating: float = 0.5
    same_notice: float = 1.0
    same_rating: float = 0.8

    def times(self, strength: float) -> PriorWeights:
        """Return all four weights multiplied by ``strength``."""
        return PriorWeights(**{name: weight * strength for name, weight in asdict(self).items()})


@dataclass(frozen=True)
class Standing:
    """Standing of n films, each an array of shape (n,) from 0 to 1.

    Where nothing is known, ``notice`` is 0 and ``rating`` is that of a film in the middle.
    """

    notice: Floats
    rating: Floats

    def own(self, weights: PriorWeights) -> Floats:
        """Return each film's gain by its own standing, in units of similarity: shape (n,)."""
        return np.float32(weights.notice) * self.notice + np.float32(weights.rating) * self.rating

    def subtract_distance(self, rows: Indices, weights: PriorWeights, out: Floats, work: Floats) -> None:
        """Subtract from ``out``, shape (m, n), the loss of all n films by their distance in standing from ``rows``.

        ``work`` is a buffer of the same shape.
        """
        for value, weight in ((self.notice, weights.same_notice), (self.rating, weights.same_rating)):
            weighted = np.float32(weight) * value
            np.subtract(weighted[rows, None], weighted, out=work)
            np.abs(work, out=work)
            out -= work

    def prior(self, rows: Indices, films: Indices, weights: PriorWeights) -> Floats:
        """Return the prior of the candidates ``films``, of shape (m, p), for the m films of ``rows``."""
        prior: Floats = self.own(weights)[films]
        for value, weight in ((self.notice, weights.same_notice), (self.rating, weights.same_rating)):
            prior -= np.float32(weight) * np.abs(value[rows, None] - value[films])
        return prior


def standing(movies: pd.DataFrame) -> Standing:
    """Return the standing of every film of Gold ``movies``; missing columns count as unknown."""
    years = numbers(movies, YEAR)
    return Standing(
        rarity(_first_known(movies, years, NOTICE_COLUMNS, unknown=0.0)).astype(np.float32),
        rarity(_first_known(movies, years, RATING_COLUMNS, unknown=0.5)).astype(np.float32),
    )


def rarity(percentile: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return how rare a percentile is: 0 at the bottom, 1 at the top, steep near the top.

    This is the information ``-ln(1 - percentile)``, bounded by :data:`TAIL`: the step from the best tenth to the best
    hundredth says more than the step from the worst tenth to the middle.
    """
    information: npt.NDArray[np.float64] = -np.log((1 - percentile + TAIL) / (1 + TAIL))
    return information / float(np.log((1 + TAIL) / TAIL))


def percentiles(values: npt.NDArray[np.float64], years: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the share of the films of neighbouring years below each value; equal values count half.

    Values and years have shape (n,), NaN where unknown; a film without a year is compared with all films. The result is
    0 to 1, NaN where the value is unknown, and 0.5 for a film with no other to compare with.
    """
    known = ~np.isnan(values)
    result = np.full(len(values), np.nan)
    for year in np.unique(years[known]):  # NaN is listed once, last
        own = known & (np.isnan(years) if np.isnan(year) else years == year)
        peers = np.sort(values[known & _neighbours(years, known, float(year))])
        below, upto = (np.searchsorted(peers, values[own], side=side) for side in ("left", "right"))
        result[own] = (below + upto) / 2 / len(peers)
    return result


def _neighbours(years: npt.NDArray[np.float64], known: npt.NDArray[np.bool_], year: float) -> npt.NDArray[np.bool_]:
    """Mask the films of the years around ``year``: as many years as needed for :data:`MIN_FILMS` known values."""
    if np.isnan(year):
        return np.ones(len(years), dtype=bool)
    apart = np.abs(years - year)
    distances = np.sort(apart[known])[:MIN_FILMS]
    reach = max(float(NEIGHBOURING_YEARS), float(distances[~np.isnan(distances)][-1]))
    return apart <= reach


def _first_known(
    movies: pd.DataFrame, years: npt.NDArray[np.float64], columns: tuple[str, ...], unknown: float
) -> npt.NDArray[np.float64]:
    result = np.full(len(movies), np.nan)
    for column in columns:
        missing = np.isnan(result)
        result[missing] = percentiles(numbers(movies, column), years)[missing]
    return np.where(np.isnan(result), unknown, result)
