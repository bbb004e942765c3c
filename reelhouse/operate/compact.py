"""Compaction: merge the small parts of old runs' Silver, without any reader noticing.

Reads the parts of a run; writes ``compacted-….parquet`` beside them, and removes what these replaced once they have
been there for an hour, by the operator's credentials. Nothing is recorded anywhere: which part is replaced is told
from the rows themselves, so that dying at any point, or two compactions at once, does no harm.

Each film of a run has a row that wins: the one made last; of equal rows one in a merged part, of several merged parts
one in the newest. A part is replaced when none of its rows wins. That order never changes: whoever removes parts,
however much of the others' work they see, the row that wins over all others stays.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from pipeline import aws, keys
from pipeline.aws import StoredObject
from pipeline.columns import SILVER_TABLES
from pipeline.database import PARQUET
from reelhouse.gold.reader import bring_gold_up_to_date
from reelhouse.operate.silver_reader import SilverReader
from reelhouse.stack import Stack

MOVIES = SILVER_TABLES["movies"]
# About 50 MB: few enough to be read whole, large enough that ten million films are forty objects.
ROWS_A_PART = 250_000

Seen = Callable[[int, int], None]

_OBJECTS = """
    CREATE OR REPLACE TABLE object AS
    SELECT unnest(?) AS object_key, unnest(?) AS compacted, unnest(?) AS modified, unnest(?) AS settled
"""
# Every row with whether it wins, and whether the row that wins in its place is in an object that every reader sees.
# Merged parts are written once, so that when they were stays as it is; that of others would not.
_RANKED = """
    CREATE OR REPLACE TABLE ranked AS
    SELECT m.rowid AS place, m.bronze_key, m.processed_at, m.object_key,
        row_number() OVER films = 1 AS wins,
        first_value(o.settled) OVER films AS replaceable
    FROM silver.movies AS m JOIN object AS o ON o.object_key = m.object_key
    WINDOW films AS (
        PARTITION BY m.bronze_key
        ORDER BY m.processed_at DESC, if(o.compacted, o.modified, NULL) DESC NULLS LAST, m.object_key
    )
"""
_REPLACED = """
    SELECT object_key FROM ranked GROUP BY object_key HAVING NOT bool_or(wins) AND bool_and(replaceable) ORDER BY 1
"""
_SMALL = """
    SELECT object_key FROM ranked GROUP BY object_key HAVING count(*) FILTER (wins) BETWEEN 1 AND ? ORDER BY 1
"""
_CHOSEN = """
    CREATE OR REPLACE TABLE chosen AS
    SELECT place, bronze_key, processed_at, ntile(?) OVER (ORDER BY bronze_key) AS part
    FROM ranked WHERE wins AND list_contains(?, object_key)
"""
_PARTS = """
    SELECT part, count(*), left(sha256(string_agg(bronze_key || ' ' || processed_at, chr(10) ORDER BY bronze_key)), 32)
    FROM chosen GROUP BY part ORDER BY part
"""


@dataclass
class Compaction:
    """What a compaction came to.

    Attributes
    ----------
    runs : int
        Runs whose Silver changed.
    merged, written : int
        Small parts that were merged, and the parts they became.
    removed, waiting : int
        Replaced parts that were removed, and those that stay until every reader has left them.
    skipped : dict of str to str
        Runs left as they are, with the reason.
    """

    runs: int = 0
    merged: int = 0
    written: int = 0
    removed: int = 0
    waiting: int = 0
    skipped: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def compact(stack: Stack, run_ids: Collection[str] | None, settled_before: datetime, seen: Seen) -> Compaction:
    """Compact runs, None meaning all, and have Gold built of what Silver is then.

    Parameters
    ----------
    settled_before : datetime
        A run that was written to after this is left alone, and so is what parts newer than this replace.
    seen : callable
        Is given the runs done and those there are.

    Raises
    ------
    StorageFailed
        When Silver cannot be read or written; another compaction finishes what this one began.
    """
    with aws.failures_of("compact", stack.name, "no row is lost; run it again"):
        result = compact_silver(stack["SilverBucketName"], run_ids, settled_before, seen)
    if result.runs:
        bring_gold_up_to_date(stack)
    return result


def compact_silver(bucket: str, run_ids: Collection[str] | None, settled_before: datetime, seen: Seen) -> Compaction:
    """Compact runs of a Silver bucket, one after the other; parameters as :func:`compact`'s."""
    result = Compaction()
    wanted = [
        run_id
        for run_id, parts in _parts_by_run(bucket).items()
        if (run_ids is None or run_id in run_ids) and len(parts) > 1 and _at_rest(parts, settled_before)
    ]
    for place, run_id in enumerate(wanted, start=1):
        _Run(bucket, run_id, settled_before).compact(result)
        seen(place, len(wanted))
    return result


def rank(database: duckdb.DuckDBPyConnection, objects: Collection[StoredObject], settled_before: datetime) -> None:
    """Make the table ``ranked`` of ``silver.movies``: which row wins, in the objects of one run."""
    told = [(e.key, keys.is_compacted(e.key), e.modified, e.modified <= settled_before) for e in objects]
    database.execute(_OBJECTS, [[each[place] for each in told] for place in range(4)])
    database.execute(_RANKED)


