"""The tables that a report reads, what is missing in them, and the tables that it publishes.

Reads and writes Gold through :class:`insights.lake.Lake`. A table or column that is missing is given without rows or
values, and named, so that a report says what it lacks and shows the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

import pandas as pd

from insights import wording
from insights.columns import RANK_MOVERS
from insights.frames import PANDAS_TYPES, typed
from insights.lake import Lake
from insights.lake_tables import DEFINED
from insights.reports.style import only_in_notebooks, styled
from insights.reports.tables import heading
from pipeline import aws
from pipeline.columns import Table
from pipeline.errors import InvalidInput
from pipeline.gold.build import Build
from pipeline.gold.publication import read_pointer

MIME = "application/vnd.reelhouse.source+json"
RUN = "`reelhouse run` fills Gold"
# Tables in which no rows are no fault: a list on which no film has moved.
_MAY_BE_EMPTY = {RANK_MOVERS.name}


@dataclass(frozen=True)
class Source:
    """Gold's tables as a report uses them.

    Attributes
    ----------
    tables : dict of str to DataFrame
        All columns of the table's definition, typed; without rows where Gold has no such table.
    missing : tuple of str
        What is missing, one sentence each.
    build : Build or None
        The build in use; None before the first.
    absent : tuple of str
        Tables that Gold does not have.
    held : str
        A sentence for readers where a newer build is held back; else "".
    """

    tables: dict[str, pd.DataFrame]
    missing: tuple[str, ...]
    build: Build | None
    absent: tuple[str, ...] = ()
    held: str = ""

    def __getitem__(self, name: str) -> pd.DataFrame:
        """A table by its name."""
        return self.tables[name]

    @property
    def run_id(self) -> str | None:
        """The newest run in this build of Gold; None before the first."""
        return self.build.newest_run if self.build else None

    def about(self) -> dict[str, Any]:
        """Build, run, time and rows, for ``report.json``."""
        build = self.build
        return {
            "build_id": build.build_id if build else None,
            "built_at": build.built_at if build else None,
            "run_id": self.run_id,
            "code_version": build.code_version if build else None,
            "rows": {name: len(frame) for name, frame in self.tables.items()},
            "missing": list(self.missing),
            "held": self.held,
        }

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Show what is missing and how much there is, and hand build and run to the program that runs the report."""
        points = "".join(f"<li>{escape(sentence)}</li>" for sentence in self.missing)
        notice = f'<div class="missing"><p><strong>What is missing</strong></p><ul>{points}</ul></div>'
        rows = ", ".join(f"{name} ({len(frame):,} rows)" for name, frame in self.tables.items())
        plain = f"Gold build {self.build.build_id if self.build else 'none'}: {rows}"
        held = f'<p class="missing">{escape(self.held)}</p>' if self.held else ""
        html = styled(only_in_notebooks(plain) + held + (notice if self.missing else ""))
        return {MIME: self.about(), "text/html": html, "text/plain": plain}


def load(lake: Lake, **columns: Sequence[str]) -> Source:
    """Read tables of Gold.

    Parameters
    ----------
    **columns : sequence of str
        Table names, each with the columns that the report cannot do without; they are missing where Gold lacks them
        or no row has a value.

    Raises
    ------
    InvalidInput
        When Reelhouse defines no such table.
    StorageFailed
        When Gold cannot be read.
    """
    lake = lake.of_one_build()
    build = lake.build()
    missing = [] if build else [f"Gold has not been built yet: {RUN}."]
    existing = lake.tables()
    tables = {}
    for name, needed in columns.items():
        definition = _definition(name)
        if name in existing:
            tables[name], lacks = read(lake.table(name), definition, needed)
            missing += lacks
        else:
            tables[name] = typed(pd.DataFrame(), definition)
            missing.append(f"Gold has no {_in_words(name)} yet.")
    absent = tuple(name for name in columns if name not in existing)
    return Source(tables, tuple(missing), build, absent, _held(lake, build))


