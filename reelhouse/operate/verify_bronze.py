"""Check Bronze: its objects against their checksums, names and runs' manifests.

Reads every version in the Bronze bucket; writes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pipeline import aws, keys
from pipeline.aws import batches
from pipeline.errors import DocumentInvalid
from pipeline.runs import Manifest
from pipeline.silver.records import BronzeObject
from reelhouse.operate.outcomes import Recomputation

_AT_ONCE = 500


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
