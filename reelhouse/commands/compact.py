"""``reelhouse compact``: merge the small Silver parts of finished runs, without any reader noticing.

Reads the parts of a run; writes ``compacted-….parquet`` beside them, and deletes the replaced parts once they have been
replaced for an hour, with the operator's credentials. No state is recorded: which part is replaced follows from the
rows themselves, so that an interruption at any point, or two compactions at once, does no harm.

Of the rows of one film in one run, one wins: the newest; of equal rows one in a compacted part, of several compacted
parts one in the newest. A part is replaced when none of its rows wins. That order never changes, so whoever deletes
parts, however much of other compactions they see, the winning row stays.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from pipeline import aws, keys
from pipeline.aws import StoredObject
from pipeline.columns import SILVER_TABLES
from pipeline.database import PARQUET
from pipeline.silver.reader import SilverReader
from reelhouse import console, stack
from reelhouse.console import OnProgress, bar
from reelhouse.options import Json, RunId, StackName
from reelhouse.stack import Stack

MOVIES = SILVER_TABLES["movies"]
_OBJECTS = """
    CREATE OR REPLACE TABLE object AS
    SELECT unnest(?) AS object_key, unnest(?) AS compacted, unnest(?) AS modified, unnest(?) AS settled
"""
# Each row with whether it wins, and whether the row that wins over it is in an object that every reader sees.
# A compacted part is written once, so its time is stable; other parts may be rewritten.
_RANKED = """
    CREATE OR REPLACE TABLE ranked AS
    SELECT m.rowid AS place, m.bronze_key, m.processed_at, m.object_key,
        row_number() OVER films = 1 AS wins,
        first_value(o.settled) OVER films AS replaceable
    FROM stored AS m JOIN object AS o ON o.object_key = m.object_key
    WINDOW films AS (
        PARTITION BY m.bronze_key
        ORDER BY m.processed_at DESC, if(o.compacted, o.modified, NULL) DESC NULLS LAST, m.object_key
    )
"""
_REPLACED = """
    SELECT object_key FROM ranked GROUP BY object_key HAVING NOT bool_or(wins) AND bool_and(replaceable) ORDER BY 1
"""
# Parts with a winning row, their winning rows, and a digest of these.
_WINNERS = """
    SELECT count(DISTINCT object_key), count(*),
        left(sha256(string_agg(bronze_key || ' ' || processed_at, chr(10) ORDER BY bronze_key)), 32)
    FROM ranked WHERE wins
"""


@dataclass
class Compaction:
    """Result of a compaction: runs whose Silver changed, parts that were merged, and the parts they became.

    Of the replaced parts, ``removed`` counts those that are gone, and ``waiting`` those kept until no reader can still
    use them. ``skipped`` has the runs that were left unchanged, with the reason.
    """

    runs: int = 0
    merged: int = 0
    written: int = 0
    removed: int = 0
    waiting: int = 0
    skipped: dict[str, str] = field(default_factory=dict)


def command(
    run_id: RunId = None,
    hours: Annotated[
        float, typer.Option(min=0, max=8760, help="Leave newer parts alone: readers may use them. 0: nobody reads.")
    ] = 1,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Merge the small Silver parts of finished runs.

    Also removes parts that an earlier compaction replaced more than an hour ago. Exit 1 when a run had to be left
    unchanged; the others are done.

    Example: [bold]reelhouse compact[/], once a day
    """
    deployed = stack.find_to_write(stack_name)
    run_ids = [deployed.manifest(run_id).run_id] if run_id else None
    # S3's clock is not this machine's: where nothing is in use, what it wrote just now counts as old too.
    settled_before = datetime.now(UTC) - timedelta(hours=hours) if hours else datetime.max.replace(tzinfo=UTC)
    interrupted = "interrupted; every row is still in Silver, and the next compaction finishes"
    with console.ending_on_ctrl_c(interrupted), bar("Runs") as on_progress:
        result = compact(deployed, run_ids, settled_before, on_progress)
    if json_output:
        console.print_json(asdict(result))
    else:
        print_compaction(result)
    if result.skipped:
        raise typer.Exit(1)


def print_compaction(result: Compaction) -> None:
    """Print the result of a compaction, and which runs it left unchanged."""
    console.out.print(
        f"{console.counted(result.runs, 'run')} compacted: {result.merged:,} small parts became {result.written:,}, "
        f"{result.removed:,} replaced parts removed."
    )
    if result.waiting:
        console.out.print(
            f"{result.waiting:,} replaced parts are kept while readers may still use them; "
            "[bold]reelhouse compact[/] removes them an hour after they were replaced."
        )
    for run_id, why in result.skipped.items():
        console.fail(f"{run_id} is left unchanged: {why}")


def compact(
    stack: Stack, run_ids: Collection[str] | None, settled_before: datetime, on_progress: OnProgress
) -> Compaction:
    """Compact runs (None means all), then bring Gold up to date.

    Parameters
    ----------
    settled_before : datetime
        Runs written to after this are left alone, and so are parts that a part newer than this replaces.
    on_progress : callable
        Called with the number of runs done and their total.

    Raises
    ------
    StorageFailed
        When Silver cannot be read or written; the next compaction finishes what this one began.
    """
    with aws.failures_of("compact", stack.name, "no row is lost; run it again"):
        result = compact_silver(stack["SilverBucketName"], run_ids, settled_before, on_progress)
    if result.runs:
        stack.build_gold()
    return result


