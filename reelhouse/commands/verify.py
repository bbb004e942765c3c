"""``reelhouse verify``: manifests against Bronze, Bronze against Silver, Silver against Gold.

Reads all buckets, and the queues where something is missing; writes nothing. A film that waits in a queue or is parked
is accounted for. Messages in a queue cannot be read without receiving them, so a missing film counts as waiting while
its queue is not empty: verify again when the queues are empty.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Annotated, Any

import duckdb
import typer

from pipeline import aggregate_to_gold, aws, keys
from pipeline.aws import batches
from pipeline.columns import GOLD
from pipeline.errors import DocumentInvalid, InvalidInput, ReelhouseError
from pipeline.gold.statements import rows_of
from pipeline.runs import Manifest
from pipeline.silver.reader import SilverReader
from pipeline.silver.records import BronzeObject, part_digest
from reelhouse import console, stack
from reelhouse.console import counted
from reelhouse.operate.differences import compare
from reelhouse.operate.outcomes import OUTCOMES, Recomputation
from reelhouse.operate.parked import parked
from reelhouse.options import Json, RunId, StackName
from reelhouse.stack import QueueCounts, Stack

_AT_ONCE = 500


@dataclass
class Verified:
    """What was checked, how many films wait or are parked, every difference, and a note on what is intended."""

    checked: dict[str, int] = field(default_factory=dict)
    waiting: int = 0
    parked: int = 0
    differences: list[Difference] = field(default_factory=list)
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether there is no difference."""
        return not self.differences


