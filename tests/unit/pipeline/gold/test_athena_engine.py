"""What Athena is asked to do: statements that Trino takes, of this build's tables, in an order that can be built."""

from __future__ import annotations

import re
import time
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
import sqlglot
import trino_sql_validator
from sqlglot import exp
from trino_query_parser import parse_statement  # type: ignore[import-untyped]

from pipeline.columns import GOLD, GOLD_TABLES, Table
from pipeline.errors import InvalidInput, StorageFailed
from pipeline.gold.athena_engine import AthenaEngine, Queries, waves, with_tables
from tests.fake_athena import PAGE_ROWS, FakeAthena

BUILD = "20261124T030000.000000Z"
COUNT_TO_TEN = "SELECT n, nullif(n % 2, 0) AS odd FROM unnest(sequence(1, 10)) AS t(n)"


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


@pytest.fixture
def athena() -> FakeAthena:
    return FakeAthena(None, None)


@pytest.fixture
def queries(athena: FakeAthena) -> Queries:
    return Queries(athena.client, "reelhouse", pause=0)


def soon() -> float:
    return time.monotonic() + 60


def test_all_pages_are_read_and_the_header_is_dropped(queries: Queries) -> None:
    answer = queries.answer(COUNT_TO_TEN, soon())

    assert PAGE_ROWS < 10
    assert [name for name, _ in answer.columns] == ["n", "odd"]
    assert [row[0] for row in answer.rows] == [str(n) for n in range(1, 11)]
    assert [row[1] for row in answer.rows][:2] == ["1", None]
    assert answer.bytes_scanned == 1000


def test_the_first_row_of_a_result_without_a_header_is_kept() -> None:
    """The result of SHOW has none."""
    columns = {"ColumnInfo": [{"Name": "tab_name", "Type": "string"}]}
    page = {"ResultSet": {"Rows": [{"Data": [{"VarCharValue": "movies"}]}], "ResultSetMetadata": columns}}
    client: Any = SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=lambda **_: [page]))

    assert Queries(client, "reelhouse")._rows("query-0")[1] == [("movies",)]


def test_a_result_without_rows_is_empty(queries: Queries) -> None:
    assert queries.answer("SELECT 1 AS n WHERE false", soon()).rows == []


def test_the_work_group_and_database_go_with_every_query(queries: Queries, athena: FakeAthena) -> None:
    queries.answer("SELECT 1 AS n", soon(), database="reelhouse_gold")
    queries.answer("SELECT 1 AS n", soon())

    first, second = athena.asked.values()
    assert first["WorkGroup"] == second["WorkGroup"] == "reelhouse"
    assert first["QueryExecutionContext"] == {"Database": "reelhouse_gold"}
    assert "QueryExecutionContext" not in second
    assert not {"ResultConfiguration"} & first.keys(), "the work group says where results go"


def test_a_rejected_statement_names_the_position_of_its_error(queries: Queries) -> None:
    with pytest.raises(InvalidInput, match="line 1:1: mismatched input 'SELEC'") as caught:
        queries.answer("SELEC 1", soon())

    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ({"State": "FAILED", "StateChangeReason": "why", "AthenaError": {"Retryable": True}}, StorageFailed),
        ({"State": "FAILED", "StateChangeReason": "why", "AthenaError": {"Retryable": False}}, InvalidInput),
        ({"State": "FAILED", "StateChangeReason": "why"}, InvalidInput),
        ({"State": "CANCELLED", "StateChangeReason": "why: Bytes scanned limit was exceeded"}, InvalidInput),
    ],
)
def test_a_failed_query_says_why(
    queries: Queries, athena: FakeAthena, status: dict[str, object], kind: type[Exception]
) -> None:
    athena.fail["n"] = status

    with pytest.raises(kind, match="why"):
        queries.answer("SELECT 1 AS n", soon())


def test_a_failure_without_a_reason_is_described_by_its_state(queries: Queries, athena: FakeAthena) -> None:
    athena.fail["n"] = {"State": "CANCELLED"}

    with pytest.raises(InvalidInput, match="cancelled"):
        queries.answer("SELECT 1 AS n", soon())


def test_a_failed_query_stops_the_others(queries: Queries, athena: FakeAthena) -> None:
    athena.fail["'bad'"] = {"State": "FAILED", "StateChangeReason": "why"}

    with pytest.raises(InvalidInput, match="why"):
        queries.finish(["SELECT 'bad' AS n", "SELECT 1 AS n", "SELECT 2 AS n"], soon())

    assert athena.stopped == ["query-1", "query-2"]


def test_a_rejected_query_stops_those_started_before_it(queries: Queries, athena: FakeAthena) -> None:
    with pytest.raises(InvalidInput):
        queries.finish(["SELECT 1 AS n", "SELEC 2"], soon())

    assert athena.stopped == ["query-0"]


def test_a_query_that_cannot_be_stopped_does_not_hide_the_error(queries: Queries, athena: FakeAthena) -> None:
    athena.fail["'bad'"] = {"State": "FAILED", "StateChangeReason": "why"}
    athena.may_stop = False

    with pytest.raises(InvalidInput, match="why"):
        queries.finish(["SELECT 'bad' AS n", "SELECT 1 AS n"], soon())


def test_executions_are_in_the_order_of_their_statements(queries: Queries) -> None:
    done = queries.finish([f"SELECT {n} AS n" for n in range(4)], soon())

    assert [execution["QueryExecutionId"] for execution in done] == [f"query-{n}" for n in range(4)]


def test_nothing_runs_past_the_deadline(queries: Queries, athena: FakeAthena) -> None:
    athena.looks = 10**9

    with pytest.raises(StorageFailed, match="took too long"):
        queries.answer("SELECT 1 AS n", time.monotonic() + 0.05)

    assert athena.stopped == ["query-0"]
