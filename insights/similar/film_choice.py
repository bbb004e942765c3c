"""Choosing films for every film: what can be adjusted, and the search from features and standing to films in order.

Place: third and fourth stage of :mod:`.recommendations`, chunk by chunk and in threads; arrays in, arrays out.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from insights.similar.catalogue_prior import PriorWeights, Standing
from insights.similar.film_content import Content, FieldWeights, Floats
from insights.similar.similar_films import Indices, Pool, Scorer, Similarity
from insights.similar.variety import varied
from pipeline.errors import InvalidInput

# First film of a chunk, and films asked for, recommended ones and similarities, in order of rank.
Chosen = tuple[int, Indices, Indices, Floats]


@dataclass(frozen=True)
class Options:
    """What can be adjusted.

    Attributes
    ----------
    k : int
        Recommendations for a film, at most.
    weights : FieldWeights
        How much each field counts in the similarity.
    prior : float
        Strength of the catalogue prior: 0 for pure similarity, 1 as measured best.
    prior_weights : PriorWeights
        How much each part of the prior counts at strength 1, in units of similarity.
    relevance_share : float
        Lambda of maximal marginal relevance, above 0 to 1: 1 orders by score alone, less gives more variety.
    pool : int
        Candidates among which variety is sought; at least ``k``.
    min_similarity : float
        Films less similar than this, from 0 to 1, are not recommended, however well they stand. In a small catalogue
        of famous films the prior would otherwise fill lists with films that share a genre and nothing else.
    year_scale : float
        Years after which the closeness of two years falls to 37 %.
    chunk : int
        Films scored at a time. Memory is about ``8 * chunk * number of films`` bytes a thread.
    threads : int
        Chunks scored at once.

    Raises
    ------
    InvalidInput
        When a value is out of its range.
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
            "relevance_share": (0 < self.relevance_share <= 1, "above 0, and at most 1"),
            "pool": (self.pool >= self.k, f"at least k, which is {self.k}"),
            "min_similarity": (0 <= self.min_similarity <= 1, "0 to 1"),
            "year_scale": (0 < self.year_scale < np.inf, "more than 0"),
            "chunk": (self.chunk >= 1, "1 or more"),
            "threads": (self.threads >= 1, "1 or more"),
        }
        for name, (fits, rule) in allowed.items():
            if not fits:
                raise InvalidInput(f"{getattr(self, name)} cannot be used", subject=name, next_step=f"give {rule}")


def choose(content: Content, where: Standing, options: Options) -> tuple[Indices, Indices, Floats]:
    """Places of the films asked for, of those recommended, in order of rank, and their similarity.

    Each thread takes its share of the chunks. Were numpy's own threads left on besides, they would wait for each other.
    """
    similarity = Similarity.of(content, options.weights.year, options.year_scale)
    scorer = Scorer.of(similarity, where, options.prior_weights.times(options.prior), options.pool)
    n = len(content.years)
    chunks = [slice(start, min(start + options.chunk, n)) for start in range(0, n, options.chunk)]

    def some(mine: Sequence[slice]) -> list[Chosen]:
        return [_from_pool(pool, similarity, options) for pool in scorer.pools(mine)]

    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(options.threads) as threads:
        shares = threads.map(some, (chunks[first :: options.threads] for first in range(options.threads)))
        found = sorted((chosen for share in shares for chosen in share), key=lambda chosen: chosen[0])
    none = (0, np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros(0, np.float32))
    _, asked, films, similarities = zip(none, *found, strict=True)
    return np.concatenate(asked), np.concatenate(films), np.concatenate(similarities)


def _from_pool(pool: Pool, similarity: Similarity, options: Options) -> Chosen:
    """Choose from a pool, of whose places those of films too little similar are empty."""
    too_little = pool.similarity < options.min_similarity * options.weights.total
    pool = replace(pool, score=np.where(too_little, np.float32(-np.inf), pool.score))
    places = varied(pool, similarity, options.k, options.relevance_share)
    row, column = np.nonzero(places >= 0)
    place = places[row, column]
    return pool.rows.start, row + pool.rows.start, pool.films[row, place], pool.similarity[row, place]
