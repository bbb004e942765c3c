"""Choice of films for every film, chunk by chunk and in threads, and the recommender's options. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from insights.similar.features import Features, FieldWeights, Floats, Indices
from insights.similar.prior import PriorWeights, Standing
from insights.similar.search import Pool, Scorer, Similarity
from insights.similar.variety import varied
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
