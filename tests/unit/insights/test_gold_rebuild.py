"""Two builds are compared row by row, whatever the order of rows and columns."""

from __future__ import annotations

import pandas as pd
import pytest

from insights import gold_rebuild
from pipeline.columns import GOLD_TABLES
from pipeline.errors import InvalidInput

TABLE = pd.DataFrame({"a": [1, 2], "b": [["x"], None]})


def test_order_does_not_matter_values_do() -> None:
    before = dict.fromkeys(GOLD_TABLES, TABLE)
    after = before | {"movies": TABLE[["b", "a"]].iloc[::-1], "rank_history": TABLE.assign(a=[1, 3])}
    del before["data_quality"]
    compared = gold_rebuild.compare(before, after).set_index("table")
    assert compared.loc["movies", "same_rows"]
    assert not compared.loc["rank_history", "same_rows"]
    assert not compared.loc["data_quality", "same_rows"]
    assert pd.isna(compared.loc["data_quality", "rows_before"])


def test_a_build_without_a_table_is_refused() -> None:
    with pytest.raises(InvalidInput):
        gold_rebuild.compare({}, {"movies": TABLE})
