"""Data frames in the shape of a Gold table: all columns, in order, typed. Pure.

Read by the modules of insights that make Gold tables, so that a table without rows has the same schema as a full one.
"""

from __future__ import annotations

import pandas as pd

from pipeline.columns import Table

# Nullable integers, because a missing value must not turn a count into a fraction. Days, times and lists stay objects.
PANDAS_TYPES = {
    "string": "str",
    "int": "Int32",
    "bigint": "Int64",
    "double": "float64",
    "boolean": "boolean",
    "date": "object",
    "timestamp": "datetime64[us]",
    "array<string>": "object",
}


def typed(rows: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Give rows the columns, order and types of a table.

    Parameters
    ----------
    rows : DataFrame
        Any number of rows, also none; a column that is no column of the table is left out.
    table : Table
        The table's columns with their Glue types.

    Returns
    -------
    DataFrame
        A new frame with a fresh index; a column that ``rows`` lacks is all null.
    """
    frame = rows.reindex(columns=table.column_names).reset_index(drop=True)
    return frame.astype({column.name: PANDAS_TYPES[column.type] for column in table.columns})
