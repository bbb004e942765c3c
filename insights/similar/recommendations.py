"""Similar films: for every film of Gold ``movies`` the films to see next, and why.

Place: run by notebook 03; what it returns becomes the Gold table ``recommendations``, which :mod:`.lookup` reads.
Reads Gold ``movies`` as a data frame; writes nothing.

How a film is chosen
--------------------
1. :mod:`.film_features`: one TF-IDF per field (cast, genres, writers, ...), each of length 1, times its weight;
   the sum over the fields is the similarity of two films, together with how close their years are.
2. :mod:`.catalogue_prior`: a candidate gains by how widely noticed and how well rated it is among films of its
   years, and loses by standing elsewhere in both than the film asked for. ``prior=0`` leaves similarity alone.
3. :mod:`.similar_films`: similarity and prior of all pairs, and a pool of the best candidates for each film.
4. :mod:`.variety`: maximal marginal relevance orders the pool.
5. :mod:`.because`: what both films share, in words.

A film that shares nothing but its year with any other gets no recommendations; one that shares little, few.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from insights.similar import because, film_features
from insights.similar.catalogue_prior import PriorWeights, Standing, standing
from insights.similar.film_features import Content, FieldWeights, Floats
from insights.similar.similar_films import DECIMALS, Indices, Pool, Scorer, Similarity
from insights.similar.variety import varied
from pipeline.errors import InvalidInput

# First film of a chunk, and films asked for, recommended ones and similarities, in order of rank.
Chosen = tuple[int, Indices, Indices, Floats]

COLUMNS = ("imdb_id", "rank", "recommended_imdb_id", "similarity", "because")


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


DEFAULT = Options()


def build(movies: pd.DataFrame, options: Options = DEFAULT) -> pd.DataFrame:
    """Recommend films for every film.

    The same films give the same recommendations, in whatever order they come. Time grows with the square of the number
    of films.

    Parameters
    ----------
    movies : pd.DataFrame
        Gold ``movies``. Only ``imdb_id`` has to be there; list columns may hold lists, arrays or None.
    options : Options
        What to adjust.

    Returns
    -------
    pd.DataFrame
        Ordered by ``imdb_id`` and ``rank``: ``imdb_id``; ``rank`` (int, 1 is first); ``recommended_imdb_id``;
        ``similarity`` (float, 0 to 1: the weighted share of what the films could have in common, without the prior;
        it need not fall with the rank); ``because`` (what both share, never empty).

    Raises
    ------
    InvalidInput
        When there is no column ``imdb_id``.
    """
    if "imdb_id" not in movies:
        raise InvalidInput("has no column imdb_id", subject="Gold movies", next_step="build Gold again")
    movies = movies.dropna(subset="imdb_id").drop_duplicates("imdb_id").sort_values("imdb_id", ignore_index=True)
    fields, years = film_features.tokens(movies), film_features.numbers(movies, "year").astype(np.float32)
    content = film_features.build(fields, years, options.weights)
    asked, films, similarity = _chosen(content, standing(movies), options)
    described = because.films(fields, years)
    ids = movies["imdb_id"].to_numpy(object)
    reasons = [
        described[one].because(described[other]) for one, other in zip(asked.tolist(), films.tolist(), strict=True)
    ]
    rank = np.arange(len(asked)) - np.searchsorted(asked, asked) + 1
    share = np.clip(similarity.astype(float) / options.weights.total, 0, 1)
    return pd.DataFrame(
        {
            "imdb_id": ids[asked],
            "rank": rank.astype(np.int32),
            "recommended_imdb_id": ids[films],
            "similarity": np.round(share, DECIMALS),
            "because": reasons,
        },
        columns=list(COLUMNS),
    ).astype({"imdb_id": "str", "recommended_imdb_id": "str", "because": "str"})


def _chosen(content: Content, where: Standing, options: Options) -> tuple[Indices, Indices, Floats]:
    """Places of the films asked for, of those recommended, in order of rank, and their similarity.

    Each thread takes its share of the chunks. Were numpy's own threads left on besides, they would wait for each other.
    """
    similarity = Similarity.of(content, options.weights.year, options.year_scale)
    scorer = Scorer.of(similarity, where, options.prior_weights.times(options.prior), options.pool)
    n = len(content.years)
    chunks = [slice(start, min(start + options.chunk, n)) for start in range(0, n, options.chunk)]

    def some(mine: Sequence[slice]) -> list[Chosen]:
        return [_choose(pool, similarity, options) for pool in scorer.pools(mine)]

    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(options.threads) as threads:
        shares = threads.map(some, (chunks[first :: options.threads] for first in range(options.threads)))
        found = sorted((chosen for share in shares for chosen in share), key=lambda chosen: chosen[0])
    none = (0, np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros(0, np.float32))
    _, asked, films, similarities = zip(none, *found, strict=True)
    return np.concatenate(asked), np.concatenate(films), np.concatenate(similarities)


def _choose(pool: Pool, similarity: Similarity, options: Options) -> Chosen:
    """Choose from a pool, of whose places those of films too little similar are empty."""
    too_little = pool.similarity < options.min_similarity * options.weights.total
    pool = replace(pool, score=np.where(too_little, np.float32(-np.inf), pool.score))
    places = varied(pool, similarity, options.k, options.relevance_share)
    row, column = np.nonzero(places >= 0)
    place = places[row, column]
    return pool.rows.start, row + pool.rows.start, pool.films[row, place], pool.similarity[row, place]
