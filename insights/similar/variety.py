"""Variety within a list, by maximal marginal relevance: ten films for more than one reason. Pure."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from insights.similar.features import Floats, Indices
from insights.similar.search import DECIMALS, Pool, Similarity


def varied(pool: Pool, similarity: Similarity, k: int, share: float) -> tuple[Indices, Floats]:
    """Choose k films of each pool by maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998).

    The next film is the one with the highest value ``share * score - (1 - share) * similarity to the nearest film
    already chosen``. In the list, films by the same director in the same genre then move above all films that share
    no person with the film asked for, because readers expect them first.

    Returns
    -------
    chosen : Indices
        Shape (m, k), positions in the pool, best first; -1 where the pool is used up.
    match : Floats
        Shape (m, k): the value divided by ``share``; a film that moved up takes the value of the film it passed, so
        that no value is higher than the one before.
    """
    m, size = pool.films.shape
    every = np.arange(m)
    gain = np.round(np.float32(share) * pool.score, DECIMALS)
    alike = np.float32(1 - share) * likeness(pool, similarity)
    nearest = np.zeros((m, size), dtype=np.float32)
    chosen = np.full((m, k), -1, dtype=np.intp)
    match = np.full((m, k), -np.inf, dtype=np.float32)
    for step in range(min(k, size)):
        value = np.round(gain - nearest, DECIMALS)
        pick = value.argmax(axis=1)
        match[:, step] = value[every, pick] / np.float32(share)
        chosen[:, step] = np.where(np.isfinite(gain[every, pick]), pick, -1)
        gain[every, pick] = -np.inf
        np.maximum(nearest, alike[every, pick], out=nearest)
    order = _same_director_first(pool, chosen)
    chosen, match = np.take_along_axis(chosen, order, axis=1), np.take_along_axis(match, order, axis=1)
    return chosen, np.maximum.accumulate(match[:, ::-1], axis=1)[:, ::-1]


def _same_director_first(pool: Pool, chosen: Indices) -> Indices:
    """Return the order of shape (m, k) in which no film without shared people stands above one by the same director."""
    filled = chosen >= 0
    position = np.broadcast_to(np.arange(chosen.shape[1], dtype=float), chosen.shape)
    same_director = filled & np.take_along_axis(pool.same_director, chosen, axis=1)
    stranger = filled & ~np.take_along_axis(pool.same_people, chosen, axis=1)
    first_stranger = np.where(stranger, position, np.inf).min(axis=1, keepdims=True)
    return np.where(same_director, np.minimum(position, first_stranger - 0.5), position).argsort(axis=1, kind="stable")


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
    pool_ranks = np.full((m, len(similarity.year_codes)), -1, dtype=np.int16)
    ranks = np.broadcast_to(np.arange(size, dtype=np.int16), (m, size))
    filled = np.isfinite(pool.score)
    pool_ranks[np.nonzero(filled)[0], pool.films[filled]] = ranks[filled]
    position = pool_ranks[row, film]
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
