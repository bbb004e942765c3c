"""Features of films: one TF-IDF matrix per field, weighted and joined; and each film's standing, the prior. Pure.

People tend to know and like widely noticed and well rated films, and those who like a film tend to like others of the
same standing. Standing is a percentile among films of neighbouring years: old films are not compared with films of the
web's years, and critics' reviews and viewers' votes can share one scale.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer
from sklearn.preprocessing import MultiLabelBinarizer

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]
# The tokens of n films in one field, in the film's order, each once.
Tokens = list[list[str]]

WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
# A token that more than this share of the films have is kept in the dense part: a dense product is faster there.
COMMON_SHARE = 0.02
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
class FieldWeights:
    """Weight of each field: the similarity that two films with equal values in it gain; 0 leaves a field out.

    The values were chosen on the likes of one half of 1,613 viewers and checked on the other half. That data had no
    plots, so their weight is a cautious guess.
    """

    genres: float = 1.0
    actors: float = 3.0
    writers: float = 0.8
    directors: float = 0.3
    countries: float = 0.3
    languages: float = 0.1
    title: float = 0.4
    production: float = 0.3
    plot: float = 0.3
    year: float = 1.2

    @property
    def total(self) -> float:
        """Similarity of two films that are equal in every field."""
        return float(sum(asdict(self).values()))


PEOPLE = ("directors", "writers", "actors")
FIELDS = tuple(field for field in asdict(FieldWeights()) if field != "year")


@dataclass(frozen=True)
class Features:
    """Features of n films; the product of two rows is the films' weighted similarity without the year's part.

    Attributes
    ----------
    common : Floats
        Shape (n, tokens that many films share), dense.
    rare : sp.csr_array
        Shape (n, all other tokens that at least two films share), float32.
    years : Floats
        Shape (n,), calendar years; NaN where unknown.
    same_director : sp.csr_array
        Shape (n, n), not 0 where two films share a director and a genre.
    people : sp.csr_array
        Shape (n, names): 1 for each director, writer and actor of a film, whatever the role.
    """

    common: Floats
    rare: sp.csr_array
    years: Floats
    same_director: sp.csr_array
    people: sp.csr_array


def read(movies: pd.DataFrame) -> dict[str, Tokens]:
    """Return the tokens of every film of Gold ``movies`` by field: names, companies, or the words of titles and plots.

    A missing column is empty; values that are not text are ignored.
    """
    columns = movies.reindex(columns=list(FIELDS)).astype(object)
    return {field: _field(columns[field].tolist(), _SPLIT.get(field, _names)) for field in FIELDS}


def build(fields: Mapping[str, Tokens], years: Floats, weights: FieldWeights) -> Features:
    """Return the features of n films, of tokens as :func:`read` returns them and calendar years (NaN where unknown).

    Each field's rows have length 1 before weighting, so a long cast does not outweigh a short list of genres. A field
    that no film fills counts nothing.
    """
    n = len(years)
    parts = [
        np.float32(np.sqrt(weight)) * tfidf(tokens)
        for field, tokens in fields.items()
        if (weight := getattr(weights, field)) > 0 and any(tokens)
    ]
    joined = sp.hstack(parts, format="csc", dtype=np.float32) if parts else sp.csc_array((n, 0), dtype=np.float32)
    films = np.diff(joined.indptr)
    common = films > COMMON_SHARE * n
    # A token of a single film has already shortened that film's row; no other film can share it.
    rare = ~common & (films > 1)
    return Features(
        np.ascontiguousarray(joined[:, np.flatnonzero(common)].toarray(), dtype=np.float32),
        sp.csr_array(joined[:, np.flatnonzero(rare)]),
        years,
        _same_director(fields),
        sp.hstack([_incidence(fields[role]) for role in PEOPLE], format="csr"),
    )


def tfidf(tokens: Tokens) -> sp.csr_array:
    """Return the TF-IDF matrix of shape (n, distinct tokens), each row of length 1."""
    return sp.csr_array(TfidfVectorizer(analyzer=list, dtype=np.float32).fit_transform(tokens))


def words(text: object) -> list[str]:
    """Return the words of a text in lower case, without English stop words."""
    all_words = WORD.findall(text.lower()) if isinstance(text, str) else []
    return [word for word in all_words if word not in ENGLISH_STOP_WORDS]


def companies(text: object) -> list[str]:
    """Return the companies of a ``production`` value, which separates them by commas."""
    return [part.strip() for part in text.split(",")] if isinstance(text, str) else []


def numbers(movies: pd.DataFrame, column: str) -> npt.NDArray[np.float64]:
    """Return a numeric column; NaN where a value is missing or not a number, or where there is no such column."""
    if column not in movies:
        return np.full(len(movies), np.nan)
    values: npt.NDArray[np.float64] = pd.to_numeric(movies[column], errors="coerce").to_numpy(float, na_value=np.nan)
    return values


_SPLIT: dict[str, Callable[[object], list[str]]] = {"title": words, "plot": words, "production": companies}


def _incidence(tokens: Tokens) -> sp.csr_array:
    """Return the matrix of shape (n, distinct tokens) that is 1 where a film has a token."""
    return sp.csr_array(MultiLabelBinarizer(sparse_output=True).fit_transform(tokens), dtype=np.int32)


def _same_director(fields: Mapping[str, Tokens]) -> sp.csr_array:
    directors, genres = _incidence(fields["directors"]), _incidence(fields["genres"])
    shared = sp.coo_array(directors @ directors.T)
    one, other = shared.coords
    kept = (one != other) & (genres[one].multiply(genres[other]).sum(axis=1) > 0)
    return sp.csr_array((np.ones(kept.sum(), np.int32), (one[kept], other[kept])), shape=shared.shape)


def _names(value: object) -> list[str]:
    return [name for name in value if isinstance(name, str)] if isinstance(value, list | tuple | np.ndarray) else []


def _field(values: list[object], split: Callable[[object], list[str]]) -> Tokens:
    return [[token for token in dict.fromkeys(split(value)) if token] for value in values]


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
