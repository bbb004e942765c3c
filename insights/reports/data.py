"""What a report stands on: Gold's tables, which build and run they are of, and what is missing in them.

Reads Gold through :mod:`insights.lake`; writes nothing. A table or column that is not there is given without rows or
values, and named, so that a report says what it lacks and shows the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from insights import inputs, lake
from insights.columns import INSIGHTS_TABLES
from insights.frames import PANDAS_TYPES, typed
from pipeline import aws, settings
from pipeline.columns import GOLD_TABLES, Table
from pipeline.errors import InvalidInput
from pipeline.gold.build import Build, build_in_use
from pipeline.settings import LakeSettings

MIME = "application/vnd.reelhouse.source+json"
# All tables of Gold that Reelhouse writes; others may stand beside them, and be anything.
DEFINED = GOLD_TABLES | INSIGHTS_TABLES
RUN = "`reelhouse run` fills Gold"


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
    """

    tables: dict[str, pd.DataFrame]
    missing: tuple[str, ...]
    build: Build | None

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
        }

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Tell what is missing, and hand the rest to whoever runs the report."""
        points = "".join(f"<li>{escape(sentence)}</li>" for sentence in self.missing)
        notice = f'<div class="missing"><p><strong>What is missing</strong></p><ul>{points}</ul></div>'
        plain = f"Gold build {self.build.build_id if self.build else 'none'}, run {self.run_id}"
        return {MIME: self.about(), "text/html": notice if self.missing else "", "text/plain": plain}


def load(**columns: Sequence[str]) -> Source:
    """Read tables of Gold.

    Parameters
    ----------
    **columns : sequence of str
        Table names, each with the columns that the report cannot do without; they are missing where Gold lacks them
        or no row has a value.

    Raises
    ------
    InvalidInput
        When there is no such table in Reelhouse at all.
    StorageFailed
        When Gold cannot be read.
    """
    bucket = settings.load(LakeSettings).gold_bucket
    with aws.failures_of("report", bucket):
        build = build_in_use(bucket)
    inputs.read(inputs.BUILD, inputs.of_build(build))
    missing = [] if build else [f"Gold has not been built yet: {RUN}."]
    there = lake.tables()
    tables = {}
    for name, needed in columns.items():
        definition = _definition(name)
        if name in there:
            tables[name], lacks = read(lake.table(name), definition, needed)
            missing += lacks
        else:
            inputs.read(inputs.TABLE + name, inputs.MISSING)
            tables[name] = typed(pd.DataFrame(), definition)
            missing.append(f"Gold has no table {name}.")
    return Source(tables, tuple(missing), build)


def everything(but: Collection[str]) -> dict[str, pd.DataFrame]:
    """All tables that Gold has of those that Reelhouse defines, ``but`` for some, as they stand in Gold."""
    there = lake.tables()
    wanted = [name for name in DEFINED if name not in but]
    for name in wanted:
        if name not in there:
            inputs.read(inputs.TABLE + name, inputs.MISSING)
    return {name: lake.table(name) for name in wanted if name in there}


def _definition(name: str) -> Table:
    if name not in DEFINED:
        raise InvalidInput("there is no such table", subject=name, next_step=f"there are: {', '.join(DEFINED)}")
    return DEFINED[name]


def read(frame: pd.DataFrame, definition: Table, needed: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    """Bring a table as Gold has it into the shape of its definition. Pure.

    Returns
    -------
    frame : DataFrame
        All columns of the definition; those that Gold lacks, or has with values of another type, without values.
    missing : list of str
        Those columns, and any of ``needed`` without a single value, one sentence each.
    """
    lacks = [name for name in definition.column_names if name not in frame]
    odd = [
        column.name
        for column in definition.columns
        if column.name in frame and not _fits(frame, column.name, column.type)
    ]
    missing = []
    if lacks or odd:
        names = ", ".join([*lacks, *odd])
        missing.append(
            f"{definition.name} is of an older schema: it has no usable {names}. A new build of Gold adds them."
        )
    shaped = typed(frame.drop(columns=odd), definition)
    if shaped.empty:
        missing.append(f"{definition.name} has no rows.")
    else:
        empty = [name for name in needed if name not in lacks + odd and _empty(shaped[name])]
        missing += [f"No row of {definition.name} has a value in {name}." for name in empty]
    return shaped, missing


def _fits(frame: pd.DataFrame, name: str, kind: str) -> bool:
    try:
        frame[[name]].astype({name: PANDAS_TYPES[kind]})
    except (ValueError, TypeError):
        return False
    return True


def _empty(column: pd.Series[Any]) -> bool:
    """Whether no row has a value; an empty list is none."""
    known = column.dropna()
    return bool(known.empty or (known.map(lambda value: hasattr(value, "__len__") and len(value) == 0)).all())