def replaced(database: duckdb.DuckDBPyConnection) -> list[str]:
    """Objects that may be removed: none of their rows wins, and every row that wins instead is settled."""
    return [str(row[0]) for row in database.execute(_REPLACED).fetchall()]


def small(database: duckdb.DuckDBPyConnection, rows_a_part: int) -> list[str]:
    """Objects whose rows that win do not fill half a part."""
    return [str(row[0]) for row in database.execute(_SMALL, [rows_a_part // 2]).fetchall()]


def _parts_by_run(bucket: str) -> dict[str, list[StoredObject]]:
    found: dict[str, list[StoredObject]] = defaultdict(list)
    for entry in aws.list_objects(aws.client("s3"), bucket, f"{MOVIES.name}/"):
        if run_id := keys.run_of(entry.key):
            found[run_id].append(entry)
    return found


def _at_rest(parts: list[StoredObject], settled_before: datetime) -> bool:
    """Whether a run's films have all come: merging while they pour in would only have to be done again."""
    return all(keys.is_compacted(part.key) or part.modified <= settled_before for part in parts)


class _Run:
    """One run's parts of ``movies``, as they were when last looked at."""

    def __init__(self, bucket: str, run_id: str, settled_before: datetime) -> None:
        self.bucket, self.run_id, self.settled_before = bucket, run_id, settled_before
        self.silver = SilverReader(bucket, [run_id], (MOVIES,))

    def compact(self, result: Compaction) -> None:
        """Merge what is small, then remove what was replaced long enough ago."""
        self.look()
        if fault := self.fault():
            result.skipped[self.run_id] = fault
            return
        sources = small(self.silver.database, ROWS_A_PART)
        written = self.merge(sources) if len(sources) > 1 else 0
        if written:
            self.look()
        removed, waiting = self.sweep()
        result.runs += bool(written or removed)
        result.merged += len(sources) if written else 0
        result.written += written
        result.removed += removed
        result.waiting += waiting

    def look(self) -> None:
        """Read what is new, and tell anew which rows win."""
        prefix = keys.run_prefix(MOVIES.name, self.run_id)
        objects = aws.list_objects(aws.client("s3"), self.bucket, prefix)
        self.silver.refresh()
        rank(self.silver.database, objects, self.settled_before)

    def fault(self) -> str:
        """Why this run cannot be merged without losing something, or ""."""
        if self.silver.unreadable:
            return f"{min(self.silver.unreadable)} cannot be read: `reelhouse replay --run-id` makes it anew"
        if self.silver.unknown_columns:
            names = ", ".join(sorted(self.silver.unknown_columns))
            return f"this checkout does not know its columns {names}: use the one that was deployed"
        held = dict(self.silver.query("SELECT object_key, count(*) FROM silver.movies GROUP BY object_key"))
        for key in self.silver.objects:
            if held.get(key, 0) != keys.rows_of(key):
                return f"{key} holds {held.get(key, 0)} rows, not those in its name: `reelhouse replay --run-id`"
        return ""

    def merge(self, sources: list[str]) -> int:
        """Write the rows of these objects that win as parts of even size; returns how many were new."""
        database = self.silver.database
        wins = self.silver.query("SELECT count(*) FROM ranked WHERE wins AND list_contains(?, object_key)", [sources])
        database.execute(_CHOSEN, [-(-wins[0][0] // ROWS_A_PART), sources])
        written = 0
        for part, rows, digest in database.execute(_PARTS).fetchall():
            key = keys.silver_compacted(self.run_id, digest, rows)
            if key not in self.silver.objects:
                written += aws.put_once(aws.client("s3"), self.bucket, key, self._encode(part), "binary/octet-stream")
        return written

    def _encode(self, part: int) -> bytes:
        columns = ", ".join(f'm."{name}"' for name in MOVIES.column_names)
        with tempfile.TemporaryDirectory(prefix="reelhouse-") as folder:
            path = Path(folder, "part.parquet")
            self.silver.query(
                f"COPY (SELECT {columns} FROM silver.movies AS m JOIN chosen AS c ON c.place = m.rowid "
                f"WHERE c.part = {int(part)} ORDER BY m.bronze_key) TO '{path}' ({PARQUET})"
            )
            return path.read_bytes()

    def sweep(self) -> tuple[int, int]:
        """Remove replaced objects that are still what was read; returns how many were, and how many have to wait."""
        losing = self.silver.query("SELECT object_key FROM ranked GROUP BY object_key HAVING NOT bool_or(wins)")
        gone = replaced(self.silver.database)

        def remove(key: str) -> bool:
            return aws.delete_unchanged(aws.client("s3"), self.bucket, key, self.silver.objects[key])

        with ThreadPoolExecutor(aws.MAX_CONNECTIONS) as pool:
            return sum(pool.map(remove, gone)), len(losing) - len(gone)
