"""Explain the change of a row of a Gold table between two stored builds. Reads the Gold bucket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import pandas as pd

from insights.lake import Lake
from insights.why.films import changes
from insights.why.numbers import check_table
from insights.why.split import Cause, Snapshot, Split, split
from pipeline import aws
from pipeline.columns import GOLD_TABLES
from pipeline.errors import InvalidInput
from pipeline.gold.build import Build
from pipeline.gold.publication import read_pointer, records

_STEP = "why"
_HINT = "`reelhouse builds` lists the builds"
_BUILDS_OF_A_RUN = 20  # more than a run publishes


@dataclass(frozen=True)
class BuildName:
    """A build by its id, end (ISO 8601 in UTC) and code version."""

    build_id: str
    built_at: str
    code_version: str


@dataclass(frozen=True)
class Explanation:
    """Why the numbers of one row changed: all that stand on films, in the order of the table's columns."""

    table: str
    key: dict[str, Any]
    before: BuildName
    after: BuildName
    numbers: tuple[Split, ...]


@dataclass(frozen=True)
class FilmChanges:
    """What changed in a table of films.

    Attributes
    ----------
    key : dict
        ``imdb_id`` of the one film that was asked for; {} for all films.
    """

    table: str
    key: dict[str, Any]
    before: BuildName
    after: BuildName
    causes: tuple[Cause, ...]


def explain(lake: Lake, table: str, key: Mapping[str, Any], before: str = "", after: str = "") -> Explanation:
    """Split the changes of a row of an aggregate table into films and code; see :mod:`insights.why.split`.

    Parameters
    ----------
    table : str
        An aggregate table, such as ``ratings_by_genre``.
    key : mapping
        Value of each key column, such as ``{"genre": "Drama", "source": "imdb"}``; numbers may be text.
    before, after : str
        Build ids; "" for the published build as the later one, and for the build published before the later one.

    Raises
    ------
    InvalidInput
        When the table is no aggregate, the row is in neither build, or a build is not stored; the message names what
        there is.
    StorageFailed
        When Gold cannot be read.
    """
    check_table(table)
    checked = _key(table, key)
    old, new = _snapshots(lake, table, before, after)
    _check_row(table, checked, (old, new))
    return Explanation(table, checked, _name(old), _name(new), split(old, new, table, checked))


def film_changes(lake: Lake, table: str, key: Mapping[str, Any], before: str = "", after: str = "") -> FilmChanges:
    """Say which films of a table came, left and changed; see :mod:`insights.why.films`.

    Parameters
    ----------
    table : str
        ``movies``, ``movie_ratings`` or ``rank_history``.
    key : mapping
        ``{"imdb_id": …}`` for one film; {} for all.
    before, after : str
        As for :func:`explain`.

    Raises
    ------
    InvalidInput
        When the key has other columns, neither build knows the film, or a build is not stored.
    StorageFailed
        When Gold cannot be read.
    """
    if set(key) - {"imdb_id"}:
        raise InvalidInput("takes only imdb_id=…, or no key for all films", subject=table, step=_STEP)
    old, new = _snapshots(lake, table, before, after)
    imdb_id = str(key.get("imdb_id", ""))
    if imdb_id and not any((each.movies["imdb_id"] == imdb_id).any() for each in (old, new)):
        raise InvalidInput(f"has no film {imdb_id}"[:120], subject=table, step=_STEP)
    return FilmChanges(table, dict(key), _name(old), _name(new), changes(old, new, table, imdb_id))


def compared_builds(lake: Lake, before: str = "", after: str = "") -> tuple[Build, Build]:
    """Return the records of two builds; see :func:`explain`."""
    bucket = lake.gold_bucket
    with aws.failures_of(_STEP, bucket):
        pointer = read_pointer(bucket)
        if pointer.build is None:
            raise InvalidInput("has no build yet", subject="Gold", step=_STEP, next_step="`reelhouse run` starts a run")
        after = after or pointer.build.build_id
        before = before or _published_before(after, [entry.build_id for entry in pointer.history])
        known = records(bucket, {before, after})
    for build_id in (before, after):
        if build_id not in known:
            raise InvalidInput("is not stored", subject=f"build {build_id}", step=_STEP, next_step=_HINT)
    return known[before], known[after]


