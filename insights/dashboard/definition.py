"""The format of ``insights/dashboard.yaml``: data sets, measures, filters, sheets and visuals.

pydantic rejects unknown keys, wrong types and unknown kinds; :func:`load` reads the file. Consistency between the
parts, and with Gold, is checked in :mod:`insights.dashboard.checks`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipeline.errors import InvalidInput

PATH = Path(__file__).parent.parent / "dashboard.yaml"
GRID_COLUMNS = 36  # of a QuickSight grid layout
TALLEST = 21  # rows of an element there

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Words = Annotated[str, Field(min_length=1, max_length=1024)]
Format = Literal["whole", "decimal", "signed", "dollars", "percent"]


class Strict(BaseModel):
    """A part of the definition; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LookUp(Strict):
    """A column taken from Gold's ``movies`` for the IMDb id in column ``by``; ``label`` is its name, for readers."""

    by: Name
    take: Name


class DataSet(Strict):
    """Rows of one Gold table.

    Attributes
    ----------
    key : list of str
        Columns that identify what a row is about; counts and means are over distinct keys.
    only : str or None
        Boolean column of the table; rows where it is false are left out.
    complete : str or None
        Column of counts that is 0 for each combination of the two keys without a row. All other columns are those of
        the first key.
    explode : dict
        New column names, each with the list column it takes one item of: a row for every combination of items.
    look_up : dict
        New column names, each with where its value is looked up.
    """

    title: Words
    table: Name
    key: Annotated[list[Name], Field(min_length=1)]
    columns: Annotated[list[Name], Field(min_length=1)]
    only: Name | None = None
    complete: Name | None = None
    explode: dict[Name, Name] = {}
    look_up: dict[Name, LookUp] = {}


class Measure(Strict):
    """A number computed from a group of rows. There is no plain average: a film may be several rows.

    Attributes
    ----------
    kind : str
        ``count``: distinct keys, with a value in ``of`` if that is given. ``mean``: mean of ``of`` over distinct keys.
        ``sum``: sum of ``of`` over distinct keys. ``ratio``: sum of ``of`` divided by sum of ``by``. ``value``: the
        value of ``of``, where a group is one row.
    times : float
        Factor on the result, such as 10 to bring a rating of 0-10 to 0-100.
    n : str or None
        Measure that counts the films behind it.
    """

    title: Words
    data_set: Name
    kind: Literal["count", "mean", "sum", "ratio", "value"]
    of: Name | None = None
    by: Name | None = None
    times: float = 1
    n: Name | None = None
    unit: str = ""
    format: Format = "whole"


class Filter(Strict):
    """A control: ``range`` of a number, ``choice`` of any of several texts, or ``pick`` of one text.

    A picked column starts with the text whose ``first_by`` is lowest. ``minimum`` and ``maximum`` end a range's slider.
    """

    title: Words
    kind: Literal["range", "choice", "pick"]
    column: Name
    data_sets: Annotated[list[Name], Field(min_length=1)]
    minimum: int | None = None
    maximum: int | None = None
    first_by: Name | None = None


class Sort(Strict):
    """Order by a dimension, measure or column of the visual."""

    by: Name
    order: Literal["ascending", "descending"]


class Place(Strict):
    """Cells of a visual in the sheet's grid; in the file, ``place`` lists these four numbers."""

    column: Annotated[int, Field(ge=0)]
    row: Annotated[int, Field(ge=0)]
    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1, le=TALLEST)]

    @model_validator(mode="before")
    @classmethod
    def _of_numbers(cls, given: object) -> object:
        names = tuple(cls.model_fields)
        return dict(zip(names, given, strict=True)) if isinstance(given, list) and len(given) == len(names) else given


class Visual(Strict):
    """What all visuals have.

    Attributes
    ----------
    where : dict
        Columns with the texts they are fixed to.
    page : bool
        False leaves the visual out of the dashboard page.
    finding : str
        The page's title, with what the data show: ``{first}`` is the name of the first bar or line, ``{top}`` that of
        the largest, ``{first_value}`` and ``{top_value}`` their values, ``{count}`` the number of bars.
    zoom : bool
        The page draws scores on a scale that shows their differences: dots with 95% confidence intervals in place of
        bars, no zero for lines.
    nothing : str or None
        What the page says where the visual has nothing to show, with the number of films for ``{films}``; "" says
        nothing, None names the visual in one line of its sheet.
    """

    place: Place
    title: Words
    alt: Words
    about: str = ""
    where: dict[Name, Annotated[list[str], Field(min_length=1)]] = {}
    page: bool = True
    finding: str = ""
    zoom: bool = False
    nothing: str | None = None


