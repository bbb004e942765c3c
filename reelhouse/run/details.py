"""One run in detail: who started it, its list and steps, the outcome of every film, Gold, and what to do.

Reads the manifest, the listings of all buckets, the run's Silver, the dead-letter queues and the functions' logs;
writes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from pipeline import aws, keys
from pipeline.gold.build import Build
from pipeline.gold.publication import Held
from pipeline.runs import Manifest, started_at
from pipeline.silver.reader import SilverReader
from reelhouse.console import counted
from reelhouse.operate.parked import Parked, parked
from reelhouse.run import steps
from reelhouse.run.steps import OmdbAnswers, Step
from reelhouse.stack import QueueCounts, Stack

# Reports looked at: the first ones made after the run began.
MOST_REPORTS = 200
_NO_REASON = "no reason is recorded"
# wrong: somebody has to act; wait: the run continues without help; note: nothing to do, but worth knowing.
Level = Literal["wrong", "wait", "note"]
_MOST_URGENT_FIRST = get_args(Level)


@dataclass(frozen=True)
class FilmCounts:
    """Films of a run by outcome; ``missing`` ones have none, ``not_in_silver`` ones are in Bronze alone."""

    expected: int
    stored: int
    rejected: int
    quarantined: int
    rows: int
    parked: int
    missing: int
    not_in_silver: int


@dataclass(frozen=True)
class LeftOut:
    """A film that is not in Gold, and the reason."""

    outcome: Literal["rejected", "quarantined", "parked"]
    imdb_id: str
    why: str


@dataclass(frozen=True)
class InGold:
    """The published build that contains a run; ``status`` and ``films`` are the run's own."""

    build_id: str
    built_at: str
    engine: str
    code_version: str
    status: str
    films: int
    newest_run: str | None


@dataclass(frozen=True)
class ReportPage:
    """A report based on a run; ``page`` is its key in the Gold bucket."""

    name: str | None
    started_at: str | None
    status: str | None
    page: str


@dataclass(frozen=True)
class RunDetails:
    """One run in detail. ``next`` says what is wrong and what to do, the most urgent first; () for a healthy run.

    ``left_out`` films are rejected, quarantined or parked; ``missing`` ones, by IMDb id, have no outcome yet. The run's
    parked messages are ``parked``. ``gold`` is None where the published build does not contain the run, and ``held`` is
    the newest build, if it contains the run and is held. ``waiting_for_quota_until`` is as in ``status``;
    ``gold_failure`` is why AggregateToGold's newest invocation failed, None when it did not.
    """

    manifest: Manifest
    steps: tuple[Step, ...]
    omdb: OmdbAnswers
    films: FilmCounts
    left_out: tuple[LeftOut, ...]
    missing: tuple[str, ...]
    parked: tuple[Parked, ...]
    queues: dict[str, QueueCounts]
    waiting_for_quota_until: str | None
    gold: InGold | None
    held: Held | None
    reports: tuple[ReportPage, ...]
    gold_failure: str | None = None
    next: tuple[Advice, ...] = ()


def describe(stack: Stack, run_id: str, waiting_for_quota_until: str | None = None) -> RunDetails:
    """Describe a run.

    Parameters
    ----------
    waiting_for_quota_until : str, optional
        As :func:`reelhouse.commands.status.status` returns it.

    Raises
    ------
    InvalidInput
        When there is no such run.
    StorageFailed
        When its manifest is damaged, or an AWS service refuses or fails.
    """
    manifest = stack.manifest(run_id)
    with aws.failures_of("status", run_id):
        invocations, queues, pointer = steps.of_run(stack, run_id), stack.queues(), stack.pointer()
        of_run = tuple(one for one in _parked(stack, queues) if one.run_id == run_id)
        films, left_out, missing = _films(stack, manifest, of_run)
        newest = stack.held_build(pointer)
        details = RunDetails(
            manifest=manifest,
            steps=tuple(steps.summarise(step, run_id, invocations[step]) for step in steps.STEPS),
            omdb=steps.omdb(invocations["EnrichAndStoreMovie"]),
            films=films,
            left_out=left_out,
            missing=missing,
            parked=of_run,
            queues=queues,
            waiting_for_quota_until=waiting_for_quota_until,
            gold=_gold(pointer.build, run_id),
            held=pointer.held if newest and run_id in newest.runs else None,
            reports=tuple(_reports(stack, run_id)),
            gold_failure=steps.newest_failure(stack, "AggregateToGold"),
        )
    return replace(details, next=advise(details))


