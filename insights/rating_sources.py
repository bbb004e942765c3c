"""The sources of ratings: their names for readers, and the source with the most films. Pure.

Reads frames in the shape of Gold's ``ratings_by_genre`` or ``movie_ratings``.
"""

from __future__ import annotations

import pandas as pd

from pipeline.columns import RATING_SOURCES

NAMES = {source.name: source.label for source in RATING_SOURCES}
# Column of a film's rating in Gold's movies, and the factor that brings it to 0-100.
COLUMNS = {source.name: source.column for source in RATING_SOURCES}
FACTORS = {source.name: float(source.factor) for source in RATING_SOURCES}


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
