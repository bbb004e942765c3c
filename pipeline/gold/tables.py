"""Where Gold's tables are now: the one place that knows that DuckDB and Athena write differently.

Reads ``_build.json`` and the listing of the Gold bucket; writes nothing.
"""

from __future__ import annotations

from pipeline import aws, keys
from pipeline.aws import StoredObject


def names(bucket: str) -> list[str]:
    """Names of the tables that Gold has now, in alphabetical order: the build's, and those that insights wrote."""
    listed = aws.list_objects(aws.client("s3"), bucket)
    written = {name for entry in listed if (name := keys.table_of(entry.key))}
    return sorted(written | set(_locations(bucket)))


def parts(bucket: str, name: str) -> list[StoredObject] | None:
    """Return the parquet objects of a table, in key order.

    All tables of a build by Athena change at once, with ``_build.json``. Such a table may have any number of objects,
    none if it has no rows, and their rows are in no order.

    Returns
    -------
    list of StoredObject or None
        None when Gold has no such table.
    """
    folder = _locations(bucket).get(name)
    if folder is not None:
        return aws.list_objects(aws.client("s3"), bucket, folder)
    key = keys.gold_table(name)
    return [entry for entry in aws.list_objects(aws.client("s3"), bucket, key) if entry.key == key] or None


def _locations(bucket: str) -> dict[str, str]:
    """Folders of the build in use, by table; empty when DuckDB built it."""
    build = aws.get_json(aws.client("s3"), bucket, keys.BUILD) or {}
    return dict(build.get("locations", {}))
