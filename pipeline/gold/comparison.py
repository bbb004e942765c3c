"""The breaker: decide whether a new build is published, by how its numbers changed since the published one.

A robust z-score is computed for each number of the profile: its change since the published build, divided by the larger
of two spreads. One is the sampling error, as if all films had been replaced by others like them; the other is the
usual change, from the median of the changes of earlier builds (1.4826 times it estimates a standard deviation; Iglewicz
and Hoaglin, "How to Detect and Handle Outliers", 1993). Beyond five spreads the build is held.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import sqrt
from statistics import median
from typing import Any

from pipeline.errors import DocumentInvalid
from pipeline.gold import reconciliation
from pipeline.gold.build import Build
from pipeline.gold.profile import ColumnProfile, Profile, Query, Turnover, profile_of, profiled, turnover_of
from pipeline.gold.publication import Pointer, records

logger = logging.getLogger(__name__)
# About 200 numbers are compared. Of 200 normally distributed ones, one is beyond five deviations in 8,000 builds.
SPREADS = 5.0
# A share that changed by up to five percentage points never holds a build, however little it changed before. Nor does a
# list that lost or gained up to a tenth of its films, as it may when no run was started for some weeks.
SHARE_TOLERANCE, LIST_TOLERANCE = 0.05, 0.1
EARLIER_BUILDS = 30
# With fewer earlier changes their median says little, and with fewer films their mean.
FEWEST_CHANGES, FEWEST_FILMS = 8, 10
# Of fewer films, the 10% and 90% quantiles are one of the few lowest or highest values, which one film moves far.
FEWEST_FILMS_OF_TAILS = 100
_MAD_TO_DEVIATION = 1.4826
# Standard error of each statistic for normally distributed values, in deviations / sqrt(n): sqrt(q(1-q)) / density(q).
_STANDARD_ERRORS = {"mean": 1.0, "p10": 1.7094, "median": 1.2533, "p90": 1.7094}
_MOVIES = "movies"
_DATES = {column.name for column in profiled() if column.type == "date"}

Changes = Mapping[str, float]


@dataclass(frozen=True)
class Comparison:
    """Result of a comparison: the new build's profile, None before the first complete run, and reasons to hold it.

    Each reason is one sentence, the most important first; () also when there is nothing to compare the build with.
    """

    profile: Profile | None
    reasons: tuple[str, ...] = ()


def compare(
    bucket: str, query: Query, pointer: Pointer, *, has_movies: bool, tables: Collection[str] = ()
) -> Comparison:
    """Compare the build that ``query`` reads with the published one and with the changes of earlier builds.

    Parameters
    ----------
    bucket : str
        The Gold bucket, to read the records of earlier builds.
    query : callable
        Runs a statement in Trino's dialect over ``gold.*``, the new build, and ``published.movies``.
    has_movies : bool
        Whether ``published.movies`` can be read. If not, films are not compared one by one: the published build is
        damaged, and a build that repairs it must not be held for that.
    tables : collection of str
        Tables of the new build, whose totals must add up to its films.

    Raises
    ------
    StorageFailed
        When an earlier record cannot be read, or the engine fails.
    """
    wrong = reconciliation.faults(query, tables)
    before = pointer.build.profile if pointer.build else None
    profile = profile_of(query)
    if before is None:
        return Comparison(profile, wrong)
    if profile is None:
        return Comparison(None, (*wrong, "movies: complete runs 1 or more → 0 (limit: no change)"))
    as_deep = profile if profile.depth == before.depth else profile_of(query, before.depth)
    if as_deep is None:
        return Comparison(profile, wrong)
    turnover = turnover_of(query, before) if has_movies else Turnover(0, 0, {})
    verdict = judge(as_deep, before, turnover, _earlier_changes(bucket, pointer))
    return Comparison(replace(profile, changes=verdict.changes), (*wrong, *map(str, verdict.reasons)))


def reasons_to_hold(build: Build, pointer: Pointer) -> tuple[str, ...]:
    """Return why a build must not be published, one sentence each; () publishes it.

    Reasons are those of the comparison, else a rollback that is still in effect.
    """
    if build.reasons:
        return build.reasons
    until_after = pointer.held.until_after if pointer.held else None
    if until_after is not None and not any(run_id > until_after for run_id in build.complete_runs):
        return (f"Gold was rolled back to build {pointer.history[-1].build_id}; the next run that completes ends that",)
    return ()


def _earlier_changes(bucket: str, pointer: Pointer) -> list[Mapping[str, float]]:
    """Return the changes of the builds that were published last, newest first; none if a record is damaged."""
    newest_first = list(dict.fromkeys(entry.build_id for entry in reversed(pointer.history)))[:EARLIER_BUILDS]
    try:
        builds = records(bucket, newest_first)
    except DocumentInvalid as error:
        logger.warning("builds are compared without earlier changes: %s", error)
        return []
    profiles = [builds[build_id].profile for build_id in newest_first if build_id in builds]
    return [profile.changes for profile in profiles if profile and profile.changes]


@dataclass(frozen=True)
class Reason:
    """Why a build is held.

    Attributes
    ----------
    column, number : str
        "" for a number of the whole table; its name, such as "mean" or "share of nulls".
    before, after, limit : str
        The published build's value, the new one, and the largest change that is not held, formatted for readers.
    excess : float
        Size of the change over the limit; above 1, infinite for a changed schema.
    """

    table: str
    column: str
    number: str
    before: str
    after: str
    limit: str
    excess: float

    def __str__(self) -> str:
        """Return one sentence without its full stop."""
        subject = f"{self.table}.{self.column}" if self.column else self.table
        return f"{subject}: {self.number} {self.before} → {self.after} (limit: {self.limit})"


@dataclass(frozen=True)
class Verdict:
    """Outcome of a comparison; a build with reasons is held.

    There is one reason for each table and column, those about the whole list first, then by excess. ``changes`` has all
    changes by the name of their number, for :attr:`Profile.changes`.
    """

    reasons: tuple[Reason, ...]
    changes: dict[str, float]


@dataclass(frozen=True)
class _Number:
    """One compared number; ``sampling_error`` is the standard error of its change.

    Attributes
    ----------
    priority : int
        Reasons with a lower one come first.
    tolerance : float
        Largest change that never holds a build.
    unit : float
        Divisor of changes: the number of films, where a change is a share of them.
    """

    column: str
    name: str
    before: float
    after: float
    sampling_error: float
    priority: int
    tolerance: float = 0.0
    unit: float = 1.0
    is_share: bool = False

    @property
    def key(self) -> str:
        """Name of the number in :attr:`Profile.changes`."""
        return f"{_MOVIES}.{self.column}.{self.name}"

    @property
    def change(self) -> float:
        """The change, divided by ``unit``."""
        return (self.after - self.before) / self.unit


def judge(profile: Profile, before: Profile, turnover: Turnover, earlier: Sequence[Changes]) -> Verdict:
    """Compare a build's profile with the published build's.

    Parameters
    ----------
    profile, before : Profile
        Of the new build and of the published one; both cover films down to the published build's depth.
    turnover : Turnover
        Of the films between the two.
    earlier : sequence of mapping
        Changes of builds published before, :attr:`Profile.changes`, newest first; more than 30 are not used.
    """
    numbers = [*_of_the_list(profile, before, turnover), *_of_the_columns(profile, before, turnover)]
    changes = {number.key: number.change for number in numbers}
    judged = [(number, _limit(number, [each[number.key] for each in earlier[:EARLIER_BUILDS] if number.key in each]))
              for number in numbers]  # fmt: skip
    held = [(number.priority, _reason(number, limit)) for number, limit in judged if abs(number.change) > limit]
    held += [(0, reason) for reason in _schema_reasons(profile.schema, before.schema)]
    held.sort(key=lambda entry: (entry[0], -entry[1].excess))
    first: dict[tuple[str, str], Reason] = {}
    for _, reason in held:
        first.setdefault((reason.table, reason.column), reason)
    return Verdict(tuple(first.values()), changes)


def _of_the_list(profile: Profile, before: Profile, turnover: Turnover) -> list[_Number]:
    """Return the numbers of the whole list: outcomes of the newest run, then the films."""
    films, settled = before.films, (before.settled, profile.settled)
    outcomes = [
        (name, _share(old, before.settled), _share(new, profile.settled))
        for name, old, new in (
            ("quarantined", before.quarantined, profile.quarantined),
            ("rejected", before.rejected, profile.rejected),
        )
    ]
    repeated = _share(before.repeated, films), _share(profile.repeated, profile.films)
    left, new = _share(turnover.vanished, films), _share(turnover.new, profile.films)
    return [
        # Only an increase can hold a build.
        *(_of_share("", f"share of {name} films in the newest run", (old, max(old, now)), settled, 1)
          for name, old, now in outcomes),
        _of_share("", "share of repeated films", repeated, (films, profile.films), 2),
        _Number("", "films on the list", films, profile.films, _share_error(0, films), 2, LIST_TOLERANCE, films or 1),
        _of_share("", "share of films that left the list", (0.0, left), (films,), 3, LIST_TOLERANCE),
        _of_share("", "share of new films", (0.0, new), (films,), 3, LIST_TOLERANCE),
    ]  # fmt: skip


def _of_the_columns(profile: Profile, before: Profile, turnover: Turnover) -> list[_Number]:
    numbers = []
    for name, old in before.columns.items():
        new = profile.columns.get(name)
        if new is None:
            continue
        nulls = 1 - _share(old.filled, before.films), 1 - _share(new.filled, profile.films)
        numbers.append(_of_share(name, "share of nulls", nulls, (before.films, profile.films), 4))
        if name in turnover.changed:
            changed, compared = turnover.changed[name]
            share = _share(changed, compared)
            numbers.append(_of_share(name, "share of changed values", (0.0, share), (compared,), 5))
        numbers += _statistics(name, new, old)
    return numbers


def _of_share(
    column: str,
    name: str,
    values: tuple[float, float],
    films: tuple[int, ...],
    priority: int,
    tolerance: float = SHARE_TOLERANCE,
) -> _Number:
    """Return a compared share; ``values`` before and after, ``films`` that it was taken of."""
    error = _share_error(values[0], *films)
    return _Number(column, name, *values, error, priority, tolerance, is_share=True)


def _statistics(name: str, new: ColumnProfile, old: ColumnProfile) -> list[_Number]:
    """Return a column's mean and quantiles; none for text, for few films, and if all films had the same value."""
    if min(new.filled, old.filled) < FEWEST_FILMS or not old.deviation or old.mean is None or new.mean is None:
        return []
    error = old.deviation * sqrt(1 / old.filled + 1 / new.filled)
    before, after = {"mean": old.mean, **old.quantiles}, {"mean": new.mean, **new.quantiles}
    return [
        _Number(name, label, before[label], after[label], factor * error, 5)
        for label, factor in _STANDARD_ERRORS.items()
        if label in before and label in after
        if label in ("mean", "median") or min(new.filled, old.filled) >= FEWEST_FILMS_OF_TAILS
    ]


