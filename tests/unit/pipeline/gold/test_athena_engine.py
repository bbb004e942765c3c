"""What Athena is asked to do: statements that Trino takes, of this build's tables, in an order that can be built."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
import sqlglot
import trino_sql_validator
from sqlglot import exp
from trino_query_parser import parse_statement  # type: ignore[import-untyped]

from pipeline.columns import GOLD, GOLD_TABLES, Table
from pipeline.gold.athena_engine import AthenaEngine, waves, with_tables
from tests.fake_athena import FakeAthena

BUILD = "20261124T030000.000000Z"


@cache
def engine() -> AthenaEngine:
    return AthenaEngine(FakeAthena(None, None).client, "gold-bucket", "my-stack_silver", "my-stack_gold")


def select_of(table: Table) -> str:
    """The SELECT inside a table's UNLOAD, which no parser here knows."""
    match = re.fullmatch(r"UNLOAD \((.*)\) TO '([^']+)' WITH \(.*\)", engine().unload(table, BUILD), re.DOTALL)
    assert match
    assert match[2] == f"s3://gold-bucket/builds/{BUILD}/{table.name}/"
    return match[1]


@pytest.mark.parametrize("table", GOLD, ids=lambda table: table.name)
def test_trino_accepts_the_select(table: Table) -> None:
    sql = select_of(table)
    parse_statement(sql)
    checked = trino_sql_validator.validate(sql, jinja="reject")

    assert (checked.error, checked.unknown_functions, checked.unknown_types) == (None, [], [])
    assert "--" not in sql, "a comment would hide the rest of its line"


@pytest.mark.parametrize("table", GOLD, ids=lambda table: table.name)
def test_a_select_reads_only_silver_and_its_own_build(table: Table) -> None:
    tree: Any = sqlglot.parse_one(select_of(table), read="trino")

    assert {read.db for read in tree.find_all(exp.Table)} <= {"", "my-stack_silver", "my-stack_gold_builds"}
    for read in tree.find_all(exp.Table):
        if read.db == "my-stack_gold_builds":
            where = read.find_ancestor(exp.Select).args["where"]
            assert where.sql() == f"WHERE build_id = '{BUILD}'"


@pytest.mark.parametrize("table", GOLD, ids=lambda table: table.name)
def test_columns_have_the_catalogues_names_and_types(table: Table) -> None:
    tree: Any = sqlglot.parse_one(select_of(table), read="trino")
    types = {"string": "VARCHAR", "int": "INTEGER", "array<string>": "ARRAY(VARCHAR)"}

    assert tree.named_selects == table.column_names
    assert [column.this.to.sql("trino") for column in tree.selects] == [
        types.get(column.type, column.type.upper()) for column in table.columns
    ]


def test_tables_are_built_after_the_tables_they_read() -> None:
    names = [{table.name for table in wave} for wave in waves(GOLD)]

    assert set().union(*names) == set(GOLD_TABLES)
    assert names[0] == {"movies", "rank_history"}
    assert "movie_ratings" in names[1]
    assert len(names) == 2


def test_only_table_names_are_replaced() -> None:
    sql = "WITH gold AS (SELECT 1) SELECT s.x FROM silver.movies AS s\nJOIN gold.movies AS m ON true"

    placed = with_tables(sql, lambda layer, name: f"<{layer} {name}>")

    assert placed == "WITH gold AS (SELECT 1) SELECT s.x FROM <silver movies> AS s\nJOIN <gold movies> AS m ON true"
