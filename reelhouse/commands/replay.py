"""``reelhouse replay``: rebuild Silver and Gold from Bronze with the deployed code, without OMDb.

The stored objects are announced to BronzeEvents again, as S3 announced them when they were new, so that
ProcessBronzeToSilver itself rebuilds Silver, with its own role, retries and parking. Its new objects are written beside
the old ones. Only when all Bronze objects of a run have a new outcome are the old ones deleted, with the operator's
credentials: no function's role may delete anything. A replay that is interrupted leaves both; the next one finishes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

import typer
from rich.markup import escape

from pipeline import aws, keys
from pipeline.aws import batches
from pipeline.columns import SILVER
from pipeline.errors import StorageFailed
from pipeline.gold.publication import Held
from pipeline.silver.reader import SilverReader
from reelhouse import console, stack
from reelhouse.commands.run import print_held
from reelhouse.console import OnProgress, bar, counted
from reelhouse.operate.differences import Change, compare, compare_builds
from reelhouse.operate.outcomes import OUTCOMES
from reelhouse.options import Json, RunId, StackName
from reelhouse.run import resume
from reelhouse.stack import Stack

POLL_SECONDS = 1.0
# Bronze objects replayed at once: Silver holds them twice until all have a new outcome.
OBJECTS_AT_ONCE = 20_000
# A message that failed is retried after BronzeEvents' visibility timeout of six minutes.
PATIENCE_SECONDS = 420.0
_DELETED_A_CALL = 1000
_MISSING_SHOWN = 12


@dataclass
class Replay:
    """Result of a replay.

    ``objects`` counts the Bronze objects announced, and ``missing`` names those without a new outcome when patience
    ended. ``removed`` counts old Silver objects. ``changes`` are by table, ``silver.…`` and ``gold.…``. ``held`` is the
    build of Gold that is not published; None when Gold is up to date.
    """

    runs: list[str]
    objects: int = 0
    removed: int = 0
    missing: list[str] = field(default_factory=list)
    changes: dict[str, Change] = field(default_factory=dict)
    code_version: str = ""
    held: Held | None = None

    @property
    def status(self) -> str:
        """``complete``, ``incomplete`` when something is missing, or ``held`` when only Gold is not up to date."""
        if self.missing:
            return "incomplete"
        return "held" if self.held else "complete"


def command(
    run_id: RunId = None,
    every: Annotated[bool, typer.Option("--all", help="All runs; give this or --run-id.")] = False,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Rebuild Silver and Gold from Bronze, and report the differences.

    Uses the code that is deployed, and does not ask OMDb. Exit 1 when an object could not be processed; the old Silver
    of its run is then kept. Exit 1 also when the build of Gold is held, because its numbers changed too much.

    Example: [bold]reelhouse replay --all[/]
    """
    if (run_id is None) is not every:
        raise typer.BadParameter("give either --run-id RUN_ID or --all")
    deployed = stack.find_to_write(stack_name)
    run_ids = [deployed.manifest(run_id).run_id] if run_id else deployed.run_ids()
    interrupted = "interrupted; old Silver is kept where the new one was not complete, and the next replay finishes"
    with console.ending_on_ctrl_c(interrupted), bar("Bronze to Silver") as on_progress:
        result = replay(deployed, run_ids, on_progress)
    if json_output:
        console.print_json({**asdict(result), "status": result.status})
    else:
        print_replay(result)
    if result.status != "complete":
        raise typer.Exit(1)


def print_replay(result: Replay) -> None:
    """Print the result of a replay, by table."""
    rows = [(name, *change.counts()) for name, change in result.changes.items()]
    console.print_table(("table", *asdict(Change())), rows, "What changed")
    console.out.print(
        f"{console.counted(len(result.runs), 'run')}, {result.objects:,} Bronze objects replayed by version "
        f"{escape(result.code_version)}; {result.removed:,} old Silver objects removed. "
        f"The replay is {result.status}."
    )
    for key in result.missing[:_MISSING_SHOWN]:
        console.fail(f"no new outcome: {key}")
    if result.missing:
        console.fail(
            f"{counted(len(result.missing), 'object')} without a new outcome; the old Silver of their runs is kept: "
            "see `reelhouse redrive --peek --queue BronzeEvents`, then replay again"
        )
    if result.held:
        print_held(result.held)


