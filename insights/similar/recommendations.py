"""Similar films: for every film of Gold ``movies`` the films to see next, and why. Pure.

Notebook 03 writes the result as the Gold table ``recommendations``, which :mod:`.lookup` reads.

How a film is chosen
--------------------
1. :mod:`.features`: one TF-IDF matrix per field (cast, genres, writers, ...), each row of length 1, times the field's
   weight. The similarity of two films is the sum over the fields plus the closeness of their years.
2. :mod:`.prior`: a candidate gains by how widely noticed and how well rated it is among films of its years, and loses
   by how far it is from the film asked for in both. ``prior=0`` leaves similarity alone.
3. :mod:`.search`: similarity and prior of all pairs, and a pool of the best candidates for each film.
4. :mod:`.variety`: maximal marginal relevance orders the pool.
5. :mod:`.reasons`: what both films share, in words.

The list then moves films by the same director in the same genre above films that share no person, and drops films
without a reason. A film that shares little with any other gets few recommendations or none.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from insights.columns import RECOMMENDATIONS
from insights.frames import typed
from insights.similar import features, prior, reasons
from insights.similar.choice import Options, choose
from insights.similar.search import DECIMALS
from pipeline.errors import InvalidInput

ID = "imdb_id"
DEFAULT = Options()


def build(movies: pd.DataFrame, options: Options = DEFAULT) -> pd.DataFrame:
    """Recommend films for every film.

    The same films give the same recommendations, in whatever order they are given. Time grows with the square of the
    number of films.

    Parameters
    ----------
    movies : DataFrame
        Gold ``movies``. Only ``imdb_id`` is required; list columns may hold lists, arrays or None.

    Returns
    -------
    DataFrame
        The columns of ``recommendations``, ordered by ``imdb_id`` and ``rank``.

    Raises
    ------
    InvalidInput
        If there is no column ``imdb_id``.
    """
    if ID not in movies:
        raise InvalidInput(f"has no column {ID}", subject="Gold movies", next_step="build Gold again")
    films = movies.dropna(subset=[ID]).drop_duplicates(ID).sort_values(ID, ignore_index=True)
    fields = features.read(films)
    years = features.numbers(films, "year").astype(np.float32)
    content = features.build(fields, years, options.weights)
    chosen, match = choose(content, prior.standing(films), options)
    asked, position = np.nonzero(chosen >= 0)
    recommended = chosen[asked, position].astype(np.intp)
    ids = films[ID].to_numpy()
    columns = {
        ID: ids[asked],
        "recommended_imdb_id": ids[recommended],
        "similarity": np.round(match[asked, position].astype(float), DECIMALS),
        "because": reasons.reasons(fields, years, asked, recommended),
    }
    rows = pd.DataFrame(columns).query("because != ''")
    return typed(rows.assign(rank=rows.groupby(ID).cumcount() + 1), RECOMMENDATIONS)
