"""One run in detail: who started it, its list and steps, the outcome of every film, Gold, and what to do.

Reads the manifest, the listings of all buckets, the run's Silver, the dead-letter queues and the functions' logs;
writes nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from rich.markup import escape

from pipeline import aws, keys
from pipeline.gold.build import Build
from pipeline.gold.publication import Held
from pipeline.runs import Manifest, started_at
from pipeline.silver.reader import SilverReader
from reelhouse import console
from reelhouse.console import counted
from reelhouse.operate.parked import Parked, parked
from reelhouse.run import steps
from reelhouse.run.advice import Advice, advise
from reelhouse.run.steps import OmdbAnswers, Step
from reelhouse.stack import QueueCounts, Stack

# Reports looked at: the first ones made after the run began.
MOST_REPORTS = 200
_NO_REASON = "no reason is recorded"
_LEFT_OUT_SHOWN, _UNUSABLE_SHOWN, _REPORTS_SHOWN = 5, 3, 6
_NAME_WIDTH = 11
# Counts whose name says too little by itself.
_NAMES = {"runs": "manifests", "present": "stored before"}
_SIGNS = {"wrong": "[red]✗[/]", "wait": "[yellow]…[/]", "note": "[yellow]![/]"}
_COLOURS = {"rejected": "yellow", "quarantined": "yellow", "parked": "red"}


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


def print_run(run: RunDetails) -> None:
    """Print a run and what to do about it."""
    _print_head(run)
    _print_steps(run)
    _print_films(run)
    _print_gold(run)
    _print_next(run)


def _print_head(run: RunDetails) -> None:
    complete = run.gold is not None and run.gold.status == "complete"
    status = "[green]complete[/]" if complete else "[red]incomplete[/]"
    manifest = run.manifest
    console.out.print(f"Run [bold]{manifest.run_id}[/] is {status}")
    entries = f"{manifest.listed:,} entries, " if manifest.listed is not None else ""
    unusable = f", {len(manifest.skipped):,} unusable" if manifest.skipped else ""
    parameters = f"top_n {manifest.top_n}, batch_size {manifest.batch_size}; code {manifest.code_version}"
    rows = [
        ("started by", escape(f"{manifest.requested_by or 'unknown'}, {_time(manifest.started_at)} UTC")),
        ("parameters", escape(parameters)),
        ("list", f"{entries}{len(manifest.expected):,} taken in {counted(manifest.messages, 'message')}{unusable}"),
        ("", escape(manifest.source_uri)),
    ]
    shown = manifest.skipped[:_UNUSABLE_SHOWN]
    rows += [("", escape(f"item {entry.item}, id {entry.id!r}: {entry.reason}")) for entry in shown]
    _print([*rows, *_more(len(manifest.skipped) - _UNUSABLE_SHOWN, run, "unusable entries")])


def _print_steps(run: RunDetails) -> None:
    began = datetime.fromisoformat(run.manifest.started_at)
    rows = [
        (step.step, _after(began, step.began_at), _after(began, step.ended_at), step.invocations,
         console.out.render_str(_done(step)))
        for step in run.steps
    ]  # fmt: skip
    console.print_table(("step", "from", "to", "calls", "what was done"), rows)
    omdb = run.omdb
    if omdb.calls:
        errors = f", without an answer: {_counts(omdb.errors)}" if omdb.errors else ""
        within = f"95% within {omdb.p95_ms:,.0f} ms" if omdb.p95_ms is not None else "no answer"
        _print([("OMDb", escape(f"{omdb.calls:,} calls, {within}{errors}"))])


def _done(step: Step) -> str:
    """Return a step's counts, with markup."""
    done = _counts(step.outcomes) or "[dim]no line in the log[/]"
    if step.put_back:
        done += f"; [yellow]messages put back: {escape(_counts(step.put_back))}[/]"
    if step.failed:
        done += f"; [red]{step.failed} failed as a whole[/]"
    return done


def _print_films(run: RunDetails) -> None:
    films = run.films
    # While the queue is not empty, missing films are assumed to wait in it.
    names = {"missing": "waiting"} if films.missing and run.queues["MovieQueue"].busy else {}
    counted = ", ".join(
        f"[{_COLOURS.get(name, 'default') if count else 'default'}]{count:,} {names.get(name, name)}[/]"
        for name in ("stored", "rejected", "quarantined", "parked", "missing")
        for count in (getattr(films, name),)
    )
    rows = [("films", f"{films.expected:,} expected: {counted}")]
    for outcome, colour in _COLOURS.items():
        concerned = [one for one in run.left_out if one.outcome == outcome]
        for one in concerned[:_LEFT_OUT_SHOWN]:
            rows.append(("", f"[{colour}]{outcome}[/] {one.imdb_id}: {escape(one.why)}"))
        rows += _more(len(concerned) - _LEFT_OUT_SHOWN, run, outcome)
    _print(rows)


def _print_gold(run: RunDetails) -> None:
    gold, reports = run.gold, run.reports
    text = "no build contains this run"
    if gold is not None:
        newer = "" if gold.newest_run == run.manifest.run_id else f"; newest run {gold.newest_run}"
        text = f"build {gold.build_id}, {_time(gold.built_at)} UTC: the run is {gold.status}, "
        text += f"{counted(gold.films, 'film')} from it{newer}"
    rows = [("Gold", escape(text))]
    for index, report in enumerate(reports[-_REPORTS_SHOWN:]):
        rows.append(("" if index else "reports", escape(f"{report.name} {report.status}, {report.page}")))
    _print(rows if reports else [*rows, ("reports", "none is based on this run")])


def _print_next(run: RunDetails) -> None:
    if not any(one.level != "note" for one in run.next):
        console.out.print("[green]✓[/] Nothing to do.")
    for one in run.next:
        console.out.print(f"{_SIGNS[one.level]} {escape(one.what)}")
        console.out.print(f"  → {escape(one.do)}")


def _print(rows: list[tuple[str, str]]) -> None:
    console.print_fields(rows, _NAME_WIDTH)


def _more(number: int, run: RunDetails, what: str) -> list[tuple[str, str]]:
    return [("", f"… and {number:,} more {what}: reelhouse status {run.manifest.run_id} --json")] if number > 0 else []


def _counts(counts: dict[str, int]) -> str:
    shown = {_NAMES.get(name, name): number for name, number in counts.items() if number}
    return ", ".join(console.counted(number, name.removesuffix("s"), plural=name) for name, number in shown.items())


def _time(iso: str) -> str:
    return iso[:19].replace("T", " ")


def _after(began: datetime, iso: str | None) -> str:
    if iso is None:
        return "–"
    seconds = (datetime.fromisoformat(iso) - began).total_seconds()
    return f"{seconds:+.1f} s" if abs(seconds) < 3600 else f"{seconds / 3600:+.1f} h"
