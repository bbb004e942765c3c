"""What ``run`` and ``status`` say of runs, as types; ``--json`` prints their fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.gold.build import BuiltTable
from pipeline.gold.publication import Held
from pipeline.runs import Skipped
from reelhouse.run.steps import OmdbAnswers, Step
from reelhouse.stack import QueueCounts

# wrong: somebody has to act; wait: the run continues without help; note: nothing to do, but worth knowing.
Level = Literal["wrong", "wait", "note"]
Outcome = Literal["rejected", "quarantined", "parked"]


@dataclass(frozen=True)
class Advice:
    """What an operator should know of a run, and do about it."""

    level: Level
    what: str
    do: str


@dataclass(frozen=True)
class Request:
    """Who started a run and with which parameters; ``by`` is None where the manifest does not say."""

    by: str | None
    at: str
    top_n: int
    batch_size: int
    code_version: str


@dataclass(frozen=True)
class ListRead:
    """The source list of a run.

    Attributes
    ----------
    bytes, entries : int or None
        Size, and entries, usable or not; None in manifests of earlier versions.
    taken : int
        Films sent to MovieQueue.
    unusable : tuple of Skipped
        Entries that could not be used.
    """

    uri: str
    sha256: str
    bytes: int | None
    entries: int | None
    taken: int
    unusable: tuple[Skipped, ...]


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

    outcome: Outcome
    imdb_id: str
    why: str


@dataclass(frozen=True)
class ParkedMessage:
    """A parked message: ``films`` counts the films it is about; ``failed_at`` is None where no error was logged."""

    queue: str
    films: int
    why: str
    failed_at: str | None


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
class HeldBuild:
    """A build that is held back, and why."""

    build_id: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class ReportPage:
    """A report based on a run; ``page`` is its key in the Gold bucket."""

    name: str | None
    started_at: str | None
    status: str | None
    page: str


@dataclass(frozen=True)
class RunDetails:
    """One run in detail.

    Attributes
    ----------
    left_out : tuple of LeftOut
        Films that are rejected, quarantined or parked.
    missing : tuple of str
        IMDb ids of films without any outcome yet.
    waiting_for_quota_until : str or None
        ISO 8601; None where messages do not wait for OMDb's quota.
    gold : InGold or None
        None where the published build does not contain the run.
    held : HeldBuild or None
        The newest build, if it contains the run and is held.
    next : tuple of Advice
        What is wrong and what to do, the most urgent first; empty for a healthy run.
    """

    run_id: str
    requested: Request
    list: ListRead
    messages: int
    steps: tuple[Step, ...]
    omdb: OmdbAnswers
    films: FilmCounts
    left_out: tuple[LeftOut, ...]
    missing: tuple[str, ...]
    parked_messages: tuple[ParkedMessage, ...]
    queues: dict[str, QueueCounts]
    waiting_for_quota_until: str | None
    gold: InGold | None
    held: HeldBuild | None
    reports: tuple[ReportPage, ...]
    next: tuple[Advice, ...] = ()


@dataclass(frozen=True)
class RunSummary:
    """One line of ``reelhouse status``; a count is None where the manifest cannot be read, as ``status`` then says."""

    run_id: str
    status: str
    started_at: str | None = None
    source_uri: str | None = None
    top_n: int | None = None
    batch_size: int | None = None
    messages: int | None = None
    expected: int | None = None
    stored: int | None = None
    rejected: int | None = None
    quarantined: int | None = None
    in_gold: int | None = None
    missing: int | None = None


@dataclass(frozen=True)
class PublishedGold:
    """The published build of Gold, with its tables."""

    build_id: str
    built_at: str
    code_version: str
    tables: dict[str, BuiltTable]


@dataclass(frozen=True)
class Status:
    """Runs, queues and Gold.

    Attributes
    ----------
    runs : tuple of RunSummary
        Newest first; counts from ``pipeline_runs`` for complete runs, else from Bronze and Silver as they are now.
    waiting_for_quota_until : str or None
        ISO 8601; None where messages do not wait for OMDb's quota.
    gold : PublishedGold or None
        None before the first build.
    held : Held or None
        The newest build, if it is held.
    story : RunDetails or None
        The run that was asked for; None for the overview.
    """

    stack: str
    runs: tuple[RunSummary, ...]
    queues: dict[str, QueueCounts]
    waiting_for_quota_until: str | None
    gold: PublishedGold | None
    held: Held | None
    story: RunDetails | None = None


@dataclass(frozen=True)
class StillMissing:
    """Why watching a run ended before the run did.

    Attributes
    ----------
    films : tuple of str or None
        IMDb ids that are neither stored nor rejected; None where Bronze cannot be read.
    """

    why: str
    films: tuple[str, ...] | None
    queues: dict[str, QueueCounts]
