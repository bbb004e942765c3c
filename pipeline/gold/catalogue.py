"""The catalogue's Gold tables: each is moved to the published build in one step.

Athena reads a table at the location that the catalogue has. After the pointer has moved, or a deployment has reset a
table's location, AggregateToGold's next invocation moves the tables to the published build.
"""

from __future__ import annotations

from typing import Any

from pipeline import aws
from pipeline.gold.build import Build

# What GetTables answers and UpdateTable takes.
_TABLE_INPUT = {"Name", "Description", "Owner", "Retention", "StorageDescriptor", "PartitionKeys", "TableType"}
_TABLE_INPUT |= {"Parameters", "ViewOriginalText", "ViewExpandedText", "LastAccessTime", "LastAnalyzedTime"}


def point_at(build: Build, database: str, bucket: str) -> int:
    """Move the catalogue's tables to the objects of a build; return the number of tables that had to move.

    Tables that are missing from the catalogue are not created: the template defines them.
    """
    glue = aws.client("glue")
    moved = 0
    for page in glue.get_paginator("get_tables").paginate(DatabaseName=database):
        for table in page["TableList"]:
            built = build.tables.get(table["Name"])
            location = f"s3://{bucket}/{built.folder}" if built else ""
            if location and table["StorageDescriptor"]["Location"] != location:
                glue.update_table(DatabaseName=database, TableInput=_at(table, location), SkipArchive=True)
                moved += 1
    return moved


def _at(table: dict[str, Any], location: str) -> dict[str, Any]:
    """Return the input of UpdateTable that changes nothing but the location."""
    unchanged = {key: value for key, value in table.items() if key in _TABLE_INPUT and value}
    return unchanged | {"StorageDescriptor": table["StorageDescriptor"] | {"Location": location}}
