"""Similar films: for every film of Gold ``movies`` the films to see next, and why.

Place: run by notebook 03; what it returns becomes the Gold table ``recommendations``, which :mod:`.lookup` reads.
Reads Gold ``movies`` as a data frame or an Arrow table; writes nothing.

How a film is chosen
--------------------
1. :mod:`.film_tokens` and :mod:`.film_features`: one TF-IDF per field (cast, genres, writers, ...), each of length 1,
   times its weight; the sum over the fields is the similarity of two films, together with how close their years are.
2. :mod:`.catalogue_prior`: a candidate gains by how widely noticed and how well rated it is among films of its
   years, and loses by standing elsewhere in both than the film asked for. ``prior=0`` leaves similarity alone.
3. :mod:`.similar_films`: similarity and prior of all pairs, and a pool of the best candidates for each film.
4. :mod:`.variety`: maximal marginal relevance orders the pool.
5. :mod:`.because`: what both films share, in words.

A film that shares nothing but its year with any other gets no recommendations; one that shares little, few.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from insights.similar import arrow_arrays, features, film_table, reasons
from insights.similar import tokens as film_tokens
from insights.similar.choice import Options, choose
from insights.similar.content import Content, Indices
from insights.similar.film_table import ID
from insights.similar.prior import STANDING_COLUMNS, Standing, standing
from insights.similar.search import DECIMALS
from insights.similar.tokens import Tokens
from pipeline.errors import InvalidInput

if TYPE_CHECKING:
    import pandas as pd

# Films whose rows are made at a time.
FILMS_AT_ONCE = 500
SCHEMA = pa.schema(
    [
        (ID, pa.string()),
        ("rank", pa.int32()),
        ("recommended_imdb_id", pa.string()),
        ("similarity", pa.float64()),
        ("because", pa.string()),
    ]
)
COLUMNS = tuple(SCHEMA.names)
DEFAULT = Options()


def build(movies: pd.DataFrame, options: Options = DEFAULT) -> pd.DataFrame:
    """Recommend films for every film, as a data frame: see :func:`batches`.

    Parameters
    ----------
    movies : pd.DataFrame
        Gold ``movies``. Only ``imdb_id`` has to be there; list columns may hold lists, arrays or None.
    options : Options
        What to adjust.

    Raises
    ------
    InvalidInput
        When there is no column ``imdb_id``.
    """
    frame: pd.DataFrame = pa.Table.from_batches(batches(film_table.from_frame(movies), options), SCHEMA).to_pandas()
    return frame


def batches(movies: Any, options: Options = DEFAULT) -> Iterator[Any]:
    """Recommend films for every film, some of them at a time.

    The same films give the same recommendations, in whatever order they come. Time grows with the square of the number
    of films.

    Parameters
    ----------
    movies : pa.Table
        Gold ``movies``; only the columns :data:`.film_table.READ` are read, of which only ``imdb_id`` must be there.
    options : Options
        What to adjust.

    Yields
    ------
    pa.RecordBatch
        Ordered by ``imdb_id`` and ``rank``: ``imdb_id``; ``rank`` (int, 1 is first); ``recommended_imdb_id``;
        ``similarity`` (float, 0 to 1: the weighted share of what the films could have in common, without the prior;
        it need not fall with the rank); ``because`` (what both share, never empty).

    Raises
    ------
    InvalidInput
        When there is no column ``imdb_id``.
    """
    if ID not in movies.column_names:
        raise InvalidInput(f"has no column {ID}", subject="Gold movies", next_step="build Gold again")
    pa.default_memory_pool().release_unused()
    pa.default_memory_pool().release_unused()  # reading parquet leaves much behind
    ids, order = _ids(movies[ID])
    fields = {name: field.of(order) for name, field in film_tokens.read(movies).items()}
    numbers = {name: film_tokens.numbers(movies, name)[order] for name in STANDING_COLUMNS}
    del movies
    pa.default_memory_pool().release_unused()  # the search needs room
    content, where = prepared(fields, numbers, options)
    chosen, similarity = choose(content, where, options)
    for first in range(0, len(ids), FILMS_AT_ONCE):
        asked, place = np.nonzero(chosen[first : first + FILMS_AT_ONCE] >= 0)
        asked += first
        films = chosen[asked, place].astype(np.intp)
        share = np.clip(similarity[asked, place].astype(float) / options.weights.total, 0, 1)
        columns = [
            ids.take(arrow_arrays.numbers(asked)),
            arrow_arrays.numbers((place + 1).astype(np.int32)),
            ids.take(arrow_arrays.numbers(films)),
            arrow_arrays.numbers(np.round(share, DECIMALS)),
            arrow_arrays.texts(reasons.reasons(fields, content.years, asked, films)),
        ]
        yield pa.record_batch(columns, SCHEMA)


def prepared(fields: Mapping[str, Tokens], numbers: Mapping[str, Any], options: Options) -> tuple[Content, Standing]:
    """Features and standing of films, from their tokens and their numbers by column."""
    years = numbers["year"].astype(np.float32)
    return features.build(fields, years, options.weights), standing(numbers)


def _ids(column: Any) -> tuple[Any, Indices]:
    """Different ids in alphabetical order, and the row that has each first."""
    rows, ids = arrow_arrays.known(column.cast(pa.string()))
    encoded = ids.dictionary_encode()
    # A dictionary is in the order of first rows.
    _, first = np.unique(arrow_arrays.to_numpy(encoded.indices), return_index=True)
    alphabetical = pc.sort_indices(encoded.dictionary)
    return encoded.dictionary.take(alphabetical), rows[first[arrow_arrays.to_numpy(alphabetical)]]
