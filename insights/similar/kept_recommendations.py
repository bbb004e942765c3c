"""Recommendations that are made again only when something changed that they are made of.

Place: between notebook 03 and :mod:`.recommendations`. Reads and writes the Gold table ``recommendations``; what it was
made of lies in its object's metadata, so that both are written, replaced and lost together. A new run brings the same
films with new lineage: the table stays, and with it minutes of work in a large catalogue.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import scipy

from insights import lake
from insights.columns import RECOMMENDATIONS
from insights.similar import recommendations
from insights.similar.choice import Options
from insights.similar.film_table import ID, READ

# Of scikit-learn only the stop words, without importing it.
_LIBRARIES = (np.__version__, scipy.__version__, pa.__version__, version("scikit-learn"))
# Films written out at a time: as one text, those of a large catalogue would take more memory than making them anew.
_AT_ONCE = 5_000


def up_to_date(movies: pd.DataFrame, options: Options) -> pd.DataFrame:
    """Return the recommendations of Gold, made anew and written if they were made of anything else.

    Parameters
    ----------
    movies : pd.DataFrame
        Gold ``movies``.
    options : Options
        As for :func:`.recommendations.build`.

    Raises
    ------
    InvalidInput
        When there is no column ``imdb_id``.
    StorageFailed
        When Gold cannot be read or written.
    """
    wanted = made_from(movies, options)
    if lake.made_from(RECOMMENDATIONS.name) == wanted:
        return lake.table(RECOMMENDATIONS.name)
    built = recommendations.build(movies, options)
    lake.write(RECOMMENDATIONS, built, made_from=wanted)
    return built


def made_from(movies: pd.DataFrame, options: Options) -> str:
    """Digest of all that recommendations are made of: films, in whatever order, options, code and libraries."""
    read = movies.reindex(columns=list(READ)).sort_values(ID, ignore_index=True)
    digest = hashlib.sha256(repr((options, _LIBRARIES)).encode())
    for first in range(0, len(read), _AT_ONCE):
        some = read.iloc[first : first + _AT_ONCE]
        digest.update(some.to_json(orient="records", double_precision=15, date_format="iso").encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
