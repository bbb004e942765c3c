"""Decide whether a new build is published: compare it with the published one before its record is written."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from pipeline.errors import DocumentInvalid
from pipeline.gold import breaker, reconciliation
from pipeline.gold.build import Build
from pipeline.gold.profile import Profile, Query, Turnover, profile_of, turnover_of
from pipeline.gold.publication import Pointer, records

logger = logging.getLogger(__name__)


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
    verdict = breaker.compare(as_deep, before, turnover, _earlier_changes(bucket, pointer))
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
    newest_first = list(dict.fromkeys(entry.build_id for entry in reversed(pointer.history)))[: breaker.EARLIER_BUILDS]
    try:
        builds = records(bucket, newest_first)
    except DocumentInvalid as error:
        logger.warning("builds are compared without earlier changes: %s", error)
        return []
    profiles = [builds[build_id].profile for build_id in newest_first if build_id in builds]
    return [profile.changes for profile in profiles if profile and profile.changes]
