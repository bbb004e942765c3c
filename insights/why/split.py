"""Split the change of a number between two builds into the films and the code behind it. Pure.

Counts and sums split by nature: each film adds what it adds after, minus what it added before. For a mean of n values
before and N after, with the mean before M,

    mean after - M = (sum over films of (value after - M) - sum over films of (value before - M)) / N

because the deviations of the values before from their own mean add up to 0. So a film that came adds (value - M) / N,
one that left adds -(value - M) / N, one whose value changed adds (after - before) / N, and all others add nothing. This
is the decomposition of a mean with entry and exit, each measured against the mean before, of Foster, Haltiwanger and
Krizan ("Aggregate Productivity Growth: Lessons from Microeconomic Evidence", 2001), for films of equal weight. A share
is a mean of ones and zeros. A median or another quantile has no such split.

Contributions are rounded like any floating-point number: their sum differs from the change by at most
:data:`ROUNDING`, relative to the larger of both values. Anything beyond is a cause of its own, ``definition``: the code
that computed the table was another one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from math import fsum
from typing import Any, Literal

import numpy as np
import pandas as pd

from insights.why.numbers import Films, Kind, Number, numbers_of

Origin = Literal["came", "left", "source", "code", "source or code", "definition"]
# Origin, column and code versions of a :class:`Cause`.
CauseKey = tuple[Origin, str, tuple[str, ...]]
ROUNDING = 1e-9
# Columns of ``movies`` that describe a film and where its row comes from.
DESCRIBED = ("title", "run_id", "bronze_key", "bronze_version", "code_version")


@dataclass(frozen=True)
class Snapshot:
    """What one build says about films and about one table.

    Attributes
    ----------
    movies, table : DataFrame
        Gold's ``movies``, and the table to explain.
    """

    build_id: str
    built_at: str
    code_version: str
    movies: pd.DataFrame
    table: pd.DataFrame


@dataclass(frozen=True)
class FilmChange:
    """A film's part in a change.

    Attributes
    ----------
    contribution : float or None
        In the unit of the number; None where no exact split exists.
    before, after : Any
        Values of the cause's column; None for films that came or left, and where the film had no value.
    run_id, bronze_key : str
        Run and Bronze object of the film's row in the later build; in the earlier one for a film that left.
    """

    imdb_id: str
    title: str
    contribution: float | None
    before: Any
    after: Any
    run_id: str
    bronze_key: str


@dataclass(frozen=True)
class Cause:
    """Films that contributed in the same way, those with the largest contributions first.

    Attributes
    ----------
    origin : str
        ``came`` and ``left``: the list of films. ``source``: another value in a new Bronze object. ``code``: another
        value of the same Bronze object, by another code version. ``source or code``: both changed. ``definition``: what
        the films do not explain, where the builds' code versions differ.
    column : str
        Column of ``movies`` whose values changed; "" for ``came``, ``left`` and ``definition``.
    contribution : float or None
        Sum of the films' contributions; None where no exact split exists.
    code_versions : tuple of str
        Before and after, where the code is, or may be, the cause; () elsewhere.
    """

    origin: Origin
    column: str
    contribution: float | None
    films: tuple[FilmChange, ...]
    code_versions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Split:
    """The change of one number, by cause.

    Attributes
    ----------
    before, after : float or None
        As the two builds have it; None where a mean, sum or quantile has no film.
    change : float or None
        after - before; a sum without films is 0 here, and a mean or quantile without films gives None.
    exact : bool
        Whether the contributions of the causes add up to ``change``.
    causes : tuple of Cause
        Largest contribution first; without an exact split, most films first.
    """

    number: str
    kind: Kind
    before: float | None
    after: float | None
    change: float | None
    exact: bool
    causes: tuple[Cause, ...]


def split(before: Snapshot, after: Snapshot, table: str, key: Mapping[str, Any]) -> tuple[Split, ...]:
    """Split the changes of all numbers of one row, in the order of the table's columns.

    Raises
    ------
    InvalidInput
        When the table is no aggregate.
    """
    rows = [_row(snapshot.table, key) for snapshot in (before, after)]
    films: dict[bool, tuple[Films, Films]] = {}
    splits = []
    for number in numbers_of(table, key):
        if number.all_films not in films:
            old, new = (Films(each.movies, all_films=number.all_films) for each in (before, after))
            films[number.all_films] = old, new
        of_number = films[number.all_films]
        stored = _stored(rows[0], number, of_number[0]), _stored(rows[1], number, of_number[1])
        splits.append(_split(number, of_number, stored, (before, after)))
    return tuple(splits)


def _row(table: pd.DataFrame, key: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the row of a key; {} when there is none."""
    if not set(key) <= set(table.columns):
        return {}
    chosen = np.logical_and.reduce([(table[name] == value).fillna(False).to_numpy(bool) for name, value in key.items()])
    rows: list[Mapping[str, Any]] = table[chosen].head(1).to_dict("records")  # type: ignore[assignment]
    return rows[0] if rows else {}