def _held(lake: Lake, build: Build | None) -> str:
    """Say that a newer build than the published one is held back; "" where none is."""
    with aws.failures_of("report", lake.gold_bucket):
        pointer = read_pointer(lake.gold_bucket)
    if build is None or pointer.held is None or pointer.build != build:
        return ""
    when = wording.moment(datetime.fromisoformat(pointer.held.at))
    because = "its numbers changed more than usual"
    if pointer.held.rolled_back:
        because = "a person went back to this earlier data"
    return f"Newer data, of {when}, is held back until a person has checked it: {because}."


def everything(lake: Lake, but: Collection[str]) -> dict[str, pd.DataFrame]:
    """Read all tables that Reelhouse defines and Gold has, except those named in ``but``, as they are in Gold."""
    lake = lake.of_one_build()
    existing = lake.tables()
    return {name: lake.table(name) for name in DEFINED if name in existing and name not in but}


def publish(
    lake: Lake, tables: Sequence[tuple[Table, pd.DataFrame]], options: Mapping[str, Any], *, publish: bool
) -> Note:
    """Replace tables of Gold with new rows, or, without ``publish``, say that they were left alone.

    Parameters
    ----------
    options : mapping
        What the rows were made with; it is stored with each table.
    """
    names = wording.listed([table.name for table, _ in tables])
    made_with = ", ".join(f"{name} = {value}" for name, value in options.items())
    if not publish:
        return Note(f"Not published: {names} in Gold stays as it was. This notebook used {made_with}.")
    for table, frame in tables:
        lake.publish(table, frame, options)
    return Note(f"Published to Gold: {names}, made with {made_with}.")


@dataclass(frozen=True, repr=False)
class Note:
    """A line that is shown in a notebook, and left out of a report's page."""

    text: str

    def _repr_html_(self) -> str:
        return styled(only_in_notebooks(self.text))

    def __repr__(self) -> str:
        return self.text


def _in_words(name: str) -> str:
    """Write the name of a table for readers: ``genre trends``."""
    return name.replace("_", " ")


def _definition(name: str) -> Table:
    if name not in DEFINED:
        raise InvalidInput("there is no such table", subject=name, next_step=f"there are: {', '.join(DEFINED)}")
    return DEFINED[name]


def read(frame: pd.DataFrame, definition: Table, needed: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    """Bring a table as Gold has it into the shape of its definition. Pure.

    Returns
    -------
    frame : DataFrame
        All columns of the definition; those that Gold lacks, or has with values of another type, are empty.
    missing : list of str
        Those columns, and any of ``needed`` without a single value, one sentence each.
    """
    lacks = [name for name in definition.column_names if name not in frame]
    odd = [
        column.name
        for column in definition.columns
        if column.name in frame and not _fits(frame, column.name, column.type)
    ]
    missing, table = [], _in_words(definition.name)
    if lacks or odd:
        names = ", ".join(heading(name) for name in [*lacks, *odd])
        missing.append(f"The {table} are of an older schema, without usable {names}. A new build of Gold adds them.")
    shaped = typed(frame.drop(columns=odd), definition)
    if shaped.empty and definition.name not in _MAY_BE_EMPTY:
        missing.append(f"There are no {table} yet.")
    elif not shaped.empty:
        empty = [name for name in needed if name not in lacks + odd and _empty(shaped[name])]
        missing += [f"Not known for any of the {table}: {heading(name)}." for name in empty]
    return shaped, missing


def _fits(frame: pd.DataFrame, name: str, kind: str) -> bool:
    try:
        frame[[name]].astype({name: PANDAS_TYPES[kind]})
    except (ValueError, TypeError):
        return False
    return True


def _empty(column: pd.Series[Any]) -> bool:
    """Return whether no row has a value; an empty list is none."""
    known = column.dropna()
    return bool(known.empty or (known.map(lambda value: hasattr(value, "__len__") and len(value) == 0)).all())