class Kpi(Visual):
    """One number."""

    kind: Literal["kpi"]
    measure: Name


class Bar(Visual):
    """A bar for each value of a dimension, at most ``top``; ``fewest`` hides bars that stand on fewer films."""

    kind: Literal["bar"]
    dimension: Name
    measure: Name
    sort: Sort | None = None
    top: Annotated[int, Field(ge=1, le=100)]
    fewest: Annotated[int, Field(ge=1)] | None = None


class Line(Visual):
    """Lines over a numeric dimension: one a measure, or one a value of ``series``, at most ``top`` of them.

    The page draws a small chart for each value of ``series``; its values are pooled over ``smooth`` years.
    """

    kind: Literal["line"]
    dimension: Name
    measures: Annotated[list[Name], Field(min_length=1, max_length=5)]
    series: Name | None = None
    top: Annotated[int, Field(ge=1, le=8)] = 5
    smooth: Annotated[int, Field(ge=1, le=21)] = 1


class Groups(Visual):
    """A table with a row for each value of a dimension, and measures as columns; QuickSight shows all, not ``top``."""

    kind: Literal["groups"]
    dimension: Name
    measures: Annotated[list[Name], Field(min_length=1)]
    sort: Sort
    top: Annotated[int, Field(ge=1, le=500)]


class Totals(Visual):
    """A table of one row of measures."""

    kind: Literal["totals"]
    measures: Annotated[list[Name], Field(min_length=1)]


class Rows(Visual):
    """Rows of a data set as they are: its columns with their headings; QuickSight shows all, not ``top``."""

    kind: Literal["rows"]
    data_set: Name
    columns: Annotated[dict[Name, Words], Field(min_length=1)]
    sort: Sort
    top: Annotated[int, Field(ge=1, le=500)]


class Texts(Visual):
    """Rows of a data set to be read: heading, body and a note."""

    kind: Literal["texts"]
    data_set: Name
    heading: Name
    body: Name
    note: Name
    sort: Sort


AnyVisual = Annotated[Kpi | Bar | Line | Groups | Totals | Rows | Texts, Field(discriminator="kind")]


class Sheet(Strict):
    """A sheet with its filters and visuals."""

    title: Words
    about: Words
    filters: list[Name]
    visuals: Annotated[dict[Name, AnyVisual], Field(min_length=1)]


class Dashboard(Strict):
    """The whole definition."""

    title: Words
    about: Words
    data_sets: Annotated[dict[Name, DataSet], Field(min_length=1)]
    measures: dict[Name, Measure]
    filters: dict[Name, Filter]
    sheets: Annotated[dict[Name, Sheet], Field(min_length=1)]

    def visuals(self) -> Iterator[tuple[str, str, AnyVisual]]:
        """All visuals, with the names of their sheet and their own."""
        for sheet_name, sheet in self.sheets.items():
            for name, visual in sheet.visuals.items():
                yield sheet_name, name, visual

    def data_set_of(self, visual: AnyVisual) -> str:
        """Name of the data set that a visual shows: its own, or its first measure's."""
        if isinstance(visual, Rows | Texts):
            return visual.data_set
        return self.measures[measures_of(visual)[0]].data_set


def measures_of(visual: AnyVisual) -> list[str]:
    """Names of a visual's measures, in order."""
    if isinstance(visual, Kpi | Bar):
        return [visual.measure]
    return [] if isinstance(visual, Rows | Texts) else list(visual.measures)


class _OnceOnly(yaml.CSafeLoader):
    """A YAML loader that rejects duplicate keys; YAML itself silently drops the first of two."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        earlier_keys = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in earlier_keys:
                raise InvalidInput(f"duplicate key {key!r}", subject=f"line {key_node.start_mark.line + 1}")
            earlier_keys.add(key)
        return super().construct_mapping(node, deep)


def parse(text: str) -> Dashboard:
    """Read a definition.

    Raises
    ------
    InvalidInput
        When it is not YAML, has a duplicate key or breaks the format above; every fault names its place.
    """
    try:
        return Dashboard.model_validate(yaml.load(text, Loader=_OnceOnly))  # noqa: S506 (a CSafeLoader)
    except yaml.YAMLError as error:
        raise InvalidInput(str(error), subject="dashboard definition") from error
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False)]
        raise InvalidInput("; ".join(faults), subject="dashboard definition") from error


def load(path: Path = PATH) -> Dashboard:
    """Read the definition of a file; see :func:`parse`."""
    return parse(path.read_text(encoding="utf-8"))
