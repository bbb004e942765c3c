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


def names(bucket: str, build: Build | None = None) -> list[str]:
    """Names of all tables of Gold, in alphabetical order.

    Parameters
    ----------
    build : Build, optional
        The build whose tables are listed with those of insights and users; None means the published build.
    """
    s3 = aws.client("s3")
    # Builds have thousands of objects, so only the folders of the bucket are listed.
    folders = [name for name in aws.list_folders(s3, bucket) if keys.is_table_name(name) and name not in GOLD_TABLES]
    other_tables = {name for name in folders if aws.exists(s3, bucket, keys.gold_table(name))}
    build = build or published_build(bucket)
    return sorted(other_tables | set(build.tables if build else ()))


def parts(bucket: str, name: str, build: Build | None = None) -> list[StoredObject] | None:
    """Return the parquet objects of a table; None when Gold has no such table. See :func:`parts_of`."""
    return parts_of(bucket, [name], build).get(name)


def parts_of(bucket: str, names: Iterable[str], build: Build | None = None) -> dict[str, list[StoredObject]]:
    """Return the parquet objects of several tables, all of one build; missing tables are omitted.

    A table that Athena built may have any number of objects, none if it has no rows, and their rows are in no order.

    Parameters
    ----------
    build : Build, optional
        None means the published build.
    """
    build = build or published_build(bucket)
    objects_by_table = {}
    for name in names:
        if name in GOLD_TABLES:
            if build and name in build.tables:
                objects_by_table[name] = objects_of(build, name)
        elif stored := aws.find_object(aws.client("s3"), bucket, keys.gold_table(name)):
            objects_by_table[name] = [stored]
    return objects_by_table


def objects_of(build: Build, name: str) -> list[StoredObject]:
    """Return the parquet objects of a table of a build."""
    return [StoredObject(entry.key, entry.etag, entry.size) for entry in build.tables[name].objects]


def intact(bucket: str, build: Build | None) -> dict[str, BuiltTable]:
    """Return the tables of a build whose objects all exist and are unchanged; {} without a build."""
    tables = build.tables if build else {}
    folders = {keys.build_folder(str(keys.build_of(table.folder))) for table in tables.values()}
    stored = {e.key: e.etag for folder in sorted(folders) for e in aws.list_objects(aws.client("s3"), bucket, folder)}

    def is_intact(table: BuiltTable) -> bool:
        return all(stored.get(entry.key) == entry.etag for entry in table.objects)

    return {name: table for name, table in tables.items() if is_intact(table)}