def command(
    run_id: RunId = None,
    sample: Annotated[
        int | None,
        typer.Option(min=0, help="Recompute Silver for this many random Bronze objects; without it, for all."),
    ] = None,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Check Bronze, Silver and Gold against each other.

    Compares manifests with Bronze, and Bronze with its checksums; recomputes Silver from Bronze and Gold from Silver,
    and compares every value. With --run-id, only that run's Bronze and Silver. Names every difference; exit 1 if
    there is one.

    Example: [bold]reelhouse verify --json[/]
    """
    deployed = stack.find(stack_name)
    if run_id and run_id not in deployed.run_ids():
        raise InvalidInput("there is no such run", subject=run_id, next_step="`reelhouse status` lists the runs")
    result = verify(deployed, run_id, sample)
    if json_output:
        console.print_json({"ok": result.ok, **asdict(result)})
    else:
        print_verified(result)
    if not result.ok:
        raise typer.Exit(1)


def print_verified(result: Verified) -> None:
    """Print every difference, and what was checked."""
    for one in result.differences:
        console.print_signed("[red]✗[/]", f"{one.layer}: {one.subject}: {one.difference}")
    if result.note:
        console.warn(result.note)
    counts = result.checked
    console.out.print(
        f"{counted(counts['runs'], 'run')}, {counts['bronze_objects']:,} Bronze objects "
        f"({counts['bronze_bytes'] / 1e6:,.1f} MB), {counts['silver_objects']:,} Silver objects and "
        f"{counts['gold_tables']} Gold tables checked, {counts['recomputed_objects']:,} Bronze objects recomputed: "
        f"{counted(len(result.differences), 'difference')}, {result.waiting:,} waiting, {result.parked:,} parked."
    )


def verify(stack: Stack, run_id: str | None = None, sample: int | None = None) -> Verified:
    """Check everything, or one run's Bronze and Silver (Gold contains all runs, and is then left out).

    Raises
    ------
    StorageFailed
        When something that is there cannot be read.
    """
    with aws.failures_of("verify", stack.name):
        silver = SilverReader(stack["SilverBucketName"], [run_id] if run_id else None)
        recomputation = Recomputation(silver.database, sample)
        bronze = examine(stack["BronzeBucketName"], run_id, recomputation)
        silver.refresh()
        result = Verified(differences=list(bronze.differences))
        missing = _Missing(stack, result)
        for each in sorted({*bronze.manifests, *filter(None, map(keys.run_of, bronze.versions))}):
            _check_run(bronze, each, missing)
        _check_silver(bronze, silver, missing)
        _check_parts(silver, missing)
        _check_values(recomputation, silver, missing)
        result.checked = {
            "runs": len(bronze.manifests), "bronze_objects": bronze.objects, "bronze_bytes": bronze.bytes,
            "silver_objects": len(silver.objects), "gold_tables": 0,
            "recomputed_objects": recomputation.objects,
        }  # fmt: skip
        if run_id is None:
            _check_gold(stack, silver, missing)
    return result


class _Missing:
    """Separate films that wait or are parked from lost ones; a queue is read only when needed."""

    def __init__(self, stack: Stack, result: Verified) -> None:
        self.stack, self.result = stack, result
        self._parked: dict[str, set[tuple[str | None, str]]] = {}
        self._queues: dict[str, QueueCounts] = {}

    def note(self, layer: str, subject: str, difference: str) -> None:
        """Add a difference."""
        self.result.differences.append(Difference(layer, subject, difference))

    def is_lost(self, queue: str, run_id: str, imdb_id: str) -> bool:
        """Whether a missing film is neither parked nor waiting in a queue; one that is, is counted."""
        if queue not in self._parked:
            parked_messages = parked(self.stack, queue)
            self._parked[queue] = {(one.run_id, film) for one in parked_messages for film in one.films}
        is_parked = (run_id, imdb_id) in self._parked[queue]
        waits = not is_parked and self.is_busy(queue)
        self.result.parked += is_parked
        self.result.waiting += waits
        return not (is_parked or waits)

    def is_busy(self, queue: str) -> bool:
        """Whether a queue has messages, waiting or in flight."""
        self._queues = self._queues or self.stack.queues()
        return self._queues[queue].busy


def _check_run(bronze: Bronze, run_id: str, missing: _Missing) -> None:
    """Manifest against Bronze: every expected film is stored or rejected, and no other film is there."""
    manifest = bronze.manifests.get(run_id)
    if manifest is None:
        missing.note("bronze", keys.manifest(run_id), "is missing, though the run has films")
        return
    bronze_ids = bronze.of_run(keys.MOVIES, run_id) | bronze.of_run(keys.REJECTED, run_id)
    for imdb_id in sorted(manifest.expected.keys() - bronze_ids):
        if missing.is_lost("MovieQueue", run_id, imdb_id):
            cause = "is expected, but neither stored, rejected, waiting nor parked"
            missing.note("bronze", keys.film(keys.MOVIES, run_id, imdb_id), cause)
    for imdb_id in sorted(bronze_ids - manifest.expected.keys()):
        missing.note("bronze", keys.film(keys.MOVIES, run_id, imdb_id), "its run does not expect this film")


def _check_silver(bronze: Bronze, silver: SilverReader, missing: _Missing) -> None:
    """Bronze against Silver: each object has one outcome, made from its current version, and there are no others."""
    outcomes: dict[str, set[str]] = defaultdict(set)
    made_of: dict[str, set[str | None]] = defaultdict(set)
    for _, _, bronze_key, version, _, outcome in silver.query(OUTCOMES):
        outcomes[bronze_key].add(outcome)
        made_of[bronze_key].add(version)
    for key, version_id in bronze.versions.items():
        parsed = keys.parse_bronze(key)
        if key not in outcomes and parsed:
            if missing.is_lost("BronzeEvents", parsed.run_id, str(parsed.imdb_id)):
                missing.note("silver", key, "has no outcome in Silver, and is neither waiting nor parked")
        elif len(outcomes[key]) > 1:
            missing.note("silver", key, f"has {len(outcomes[key])} outcomes: {', '.join(sorted(outcomes[key]))}")
        elif version_id not in made_of[key]:
            missing.note("silver", key, "its outcome was made from another version than the current one")
    for key in sorted(outcomes.keys() - bronze.versions.keys()):
        missing.note("silver", key, "has an outcome in Silver, but is not in Bronze")
    recorded = {row[0] for row in silver.query("SELECT run_id FROM silver.runs")}
    for run_id in sorted(bronze.manifests.keys() - recorded):
        if not missing.is_busy("BronzeEvents"):
            missing.note("silver", keys.silver_run(run_id), "is missing")


def _check_parts(silver: SilverReader, missing: _Missing) -> None:
    """Each part against the digest in its key: it was made of these Bronze versions, and holds a row of each."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in silver.dicts("SELECT object_key, run_id, bronze_key, bronze_version FROM silver.movies"):
        rows[row["object_key"]].append(row)
    for key, its_rows in sorted(rows.items()):
        # A merged part is named by its rows' own digest, and a damaged part is noted already.
        if keys.rows_of(key) and not keys.is_compacted(key) and part_digest(its_rows) not in key:
            missing.note("silver", key, "the digest in its key is not that of the Bronze versions of its rows")


def _check_values(recomputation: Recomputation, silver: SilverReader, missing: _Missing) -> None:
    """Silver's values against those that Bronze gives with this version's code; and Silver's damaged objects."""
    for key, why in sorted(silver.damaged.items()):
        missing.note("silver", key, f"cannot be used: {why}")
    for key, why in sorted(recomputation.failed.items()):
        missing.note("bronze", key, why)
    for object_key, difference in recomputation.differences(silver):
        missing.note("silver", object_key, difference)


def _check_gold(stack: Stack, silver: SilverReader, missing: _Missing) -> None:
    """Silver against Gold: every table is recomputed from Silver, and compared row by row."""
    pointer = stack.pointer()
    build, held = pointer.build, pointer.held
    if build and held and held.rolled_back:
        missing.result.note = (
            f"Gold was rolled back to build {build.build_id} on purpose; checked is the newest build, {held.build_id}"
        )
        build = stack.held_build(pointer)
    listed = aws.list_objects(aws.client("s3"), stack["SilverBucketName"])
    if build is None or build.silver.fingerprint != aggregate_to_gold.fingerprint(listed):
        if missing.is_busy("SilverEvents"):
            missing.result.waiting += 1
        else:
            why = f": build {held.build_id} is held" if held else ""
            missing.note("gold", keys.BUILD, f"Gold was not built from the current Silver{why}")
        return
    lake = replace(stack.lake(), pinned=build)
    silver.query("CREATE SCHEMA gold")
    for table in GOLD:
        silver.query(f"CREATE OR REPLACE TABLE gold.{table.name} AS {rows_of(table)}")
        built = build.tables.get(table.name)
        key = built.folder if built else table.name
        try:
            silver.database.register("stored_", lake.arrow(table.name))
            change = compare(silver.database, "stored_", f"gold.{table.name}", table.key)
        except ReelhouseError as error:
            gone = built is None or aws.is_missing(error.__cause__)
            missing.note("gold", key, "is missing" if gone else error.cause)
            continue
        except duckdb.Error as error:
            missing.note("gold", key, f"cannot be compared: {str(error).splitlines()[0]}"[:300])
            continue
        if built and change.before != built.rows:
            missing.note("gold", key, f"holds {counted(change.before, 'row')}; the build wrote {built.rows:,}")
        if not change.same:
            lacking = f"rows of Silver that are missing: {change.added:,}; "
            other = f"rows that are not in Silver: {change.removed:,}; rows that differ: {change.changed:,}"
            missing.note("gold", key, lacking + other)
        missing.result.checked["gold_tables"] += 1


@dataclass(frozen=True)
class Difference:
    """A fault: in which layer, of which object, and what is wrong."""

    layer: str
    subject: str
    difference: str


@dataclass
class Bronze:
    """Contents of Bronze, and the faults of its objects by themselves.

    ``versions`` has the current version id of each film's and rejection's object, by key; ``manifests`` and ``lists``
    (SHA-256 of each source list) are by run id.
    """

    versions: dict[str, str] = field(default_factory=dict)
    manifests: dict[str, Manifest] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)
    objects: int = 0
    bytes: int = 0
    differences: list[Difference] = field(default_factory=list)

    def note(self, subject: str, difference: str) -> None:
        """Add a difference."""
        self.differences.append(Difference("bronze", subject, difference))

    def of_run(self, kind: str, run_id: str) -> set[str]:
        """Return the IMDb ids of one kind of object of one run."""
        prefix = keys.run_prefix(kind, run_id)
        return {str(keys.film_of(key)) for key in self.versions if key.startswith(prefix)}


