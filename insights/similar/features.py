"""Features of films: one TF-IDF matrix per field, weighted and joined. Pure."""

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
