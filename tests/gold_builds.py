"""Gold builds as tests need them: a record alone, or objects that are published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pipeline import aws, keys
from pipeline.documents import to_json
from pipeline.gold.build import Build, BuiltObject, BuiltTable, RunCounts, SilverInput
from pipeline.gold.publication import publish, published_build, read_pointer

BUILD_ID = "20261124T030200.000000Z"
COMPLETE = RunCounts(expected=20, stored=19, rejected=1, quarantined=1, in_gold=18, status="complete")


def a_build(**changes: Any) -> Build:
    """Return a build of an empty Silver, with ``changes``."""
    fields: dict[str, Any] = {
        "build_id": BUILD_ID,
        "built_at": "2026-11-24T03:02:00.000000Z",
        "seconds": 1.0,
        "code_version": "1",
        "engine": "duckdb",
        "silver": SilverInput("silver", 0, 0, "0" * 64),
        "tables": {},
        "runs": {},
    }
    return Build(**(fields | changes))


def a_table(build_id: str, name: str, rows: int = 1, *files: str) -> BuiltTable:
    """Return a table that a build wrote into files of these names."""
    folder = keys.build_table(build_id, name)
    objects = tuple(BuiltObject(f"{folder}{file}", '"1"', 10) for file in files)
    return BuiltTable(folder, rows, f"digest of {build_id}", objects)


def publish_files(bucket: str, tables: Mapping[str, Sequence[bytes]], **changes: Any) -> Build:
    """Write objects as a build of Gold and publish it; a table may have any number of objects."""
    build_id, s3 = changes.get("build_id", BUILD_ID), aws.client("s3")
    built = {}
    for name, bodies in tables.items():
        folder, objects = keys.build_table(build_id, name), []
        for number, body in enumerate(bodies):
            key = f"{folder}part-{number}"
            etag = s3.put_object(Bucket=bucket, Key=key, Body=body)["ETag"]
            objects.append(BuiltObject(key, etag, len(body)))
        built[name] = BuiltTable(folder, changes.get("rows", {}).get(name, 1), f"digest of {build_id}", tuple(objects))
    build = a_build(**{name: value for name, value in changes.items() if name != "rows"}, tables=built)
    s3.put_object(Bucket=bucket, Key=keys.build_record(build_id), Body=build.to_json())
    publish(bucket, build, read_pointer(bucket))
    return build


def rewrite(bucket: str, name: str, body: bytes) -> str:
    """Replace the object of a published table behind the build's back; return its key."""
    (key,) = keys_of(bucket, name)
    aws.client("s3").put_object(Bucket=bucket, Key=key, Body=body)
    return key


def keys_of(bucket: str, name: str) -> list[str]:
    """Return the keys of a published table's objects."""
    build = published_build(bucket)
    assert build, "nothing is published"
    return [entry.key for entry in build.tables[name].objects]


def body_of(bucket: str, name: str) -> bytes:
    """Return the one object of a published table."""
    (key,) = keys_of(bucket, name)
    return aws.get(aws.client("s3"), bucket, key)[0]


def published_json(build: Build, **changes: Any) -> bytes:
    """Return ``_build.json`` that publishes a build, with fields of the build's record changed to any values."""
    return to_json({"build": asdict(build) | changes, "history": [{"build_id": build.build_id, "at": build.built_at}]})