def _limit(number: _Number, earlier: Sequence[float]) -> float:
    usual = 0.0
    if len(earlier) >= FEWEST_CHANGES:
        usual = _MAD_TO_DEVIATION * median(abs(change) for change in earlier)
    limit = SPREADS * max(number.sampling_error, usual)
    return max(limit, number.tolerance)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _share_error(share: float, *films: int) -> float:
    """Return the standard error of the difference of two shares.

    By the rule of succession, (k + 1) / (n + 2), so that a share of 0 in a few films is not taken as certain.
    """
    n = min(films)
    expected = (share * n + 1) / (n + 2)
    return sqrt(2 * expected * (1 - expected) / max(n, 1))


def _schema_reasons(after: Mapping[str, Mapping[str, str]], before: Mapping[str, Mapping[str, str]]) -> list[Reason]:
    """Return a reason for each column that is missing or has another type; a new column is not a reason."""
    reasons = []
    for table, columns in before.items():
        new_columns = after.get(table, {})
        for column, kind in columns.items():
            current_type = new_columns.get(column, "missing")
            if current_type != kind:
                reasons.append(Reason(table, column, "type", kind, current_type, "no change", float("inf")))
    return reasons


def _reason(number: _Number, limit: float) -> Reason:
    change = limit * number.unit
    excess = abs(number.change) / limit
    is_date = number.column in _DATES and not number.is_share
    write: Any = _day if is_date else _percent if number.is_share else _plain
    allowed = f"±{change:,.0f} days" if is_date else f"±{_points(change) if number.is_share else _plain(change)}"
    values = write(number.before), write(number.after)
    return Reason(_MOVIES, number.column, number.name, *values, allowed, excess)


def _day(days: float) -> str:
    return (date(1970, 1, 1) + timedelta(days=round(days))).isoformat()


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def _points(share: float) -> str:
    return f"{100 * share:.1f} percentage points"


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 or value == round(value) else f"{value:,.2f}"
