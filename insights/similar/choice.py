"""Choice of films for every film, chunk by chunk and in threads, with variety; the recommender's options. Pure.

Maximal marginal relevance orders a list, so that its films stand in it for more than one reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from insights.similar.features import Features, FieldWeights, Floats, Indices, PriorWeights, Standing
from insights.similar.search import DECIMALS, Pool, Scorer, Similarity
from pipeline.errors import InvalidInput

Rows = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Options:
    """Options of the recommender.

    Attributes
    ----------
    k : int
        Most recommendations per film.
    prior : float
        Strength of the catalogue prior: 0 is pure similarity, 1 measured best.
    relevance_share : float
        Lambda of maximal marginal relevance, above 0 and at most 1: 1 orders by score alone, less gives more variety.
    pool : int
        Candidates per film among which variety chooses; at least ``k``.
    min_similarity : float
        Films less similar than this, from 0 to 1, are not recommended, however high their prior. In a small catalogue
        of famous films the prior would otherwise fill lists with films that share only a genre.
    year_scale : float
        Years after which the closeness of two years falls to 37%.
    chunk, threads : int
        Films scored at a time, and chunks in parallel; memory is about ``8 * chunk * threads * films`` bytes.

    Raises
    ------
    InvalidInput
        If ``k``, ``prior`` or ``pool`` is out of its range.
    """

    k: int = 20
    weights: FieldWeights = field(default_factory=FieldWeights)
    prior: float = 1.0
    prior_weights: PriorWeights = field(default_factory=PriorWeights)
    relevance_share: float = 0.8
    pool: int = 40
    min_similarity: float = 0.1
    year_scale: float = 8.0
    chunk: int = 64
    threads: int = 2

    def __post_init__(self) -> None:
        allowed = {
            "k": (self.k >= 1, "1 or more"),
            "prior": (0 <= self.prior < np.inf, "0 or more"),
            "pool": (self.pool >= self.k, f"at least k, which is {self.k}"),
        }
        for name, (fits, rule) in allowed.items():
            if not fits:
                raise InvalidInput(f"{getattr(self, name)} cannot be used", subject=name, next_step=f"give {rule}")


def choose(features: Features, standing: Standing, options: Options) -> tuple[Rows, Floats]:
    """Return the films recommended for each of n films, in order of rank, and their match score.

    Each thread takes its share of the chunks; BLAS threads are switched off, since both would wait for each other.

    Returns
    -------
    films : Rows
        Shape (n, k): rows of the n films; -1 after a film's last recommendation.
    match : Floats
        Shape (n, k), 0 to 1, never rising with the rank: similarity, prior and variety together, as a share of the
        highest possible value.
    """
    similarity = Similarity.of(features, options.weights.year, options.year_scale)
    weights = options.prior_weights.times(options.prior)
    scorer = Scorer.of(similarity, standing, weights, options.pool)
    highest = options.weights.total + weights.notice + weights.rating
    order = similarity.in_order_of_years()
    chunks = [order[start : start + options.chunk] for start in range(0, len(order), options.chunk)]
    films = np.full((len(order), options.k), -1, np.int32)
    match = np.zeros(films.shape, np.float32)

    def fill(share: Sequence[Indices]) -> None:
        for pool in scorer.pools(share):
            films[pool.rows], match[pool.rows] = _from_pool(pool, similarity, options)

    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(options.threads) as threads:
        list(threads.map(fill, (chunks[first :: options.threads] for first in range(options.threads))))
    return films, np.clip(match / np.float32(highest), 0, 1)


def _from_pool(pool: Pool, similarity: Similarity, options: Options) -> tuple[Indices, Floats]:
    """Choose from a pool, without the candidates below the minimum similarity."""
    too_different = pool.similarity < options.min_similarity * options.weights.total
    pool = replace(pool, score=np.where(too_different, np.float32(-np.inf), pool.score))
    places, match = varied(pool, similarity, options.k, options.relevance_share)
    return np.where(places < 0, -1, np.take_along_axis(pool.films, places, axis=1)), match


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
