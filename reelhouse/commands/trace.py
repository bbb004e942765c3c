"""``reelhouse trace``: follow one film through its runs, message, Bronze object, Silver outcome and Gold rows.

Reads all buckets; where the film is missing, also the queues' counts and parked messages. Writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from pipeline import aws, documents, keys
from pipeline.columns import GOLD
from pipeline.errors import DocumentInvalid, InvalidInput, StorageFailed
from pipeline.runs import Manifest
from pipeline.silver.reader import SilverReader
from reelhouse import console, stack
from reelhouse.operate.parked import parked
from reelhouse.options import ImdbId, Json, RunId, StackName
from reelhouse.stack import Stack

if TYPE_CHECKING:
    from insights.lake import Lake

# Runs shown, newest first; --run-id shows any other.
MOST_RUNS = 10
_ROWS_SHOWN = 5
# Gold tables with rows about a film: the table's column, and the column of `movies` that holds its value or values.
_ABOUT = {table.name: (table.key[0], table.groups) for table in GOLD if table.groups}
_ABOUT |= dict.fromkeys(("movie_ratings", "rank_history"), ("imdb_id", "imdb_id"))
Row = dict[str, Any]


@dataclass(frozen=True)
class Message:
    """Which of a run's messages carried a film; ``number`` is None where message sizes vary."""

    number: int | None
    of: int
    rank: int


@dataclass(frozen=True)
class BronzeObject:
    """A film's object in Bronze; ``reason`` only for a rejection; ``version`` is None without versioning."""

    kind: str
    key: str
    version: str | None
    bytes: int
    fetched_at: str | None
    reason: str | None


@dataclass(frozen=True)
class SilverOutcome:
    """A film's newest row in Silver, its table, and all objects that hold the film."""

    table: str
    objects: tuple[str, ...]
    row: Row


@dataclass(frozen=True)
class PathInRun:
    """A film's path in one run; ``stopped`` says where and why it ended; None when Gold has the film from this run."""

    run_id: str
    message: Message
    bronze: BronzeObject | None
    silver: SilverOutcome | None
    stopped: str | None


@dataclass(frozen=True)
class FilmPath:
    """A film's path through its runs, newest first, and the Gold rows that it is in, by table."""

    imdb_id: str
    runs: tuple[PathInRun, ...]
    gold: dict[str, list[Row]]


def command(imdb_id: ImdbId, run_id: RunId = None, stack_name: StackName = None, json_output: Json = False) -> None:
    """Follow one film from its run to Gold, and show where it stopped.

    Shows the newest ten runs that expected the film, or one run.

    Example: [bold]reelhouse trace tt0111161[/]
    """
    path = trace(stack.find(stack_name), imdb_id, run_id)
    if json_output:
        console.print_json(asdict(path))
    else:
        print_path(path)


def print_path(path: FilmPath) -> None:
    """Print one film's path, run by run, newest first, and the Gold rows that it is in."""
    for run in path.runs:
        message = run.message
        console.out.print(f"[bold]{run.run_id}[/] rank {message.rank}, message {message.number or '?'} of {message.of}")
        fields = []
        if run.bronze:
            fetched = f", {run.bronze.fetched_at}" if run.bronze.fetched_at else ""
            fields.append(("Bronze", f"{run.bronze.key}, version {run.bronze.version}{fetched}"))
        if run.silver:
            row = run.silver.row
            version = f"processed {row['processed_at']} by version {row['code_version']}"
            fields.append(("Silver", f"{', '.join(run.silver.objects)}, {version}"))
        fields.append(("stopped", run.stopped) if run.stopped else ("Gold", "has the film from this run"))
        console.print_fields([(name, escape(text)) for name, text in fields], width=7)
    for name, rows in path.gold.items():
        if rows:
            shown = rows[:_ROWS_SHOWN] if console.out.is_terminal else rows
            more = f" ({len(shown)} of {len(rows):,} rows)" if len(shown) < len(rows) else ""
            console.out.print(f"[bold]Gold: {name}[/]{more}")
            console.print_table(list(rows[0]), [list(row.values()) for row in shown])


def trace(stack: Stack, imdb_id: str, run_id: str | None = None) -> FilmPath:
    """Follow a film through one run, or through the newest ten runs that expected it.

    Raises
    ------
    InvalidInput
        When it is not an IMDb id, or no run expected the film.
    StorageFailed
        When something cannot be read.
    """
    if not keys.is_imdb_id(imdb_id):
        raise InvalidInput("an IMDb id is tt and 7 to 10 digits", subject=repr(imdb_id)[:80])
    with aws.failures_of("trace", imdb_id):
        manifests = list(islice(_manifests(stack, imdb_id, run_id), MOST_RUNS))
        if not manifests:
            hint = "`reelhouse status` lists the runs; their manifests name the films"
            raise InvalidInput(f"{run_id or 'no run'} expected this film", subject=imdb_id, next_step=hint)
        silver = SilverReader(stack["SilverBucketName"], [manifest.run_id for manifest in manifests])
        silver.refresh()
        gold = gold_rows(stack.lake().of_one_build(), imdb_id)
        runs = tuple(_run(stack, manifest, imdb_id, silver, gold) for manifest in manifests)
    return FilmPath(imdb_id, runs, gold)


