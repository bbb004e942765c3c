"""What films are compared by: one TF-IDF matrix for each field, weighted and joined.

Place: first stage of :mod:`.recommendations`. Reads Gold ``movies`` as a data frame; writes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from sys import intern
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer

from insights.similar.film_content import Content, FieldWeights, Floats

# For each field the tokens of each film.
Tokens = dict[str, list[list[str]]]

# A token that more films than this share is kept in the dense part: a matrix product is faster there.
COMMON_SHARE = 0.02
WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


def build(fields: Tokens, years: Floats, weights: FieldWeights) -> Content:
    """Turn films into features; a field that no film fills counts nothing.

    Each field's rows have length 1 before its weight, so a long cast does not outweigh a short list of genres.

    Parameters
    ----------
    fields : Tokens
        As :func:`tokens` reads them, of n films.
    years : Floats
        Shape (n,), calendar years; NaN where a film has none.
    weights : FieldWeights
        Weight of each field.
    """
    parts = [
        np.float32(np.sqrt(weight)) * matrix
        for field, documents in fields.items()
        if (weight := getattr(weights, field)) > 0 and (matrix := _tfidf(documents)) is not None
    ]
    n = len(years)
    joined = sp.hstack(parts, format="csc", dtype=np.float32) if parts else sp.csc_array((n, 0), dtype=np.float32)
    films = np.diff(joined.indptr)
    common = films > COMMON_SHARE * n
    # A token of one film alone has done its work in the row's length; no other film can share it.
    rare = ~common & (films > 1)
    return Content(
        np.ascontiguousarray(joined[:, np.flatnonzero(common)].toarray(), dtype=np.float32),
        sp.csr_array(joined[:, np.flatnonzero(rare)]),
        years,
    )


def numbers(movies: pd.DataFrame, column: str) -> npt.NDArray[np.float64]:
    """Values of a numeric column; NaN where there is none, or where the column is not there."""
    if column not in movies:
        return np.full(len(movies), np.nan)
    values: npt.NDArray[np.float64] = pd.to_numeric(movies[column], errors="coerce").to_numpy(float, na_value=np.nan)
    return values


def tokens(movies: pd.DataFrame) -> Tokens:
    """Names, or the words of titles and plots, of each film by field; never the same one twice in a film.

    A column that is not there is empty. Lists may be lists, arrays or None.
    """
    split = {"title": words, "plot": words, "production": studios}
    return {
        field: [split.get(field, names)(value) for value in movies[field].tolist()]
        if field in movies
        else [[] for _ in range(len(movies))]
        for field in asdict(FieldWeights())
        if field != "year"
    }


def names(value: Any) -> list[str]:
    """Entries of a list column's value, in order, without repeats; none when it is missing."""
    if not isinstance(value, list | tuple | np.ndarray):
        return []
    return list(dict.fromkeys(intern(str(name)) for name in value if isinstance(name, str) and name))


def words(value: Any) -> list[str]:
    """Words of a text in lower case, without English stop words and repeats."""
    if not isinstance(value, str):
        return []
    return list(dict.fromkeys(word for word in WORD.findall(value.lower()) if word not in ENGLISH_STOP_WORDS))


def studios(value: Any) -> list[str]:
    """Companies of a production column's value, which separates them by commas."""
    if not isinstance(value, str):
        return []
    return list(dict.fromkeys(name for part in value.split(",") if (name := part.strip())))


def _tfidf(documents: Sequence[list[str]]) -> sp.csr_array | None:
    """TF-IDF with rows of length 1, or None when there is no token at all."""
    if not any(documents):
        return None
    return sp.csr_array(TfidfVectorizer(analyzer=_as_they_are, dtype=np.float32).fit_transform(documents))


def _as_they_are(document: list[str]) -> list[str]:
    return document
