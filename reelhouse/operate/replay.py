"""Replay: make Silver and Gold anew from Bronze, without OMDb, by the code that is deployed.

The stored objects are announced to BronzeEvents again, as S3 announced them when they were new, so that
ProcessBronzeToSilver itself makes Silver, with its own role, retries and parking. Its new objects stand beside the old
ones. Only when all of a run's Bronze objects have a new outcome are the old ones removed, by the operator's
credentials: no function's role may delete anything. Dying in between leaves both; another replay finishes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from pipeline import aws, keys
from pipeline.columns import SILVER
from pipeline.errors import StorageFailed
from reelhouse.gold.reader import GoldTables, bring_gold_up_to_date
from reelhouse.operate import bronze_events
from reelhouse.operate.differences import KEYS, Change, compare
from reelhouse.operate.silver_reader import OUTCOMES, SilverReader
from reelhouse.stack import Stack

LOOK_SECONDS = 1.0
# Objects replayed at once: Silver holds them twice until they are all there.
OBJECTS_AT_ONCE = 20_000
# A message that failed comes again after BronzeEvents' visibility timeout of six minutes.
PATIENCE_SECONDS = 420.0
_DELETED_A_CALL = 1000

Seen = Callable[[int, int], None]


@dataclass
class Replay:
    """What a replay came to.

    Attributes
    ----------
    objects, missing : int, list of str
        Bronze objects announced, and those without a new outcome when patience ended.
    removed : int
        Old Silver objects that the new ones replaced.
    changes : dict of str to Change
        By table, ``silver.…`` and ``gold.…``.
    """

    runs: list[str]
    objects: int = 0
    removed: int = 0
    missing: list[str] = field(default_factory=list)
    changes: dict[str, Change] = field(default_factory=dict)
    code_version: str = ""

    @property
    def status(self) -> str:
        """``complete``, or ``incomplete`` when something is missing."""
        return "incomplete" if self.missing else "complete"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "status": self.status}


def replay(stack: Stack, run_ids: list[str], seen: Seen, patience: float = PATIENCE_SECONDS) -> Replay:
    """Replay runs, as many at once as make 20,000 objects or one run.

    Parameters
    ----------
    seen : callable
        Is given the objects done and those there are.
    patience : float
        Seconds without any change after which what is missing is given up.

    Raises
    ------
    StorageFailed
        When an AWS service refuses or fails; another replay finishes what this one began.
    """
    result = Replay(run_ids)
    gold = GoldTables(stack["GoldBucketName"])
    with aws.failures_of("replay", stack.name, "old and new Silver are both there; run it again"):
        bronze = {run_id: bronze_events.stored(stack, run_id) for run_id in run_ids}
        total = sum(len(found) for found in bronze.values())
        for group in groups({run_id: len(found) for run_id, found in bronze.items()}, OBJECTS_AT_ONCE):
            part = _Part(stack, group, {key for run_id in group for key in bronze[run_id]})
            bronze_events.announce(stack, part.wanted, "replay")
            result.missing += part.wait(_from(result.objects, total, seen), patience)
            result.objects += len(part.wanted)
            result.removed += part.sweep(result.missing)
            part.count(result.changes)
        result.code_version = bring_gold_up_to_date(stack)
    result.changes |= gold.compare(GoldTables(stack["GoldBucketName"]))
    return result


def groups(sizes: dict[str, int], most: int) -> Iterator[list[str]]:
    """Cut runs into groups of at most ``most`` objects; a larger run is a group by itself."""
    group: list[str] = []
    for run_id, size in sizes.items():
        if group and sum(sizes[each] for each in group) + size > most:
            yield group
            group = []
        group.append(run_id)
    if group:
        yield group


def superseded(rows: list[tuple[str, str]], old: set[str], unfinished: set[str]) -> list[str]:
    """Old Silver objects, all of whose Bronze objects have an outcome in new ones.

    Parameters
    ----------
    rows : list of (str, str)
        Silver object and Bronze key of every outcome there is; "" for an object that is empty or cannot be read,
        which holds nothing that anybody could need.
    old : set of str
        Silver objects that are as they were before the replay.
    unfinished : set of str
        Bronze keys still without a new outcome: while a run has one, all of its old Silver stays.
    """
    runs = {keys.run_of(key) for key in unfinished}
    covered = {bronze_key for object_key, bronze_key in rows if object_key not in old}
    needed = {object_key for object_key, bronze_key in rows if bronze_key and bronze_key not in covered}
    return sorted({key for key, _ in rows if key in old and key not in needed and keys.run_of(key) not in runs})


def _from(done: int, total: int, seen: Seen) -> Callable[[int], None]:
    """Count on from what earlier groups have done."""
    return lambda covered: seen(done + covered, total)


class _Part:
    """The runs that are replayed at once."""

    def __init__(self, stack: Stack, run_ids: list[str], wanted: set[str]) -> None:
        self.stack, self.run_ids, self.wanted = stack, run_ids, wanted
        self.silver = SilverReader(stack["SilverBucketName"], run_ids)
        self.silver.refresh()
        self.before = dict(self.silver.objects)
        self.silver.query("CREATE SCHEMA before")
        for table in SILVER:
            self.silver.query(f"CREATE TABLE before.{table.name} AS SELECT * FROM silver.{table.name}")

    def wait(self, seen: Callable[[int], None], patience: float) -> list[str]:
        """Wait until everything wanted has a new outcome; returns what has none when nothing changes any more."""
        missing, changed = len(self.wanted), time.monotonic()
        while True:
            self.silver.refresh()
            left = self.wanted - self._renewed()
            seen(len(self.wanted) - len(left))
            if len(left) < missing:
                missing, changed = len(left), time.monotonic()
            if not left or time.monotonic() - changed > patience:
                return sorted(left)
            time.sleep(LOOK_SECONDS)

    def sweep(self, missing: list[str]) -> int:
        """Remove old Silver objects that new ones replace; returns their number."""
        rows = [
            (str(row[0]), str(row[1])) for row in self.silver.query(f"SELECT object_key, bronze_key FROM ({OUTCOMES})")
        ]
        old = self._old()
        records = {keys.silver_run(run_id) for run_id in self.run_ids}
        rows += [(damaged, "") for damaged in old - records - {key for key, _ in rows}]
        gone = superseded(rows, old, set(missing))
        for at in range(0, len(gone), _DELETED_A_CALL):
            objects: Any = [{"Key": key} for key in gone[at : at + _DELETED_A_CALL]]
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
        """Add what changed in Silver to the counts by table."""
        for table in SILVER:
            name = f"silver.{table.name}"
            change = compare(self.silver.database, f"before.{table.name}", name, KEYS[name])
            changes[name] = changes.get(name, Change()) + change

    def _old(self) -> set[str]:
        """Objects as they were before; and merged parts, which hold earlier rows, even if they are merged only now."""
        objects = self.silver.objects.items()
        return {key for key, etag in objects if self.before.get(key) == etag or keys.is_compacted(key)}

    def _renewed(self) -> set[str]:
        """Bronze keys whose outcome is in a new or rewritten Silver object."""
        old = self._old()
        films = {
            row[1] for row in self.silver.query(f"SELECT object_key, bronze_key FROM ({OUTCOMES})") if row[0] not in old
        }
        # A run's record says the same each time it is written, so that its being there is all there is to see.
        runs = {run_id for run_id in self.run_ids if keys.silver_run(run_id) in self.silver.objects}
        return films | {keys.manifest(run_id) for run_id in runs}