def compact_silver(
    bucket: str, run_ids: Collection[str] | None, settled_before: datetime, on_progress: OnProgress
) -> Compaction:
    """Compact runs of a Silver bucket, one after the other; parameters as of :func:`compact`."""
    result = Compaction()
    wanted = [
        run_id
        for run_id, parts in _parts_by_run(bucket).items()
        if (run_ids is None or run_id in run_ids) and len(parts) > 1 and _at_rest(parts, settled_before)
    ]
    on_progress(0, len(wanted))
    for done, run_id in enumerate(wanted, start=1):
        _Run(bucket, run_id, settled_before).compact(result)
        on_progress(done, len(wanted))
    return result


def rank(database: duckdb.DuckDBPyConnection, objects: Collection[StoredObject], settled_before: datetime) -> None:
    """Create the table ``ranked`` of ``silver.movies``: which rows win, in the objects of one run."""
    rows = [(e.key, keys.is_compacted(e.key), e.modified, e.modified <= settled_before) for e in objects]
    # Rows of a view have no row id.
    database.execute("CREATE OR REPLACE TABLE stored AS SELECT * FROM silver.movies")
    database.execute(_OBJECTS, [[row[column] for row in rows] for column in range(4)])
    database.execute(_RANKED)


def replaced(database: duckdb.DuckDBPyConnection) -> list[str]:
    """Return objects that may be removed: none of their rows wins, and every winning row is in a settled object."""
    return [str(row[0]) for row in database.execute(_REPLACED).fetchall()]


def _parts_by_run(bucket: str) -> dict[str, list[StoredObject]]:
    parts_by_run: dict[str, list[StoredObject]] = defaultdict(list)
    for entry in aws.list_objects(aws.client("s3"), bucket, f"{MOVIES.name}/"):
        if run_id := keys.run_of(entry.key):
            parts_by_run[run_id].append(entry)
    return parts_by_run


def _at_rest(parts: list[StoredObject], settled_before: datetime) -> bool:
    """Whether a run is no longer written to: merging earlier would have to be repeated."""
    return all(keys.is_compacted(part.key) or part.modified <= settled_before for part in parts)


class _Run:
    """One run's parts of ``movies``, as they were when last read."""

    def __init__(self, bucket: str, run_id: str, settled_before: datetime) -> None:
        self.bucket, self.run_id, self.settled_before = bucket, run_id, settled_before
        self.silver = SilverReader(bucket, [run_id], (MOVIES,))

    def compact(self, result: Compaction) -> None:
        """Merge small parts, then remove parts that were replaced long enough ago."""
        self.read()
        if fault := self.fault():
            result.skipped[self.run_id] = fault
            return
        merged = self.merge()
        if merged:
            self.read()
        removed, waiting = self.sweep()
        result.runs += bool(merged or removed)
        result.merged += merged
        result.written += bool(merged)
        result.removed += removed
        result.waiting += waiting

    def read(self) -> None:
        """Read what is new, and rank the rows again."""
        prefix = keys.run_prefix(MOVIES.name, self.run_id)
        objects = aws.list_objects(aws.client("s3"), self.bucket, prefix)
        self.silver.refresh()
        rank(self.silver.database, objects, self.settled_before)

    def fault(self) -> str:
        """Return why this run cannot be merged without loss, or ""."""
        if self.silver.damaged:
            key, why = min(self.silver.damaged.items())
            return f"{key} {why}; `reelhouse replay --run-id` rebuilds it"
        if self.silver.unknown_columns:
            names = ", ".join(sorted(self.silver.unknown_columns))
            return f"its columns {names} are unknown to this version; use the version that is deployed"
        if self.silver.query("SELECT 1 FROM silver.movies WHERE bronze_key IS NULL LIMIT 1"):
            return "it has rows without bronze_key; `reelhouse replay --run-id` rebuilds it"
        return ""

    def merge(self) -> int:
        """Write the winning rows of all parts as one part; return the number of parts merged, 0 when one has them all.

        One part is enough: a list has at most 25,000 films, so a run's rows take a few megabytes.
        """
        parts, rows, digest = self.silver.query(_WINNERS)[0]
        if parts < 2:
            return 0
        key = keys.silver_compacted(self.run_id, digest, rows)
        columns = ", ".join(f'm."{name}"' for name in MOVIES.column_names)
        with tempfile.TemporaryDirectory(prefix="reelhouse-") as folder:
            path = Path(folder, "part.parquet")
            self.silver.database.execute(
                f"COPY (SELECT {columns} FROM stored AS m JOIN ranked AS r ON r.place = m.rowid AND r.wins "
                f"ORDER BY m.bronze_key) TO $path ({PARQUET})",
                {"path": str(path)},
            )
            body = path.read_bytes()
        written = aws.put_once(aws.client("s3"), self.bucket, key, body, "binary/octet-stream")
        return int(parts) if written else 0

    def sweep(self) -> tuple[int, int]:
        """Remove replaced objects, unless they changed; return how many were removed, and how many must wait."""
        losing = self.silver.query("SELECT object_key FROM ranked GROUP BY object_key HAVING NOT bool_or(wins)")
        gone = replaced(self.silver.database)

        def remove(key: str) -> bool:
            return aws.delete_unchanged(aws.client("s3"), self.bucket, key, self.silver.objects[key])

        with ThreadPoolExecutor(aws.MAX_CONNECTIONS) as pool:
            return sum(pool.map(remove, gone)), len(losing) - len(gone)
