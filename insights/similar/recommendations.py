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

import numpy as np
import pandas as pd

from insights.similar import because, film_features
from insights.similar.catalogue_prior import STANDING_COLUMNS, Standing, standing
from insights.similar.film_choice import Options, choose
from insights.similar.film_content import Content
from insights.similar.film_features import Tokens
from insights.similar.similar_films import DECIMALS, Indices
from pipeline.errors import InvalidInput

REASONS_AT_ONCE = 20_000
COLUMNS = ("imdb_id", "rank", "recommended_imdb_id", "similarity", "because")


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
    fields = film_features.tokens(movies)
    content, where = prepared(movies, fields, options)
    asked, films, similarity = choose(content, where, options)
    described = because.films(fields, content.years)
    ids = movies["imdb_id"].astype("str")
    rank = np.arange(len(asked)) - np.searchsorted(asked, asked) + 1
    share = np.clip(similarity.astype(float) / options.weights.total, 0, 1)
    return pd.DataFrame(
        {
            "imdb_id": ids.take(asked).array,
            "rank": rank.astype(np.int32),
            "recommended_imdb_id": ids.take(films).array,
            "similarity": np.round(share, DECIMALS),
            "because": _reasons(described, asked, films).array,
        },
        columns=list(COLUMNS),
    )


def _reasons(described: Sequence[because.Film], asked: Indices, films: Indices) -> pd.Series[str]:
    """Reasons of all pairs, some at a time: as Python's strings they would take three times the memory."""
    starts = range(0, max(1, len(asked)), REASONS_AT_ONCE)
    pairs = (zip(asked[at : at + REASONS_AT_ONCE], films[at : at + REASONS_AT_ONCE], strict=True) for at in starts)
    parts = [
        pd.Series([described[one].because(described[other]) for one, other in part], dtype="str") for part in pairs
    ]
    return pd.concat(parts, ignore_index=True)


def prepared(movies: pd.DataFrame, fields: Tokens, options: Options) -> tuple[Content, Standing]:
    """Features and standing of films, in their order; ``fields`` are their tokens."""
    years = film_features.numbers(movies, "year").astype(np.float32)
    known = {column: film_features.numbers(movies, column) for column in STANDING_COLUMNS}
    return film_features.build(fields, years, options.weights), standing(known)