def replay(stack: Stack, run_ids: list[str], on_progress: OnProgress, patience: float = PATIENCE_SECONDS) -> Replay:
    """Replay runs, in groups of up to 20,000 objects; a larger run is a group by itself.

    Parameters
    ----------
    on_progress : callable
        Called with the number of objects done and their total.
    patience : float
        Seconds without any change after which the rest is given up.

    Raises
    ------
    StorageFailed
        When an AWS service refuses or fails; the next replay finishes what this one began.
    """
    result = Replay(run_ids)
    with aws.failures_of("replay", stack.name, "both old and new Silver are kept; run it again"):
        before = stack.build()
        bronze = {run_id: resume.stored(stack, run_id) for run_id in run_ids}
        total = sum(len(bronze_keys) for bronze_keys in bronze.values())
        for group in batches(run_ids, size=lambda run_id: len(bronze[run_id]), limit=OBJECTS_AT_ONCE):
            batch = _Group(stack, group, {key for run_id in group for key in bronze[run_id]})
            resume.announce(stack, batch.wanted, "replay")
            result.missing += batch.wait(lambda done: on_progress(result.objects + done, total), patience)
            result.objects += len(batch.wanted)
            result.removed += batch.sweep(result.missing)
            batch.count(result.changes)
        result.code_version = stack.build_gold()
        pointer = stack.pointer()
        result.held = pointer.held
    if before and pointer.build:
        result.changes |= compare_builds(stack.lake(), before, pointer.build)
    return result


def superseded(rows: list[tuple[str, str]], old: set[str], unfinished: set[str]) -> list[str]:
    """Return the old Silver objects whose Bronze objects all have an outcome in new ones.

    Parameters
    ----------
    rows : list of (str, str)
        Silver object and Bronze key of every outcome; "" as the key for an object that is empty or unreadable, and so
        holds nothing to keep.
    old : set of str
        Silver objects that are unchanged since before the replay.
    unfinished : set of str
        Bronze keys still without a new outcome: while a run has one, all of its old Silver is kept.
    """
    runs = {keys.run_of(key) for key in unfinished}
    covered = {bronze_key for object_key, bronze_key in rows if object_key not in old}
    needed = {object_key for object_key, bronze_key in rows if bronze_key and bronze_key not in covered}
    return sorted({key for key, _ in rows if key in old and key not in needed and keys.run_of(key) not in runs})


class _Group:
    """A group of runs that is replayed at once."""

    def __init__(self, stack: Stack, run_ids: list[str], wanted: set[str]) -> None:
        self.stack, self.run_ids, self.wanted = stack, run_ids, wanted
        self.silver = SilverReader(stack["SilverBucketName"], run_ids)
        self.silver.refresh()
        self.before = dict(self.silver.objects)
        self.silver.query("CREATE SCHEMA before")
        for table in SILVER:
            self.silver.query(f"CREATE TABLE before.{table.name} AS SELECT * FROM silver.{table.name}")

    def wait(self, on_progress: Callable[[int], None], patience: float) -> list[str]:
        """Wait until every wanted object has a new outcome, or nothing changes; return those that have none."""
        missing, changed = len(self.wanted), time.monotonic()
        while True:
            self.silver.refresh()
            left = self.wanted - self._renewed()
            on_progress(len(self.wanted) - len(left))
            if len(left) < missing:
                missing, changed = len(left), time.monotonic()
            if not left or time.monotonic() - changed > patience:
                return sorted(left)
            time.sleep(POLL_SECONDS)

    def sweep(self, missing: list[str]) -> int:
        """Remove the old Silver objects that new ones replace; return their number."""
        rows = [
            (str(row[0]), str(row[1])) for row in self.silver.query(f"SELECT object_key, bronze_key FROM ({OUTCOMES})")
        ]
        old = self._old()
        records = {keys.silver_run(run_id) for run_id in self.run_ids}
        rows += [(damaged, "") for damaged in old - records - {key for key, _ in rows}]
        gone = superseded(rows, old, set(missing))
        for some in batches(gone, _DELETED_A_CALL):
            objects: Any = [{"Key": key} for key in some]
            answer = aws.client("s3").delete_objects(
                Bucket=self.stack["SilverBucketName"], Delete={"Objects": objects, "Quiet": True}
            )
            if answer.get("Errors"):
                raise StorageFailed(
                    "old objects were not removed", subject=str(answer["Errors"][0].get("Key")), step="replay"
                )
        self.silver.refresh()
        return len(gone)

    def count(self, changes: dict[str, Change]) -> None:
        """Add the changes in Silver to the counts by table."""
        for table in SILVER:
            name = f"silver.{table.name}"
            change = compare(self.silver.database, f"before.{table.name}", name, table.key)
            changes[name] = changes.get(name, Change()) + change

    def _old(self) -> set[str]:
        """Return unchanged objects, and compacted parts, which hold earlier rows even if they were written just now."""
        objects = self.silver.objects.items()
        return {key for key, etag in objects if self.before.get(key) == etag or keys.is_compacted(key)}

    def _renewed(self) -> set[str]:
        """Return the Bronze keys whose outcome is in a new or rewritten Silver object."""
        old = self._old()
        films = {
            row[1] for row in self.silver.query(f"SELECT object_key, bronze_key FROM ({OUTCOMES})") if row[0] not in old
        }
        # A run's record has the same content each time, so its existence is all that can be checked.
        runs = {run_id for run_id in self.run_ids if keys.silver_run(run_id) in self.silver.objects}
        return films | {keys.manifest(run_id) for run_id in runs}
