"""Data frames as tables of a report: caption, headings with scope, numbers aligned and written as people read them.

Pure: reads data frames, gives HTML. Every cell is escaped, for the text of films is data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from html import escape
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from insights import wording

NONE = "–"
# The formats that notebooks name for a column.
cell, year, decade, dollars, places, signed = (
    wording.cell, wording.year, wording.decade, wording.dollars, wording.decimals, wording.signed,
)  # fmt: skip
percent = partial(wording.percent, places=1)


@dataclass(frozen=True, repr=False)
class ReportTable:
    """A table as the output of a cell.

    Attributes
    ----------
    frame : DataFrame
        What it shows; its column names are the headings, the first column heads each row.
    caption : str
        What it shows and what its numbers stand on.
    formats : mapping of str to callable
        How a column's known values are written; others by :func:`insights.wording.cell`.
    rows : int
        Most rows shown; how many there are is said below.
    empty : str
        Said in place of a table without rows.
    """

    frame: pd.DataFrame
    caption: str
    formats: Mapping[str, wording.Format] = field(default_factory=dict)
    rows: int = 30
    empty: str = "There is nothing to show."

    def __repr__(self) -> str:
        return f"{self.caption}: {len(self.frame):,} rows"

    def _repr_html_(self) -> str:
        if self.frame.empty:
            return f'<p class="nothing"><strong>{escape(self.caption)}.</strong> {escape(self.empty)}</p>'
        more = len(self.frame) - self.rows
        note = f'<p class="note">The first {self.rows:,} of {len(self.frame):,} rows.</p>' if more > 0 else ""
        return (
            f'<div class="table" tabindex="0" role="region" aria-label="{escape(self.caption)}"><table>'
            f"<caption>{escape(self.caption)}</caption>{self._head()}{self._body()}</table></div>{note}"
        )

    def _head(self) -> str:
        heads = (f'<th scope="col"{_side(self.frame[name])}>{escape(str(name))}</th>' for name in self.frame.columns)
        return f"<thead><tr>{''.join(heads)}</tr></thead>"

    def _body(self) -> str:
        shown = self.frame.head(self.rows)
        sides = [_side(self.frame[name]) for name in shown.columns]
        written = [
            [_written(value, self.formats.get(str(name), cell)) for value in shown[name]] for name in shown.columns
        ]
        lines = ("".join(_cells(row, sides)) for row in zip(*written, strict=True))
        return f"<tbody>{''.join(f'<tr>{line}</tr>' for line in lines)}</tbody>"


def _written(value: Any, form: wording.Format) -> str:
    return NONE if wording.is_missing(value) else escape(form(value)) or NONE


def _cells(row: Iterable[str], sides: list[str]) -> Iterable[str]:
    for place, (text, side) in enumerate(zip(row, sides, strict=True)):
        yield f'<th scope="row"{side}>{text}</th>' if place == 0 else f"<td{side}>{text}</td>"


def _side(column: pd.Series[Any]) -> str:
    return ' class="number"' if is_numeric_dtype(column) and not is_bool_dtype(column) else ""
