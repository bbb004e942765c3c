"""The objects of Gold's tables: those of the published build, and those that insights and users wrote.

Reads ``_build.json`` and the listing of the Gold bucket; writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from pipeline import aws, keys
from pipeline.aws import StoredObject
from pipeline.columns import GOLD_TABLES
from pipeline.gold.build import Build, BuiltTable
from pipeline.gold.publication import published_build


def names(bucket: str) -> list[str]:
    """Names of all tables of Gold, in alphabetical order: the published build's, and those beside it."""
    listed = aws.list_objects(aws.client("s3"), bucket)
    beside = {name for entry in listed if (name := keys.table_of(entry.key))} - set(GOLD_TABLES)
    build = published_build(bucket)
    return sorted(beside | set(build.tables if build else ()))


def parts(bucket: str, name: str) -> list[StoredObject] | None:
    """Return the parquet objects of a table; None when Gold has no such table. See :func:`parts_of`."""
    return parts_of(bucket, [name]).get(name)


def parts_of(bucket: str, names: Iterable[str]) -> dict[str, list[StoredObject]]:
    """Return the parquet objects of several tables, all of one build; missing tables are omitted.

    A table that Athena built may have any number of objects, none if it has no rows, and their rows are in no order.
    """
    build = published_build(bucket)
    found = {}
    for name in names:
        if name in GOLD_TABLES:
            if build and name in build.tables:
                found[name] = objects_of(build, name)
        elif beside := aws.find_object(aws.client("s3"), bucket, keys.gold_table(name)):
            found[name] = [beside]
    return found


def objects_of(build: Build, name: str) -> list[StoredObject]:
    """Return the parquet objects of a table of a build."""
    return [StoredObject(entry.key, entry.etag, entry.size) for entry in build.tables[name].objects]


def intact(bucket: str, build: Build | None) -> dict[str, BuiltTable]:
    """Return the tables of a build whose objects are all there and unchanged; none of None."""
    tables = build.tables if build else {}
    folders = {keys.build_folder(str(keys.build_of(table.folder))) for table in tables.values()}
    stored = {e.key: e.etag for folder in sorted(folders) for e in aws.list_objects(aws.client("s3"), bucket, folder)}

    def is_intact(table: BuiltTable) -> bool:
        return all(stored.get(entry.key) == entry.etag for entry in table.objects)

    return {name: table for name, table in tables.items() if is_intact(table)}
