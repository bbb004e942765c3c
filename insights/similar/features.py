"""What films are compared by: one TF-IDF matrix for each field, weighted and joined.

Place: second stage of :mod:`.recommendations`; arrays in, arrays out.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import scipy.sparse as sp

from insights.similar.content import Content, FieldWeights, Floats
from insights.similar.tokens import Tokens

# A token that more films than this share is kept in the dense part: a matrix product is faster there.
COMMON_SHARE = 0.02


def build(fields: Mapping[str, Tokens], years: Floats, weights: FieldWeights) -> Content:
    """Turn films into features; a field that no film fills counts nothing.

    Each field's rows have length 1 before its weight, so a long cast does not outweigh a short list of genres.

    Parameters
    ----------
    fields : mapping of str to Tokens
        Of n films.
    years : Floats
        Shape (n,), calendar years; NaN where a film has none.
    weights : FieldWeights
        Weight of each field.
    """
    parts = [
        np.float32(np.sqrt(weight)) * tfidf(field.places)
        for name, field in fields.items()
        if (weight := getattr(weights, name)) > 0 and field.places.nnz
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


def tfidf(there: sp.csr_array) -> sp.csr_array:
    """Weigh tokens by how few films have them, and give each film the length 1.

    The weight of a token that f of n films have is ``ln((1 + n) / (1 + f)) + 1`` before the length is made 1, as in
    scikit-learn's ``TfidfVectorizer``, with which a test compares it: importing that takes 75 MB and seconds.

    Parameters
    ----------
    there : sp.csr_array
        Shape (n, tokens), not 0 where a film has a token; how often it has it does not count.
    """
    n, width = there.shape
    films = np.bincount(there.indices, minlength=width).astype(np.float32)
    weights = (np.log(np.float32(1 + n) / (1 + films)) + 1)[there.indices]
    film = np.repeat(np.arange(n), np.diff(there.indptr))
    lengths = np.sqrt(np.bincount(film, weights=weights * weights, minlength=n))
    weights = (weights / lengths[film]).astype(np.float32)
    return sp.csr_array((weights, there.indices, there.indptr), shape=there.shape)