def _stored(row: Mapping[str, Any], number: Number, films: Films) -> float | None:
    """Return a number as the table has it; a row without films is not in the table, and follows from its films."""
    if number.name not in row:
        values = number.values(films)
        if number.kind == "count":
            return float(len(values))
        return fsum(values) / len(values) if number.kind == "share" and len(values) else None
    value = row[number.name]
    return None if pd.isna(value) else float(value)


def _split(
    number: Number,
    films: tuple[Films, Films],
    stored: tuple[float | None, float | None],
    builds: tuple[Snapshot, Snapshot],
) -> Split:
    values = number.values(films[0]), number.values(films[1])
    paired = pd.DataFrame({"before": values[0], "after": values[1]})
    paired = paired[~(paired["before"] == paired["after"])]
    old, new = (0.0 if value is None and number.kind == "sum" else value for value in stored)
    change = None if old is None or new is None else new - old
    added = None if change is None else _contributions(number, values, paired)
    causes = _causes(number, films, paired, added)
    if added is not None and change is not None:
        rest = change - fsum(added)
        if abs(rest) > ROUNDING * max(abs(old or 0.0), abs(new or 0.0)):
            versions = builds[0].code_version, builds[1].code_version
            causes.append(Cause("definition", "", rest, (), versions))
    causes.sort(key=lambda cause: (-abs(cause.contribution or 0.0), -len(cause.films)))
    return Split(number.name, number.kind, *stored, change, added is not None, tuple(causes))


def _contributions(
    number: Number, values: tuple[pd.Series[float], pd.Series[float]], paired: pd.DataFrame
) -> pd.Series[float] | None:
    """Return what each film of ``paired`` adds to the change; None for a quantile."""
    if number.kind == "quantile":
        return None
    if number.kind in ("count", "sum"):
        return paired["after"].fillna(0.0) - paired["before"].fillna(0.0)
    if values[0].empty or values[1].empty:
        return None
    mean = fsum(values[0]) / len(values[0])
    return ((paired["after"] - mean).fillna(0.0) - (paired["before"] - mean).fillna(0.0)) / len(values[1])


def _causes(
    number: Number, films: tuple[Films, Films], paired: pd.DataFrame, added: pd.Series[float] | None
) -> list[Cause]:
    grouped: dict[CauseKey, list[FilmChange]] = defaultdict(list)
    columns = (*DESCRIBED, *number.row_columns, *number.value_columns)
    old_rows, new_rows = (each.rows(paired.index, columns) for each in films)
    members = [set(each.frame.index[number.row(each)]) for each in films]
    for imdb_id in paired.index:
        old, new = old_rows.get(imdb_id), new_rows.get(imdb_id)
        moved = (imdb_id in members[0]) != (imdb_id in members[1])
        cause = cause_of(number.row_columns if moved else number.value_columns, old, new)
        added_by_film = None if added is None else float(added[imdb_id])
        grouped[cause].append(film_change(imdb_id, cause, old, new, added_by_film))
    return [_grouped(cause, changes, exact=added is not None) for cause, changes in grouped.items()]


def _grouped(cause: CauseKey, changes: list[FilmChange], *, exact: bool) -> Cause:
    films = tuple(sorted(changes, key=lambda film: (-abs(film.contribution or 0.0), film.imdb_id)))
    total = fsum(film.contribution or 0.0 for film in films) if exact else None
    return Cause(cause[0], cause[1], total, films, cause[2])


def film_change(
    imdb_id: str,
    cause: CauseKey,
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any] | None,
    contribution: float | None = None,
) -> FilmChange:
    """Return the part of a film in a cause, from its rows before and after; None where it has none."""
    row, column = new or old or {}, cause[1]
    return FilmChange(
        imdb_id=imdb_id,
        title=plain(row.get("title")) or imdb_id,
        contribution=contribution,
        before=plain(old.get(column)) if old else None,
        after=plain(new.get(column)) if new else None,
        run_id=str(row.get("run_id")),
        bronze_key=str(row.get("bronze_key")),
    )


def cause_of(columns: tuple[str, ...], old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> CauseKey:
    """Return origin, column and code versions of a film's change; one of ``columns`` has another value."""
    if old is None:
        return "came", "", ()
    if new is None:
        return "left", "", ()
    column = next((name for name in columns if plain(old.get(name)) != plain(new.get(name))), "")
    versions = str(old.get("code_version")), str(new.get("code_version"))
    if versions[0] == versions[1]:
        return "source", column, ()
    same = all(plain(old.get(name)) == plain(new.get(name)) for name in ("bronze_key", "bronze_version"))
    return ("code" if same else "source or code"), column, versions


def plain(value: Any) -> Any:
    """Return a value of a data frame as Python has it: None for a missing one, a list for an array."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, list):
        return value
    if value is None or pd.isna(value):
        return None
    return value.item() if isinstance(value, np.generic) else value
