"""What ``reelhouse query`` makes of Athena's text."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd

from pipeline.gold.athena import Answer
from reelhouse.gold.query import frame

TYPES = ("integer", "bigint", "double", "boolean", "date", "timestamp", "array", "decimal", "varchar")
FULL = ("7", "9007199254740993", "0.1", "true", "1994-10-14", "2026-11-24 03:00:00.123", "[a, b]", "1.10", "007")


def test_types_are_athenas() -> None:
    found = frame(Answer(tuple((kind, kind) for kind in TYPES), [FULL, (None,) * len(TYPES)], 0))

    assert found.iloc[0].tolist() == [
        7, 9_007_199_254_740_993, 0.1, True, date(1994, 10, 14), pd.Timestamp(datetime(2026, 11, 24, 3, 0, 0, 123_000)),
        "[a, b]", "1.10", "007",
    ]  # fmt: skip
    assert found.iloc[1].isna().all()
    assert found["bigint"].dtype == "Int64", "a null beside it must not round a large number"


def test_an_answer_without_rows_has_its_columns() -> None:
    found = frame(Answer((("n", "bigint"), ("title", "varchar")), [], 0))

    assert (list(found.columns), len(found), str(found["n"].dtype)) == (["n", "title"], 0, "Int64")


def test_columns_of_one_name_are_both_there() -> None:
    found = frame(Answer((("n", "integer"), ("n", "integer")), [("1", "2")], 0))

    assert found.to_dict("records") == [{"n": 1, "n_2": 2}]
