"""Features of a film that are known before its release. Pure.

Reads Gold's ``movies`` as a data frame; :mod:`.predict` uses the features.

No feature looks ahead. The record of people, genres, countries, languages and studios comes from films of strictly
earlier years, since outcomes of the same year may not have been known yet. Votes, reviews, other ratings, awards, rank,
plot length and the number of people listed are left out: they come after the release or grow with a film's fame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

SMOOTHING = 3.0
# Role: its column of movies.
ROLES = {
    "director": "directors",
    "writers": "writers",
    "cast": "actors",
    "genres": "genres",
    "countries": "countries",
    "languages": "languages",
    "studio": "production",
}
ATTRIBUTES = {"year": "year", "runtime": "runtime_minutes", "release month": "released", "certificate": "rated"}


@dataclass(frozen=True)
class Target:
    """An outcome that is known only after a film's release.

    Attributes
    ----------
    name : str
        Column of ``movies``.
    unit, score_unit : str
        Unit of the value, and that in which it is learned and scored.
    lowest, highest : float
        Range of the value; a value outside counts as unknown.
    logarithm : bool
        Whether it is learned and scored as log10, because it grows by factors.
    """

    name: str
    unit: str
    score_unit: str
    lowest: float
    highest: float
    logarithm: bool = False

    def learned(self, values: pd.Series[float]) -> pd.Series[float]:
        """Return values as they are learned; NaN where missing or out of range."""
        known = pd.to_numeric(values).astype(float)
        known = known.where(known.between(self.lowest, self.highest))
        return known.map(np.log10) if self.logarithm else known

    def in_range(self, learned: pd.Series[float]) -> pd.Series[float]:
        """Return learned values, clipped to the target's range."""
        if self.logarithm:
            return learned.clip(np.log10(self.lowest), np.log10(self.highest))
        return learned.clip(self.lowest, self.highest)

    def value(self, learned: pd.Series[float]) -> pd.Series[float]:
        """Return values in the target's unit; the inverse of :meth:`learned`."""
        return 10**learned if self.logarithm else learned


TARGETS = (
    Target("rotten_tomatoes", "points of 100", "points of 100", 0, 100),
    Target("imdb_rating", "points of 10", "points of 10", 0, 10),
    Target("box_office_usd", "US dollars", "log10 US dollars", 1, np.inf, logarithm=True),
)


def outcomes(movies: pd.DataFrame) -> pd.DataFrame:
    """Return all targets as they are learned, one column each; NaN where unknown."""
    columns = movies.reindex(columns=[target.name for target in TARGETS])
    return pd.DataFrame({target.name: target.learned(columns[target.name]) for target in TARGETS})


def build(movies: pd.DataFrame) -> pd.DataFrame:
    """Return the features of all films.

    Parameters
    ----------
    movies : DataFrame
        Gold's ``movies``, index 0, 1, 2, ...; missing columns count as unknown.

    Returns
    -------
    DataFrame
        One row per film, in the same order. ``year``, ``runtime`` (minutes), ``release month`` (1-12) and
        ``certificate`` (text) are the film's own. For each role, ``<role>: films`` is the number of earlier films of
        its names, and ``<role>: <target>`` says how much these differed from other films of their years, in the unit
        the target is learned in: sum of differences / (films + 3) for each name, so that few films say little. Both
        are means over the names. NaN: nothing is known before.
    """
    movies = movies.reindex(columns=[*ATTRIBUTES.values(), *ROLES.values(), *(target.name for target in TARGETS)])
    year = pd.to_numeric(movies["year"]).astype(float)
    known = outcomes(movies)
    differences = known - known.groupby(year, dropna=False).transform("mean")
    own = pd.DataFrame(
        {
            "year": year,
            "runtime": pd.to_numeric(movies["runtime_minutes"]).astype(float),
            "release month": pd.to_datetime(movies["released"]).dt.month.astype(float),
            "certificate": movies["rated"].astype("str"),
        }
    )
    return own.join(_histories(movies, differences))


def _histories(movies: pd.DataFrame, differences: pd.DataFrame) -> pd.DataFrame:
    """Return the record of a film's names, one column per role and measure."""
    before = earlier_films(movies, ROLES, differences)
    for target in TARGETS:
        count = before[f"{target.name}_count"]
        before[target.name] = (before[f"{target.name}_sum"] / (count + SMOOTHING)).where(count > 0)
    measures = ["films", *(target.name for target in TARGETS)]
    over_names = [
        before.pivot_table(index="film", columns="role", values=measure, aggfunc="mean").add_suffix(f": {measure}")
        for measure in measures
    ]
    columns = [f"{role}: {measure}" for role in ROLES for measure in measures]
    return pd.concat(over_names, axis=1).reindex(index=movies.index, columns=columns).astype(float)


def earlier_films(movies: pd.DataFrame, roles: dict[str, str], values: pd.DataFrame) -> pd.DataFrame:
    """Sum the earlier films of every name of every film, in the same role.

    Parameters
    ----------
    movies : DataFrame
        Films with ``year`` and the columns of the roles; a film without a year has no rows.
    roles : dict of str to str
        Role: its column, which holds a list of names a film, or names separated by commas (``production``).
    values : DataFrame
        Columns to sum, NaN where unknown; the same index as ``movies``.

    Returns
    -------
    DataFrame
        One row per film, role and name: ``film`` (its index), ``role``, ``name``, ``films`` of strictly earlier years,
        and for each column of ``values`` the ``_sum`` and ``_count`` of what is known of them.
    """
    year = pd.to_numeric(movies["year"]).astype(float).rename("year")
    credited = pd.concat([_credited(movies[column], role) for role, column in roles.items()]).join(year, on="film")
    credited = credited.dropna().astype({"name": "str"})
    by_year = credited.join(values, on="film").groupby(["role", "name", "year"])
    sums, counts = by_year[list(values)].sum(), by_year[list(values)].count()
    yearly = sums.add_suffix("_sum").join(counts.add_suffix("_count")).assign(films=by_year.size().astype(float))
    # Sums up to the year before: shifted, for subtracting a film's own year again would leave its rounding behind.
    names = ["role", "name"]
    before = yearly.groupby(level=names).cumsum().groupby(level=names).shift(fill_value=0)
    return credited.join(before, on=[*names, "year"])


def _credited(names: pd.Series[Any], role: str) -> pd.DataFrame:
    """Return one row per film and name; a name listed twice counts once."""
    credited = names.map(_names).explode().rename("name").rename_axis("film").reset_index()
    return credited.drop_duplicates().assign(role=role)


def _names(names: object) -> list[str]:
    if isinstance(names, str):
        return names.split(", ")
    return list(names) if isinstance(names, list | tuple | np.ndarray) else []