def message_of(manifest: Manifest, imdb_id: str) -> Message:
    """Return which of a run's messages carried a film."""
    index = list(manifest.expected).index(imdb_id)
    regular = -(-len(manifest.expected) // manifest.batch_size) == manifest.messages
    number = index // manifest.batch_size + 1 if regular else None
    return Message(number, manifest.messages, manifest.expected[imdb_id])


def gold_rows(lake: Lake, imdb_id: str) -> dict[str, list[Row]]:
    """Return the Gold rows that a film is in, by table; {} where Gold does not have the film.

    A film that has left the list is in ``movies`` and ``rank_history`` alone.
    """
    movies = _rows(lake, "movies", "imdb_id", imdb_id)
    if not movies:
        return {}
    rows_by_table = {"movies": movies}
    for name, (column, source) in _ABOUT.items():
        if movies[0].get("on_list") is not False or name == "rank_history":
            rows_by_table[name] = _rows(lake, name, column, movies[0].get(source))
    return rows_by_table


def _rows(lake: Lake, name: str, column: str, value: Any) -> list[Row]:
    """Return a table's rows with a value, or one of a list of values; none of a table that cannot be read."""
    from reelhouse import frames  # noqa: PLC0415 (pandas takes a second to import)

    try:
        table = lake.table(name)
        wanted = table[column].isin([one for one in (value if isinstance(value, list) else [value]) if one is not None])
        return frames.records(table[wanted])
    except (InvalidInput, StorageFailed, KeyError):
        # A table that is missing or damaged: `verify` names it.
        return []


def _manifests(stack: Stack, imdb_id: str, run_id: str | None) -> Iterator[Manifest]:
    """Yield the manifests of runs that expected the film, newest first, except damaged ones."""
    if run_id:
        yield from (one for one in [stack.manifest(run_id)] if imdb_id in one.expected)
        return
    for each in reversed(stack.run_ids()):
        with suppress(DocumentInvalid):
            manifest = stack.manifest(each)
            if imdb_id in manifest.expected:
                yield manifest


def _run(stack: Stack, manifest: Manifest, imdb_id: str, silver: SilverReader, gold: dict[str, list[Row]]) -> PathInRun:
    run_id = manifest.run_id
    bronze = _bronze(stack, run_id, imdb_id)
    outcome = _silver(silver, run_id, imdb_id)
    stopped = _stopped(stack, (run_id, imdb_id), bronze, outcome, gold)
    return PathInRun(run_id, message_of(manifest, imdb_id), bronze, outcome, stopped)


def _bronze(stack: Stack, run_id: str, imdb_id: str) -> BronzeObject | None:
    """Return the film's Bronze object, or None."""
    s3, bucket = aws.client("s3"), stack["BronzeBucketName"]
    for kind in (keys.MOVIES, keys.REJECTED):
        key = keys.film(kind, run_id, imdb_id)
        if aws.exists(s3, bucket, key):
            body, version = aws.get(s3, bucket, key)
            document = documents.parse(body, key)
            return BronzeObject(kind, key, version, len(body), document.get("fetched_at"), document.get("reason"))
    return None


def _silver(silver: SilverReader, run_id: str, imdb_id: str) -> SilverOutcome | None:
    """Return the film's newest Silver outcome, or None: a row wins over quarantine, and either over a rejection."""
    for name in (keys.MOVIES, keys.QUARANTINE, keys.REJECTED):
        rows = silver.dicts(
            f"SELECT * FROM silver.{name} WHERE run_id = ? AND imdb_id = ? ORDER BY processed_at DESC",
            [run_id, imdb_id],
        )
        if rows:
            return SilverOutcome(name, tuple(sorted({row["object_key"] for row in rows})), rows[0])
    return None


def _stopped(
    stack: Stack,
    film: tuple[str, str],
    bronze: BronzeObject | None,
    outcome: SilverOutcome | None,
    gold: dict[str, list[Row]],
) -> str | None:
    """Return where the film stopped in a run, and why; None when Gold has it from this run."""
    if bronze is None:
        return _in_queue(stack, "MovieQueue", film, "not fetched from OMDb yet")
    if outcome is None:
        return _in_queue(stack, "BronzeEvents", film, "not processed into Silver yet")
    if outcome.table == keys.REJECTED:
        return f"rejected by OMDb: {outcome.row['reason']}"
    if outcome.table == keys.QUARANTINE:
        return f"quarantined: {'; '.join(outcome.row['reasons'])}"
    in_gold = str(gold["movies"][0].get("run_id")) if gold else ""
    if in_gold > film[0]:
        return f"in Silver; Gold has the film from the newer run {in_gold}"
    return None if in_gold == film[0] else _before_gold(stack, film)


def _before_gold(stack: Stack, film: tuple[str, str]) -> str:
    """Return why Gold lacks a film that is in Silver."""
    held = stack.held_build(stack.pointer())
    if held and film[0] in held.complete_runs:
        return f"in Silver; build {held.build_id} of Gold has it, and is held: `reelhouse status` says why"
    return _in_queue(stack, "SilverEvents", film, "in Silver; Gold has not been built with it")


def _in_queue(stack: Stack, queue: str, film: tuple[str, str], what: str) -> str:
    """Return what is missing, and whether the film's message is parked or may wait in the queue."""
    for one in parked(stack, queue):
        if one.run_id == film[0] and (film[1] in one.films or queue == "SilverEvents"):
            return f"{what}: its message is parked in {queue}DeadLetters: {one.why}"
    if stack.queues()[queue].busy:
        return f"{what}: messages wait in {queue}"
    return f"{what}, and {queue} is empty: `reelhouse run --resume {film[0]}` requests it again"