def examine(bucket: str, run_id: str | None, recomputation: Recomputation) -> Bronze:
    """Read Bronze, or one run of it, check each object, and recompute its Silver row.

    Raises
    ------
    StorageFailed
        When the bucket cannot be listed, or an object that is there cannot be read.
    """
    bronze = Bronze()
    current: dict[str, dict[str, Any]] = {}
    for prefix in _prefixes(run_id):
        current |= _current(bronze, bucket, prefix)
    recomputed = recomputation.choose(current)
    for some in batches(current, _AT_ONCE):
        objects: list[BronzeObject] = []
        for key, body in aws.get_all(aws.client("s3"), bucket, some, "verify").items():
            _check(bronze, key, body, current[key])
            if key in recomputed:
                objects.append(BronzeObject(key, current[key]["VersionId"], body))
        recomputation.add(objects)
    for each, manifest in bronze.manifests.items():
        digest = bronze.lists.get(each)
        if digest != manifest.source_sha256:
            cause = "is missing" if digest is None else "is not the list whose SHA-256 is in the manifest"
            bronze.note(keys.source_list(each), cause)
    return bronze


def _prefixes(run_id: str | None) -> list[str]:
    kinds = ("runs", "source", "movies", "rejected")
    return [keys.run_prefix(kind, run_id) for kind in kinds] if run_id else [""]


