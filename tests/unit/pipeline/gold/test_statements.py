"""The text of Gold's SQL: Trino would take every file, and every file keeps the rules that hold on both engines."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import sqlglot
import trino_sql_validator
from sqlglot import exp
from trino_query_parser import TrinoSyntaxError, parse_statement  # type: ignore[import-untyped]

from pipeline.columns import FILM, GOLD_TABLES, SILVER
from pipeline.gold import statements
from pipeline.gold.statements import statement

NAMES = list(GOLD_TABLES)


def refused_by_trino(sql: str) -> list[str]:
    """Why Trino would refuse a statement: by its grammar, and by its functions and types; empty when it would not."""
    faults = []
    try:
        parse_statement(sql)
    except TrinoSyntaxError as error:
        faults.append(str(error))
    checked = trino_sql_validator.validate(sql, jinja="reject")
    if checked.error:
        faults.append(checked.error.message)
    return faults + checked.unknown_functions + checked.unknown_types


@pytest.mark.parametrize("name", NAMES)
def test_trino_accepts_every_file(name: str) -> None:
    assert refused_by_trino(statement(name)) == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT m.a FROM t AS m QUALIFY row_number() OVER () = 1",
        "SELECT * EXCLUDE (a) FROM t AS m",
        "SELECT quantile_cont(m.a, 0.5) FROM t AS m",
        "SELECT approx_percentile(m.a) FROM t AS m",
        "SELECT m.a::BIGINT FROM t AS m",
        "FROM t SELECT a",
    ],
)
def test_the_check_rejects_duckdb_only_syntax(sql: str) -> None:
    assert refused_by_trino(sql)


@pytest.mark.parametrize("name", NAMES)
def test_statements_follow_our_rules_for_portable_sql(name: str) -> None:
    sql = statement(name)
    tree: Any = sqlglot.parse_one(sql, read="trino")
    code = re.sub(r"--.*", "", sql)

    assert sql.startswith(f"-- {name}: ")
    # What a table's columns are is written out; only what they are chosen from may be all there is.
    assert all(isinstance(star.parent, exp.Count | exp.Column) for star in tree.find_all(exp.Star))
    assert not any(isinstance(column, exp.Star) or column.is_star for column in tree.selects)
    assert not re.search(r"\bformat\s*\(", code, re.IGNORECASE)
    assert ";" not in code
    assert not list(tree.find_all(exp.Placeholder, exp.Parameter))
    assert all(table.alias for table in tree.find_all(exp.Table) if table.db)
    assert all(column.table for column in tree.find_all(exp.Column))


@pytest.mark.parametrize("name", NAMES)
def test_the_selected_columns_are_as_defined(name: str) -> None:
    tree: Any = sqlglot.parse_one(statement(name), read="trino")

    assert tree.named_selects == GOLD_TABLES[name].column_names


@pytest.mark.parametrize("name", NAMES)
def test_a_table_reads_silver_or_what_is_built_before_it(name: str) -> None:
    read = {(table.db, table.name) for table in sqlglot.parse_one(statement(name), read="trino").find_all(exp.Table)}
    allowed = {("silver", table.name) for table in SILVER} | {("gold", before) for before in NAMES[: NAMES.index(name)]}

    assert {table for table in read if table[0]} <= allowed


def test_each_file_is_a_table_or_a_template() -> None:
    files = {path.stem for path in Path(statements.__file__).parent.glob("sql/*.sql")}

    assert files == {name for name in NAMES if not name.startswith("films_by_")} | {"films_by"}


def test_every_column_has_one_count_in_order() -> None:
    counted = re.findall(r"SELECT (\d+) AS position, '(\w+)' AS column_name, .*? count\(m\.(\w+)\)", quality())
    expected = [column.name for column in FILM if column.name != "imdb_id"]

    assert counted == [(str(number), name, name) for number, name in enumerate(expected, start=1)]


@pytest.mark.parametrize(
    ("column", "condition"),
    [
        ("year", "m.year < 1870"),
        ("imdb_rating", "m.imdb_rating < 0 OR m.imdb_rating > 10"),
        ("metascore", "m.metascore < 0 OR m.metascore > 100"),
        ("rank", "m.rank < 1 OR m.rank > 1000000000"),
    ],
)
def test_ranges_are_as_defined(column: str, condition: str) -> None:
    assert f"count(m.{column}) AS filled, count(CASE WHEN {condition} THEN 1 END) AS out_of_range" in quality()


def test_a_column_without_a_range_has_no_value_out_of_range() -> None:
    assert "count(m.title) AS filled, 0 AS out_of_range" in quality()


def quality() -> str:
    return statement("data_quality")
