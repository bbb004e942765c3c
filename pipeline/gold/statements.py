"""Gold's SQL: one statement per table in Athena's (Trino's) dialect, and its translation for DuckDB."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import sqlglot
from sqlglot import exp

from pipeline.columns import DUCKDB_TYPES, Table

_FOLDER = Path(__file__).parent


@cache
def statement(name: str) -> str:
    """The SQL of a Gold table as it stands in its file: what Athena runs."""
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


@cache
def to_duckdb(sql: str) -> str:
    """Translate a statement from Trino's dialect to DuckDB's.

    ``approx_percentile`` becomes ``quantile_cont``, which is exact; sqlglot's own choice is off by up to 0.1.
    """

    def exact(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.ApproxQuantile):
            return exp.Anonymous(this="quantile_cont", expressions=[node.this, node.args["quantile"]])
        return node

    return sqlglot.parse_one(sql, read="trino").transform(exact).sql(dialect="duckdb")


def rows_of(table: Table) -> str:
    """DuckDB's SELECT of a Gold table's rows, in its columns' types, from the tables ``silver.*`` and ``gold.*``."""
    casts = ", ".join(f'CAST("{c.name}" AS {DUCKDB_TYPES[c.type]}) AS "{c.name}"' for c in table.columns)
    return f"SELECT {casts} FROM ({to_duckdb(statement(table.name))})"