def _published_before(build_id: str, published: Sequence[str]) -> str:
    """Return the build that was published before another; of one that a rollback published again, the last time."""
    index = max((at for at, each in enumerate(published) if each == build_id), default=len(published))
    earlier = [each for each in published[:index] if each != build_id]
    if not earlier:
        next_step = "run again, or name two builds"
        raise InvalidInput(
            "no build was published before it", subject=f"build {build_id}", step=_STEP, next_step=next_step
        )
    return earlier[-1]


def builds_of_two_runs(lake: Lake) -> tuple[Build, Build] | None:
    """Return the last build published before the newest run, and the published one; None without an earlier build.

    A run publishes a build when it starts, without any of its films, so the build before may be of the same run. Of a
    stack with one run, that is the only one to compare with.
    """
    bucket = lake.gold_bucket
    with aws.failures_of(_STEP, bucket):
        pointer = read_pointer(bucket)
        if pointer.build is None:
            return None
        build_ids = dict.fromkeys(entry.build_id for entry in reversed(pointer.history))
        others = [build_id for build_id in build_ids if build_id != pointer.build.build_id][:_BUILDS_OF_A_RUN]
        known = records(bucket, others, skip_damaged=True)
    earlier = [known[build_id] for build_id in others if build_id in known]
    before = next(
        (build for build in earlier if build.newest_run != pointer.build.newest_run), next(iter(earlier), None)
    )
    return (before, pointer.build) if before else None


def snapshot(lake: Lake, build: Build, table: str) -> Snapshot:
    """Read what a build says about films and about one table; a table that it does not have is empty."""
    pinned = replace(lake, pinned=build)
    rows = pinned.table(table) if table in build.tables else pd.DataFrame()
    return Snapshot(build.build_id, build.built_at, build.code_version, pinned.table("movies"), rows)


def _snapshots(lake: Lake, table: str, before: str, after: str) -> tuple[Snapshot, Snapshot]:
    old, new = compared_builds(lake, before, after)
    return snapshot(lake, old, table), snapshot(lake, new, table)


def _name(build: Snapshot) -> BuildName:
    return BuildName(build.build_id, build.built_at, build.code_version)


def _key(table: str, key: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the key columns, in order and with their types."""
    names = GOLD_TABLES[table].key
    if set(key) != set(names):
        raise InvalidInput(f"needs {' '.join(f'{name}=…' for name in names)}", subject=table, step=_STEP)
    checked = dict(key)
    for name in (column.name for column in GOLD_TABLES[table].columns if column.name in names and column.type == "int"):
        try:
            checked[name] = int(key[name])
        except (TypeError, ValueError):
            cause = "is not a whole number"
            raise InvalidInput(cause, subject=f"{name}={key[name]}"[:80], step=_STEP) from None
    return {name: checked[name] for name in names}


def _check_row(table: str, key: Mapping[str, Any], snapshots: tuple[Snapshot, Snapshot]) -> None:
    """Reject a row that neither build has, and name values that are close."""
    rows = pd.concat([each.table[list(key)] for each in snapshots if set(key) <= set(each.table.columns)])
    if (rows == pd.Series(key)).all(axis=1).any():
        return
    for name, value in key.items():
        known = sorted({str(each) for each in rows[name]})
        if str(value) not in known:
            close = get_close_matches(str(value), known, n=5, cutoff=0.4) or known[:10]
            cause = f"has no row with {name}={value}"
            raise InvalidInput(cause[:120], subject=table, step=_STEP, next_step=f"there are: {', '.join(close)}")
    raise InvalidInput("has no such row in either build", subject=table, step=_STEP)
