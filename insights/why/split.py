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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import fsum
from typing import Any, Literal

import numpy as np
import pandas as pd

from insights.frames import plain
from insights.why.numbers import Kind, Number, check_table, films_of, numbers_of

Origin = Literal["came", "left", "source", "code", "source or code", "definition"]
# Origin, column and code versions of a :class:`Cause`.
CauseKey = tuple[Origin, str, tuple[str, ...]]
ROUNDING = 1e-9
# Columns of ``movies`` that describe a film and where its row comes from.
DESCRIBED = ("title", "run_id", "bronze_key", "bronze_version", "code_version")


@dataclass(frozen=True)
class Snapshot:
    """What one build says about films and about one table: Gold's ``movies``, and the table to explain."""

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
    check_table(table)
    films = films_of(table, before.movies), films_of(table, after.movies)
    rows = [_row(each.table, key) for each in (before, after)]
    versions = before.code_version, after.code_version
    return tuple(
        _split((old, new), (_stored(rows[0], old), _stored(rows[1], new)), films, versions)
        for old, new in zip(*(numbers_of(table, key, each) for each in films), strict=True)
    )


def _row(table: pd.DataFrame, key: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the row of a key; {} when there is none."""
    if not set(key) <= set(table.columns):
        return {}
    chosen = np.logical_and.reduce([(table[name] == value).fillna(False).to_numpy(bool) for name, value in key.items()])
    rows: list[Mapping[str, Any]] = table[chosen].head(1).to_dict("records")  # type: ignore[assignment]
    return rows[0] if rows else {}


def _stored(row: Mapping[str, Any], number: Number) -> float | None:
    """Return a number as the table has it; a row without films is not in the table, and follows from its films."""
    if number.name not in row:
        if number.kind == "count":
            return float(len(number.values))
        return fsum(number.values) / len(number.values) if number.kind == "share" and len(number.values) else None
    value = row[number.name]
    return None if pd.isna(value) else float(value)


def _split(
    number: tuple[Number, Number],
    stored: tuple[float | None, float | None],
    films: tuple[pd.DataFrame, pd.DataFrame],
    versions: tuple[str, str],
) -> Split:
    kind = number[0].kind
    paired = pd.DataFrame({"before": number[0].values, "after": number[1].values})
    paired = paired[~(paired["before"] == paired["after"])]
    old, new = (0.0 if value is None and kind == "sum" else value for value in stored)
    change = None if old is None or new is None else new - old
    added = None if change is None else _contributions(number, paired)
    causes = _causes(number, films, paired.index, added)
    if added is not None and change is not None:
        rest = change - fsum(added)
        if abs(rest) > ROUNDING * max(abs(old or 0.0), abs(new or 0.0)):
            causes.append(Cause("definition", "", rest, (), versions))
    causes.sort(key=lambda cause: (-abs(cause.contribution or 0.0), -len(cause.films)))
    return Split(number[0].name, kind, *stored, change, added is not None, tuple(causes))


def _contributions(number: tuple[Number, Number], paired: pd.DataFrame) -> pd.Series[float] | None:
    """Return what each film of ``paired`` adds to the change; None for a quantile."""
    old, new = number
    if old.kind == "quantile":
        return None
    if old.kind in ("count", "sum"):
        return paired["after"].fillna(0.0) - paired["before"].fillna(0.0)
    if old.values.empty or new.values.empty:
        return None
    mean = fsum(old.values) / len(old.values)
    return ((paired["after"] - mean).fillna(0.0) - (paired["before"] - mean).fillna(0.0)) / len(new.values)


def _causes(
    number: tuple[Number, Number],
    films: tuple[pd.DataFrame, pd.DataFrame],
    changed: pd.Index[str],
    added: pd.Series[float] | None,
) -> list[Cause]:
    grouped: dict[CauseKey, list[FilmChange]] = defaultdict(list)
    columns = dict.fromkeys((*DESCRIBED, *number[0].row_columns, *number[0].value_columns))
    old_rows, new_rows = (_rows(each, changed, columns) for each in films)
    members = [set(each.films) for each in number]
    for imdb_id in changed:
        old, new = old_rows.get(imdb_id), new_rows.get(imdb_id)
        moved = (imdb_id in members[0]) != (imdb_id in members[1])
        cause = cause_of(number[0].row_columns if moved else number[0].value_columns, old, new)
        added_by_film = None if added is None else float(added[imdb_id])
        grouped[cause].append(film_change(imdb_id, cause, old, new, added_by_film))
    causes = []
    for (origin, column, code), changes in grouped.items():
        total = None if added is None else fsum(film.contribution or 0.0 for film in changes)
        ordered = sorted(changes, key=lambda film: (-abs(film.contribution or 0.0), film.imdb_id))
        causes.append(Cause(origin, column, total, tuple(ordered), code))
    return causes


def _rows(films: pd.DataFrame, imdb_ids: pd.Index[str], columns: Iterable[str]) -> dict[str, dict[str, Any]]:
    chosen = films.loc[films.index.intersection(imdb_ids), [name for name in columns if name in films]]
    rows: dict[str, dict[str, Any]] = chosen.to_dict("index")  # type: ignore[assignment]
    return rows


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
