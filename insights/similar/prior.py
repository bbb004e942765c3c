"""The catalogue prior: where a film stands among the films of its years, whoever asks.

Place: second stage of :mod:`.recommendations`; arrays in, arrays out.

People tend to know and like widely noticed and well rated films, and with a film they tend to like others of the same
standing. Standing is a percentile among films of neighbouring years, so that old films are not measured by the web's
years, and so that reviews of critics and votes of viewers can stand in one column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from insights.similar.content import Floats, Indices
from pipeline.errors import InvalidInput

# The first that a film has counts; each is compared with films that have the same one.
NOTICE_COLUMNS = ("rotten_tomatoes_reviews", "imdb_votes", "source_rating_count")
RATING_COLUMNS = ("rotten_tomatoes_average", "imdb_rating", "source_rating", "metascore", "rotten_tomatoes")
YEAR = "year"
STANDING_COLUMNS = (*NOTICE_COLUMNS, *RATING_COLUMNS, YEAR)
# Years on either side; more where they hold fewer films than this.
NEIGHBOURING_YEARS = 2
MIN_FILMS = 50
# Keeps the best-known film of its years from standing infinitely high.
TAIL = 0.02


@dataclass(frozen=True)
class PriorWeights:
    """How much a candidate's standing counts, and its closeness to the film asked for; 0 leaves a part out.

    Raises
    ------
    InvalidInput
        When a weight is negative or not a number.
    """

    notice: float = 1.2
    rating: float = 0.5
    same_notice: float = 1.0
    same_rating: float = 0.8

    def __post_init__(self) -> None:
        for name, weight in asdict(self).items():
            if not 0 <= weight < np.inf:
                raise InvalidInput(f"{weight} is no weight", subject=name, next_step="give 0 or more")

    def times(self, strength: float) -> PriorWeights:
        """All four weights multiplied by ``strength``."""
        return PriorWeights(**{name: weight * strength for name, weight in asdict(self).items()})


@dataclass(frozen=True)
class Standing:
    """Standing of n films, each an array of shape (n,) from 0 to 1.

    ``notice`` is 0 where nothing is known, ``rating`` then that of a middling film.
    """

    notice: Floats
    rating: Floats

    def own(self, weights: PriorWeights) -> Floats:
        """What each film's own standing gives it, in units of similarity: shape (n,)."""
        return np.float32(weights.notice) * self.notice + np.float32(weights.rating) * self.rating

    def subtract_distance(self, rows: Indices, weights: PriorWeights, out: Floats, work: Floats) -> None:
        """Subtract from ``out`` what all n films lose by standing elsewhere than each of the m films of ``rows``.

        Parameters
        ----------
        rows : Indices
            Places of the films asked for.
        weights : PriorWeights
            In units of similarity.
        out, work : Floats
            Shape (m, n): what is subtracted from, and room to work in.
        """
        for value, weight in ((self.notice, weights.same_notice), (self.rating, weights.same_rating)):
            weighted = np.float32(weight) * value
            np.subtract(weighted[rows, None], weighted, out=work)
            np.abs(work, out=work)
            out -= work

    def prior(self, rows: Indices, films: Indices, weights: PriorWeights) -> Floats:
        """Whole prior of the candidates ``films``, of shape (m, p), of the m films of ``rows``."""
        prior: Floats = self.own(weights)[films]
        for value, weight in ((self.notice, weights.same_notice), (self.rating, weights.same_rating)):
            prior -= np.float32(weight) * np.abs(value[rows, None] - value[films])
        return prior


def standing(values: Mapping[str, npt.NDArray[np.float64]]) -> Standing:
    """Standing of every film.

    Parameters
    ----------
    values : mapping of str to array of shape (n,)
        The columns :data:`STANDING_COLUMNS` of Gold ``movies``; NaN where a film has none.
    """
    return Standing(
        rarity(_first_known(values, NOTICE_COLUMNS, unknown=0.0)).astype(np.float32),
        rarity(_first_known(values, RATING_COLUMNS, unknown=0.5)).astype(np.float32),
    )


def rarity(percentile: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How rare it is to stand this high: 0 at the bottom, 1 at the top, steep near the top.

    The information ``-ln(1 - percentile)`` of "at least this high", bounded by :data:`TAIL`: the step from the best
    tenth to the best hundredth says more than the one from the worst tenth to the middle.
    """
    information: npt.NDArray[np.float64] = -np.log((1 - percentile + TAIL) / (1 + TAIL))
    return information / float(np.log((1 + TAIL) / TAIL))


def percentiles(values: npt.NDArray[np.float64], years: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Share of the films of neighbouring years below each value, those equal to it counted half.

    Parameters
    ----------
    values : array of shape (n,)
        NaN where unknown.
    years : array of shape (n,)
        Calendar years; a film without one is compared with all.

    Returns
    -------
    array of shape (n,)
        0 to 1, NaN where the value is unknown. A film without others of its kind stands at 0.5.
    """
    known = ~np.isnan(values)
    result = np.full(len(values), np.nan)
    for year in np.unique(years[known]):  # NaN comes once, last
        own = known & (np.isnan(years) if np.isnan(year) else years == year)
        peers = np.sort(values[known & _neighbours(years, known, float(year))])
        below, upto = (np.searchsorted(peers, values[own], side=side) for side in ("left", "right"))
        result[own] = (below + upto) / 2 / len(peers)
    return result


def _neighbours(years: npt.NDArray[np.float64], known: npt.NDArray[np.bool_], year: float) -> npt.NDArray[np.bool_]:
    """Films of the years around ``year``, as many years as are needed for :data:`MIN_FILMS` known values."""
    if np.isnan(year):
        return np.ones(len(years), dtype=bool)
    apart = np.abs(years - year)
    distances = np.sort(apart[known])[:MIN_FILMS]
    reach = max(float(NEIGHBOURING_YEARS), float(distances[~np.isnan(distances)][-1]))
    return apart <= reach


def _first_known(
    values: Mapping[str, npt.NDArray[np.float64]], columns: tuple[str, ...], unknown: float
) -> npt.NDArray[np.float64]:
    years = values[YEAR]
    result = np.full(len(years), np.nan)
    for column in columns:
        missing = np.isnan(result)
        result[missing] = percentiles(values[column], years)[missing]
    return np.where(np.isnan(result), unknown, result)
