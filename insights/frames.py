"""Data frames in the shape of a table: all columns, in order, typed. Pure.

Tables without rows have the same schema as full ones.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]

from insights.query_rows import JSON_FIELD
from pipeline.columns import TYPES, Table

PANDAS_TYPES = {glue: types.pandas for glue, types in TYPES.items()}
ARROW_TYPES = {
    "string": pa.string(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "array<string>": pa.list_(pa.string()),
}
# Nullable types, so that a missing value does not turn a column of whole numbers into fractions.
_NULLABLE = {
    pa.int8(): pd.Int8Dtype(), pa.int16(): pd.Int16Dtype(), pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype(),
    pa.uint8(): pd.UInt8Dtype(), pa.uint16(): pd.UInt16Dtype(), pa.uint32(): pd.UInt32Dtype(),
    pa.uint64(): pd.UInt64Dtype(), pa.bool_(): pd.BooleanDtype(), pa.string(): pd.StringDtype(),
}  # fmt: skip


def from_arrow(table: Any) -> pd.DataFrame:
    """Return an Arrow table as a data frame of nullable types, with dates as ``datetime.date`` and lists as arrays.

    Fields marked as JSON become Python's lists and dicts; a repeated column name gets a number.
    """
    columns: dict[str, pd.Series[Any]] = {}
    for number, field in enumerate(table.schema, start=1):
        series = table.column(number - 1).to_pandas(types_mapper=_NULLABLE.get)
        if field.metadata == JSON_FIELD:
            values = [None if pd.isna(text) else json.loads(text) for text in series]
            series = pd.Series(values, dtype="object")
        columns[field.name if field.name not in columns else f"{field.name}_{number}"] = series
    return pd.DataFrame(columns, index=pd.RangeIndex(len(table)))


def arrow_schema(table: Table) -> Any:
    """Return the Arrow schema of a table's columns."""
    return pa.schema([(column.name, ARROW_TYPES[column.type]) for column in table.columns])


def plain(value: Any) -> Any:
    """Return a cell as Python has it: None for a missing or infinite value, a list for an array, no NumPy types."""
    if isinstance(value, np.ndarray | list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, np.generic):
        value = value.item()
    is_missing = value is None or pd.isna(value) or (isinstance(value, float) and math.isinf(value))
    return None if is_missing else value


def listed(movies: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of Gold's ``movies`` that are on the list; all where Gold is too old to have ``on_list``."""
    return movies[movies["on_list"].fillna(True).astype(bool)] if "on_list" in movies else movies


def typed(rows: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Return rows with the columns, order and types of a table, and a fresh index.

    Columns that the table does not have are dropped; one that ``rows`` lacks is all null.
    """
    frame = rows.reindex(columns=table.column_names).reset_index(drop=True)
    return frame.astype({column.name: PANDAS_TYPES[column.type] for column in table.columns})
