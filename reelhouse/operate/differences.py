"""Differences between two versions of a table: rows added, removed and changed, by key."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import duckdb

from pipeline.columns import GOLD
from pipeline.database import connect
from pipeline.errors import ReelhouseError
from pipeline.gold.build import Build

if TYPE_CHECKING:
    from insights.lake import Lake

# Columns about when and by which code a row was made; they are not compared.
MAKING = {"processed_at", "code_version", "finished_at", "object_key"}


@dataclass
class Change:
    """Row counts of one table: before, after, and how they differ."""

    before: int = 0
    after: int = 0
    added: int = 0
    removed: int = 0
    changed: int = 0

    def __add__(self, other: Change) -> Change:
        """Add the counts of two changes."""
        return Change(*(mine + theirs for mine, theirs in zip(self.counts(), other.counts(), strict=True)))

    def counts(self) -> tuple[int, ...]:
        """Return the counts in the order of the fields."""
        return tuple(asdict(self).values())

    @property
    def same(self) -> bool:
        """Whether nothing changed."""
        return self.added == self.removed == self.changed == 0


def compare(database: duckdb.DuckDBPyConnection, before: str, after: str, key: Collection[str]) -> Change:
    """Compare two relations of a database.

    Parameters
    ----------
    before, after : str
        Names of tables or views, or subqueries. A column that one of them lacks counts as null. Floating-point numbers
        are compared to nine digits, since a sum depends on the order of its terms.
    key : collection of str
        Columns that identify a row; of several rows with the same key, one is compared.
    """
    types = {**_columns(database, before), **_columns(database, after)}
    names = [name for name in types if name not in MAKING and name not in key]
    identity = ", ".join(f"coalesce(CAST(\"{name}\" AS VARCHAR), '')" for name in key)
    values = ", ".join(_value(name, types[name]) for name in names) or "1"
    both = " UNION ALL BY NAME ".join(
        f"SELECT *, '{side}' AS side_ FROM {relation}" for side, relation in (("before", before), ("after", after))
    )
    # Fetched to the end: an unfinished result would block the connection.
    (counts,) = database.execute(f"""
        WITH both_ AS ({both}),
        rows_ AS (SELECT side_, [{identity}] AS id_, CAST(ROW({values}) AS VARCHAR) AS value_ FROM both_),
        films_ AS (
            SELECT id_, max(value_) FILTER (side_ = 'before') AS old_, max(value_) FILTER (side_ = 'after') AS new_
            FROM rows_ GROUP BY id_
        )
        SELECT count(old_), count(new_), count(*) FILTER (old_ IS NULL), count(*) FILTER (new_ IS NULL),
            count(*) FILTER (old_ <> new_)
        FROM films_
    """).fetchall()
    return Change(*counts)


def compare_builds(lake: Lake, before: Build, after: Build) -> dict[str, Change]:
    """Count the changes of Gold's tables between two builds, by table; one that is missing or unreadable is left out.

    Objects of the earlier build can be read for as long as it is kept.
    """
    changes = {}
    with connect() as database:
        for table in GOLD:
            with suppress(ReelhouseError, duckdb.Error):
                database.register("before_", replace(lake, pinned=before).arrow(table.name))
                database.register("after_", replace(lake, pinned=after).arrow(table.name))
                changes[f"gold.{table.name}"] = compare(database, "before_", "after_", table.key)
    return changes


def _columns(database: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    return {row[0]: row[1] for row in database.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}


def _value(name: str, kind: str) -> str:
    return f"format('{{:.9g}}', \"{name}\")" if kind == "DOUBLE" else f'"{name}"'
