"""Rows of DuckDB as data frames: every type that DuckDB has, and values that no data frame holds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pandas as pd
import pytest

from insights.frames import from_arrow
from insights.query_rows import fetch


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def rows(database: duckdb.DuckDBPyConnection, query: str) -> pd.DataFrame:
    return from_arrow(fetch(database.sql(query)))


def test_every_type_of_duckdb_has_rows(database: duckdb.DuckDBPyConnection) -> None:
    frame = rows(database, "FROM test_all_types()")

    assert len(frame) == 3
    assert frame.shape[1] == len(database.sql("FROM test_all_types()").columns) > 50
    assert frame.iloc[2].map(lambda value: not isinstance(value, list | dict) and pd.isna(value)).all(), "nulls"
    assert frame.to_json(date_format="iso")


@pytest.mark.parametrize(
    ("expression", "dtype", "value"),
    [
        ("7::TINYINT", "Int8", 7),
        ("18446744073709551615::UBIGINT", "UInt64", 18_446_744_073_709_551_615),
        ("7::HUGEINT", "Int64", 7),
        ("170141183460469231731687303715884105727::HUGEINT", "string", "170141183460469231731687303715884105727"),
        ("1.10::DECIMAL(4, 2)", "float64", 1.1),
        ("123456789012345678901.123::DECIMAL(38, 3)", "string", "123456789012345678901.123"),
        ("DATE '1994-10-14'", "object", date(1994, 10, 14)),
        ("DATE '15000-01-01'", "string", "15000-01-01"),
        ("DATE 'infinity'", "string", "infinity"),
        ("TIMESTAMP '1994-10-14 03:00:00'", "datetime64[us]", pd.Timestamp("1994-10-14 03:00:00")),
        ("TIMESTAMP '290000-01-01'", "string", "290000-01-01 00:00:00"),
        ("TIMESTAMPTZ '1994-10-14 03:00:00+02'", "datetime64[us, UTC]", pd.Timestamp("1994-10-14 01:00:00+00:00")),
        ("TIMESTAMP_NS '2020-01-01 00:00:00.123456789'", "string", "2020-01-01 00:00:00.123456789"),
        ("TIMETZ '12:00:00+05'", "string", "12:00:00+05"),
        ("INTERVAL '1 month 2 days'", "string", "1 month 2 days"),
        ("UUID '00000000-0000-0000-0000-00000000000a'", "string", "00000000-0000-0000-0000-00000000000a"),
        ("'101'::BIT", "string", "101"),
        ("'a\\x00'::BLOB", "string", "a\\x00"),
        ("'x'::ENUM('x', 'y')", "string", "x"),
        ("""'{"a": 1}'::JSON""", "string", '{"a": 1}'),
        ("[1, NULL]", "object", [1, None]),
        ("{'a': 1, 'b': [DATE '1994-10-14']}", "object", {"a": 1, "b": ["1994-10-14"]}),
        ("MAP {'a': 1}", "object", {"a": 1}),
        ("union_value(a := 1)", "object", {"a": 1}),
        ("'inf'::DOUBLE", "float64", math.inf),
    ],
)  # fmt: skip
def test_a_value_is_typed_or_text(database: duckdb.DuckDBPyConnection, expression: str, dtype: str, value: Any) -> None:
    values = rows(database, f"SELECT {expression} AS value UNION ALL SELECT NULL ORDER BY value NULLS LAST")["value"]

    assert str(values.dtype) == dtype
    assert values[0] == value
    assert pd.isna(values[1])


def test_a_sum_of_whole_numbers_is_a_whole_number(database: duckdb.DuckDBPyConnection) -> None:
    assert str(rows(database, "SELECT sum(range) AS s FROM range(5)")["s"].dtype) == "Int64"


def test_columns_of_one_name_are_both_there(database: duckdb.DuckDBPyConnection) -> None:
    assert rows(database, "SELECT 1 AS n, 2 AS n").to_dict("records") == [{"n": 1, "n_2": 2}]


def test_an_answer_without_rows_has_its_columns(database: duckdb.DuckDBPyConnection) -> None:
    frame = rows(database, "SELECT 1 AS n, [1] AS l WHERE false")
    assert (list(frame.columns), len(frame)) == (["n", "l"], 0)


def test_no_more_rows_are_fetched_than_wanted(database: duckdb.DuckDBPyConnection) -> None:
    assert fetch(database.sql("FROM range(10)"), 3).num_rows == 3
