"""SQL over the lake's tables by DuckDB, in this process or guarded in a process of its own.

Only tables that a query names are read.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd

from insights import guarded_query, query_rows
from insights.frames import from_arrow
from insights.guarded_query import Limits
from pipeline import database

if TYPE_CHECKING:
    from insights.lake import Lake

_SHOW_TABLES = re.compile(r"\s*show\s+(?:all\s+)?tables\s*;?\s*", re.IGNORECASE)
_DESCRIBE = re.compile(r'\s*describe\s+((?:"?\w+"?\.)?"?\w+"?)\s*;?\s*', re.IGNORECASE)
# Where DuckDB lists its tables, which are those that were read.
_CATALOGUE = re.compile(r"\b(?:information_schema|duckdb_\w+|show\s+tables)\b", re.IGNORECASE)
_OWN_PACKAGES = {"reelhouse", "insights"}


def run(query: str, lake: Lake, limits: Limits | None) -> pd.DataFrame:
    """Run one statement; see :meth:`insights.lake.Lake.sql`.

    Parameters
    ----------
    limits : Limits or None
        None runs it unguarded.
    """
    lake = lake.of_one_build()
    names = _named(query, lake.tables())
    tables = {name if name.startswith("silver.") else f"gold.{name}": lake.arrow(name) for name in names}
    if limits is not None:
        return from_arrow(guarded_query.run(query, tables, limits))
    with database.connect() as connection, guarded_query.duckdb_errors():
        guarded_query.prepare(connection, tables)
        connection.execute("SET TimeZone = 'UTC'")
        # DuckDB would also find our own variables, such as `query`, before a data frame of that name.
        connection.execute("SET python_enable_replacements = false")
        _register_frames(connection, query, names)
        if guarded_query.demand_one_statement(connection, query, guarded=False):
            return from_arrow(query_rows.fetch(connection.sql(guarded_query.without_end(query))))
        return connection.execute(query).df()


def listing(query: str, lake: Lake) -> pd.DataFrame | None:
    """Answer SHOW TABLES and DESCRIBE as the lake does; None for any other statement."""
    if _SHOW_TABLES.fullmatch(query):
        rows = [(name, lake.meaning(name) or "a user's table") for name in lake.tables()]
        return pd.DataFrame(rows, columns=["table", "meaning"])
    if described := _DESCRIBE.fullmatch(query):
        return lake.describe(described[1].lower().replace('"', "").removeprefix("gold.")).columns
    return None


def _named(query: str, tables: list[str]) -> list[str]:
    """Return the tables whose names stand anywhere in a query; one too many costs only the reading of it.

    A query that asks DuckDB which tables there are gets all.
    """
    if _CATALOGUE.search(query):
        return tables
    patterns = {name: r"\W+".join(re.escape(part) for part in name.split(".")) for name in tables}
    return [name for name, pattern in patterns.items() if re.search(rf"\b{pattern}\b", query, re.IGNORECASE)]


def _register_frames(connection: duckdb.DuckDBPyConnection, query: str, tables: Collection[str]) -> None:
    """Let a query read the caller's variables that it names, except those with the name of a table of the lake."""
    words = set(re.findall(r"\w+", query))
    registered = {word for word in words if word.lower() in tables}
    for variables in _variables_of_callers():
        for name in words & variables.keys() - registered:
            # A word may also be a column, and the variable of that name anything.
            with suppress(duckdb.Error, TypeError):
                connection.register(name, variables[name])
                registered.add(name)


def _variables_of_callers() -> Iterator[Mapping[str, Any]]:
    """Yield the variables of each function outside of this package that led here, the nearest first."""
    frame: FrameType | None = sys._getframe()
    while frame:
        if frame.f_globals.get("__name__", "").partition(".")[0] not in _OWN_PACKAGES:
            yield frame.f_locals
            yield frame.f_globals
        frame = frame.f_back
