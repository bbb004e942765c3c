"""Athena's text as typed columns, and only statements that read."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd
import pytest

from insights.athena_query import demand_one_select, frame
from pipeline.errors import InvalidInput
from pipeline.gold.athena_engine import Answer

TYPES = ("integer", "bigint", "double", "boolean", "date", "timestamp", "array", "decimal", "varchar")
FULL = ("7", "9007199254740993", "0.1", "true", "1994-10-14", "2026-11-24 03:00:00.123", "[a, b]", "1.10", "007")


def test_types_are_athenas() -> None:
    rows = frame(Answer(tuple((kind, kind) for kind in TYPES), [FULL, (None,) * len(TYPES)], 0))

    assert rows.iloc[0].tolist() == [
        7, 9_007_199_254_740_993, 0.1, True, date(1994, 10, 14), pd.Timestamp(datetime(2026, 11, 24, 3, 0, 0, 123_000)),
        "[a, b]", "1.10", "007",
    ]  # fmt: skip
    assert rows.iloc[1].isna().all()
    assert rows["bigint"].dtype == "Int64", "a null beside it must not round a large number"


def test_an_answer_without_rows_has_its_columns() -> None:
    rows = frame(Answer((("n", "bigint"), ("title", "varchar")), [], 0))

    assert (list(rows.columns), len(rows), str(rows["n"].dtype)) == (["n", "title"], 0, "Int64")


def test_columns_of_one_name_are_both_there() -> None:
    rows = frame(Answer((("n", "integer"), ("n", "integer")), [("1", "2")], 0))

    assert rows.to_dict("records") == [{"n": 1, "n_2": 2}]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("bigint", "170141183460469231731687303715884105727"),
        ("integer", "3000000000"),
        ("date", "15000-01-01"),
        ("timestamp", "2026-11-24 03:00:00+00:00"),
        ("timestamp", "2020-01-01 00:00:00.123456789"),
        ("timestamp", "-290000-01-01 00:00:00"),
        ("double", "ninety"),
        ("interval day to second", "1 00:00:00.000"),
        ("geometry", "POINT (1 2)"),
    ],
)
def test_a_value_that_no_pandas_type_holds_stays_text(kind: str, text: str) -> None:
    rows = frame(Answer((("value", kind),), [(text,), (None,)], 0))

    assert rows["value"].tolist() == [text, pd.NA]
    assert str(rows["value"].dtype) == "string"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1", "select * from movies;", "WITH a AS (SELECT 1) SELECT * FROM a", "(SELECT 1) UNION SELECT 2",
        "VALUES (1)", "SELECT * EXCLUDE (plot) FROM movies", "SELECT 1::HUGEINT, {'a': 1}", "-- why\nSELECT 1",
        "SELECT 'drop table movies'", "SELECT t.g FROM movies CROSS JOIN UNNEST(genres) AS t(g)",
    ],
)  # fmt: skip
def test_one_select_is_allowed(sql: str) -> None:
    demand_one_select(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "", " ", "--", "drop table movies", "SELECT 1; SELECT 2", "SELECT 1; DROP TABLE movies",
        "INSERT INTO a VALUES (1)",
        "DELETE FROM movies", "WITH a AS (DELETE FROM x RETURNING *) SELECT * FROM a", "SELECT * INTO a FROM movies",
        "CREATE TABLE a AS SELECT 1", "UNLOAD (SELECT 1) TO 's3://x'", "COPY movies TO 'x'", "ATTACH 'x'", "SET x = 1",
        "PRAGMA x", "CALL x()", "MSCK REPAIR TABLE movies", "ALTER TABLE movies ADD COLUMNS (x int)",
        "EXPLAIN SELECT 1",
        "UPDATE movies SET year = 1", "MERGE INTO a USING b ON a.x = b.x WHEN MATCHED THEN DELETE", "VACUUM movies",
        "GRANT SELECT ON movies TO x", "selekt 1", "SELECT (", "EXECUTE x", "PREPARE x FROM SELECT 1", "INSTALL httpfs",
    ],
)  # fmt: skip
def test_anything_else_is_refused(sql: str) -> None:
    with pytest.raises(InvalidInput, match=r"query: (only reading is allowed|cannot be parsed)"):
        demand_one_select(sql)


def test_half_a_character_is_refused() -> None:
    with pytest.raises(InvalidInput, match="query: is no text in UTF-8"):
        demand_one_select("SELECT '\udce9'")
