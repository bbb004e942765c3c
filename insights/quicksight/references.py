"""What the checks of the template share: the columns they know, and looking through nested parts. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from insights.dashboard.visual_checks import unknown
from insights.quicksight.fields import Json

Columns = dict[str, dict[str, str]]  # data set, column, QuickSight's type
CALCULATED = "CALCULATED"
NUMBERS = ("INTEGER", "DECIMAL")
TYPES_OF_FIELDS = {
    "CategoricalDimensionField": ("STRING", "BOOLEAN"),
    "NumericalDimensionField": NUMBERS,
    "DateDimensionField": ("DATETIME",),
    "NumericalMeasureField": (*NUMBERS, CALCULATED),
}


def twice(names: Iterable[str]) -> list[str]:
    """Names that occur more than once."""
    return [name for name, count in Counter(names).items() if count > 1]


def parts(node: Any, key: str) -> Iterator[Any]:
    """Values of ``key`` at any depth."""
    if isinstance(node, dict):
        if key in node:
            yield node[key]
        for value in node.values():
            yield from parts(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from parts(value, key)


def missing_column(column: Json, columns: Columns) -> str | None:
    """Say what is wrong with a reference to a column; None when it leads somewhere."""
    data_set, name = column["DataSetIdentifier"], column["ColumnName"]
    if data_set not in columns:
        return unknown("data set", data_set, columns)
    if name not in columns[data_set]:
        return f"{unknown('column', name, columns[data_set])} in data set {data_set}"
    return None
