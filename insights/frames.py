"""Data frames in the shape of a table: all columns, in order, typed. Pure.

Tables without rows have the same schema as full ones.
"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]

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


def typed(rows: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Give rows the columns, order and types of a table.

    Parameters
    ----------
    rows : DataFrame
        Any number of rows; columns that the table does not have are dropped.
    table : Table
        The table's columns with their Glue types.

    Returns
    -------
    DataFrame
        A new frame with a fresh index; a column that ``rows`` lacks is all null.
    """
    frame = rows.reindex(columns=table.column_names).reset_index(drop=True)
    return frame.astype(table.pandas_types())
