"""Where Gold's tables are now: the one place that knows that DuckDB and Athena write differently.

Reads ``_build.json`` and the listing of the Gold bucket; writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from pipeline import aws, keys
from pipeline.aws import StoredObject
from pipeline.gold.build import Build, build_in_use


def names(bucket: str) -> list[str]:
    """Names of the tables that Gold has now, in alphabetical order: the build's, and those that insights wrote."""
    listed = aws.list_objects(aws.client("s3"), bucket)
    written = {name for entry in listed if (name := keys.table_of(entry.key))}
    build = build_in_use(bucket)
    return sorted(written | set(build.locations if build else ()))


def place(build: Build | None, name: str) -> str:
    """Where a build has a table: the key of its one object, or its folder (closed by a slash) where Athena built it."""
    return build.locations.get(name, keys.gold_table(name)) if build else keys.gold_table(name)


def parts(bucket: str, name: str) -> list[StoredObject] | None:
    """Return the parquet objects of a table, in key order.

    All tables of a build by Athena change at once, with ``_build.json``. Such a table may have any number of objects,
    none if it has no rows, and their rows are in no order.

    Returns
    -------
    list of StoredObject or None
        None when Gold has no such table.
    """
    return parts_of(bucket, [name]).get(name)


def parts_of(bucket: str, names: Iterable[str]) -> dict[str, list[StoredObject]]:
    """Return the same of several tables, all of one build; a table that Gold has not got is left out."""
    build = build_in_use(bucket)
    found = {}
    for name in names:
        where = place(build, name)
        listed = aws.list_objects(aws.client("s3"), bucket, where)
        if where.endswith("/"):
            found[name] = listed
        elif of_its_key := [entry for entry in listed if entry.key == where]:
            found[name] = of_its_key
    return found
