"""Variety within a list, by maximal marginal relevance: ten films for more than one reason. Pure.

Place: fourth stage of :mod:`.recommendations`.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from insights.similar.features import Floats, Indices
from insights.similar.search import DECIMALS, Pool, Similarity


def varied(pool: Pool, similarity: Similarity, k: int, share: float) -> Indices:
    """Choose k films of each pool by maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998).

    The next film is always the one with the highest ``share * score - (1 - share) * similarity to the nearest film
    already chosen``.

    Returns
    -------
    Indices
        Shape (m, k), positions in the pool in the order chosen; -1 where the pool is used up.
    """
    m, size = pool.films.shape
    every = np.arange(m)
    gain = np.round(np.float32(share) * pool.score, DECIMALS)
    alike = np.float32(1 - share) * likeness(pool, similarity)
    nearest = np.zeros((m, size), dtype=np.float32)
    chosen = np.full((m, k), -1, dtype=np.intp)
    for step in range(min(k, size)):
        pick = np.round(gain - nearest, DECIMALS).argmax(axis=1)
        chosen[:, step] = np.where(np.isfinite(gain[every, pick]), pick, -1)
        gain[every, pick] = -np.inf
        np.maximum(nearest, alike[every, pick], out=nearest)
    return chosen


def likeness(pool: Pool, similarity: Similarity) -> Floats:
    """Return the similarity of each two candidates of a pool: shape (m, p, p).

    Of the rare tokens only those of the film asked for count: the others would take most of the time, and say little
    about why both candidates are in the list.
    """
    features = np.concatenate([similarity.features.common[pool.films], _own_tokens(pool, similarity)], axis=2)
    alike: Floats = features @ features.transpose(0, 2, 1)
    codes = similarity.year_codes[pool.films]
    alike += similarity.years.take(codes[:, :, None] * len(similarity.years) + codes[:, None, :])
    return alike


def _own_tokens(pool: Pool, similarity: Similarity) -> Floats:
    """Return the candidates' weights of the rare tokens of the film asked for: shape (m, p, most tokens of a film)."""
    m, size = pool.films.shape
    asked = similarity.features.rare[pool.rows]
    film, token, weight, entry = _films_with(asked, similarity.rare_transposed)
    lengths = np.diff(asked.indptr)
    row = np.repeat(np.arange(m), lengths)[entry]
    place = np.full((m, len(similarity.year_codes)), -1, dtype=np.int16)
    ranks = np.broadcast_to(np.arange(size, dtype=np.int16), (m, size))
    filled = np.isfinite(pool.score)
    place[np.nonzero(filled)[0], pool.films[filled]] = ranks[filled]
    position = place[row, film]
    kept = position >= 0
    own = np.zeros((m, size, int(lengths.max(initial=0))), dtype=np.float32)
    own[row[kept], position[kept], token[kept]] = weight[kept]
    return own


def _films_with(asked: sp.csr_array, films_of: sp.csr_array) -> tuple[Indices, Indices, Floats, Indices]:
    """Return all films with a token of ``asked``: film, token's position in its row, film's weight, entry."""
    tokens = asked.indices
    starts, counts = films_of.indptr[tokens], np.diff(films_of.indptr)[tokens]
    entry = np.repeat(np.arange(len(tokens)), counts)
    offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    source = starts[entry] + offsets
    in_row = np.arange(len(tokens)) - np.repeat(asked.indptr[:-1], np.diff(asked.indptr))
    return films_of.indices[source], in_row[entry], films_of.data[source], entry
