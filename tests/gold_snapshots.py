"""Snapshots of Gold for tests of ``why``: ``movies`` of given rows, and a table that Gold's own SQL makes of them."""

from __future__ import annotations

from functools import cache
from typing import Any

import duckdb
import pandas as pd

from insights.frames import from_arrow
from insights.why.split import Snapshot
from pipeline.columns import GOLD_TABLES
from pipeline.gold.statements import rows_of
from tests.daily_films import Row, as_arrow

BUILDS = ("20260101T030000.000000Z", "20260102T030000.000000Z")


@cache
def _database() -> duckdb.DuckDBPyConnection:
    database = duckdb.connect()
    database.execute("CREATE SCHEMA gold; SET threads = 1")
    return database


def table_of(movies: Any, name: str) -> pd.DataFrame:
    """A Gold table, built by its own SQL from ``movies`` in Arrow; nothing for ``movies`` itself."""
    if name == "movies":
        return pd.DataFrame()
    _database().register("incoming", movies)
    _database().execute("CREATE OR REPLACE TABLE gold.movies AS FROM incoming")
    return from_arrow(_database().sql(rows_of(GOLD_TABLES[name])).to_arrow_table())


def snapshot(rows: list[Row], table: str, index: int = 0, code_version: str = "1.0") -> Snapshot:
    """What a build of these rows says; ``index`` 0 is the earlier build, 1 the later one."""
    movies: Any = as_arrow(rows)
    built_at = f"2026-01-0{index + 1}T03:00:00+00:00"
    return Snapshot(BUILDS[index], built_at, code_version, from_arrow(movies), table_of(movies, table))