def _current(bronze: Bronze, bucket: str, prefix: str) -> dict[str, dict[str, Any]]:
    """Return the current version of each object; more than one version, or a delete marker, is a difference."""
    current: dict[str, dict[str, Any]] = {}
    versions: dict[str, int] = defaultdict(int)
    for version in _versions(bucket, prefix):
        key = version["Key"]
        if "ETag" not in version:
            bronze.note(key, "was deleted: a delete marker hides it")
            continue
        versions[key] += 1
        if version["IsLatest"]:
            current[key] = version
    for key, number in versions.items():
        if number > 1:
            bronze.note(key, f"was overwritten: it has {number} versions")
    return current


def _versions(bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    for page in aws.client("s3").get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        yield from (dict(version) for version in page.get("Versions", []))
        yield from (dict(marker) for marker in page.get("DeleteMarkers", []))


def _check(bronze: Bronze, key: str, body: bytes, version: dict[str, Any]) -> None:
    """Check one object, and record what it is."""
    bronze.objects += 1
    bronze.bytes += len(body)
    # The ETag of an object written in one piece, and encrypted with S3's own keys, is the MD5 of its content:
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    if hashlib.md5(body, usedforsecurity=False).hexdigest() != version["ETag"].strip('"'):
        bronze.note(key, f"its content does not match its checksum {version['ETag']}")
    run_id, parsed = keys.run_of(key), keys.parse_bronze(key)
    if run_id and key == keys.source_list(run_id):
        bronze.lists[run_id] = hashlib.sha256(body).hexdigest()
    elif keys.is_claim(key):
        pass  # says which run an invocation started; nothing depends on it afterwards
    elif parsed is None:
        bronze.note(key, "is not a key of Bronze")
    elif parsed.imdb_id is None:
        _take_manifest(bronze, key, parsed.run_id, body)
    else:
        bronze.versions[key] = version["VersionId"]
        if _names(body) != (parsed.run_id, parsed.imdb_id):
            bronze.note(key, "its content names another run or film, or none")


def _take_manifest(bronze: Bronze, key: str, run_id: str, body: bytes) -> None:
    try:
        manifest = Manifest.from_json(body, key)
        good = manifest.run_id == run_id
    except DocumentInvalid:
        good = False
    if good:
        bronze.manifests[run_id] = manifest
    else:
        bronze.note(key, "is not the manifest of its run")


def _names(body: bytes) -> tuple[str, str] | None:
    """Return the run and film that an object's content names; None where it names none."""
    try:
        document = json.loads(body)
        return document["run_id"], document["source"]["id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