def _parked(stack: Stack, queues: dict[str, QueueCounts]) -> list[Parked]:
    """Read only the dead-letter queues that hold something: receiving from an empty queue takes a second."""
    return [one for queue, counts in queues.items() if counts.parked for one in parked(stack, queue)]


def _films(
    stack: Stack, manifest: Manifest, of_run: tuple[Parked, ...]
) -> tuple[FilmCounts, tuple[LeftOut, ...], tuple[str, ...]]:
    """Return the films by outcome, those left out, and the ids of those without any outcome.

    A parked film has no outcome in Bronze, or none in Silver.
    """
    run_id = manifest.run_id
    stored = stack.films("Bronze", keys.MOVIES, run_id)
    rejected = stack.films("Bronze", keys.REJECTED, run_id) - stored
    silver = SilverReader(stack["SilverBucketName"], [run_id])
    silver.refresh()
    rows = {str(imdb_id) for (imdb_id,) in silver.query("SELECT imdb_id FROM silver.movies")}
    why = f"coalesce(array_to_string(reasons, '; '), '{_NO_REASON}')"
    quarantined = dict(silver.query(f"SELECT imdb_id, {why} FROM silver.quarantine"))
    refused = dict(silver.query(f"SELECT imdb_id, coalesce(reason, '{_NO_REASON}') FROM silver.rejected"))
    quarantined = {film: why for film, why in quarantined.items() if film not in rows}
    why_parked = {film: one for one in of_run for film in one.films if film not in rows}
    missing = sorted(set(manifest.expected) - stored - rejected - set(why_parked))
    left_out = [LeftOut("rejected", film, refused.get(film, "not processed into Silver yet")) for film in rejected]
    left_out += [LeftOut("quarantined", film, why) for film, why in quarantined.items()]
    left_out += [LeftOut("parked", film, one.why) for film, one in why_parked.items()]
    counts = FilmCounts(
        expected=len(manifest.expected),
        stored=len(stored),
        rejected=len(rejected),
        quarantined=len(quarantined),
        rows=len(rows),
        parked=len(why_parked),
        missing=len(missing),
        not_in_silver=len((stored | rejected) - rows - set(quarantined) - set(refused) - set(why_parked)),
    )
    return counts, tuple(sorted(left_out, key=lambda one: (one.outcome, one.imdb_id))), tuple(missing)


def _gold(build: Build | None, run_id: str) -> InGold | None:
    """Return what the published build has of a run."""
    if build is None or run_id not in build.runs:
        return None
    counts = build.runs[run_id]
    made = (build.build_id, build.built_at, build.engine, build.code_version)
    return InGold(*made, counts.status, counts.in_gold, build.newest_run)


def _reports(stack: Stack, run_id: str) -> list[ReportPage]:
    """Return the reports in the Gold bucket whose newest data is this run's, oldest first."""
    bucket, began = stack["GoldBucketName"], f"{started_at(run_id):%Y%m%dT%H%M%S}"
    listed = [entry.key for entry in aws.list_objects(aws.client("s3"), bucket, keys.REPORTS)]
    dated = [(parts[1], key) for key in listed if (parts := keys.parse_report(key)) and parts[2] == "report.json"]
    later = [key for stamp, key in sorted(dated) if stamp != keys.LATEST and stamp > began][:MOST_REPORTS]
    pages = []
    for key, answer in zip(later, aws.get_many(aws.client("s3"), bucket, later), strict=True):
        # A report that expired since it was listed is skipped.
        report = _object(answer[0]) if isinstance(answer, tuple) else {}
        if _object(report.get("data")).get("run_id") == run_id:
            page = key.removesuffix("report.json") + "report.html"
            pages.append(ReportPage(report.get("name"), report.get("started_at"), report.get("status"), page))
    return pages


def _object(value: Any) -> dict[str, Any]:
    """Return a JSON object, parsed from bytes if need be; {} for anything else, such as a damaged file."""
    try:
        parsed = json.loads(value) if isinstance(value, bytes) else value
    except ValueError:
        parsed = None
    return parsed if isinstance(parsed, dict) else {}


@dataclass(frozen=True)
class Advice:
    """What an operator should know of a run, and do about it."""

    level: Level
    what: str
    do: str


