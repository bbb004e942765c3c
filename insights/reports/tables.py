"""Data frames as tables of a report: captions, headings with scope, aligned numbers in the units that people read.

Headings and formats come from the column definitions. Pure: reads data frames, returns HTML. Every cell is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from html import escape
from numbers import Real
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from insights import wording
from insights.lake_tables import DEFINED
from insights.reports.style import styled
from pipeline.columns import Column

NONE = "–"
# The formats that notebooks name for a column.
cell, year, decade, dollars, places, signed = (
    wording.cell, wording.year, wording.decade, wording.dollars, wording.decimals, wording.signed,
)  # fmt: skip
percent = partial(wording.percent, places=1)
# Headings that the column's name does not give.
_HEADINGS = {
    "because": "Why", "box_office_usd": "Box office", "films": "Films (n)", "imdb_id": "IMDb id",
    "imdb_rating": "IMDb rating", "imdb_votes": "IMDb votes", "in_gold": "In use", "metascore": "Metacritic score",
    "p90": "Best tenth from", "q": "q value", "rated": "Age rating", "released": "Release date",
    "rotten_tomatoes": "Rotten Tomatoes", "rotten_tomatoes_average": "Rotten Tomatoes average",
    "rotten_tomatoes_reviews": "Rotten Tomatoes reviews", "run_id": "Run", "runtime_minutes": "Running time",
    "source_rating": "Rating on the list", "source_rating_count": "Votes on the list", "started_at": "Started (UTC)",
    "test_films": "Films tested (n)", "title": "Film", "training_films": "Films learned from (n)",
}  # fmt: skip


def of(
    name: str, frame: pd.DataFrame, caption: str, *columns: str, heads: Mapping[str, str] | None = None, **options: Any
) -> ReportTable:
    """Show columns of a table that Reelhouse defines, with the headings and formats of their definitions.

    Parameters
    ----------
    frame : DataFrame
        Rows of it, perhaps with columns joined from elsewhere.
    caption : str
        What the table shows and what its numbers are based on.
    *columns : str
        Columns to show, in this order.
    heads : mapping of str to str, optional
        Headings by column where the definition's do not fit.
    **options
        ``rows``, ``empty`` and ``formats`` (by column) of :class:`ReportTable`.
    """
    known = {column.name: column for column in DEFINED[name].columns}
    given = {column: known.get(column, Column(column, "string", "")) for column in columns}
    labels = {column: heading(column) for column in columns} | dict(heads or {})
    own = options.pop("formats", {})
    formats = {labels[column]: own.get(column, format_of(given[column])) for column in columns}
    return ReportTable(frame[list(columns)].rename(columns=labels), caption, formats=formats, **options)


def named(rows: pd.DataFrame) -> pd.DataFrame:
    """Name all columns as a reader knows them, for the axes and tooltips of a chart."""
    return rows.rename(columns={name: heading(str(name)) for name in rows.columns})


def heading(column: str) -> str:
    """Return a column's heading: ``Box office mean`` for ``box_office_mean_usd``."""
    plain = column.removesuffix("_usd").replace("_", " ")
    return _HEADINGS.get(column, plain[:1].upper() + plain[1:])


def format_of(column: Column) -> wording.Format:
    """Return the format of a column's values, by its unit and type."""
    if column.name == "decade":
        return decade
    if column.unit == "calendar year" or column.name == "year":
        return year
    if "US dollars" in column.unit:
        return dollars
    if column.unit == "0-1":
        return percent
    return places(1) if column.type == "double" else cell


@dataclass(frozen=True, repr=False)
class ReportTable:
    """A table as the output of a cell.

    Attributes
    ----------
    frame : DataFrame
        What it shows; its column names are the headings, the first column heads each row.
    caption : str
        What it shows and what its numbers are based on.
    formats : mapping of str to callable
        How a column's known values are written; others by :func:`insights.wording.cell`.
    rows : int
        Most rows shown; a note below gives the number of all.
    empty : str
        Text in place of a table without rows.
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
            return styled(f'<p class="nothing"><strong>{escape(self.caption)}.</strong> {escape(self.empty)}</p>')
        more = len(self.frame) - self.rows
        note = f'<p class="note">The first {self.rows:,} of {len(self.frame):,} rows.</p>' if more > 0 else ""
        return styled(
            f'<div class="table" tabindex="0" role="region" aria-label="{escape(self.caption)}"><table>'
            f"<caption>{escape(self.caption)}</caption>{self._head()}{self._body()}</table></div>{note}"
        )

    def _head(self) -> str:
        sides = zip(self.frame.columns, self._sides(), strict=True)
        heads = (f'<th scope="col"{side}>{escape(str(name))}</th>' for name, side in sides)
        return f"<thead><tr>{''.join(heads)}</tr></thead>"

    def _sides(self) -> list[str]:
        """The first column heads the rows, so it stands on the left even where it is a decade."""
        return ["", *(_side(self.frame[name]) for name in self.frame.columns[1:])]

    def _body(self) -> str:
        shown = self.frame.head(self.rows)
        sides = self._sides()
        written = [
            [_written(value, self.formats.get(str(name), cell)) for value in shown[name]] for name in shown.columns
        ]
        lines = ("".join(_cells(row, sides)) for row in zip(*written, strict=True))
        return f"<tbody>{''.join(f'<tr>{line}</tr>' for line in lines)}</tbody>"


def _side(column: pd.Series[Any]) -> str:
    return ' class="number"' if is_numeric_dtype(column) and not is_bool_dtype(column) else ""


def _written(value: Any, form: wording.Format) -> str:
    text = NONE if wording.is_missing(value) else escape(form(value)) or NONE
    return text.replace("-", "−", 1) if isinstance(value, Real) and text.startswith("-") else text


def _cells(row: Iterable[str], sides: list[str]) -> Iterable[str]:
    for index, (text, side) in enumerate(zip(row, sides, strict=True)):
        yield f'<th scope="row"{side}>{text}</th>' if index == 0 else f"<td{side}>{text}</td>"
