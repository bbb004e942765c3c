"""Data frames in the shape of a Gold table: all columns, in order, typed. Pure.

Read by the modules of insights that make Gold tables, so that a table without rows has the same schema as a full one.
"""

from __future__ import annotations

import pandas as pd

from pipeline.columns import TYPES, Table

PANDAS_TYPES = {glue: types.pandas for glue, types in TYPES.items()}


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
    return frame.astype(table.pandas_types())