def advise(run: RunDetails) -> tuple[Advice, ...]:
    """Return what is wrong with a run and what to do, the most urgent first; empty for a healthy run."""
    advice = [*_about_parked(run), *_about_bronze(run), *_about_silver(run), *_about_gold(run), *_about_notes(run)]
    return tuple(sorted(advice, key=lambda one: _MOST_URGENT_FIRST.index(one.level)))


def _about_parked(run: RunDetails) -> Iterator[Advice]:
    for queue in dict.fromkeys(one.queue for one in run.parked):
        causes = [one.why for one in run.parked if one.queue == queue]
        yield Advice(
            "wrong",
            f"{counted(len(causes), 'message')} parked in {queue}DeadLetters; the last one failed with: {causes[-1]}",
            f"remove the cause, then run `reelhouse redrive --queue {queue}` (--peek shows all messages)",
        )


def _about_bronze(run: RunDetails) -> Iterator[Advice]:
    missing, run_id = run.films.missing, run.manifest.run_id
    if not missing:
        return
    films = counted(missing, "film")
    if not run.queues["MovieQueue"].busy:
        what = f"{films} neither stored nor rejected, and no message about them waits or is parked"
        yield Advice("wrong", what, f"`reelhouse run --resume {run_id}` requests them again")
    elif run.omdb.state == "key refused":
        yield Advice(
            "wrong",
            f"OMDb rejects the API key; waiting in MovieQueue: {films}",
            "put a valid key into the secret (docs/operations.md, OMDb); messages are retried every 15 minutes",
        )
    elif run.waiting_for_quota_until:
        until = run.waiting_for_quota_until[:16]
        yield Advice("wait", f"waiting for OMDb's quota until {until} UTC: {films}", "nothing; the run then continues")
    else:
        what = f"waiting in MovieQueue for a first try or a retry: {films}"
        do = f"check again in some minutes; `reelhouse run --resume {run_id}` does not wait for a retry"
        yield Advice("wait", what, do)


def _about_silver(run: RunDetails) -> Iterator[Advice]:
    behind = run.films.not_in_silver
    if behind and run.queues["BronzeEvents"].busy:
        yield Advice("wait", f"{counted(behind, 'Bronze object')} on the way to Silver", "check again in some minutes")
    elif behind:
        what = f"{counted(behind, 'Bronze object')} without an outcome in Silver, and BronzeEvents is empty"
        yield Advice("wrong", what, f"`reelhouse run --resume {run.manifest.run_id}` announces them again")


def _about_gold(run: RunDetails) -> Iterator[Advice]:
    films, gold = run.films, run.gold
    if films.missing or films.parked or films.not_in_silver or (gold and gold.status == "complete"):
        return
    if held := run.held:
        what = f"build {held.build_id} is held: {held.reasons[0]}"
        do = f"if it is right, `reelhouse publish {held.build_id} --because TEXT`; a later good run replaces it"
        yield Advice("note" if held.rolled_back else "wrong", what, do)
    elif run.queues["SilverEvents"].busy and run.gold_failure:
        at_once = f"`reelhouse run --resume {run.manifest.run_id}`"
        do = f"remove the cause; AggregateToGold is tried again within 30 minutes, or at once by {at_once}"
        yield Advice("wrong", f"AggregateToGold fails: {run.gold_failure}", do)
    elif run.queues["SilverEvents"].busy:
        yield Advice("wait", "Gold has not been built with the whole run yet", "check again in a minute")
    else:
        what = "the whole run is in Silver, but not in Gold, and SilverEvents is empty"
        yield Advice("wrong", what, f"`reelhouse run --resume {run.manifest.run_id}` builds Gold")


def _about_notes(run: RunDetails) -> Iterator[Advice]:
    films, unusable = run.films, run.manifest.skipped
    if films.quarantined or films.rejected:
        counts = (f"{films.rejected:,} rejected by OMDb", f"{films.quarantined:,} quarantined")
        what = "films left out: " + ", ".join(count for count in counts if not count.startswith("0"))
        yield Advice("note", what, "`reelhouse trace IMDB_ID` shows the reason; the next run tries them again")
    if unusable:
        what = f"{counted(len(unusable), 'entry', 'entries')} of the list could not be used"
        yield Advice("note", what, "correct the list at its source; the manifest names each entry and the reason")
    if failed := [f"{step.step} ({step.failed})" for step in run.steps if step.failed]:
        yield Advice("note", f"invocations failed as a whole: {', '.join(failed)}", "nothing; SQS retried the messages")
