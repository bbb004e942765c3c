"""``reelhouse query``: the engine that answers."""

from __future__ import annotations

from typing import Any

import pandas as pd

from reelhouse.commands.query import run


class FakeLake:
    """A lake that answers by DuckDB, and remembers how it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []

    def lake(self) -> FakeLake:
        return self

    def sql(self, sql: str, *, read_only: bool, limits: object) -> pd.DataFrame:
        self.asked.append((sql, read_only))
        return pd.DataFrame({"n": [1]})


def test_duckdb_answers_read_only() -> None:
    lake: Any = FakeLake()

    assert run(lake, "SELECT 1", "duckdb").rows["n"].tolist() == [1]
    run(lake, "DROP TABLE movies", "duckdb")

    assert lake.asked == [("SELECT 1", True), ("DROP TABLE movies", True)], "the guarded engine itself refuses"
