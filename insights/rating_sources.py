"""The sources of ratings: their names for readers, and the source with the most films. Pure.

Reads frames in the shape of Gold's ``ratings_by_genre`` or ``movie_ratings``.
"""

from __future__ import annotations

import pandas as pd

NAMES = {
    "imdb": "IMDb",
    "rotten_tomatoes": "Rotten Tomatoes",
    "metascore": "Metacritic",
    "source_list": "source list",
}
# Column of a film's rating in Gold's movies, and the factor that brings it to 0-100.
COLUMNS = {
    "imdb": "imdb_rating",
    "rotten_tomatoes": "rotten_tomatoes",
    "metascore": "metascore",
    "source_list": "source_rating",
}
FACTORS = {"imdb": 10.0, "rotten_tomatoes": 1.0, "metascore": 1.0, "source_list": 10.0}


def widest(ratings: pd.DataFrame) -> str:
    """Return the source with the most films; on a tie, and without films, the first of :data:`NAMES`.

    Parameters
    ----------
    ratings : DataFrame
        With ``source``, and ``films`` if a row stands for several films.
    """
    films = ratings.groupby("source")["films"].sum() if "films" in ratings else ratings["source"].value_counts()
    return max(NAMES, key=lambda source: int(films.get(source, 0)))


def of(ratings: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return the rows of one source, with a new index."""
    return ratings[ratings["source"] == source].reset_index(drop=True)
