"""Checks of visuals: all they name exists and fits, each has a place of its own and a text alternative. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from itertools import combinations

from insights.dashboard import schema
from insights.dashboard.definition import (
    GRID_COLUMNS,
    AnyVisual,
    Bar,
    Dashboard,
    Groups,
    Line,
    Place,
    Rows,
    Sheet,
    Sort,
    Texts,
    measures_of,
)

SHORTEST_ALT = 20  # letters; less says no more than the title


def faults(definition: Dashboard) -> Iterator[str]:
    """Find the faults of all visuals; each names the sheet and the visual."""
    counts = Counter(name for _, name, _ in definition.visuals())
    for sheet_name, name, visual in definition.visuals():
        place = f"sheets.{sheet_name}.visuals.{name}"
        if counts[name] > 1:
            yield f"{place}: the id {name!r} is there twice; ids are unique over all sheets"
        yield from (f"{place}: {fault}" for fault in _described(visual))
        yield from (f"{place}: {fault}" for fault in _visual(definition, visual))
    for sheet_name, sheet in definition.sheets.items():
        yield from (f"sheets.{sheet_name}.{fault}" for fault in _layout(sheet))


def has_data_set(definition: Dashboard, visual: AnyVisual) -> bool:
    """Whether the names by which a visual leads to its data set all exist."""
    if isinstance(visual, Rows | Texts):
        return visual.data_set in definition.data_sets
    names = measures_of(visual)
    return all(n in definition.measures and definition.measures[n].data_set in definition.data_sets for n in names)


def _described(visual: AnyVisual) -> Iterator[str]:
    alt = visual.alt.strip()
    if len(alt) < SHORTEST_ALT or alt == visual.title:
        yield f"the alt text {alt!r} does not say what is to be seen"
    if not visual.title.strip():
        yield "the title is empty"


def _layout(sheet: Sheet) -> Iterator[str]:
    for name, visual in sheet.visuals.items():
        if visual.cells.column + visual.cells.width > GRID_COLUMNS:
            yield f"visuals.{name}: its place leaves the grid of {GRID_COLUMNS} columns"
    for (name, one), (other_name, other) in combinations(sheet.visuals.items(), 2):
        if overlap(one.cells, other.cells):
            yield f"visuals.{other_name}: its place overlaps that of {name!r}"


def overlap(one: Place, other: Place) -> bool:
    """Whether two places share a cell."""
    return (
        one.column < other.column + other.width
        and other.column < one.column + one.width
        and one.row < other.row + other.height
        and other.row < one.row + one.height
    )


def _visual(definition: Dashboard, visual: AnyVisual) -> Iterator[str]:
    missing = [name for name in measures_of(visual) if name not in definition.measures]
    yield from (unknown("measure", name, definition.measures) for name in missing)
    if isinstance(visual, Rows | Texts) and visual.data_set not in definition.data_sets:
        yield unknown("data set", visual.data_set, definition.data_sets)
    if not has_data_set(definition, visual):
        return
    data_set = definition.data_set_of(visual)
    columns = schema.columns(definition.data_sets[data_set])
    for name in measures_of(visual):
        other = definition.measures[name].data_set
        if other != data_set:
            yield f"measure {name!r} is of data set {other}, the visual's first of {data_set}"
    for part, name in _columns_of(visual):
        if name not in columns:
            yield f"{part}: {unknown('column', name, columns)} in data set {data_set}"
        elif part == "where" and columns[name] != schema.TEXT:
            yield f"where: column {name!r} is {columns[name]}, and only text can be fixed"
        elif part == "dimension" and isinstance(visual, Line) and columns[name] not in schema.NUMBERS:
            yield f"dimension: column {name!r} is {columns[name]}, and a line needs a number"
        elif part == "series" and columns[name] != schema.TEXT:
            yield f"series: column {name!r} is {columns[name]}, and lines are told apart by text"
    yield from _sorted(visual)
    yield from _single_rows(definition, visual)


def _columns_of(visual: AnyVisual) -> Iterator[tuple[str, str]]:
    """Columns that a visual names, with the part that names them."""
    yield from (("where", name) for name in visual.where)
    if isinstance(visual, Bar | Line | Groups):
        yield "dimension", visual.dimension
    if isinstance(visual, Line) and visual.series is not None:
        yield "series", visual.series
    if isinstance(visual, Rows):
        yield from (("columns", name) for name in visual.columns)
    if isinstance(visual, Texts):
        yield from (("heading", visual.heading), ("body", visual.body), ("note", visual.note))
        yield "sort", visual.sort.by


def _sorted(visual: AnyVisual) -> Iterator[str]:
    if isinstance(visual, Line) and visual.series is not None and len(visual.measures) > 1:
        yield f"lines are one a measure or one a value of {visual.series!r}, not both"
    shown = [*measures_of(visual)]
    if isinstance(visual, Bar | Groups):
        shown.append(visual.dimension)
    if isinstance(visual, Rows):
        shown += visual.columns
    sort: Sort | None = visual.sort if isinstance(visual, Bar | Groups | Rows) else None
    if sort is not None and sort.by not in shown:
        yield f"sort: {sort.by!r} is not shown in the visual; shown are {', '.join(shown)}"


def _single_rows(definition: Dashboard, visual: AnyVisual) -> Iterator[str]:
    """A measure of kind value must see one row: dimension, series and fixed columns cover the data set's key."""
    told_apart = {name for part, name in _columns_of(visual) if part in {"dimension", "series"}}
    told_apart |= {name for name, texts in visual.where.items() if len(texts) == 1}
    for name in measures_of(visual):
        measure = definition.measures[name]
        open_keys = [key for key in definition.data_sets[measure.data_set].key if key not in told_apart]
        if measure.kind == "value" and open_keys:
            yield f"measure {name!r} is one row's value, but {', '.join(open_keys)} may have several"


def unknown(kind: str, name: str, known: Collection[str]) -> str:
    """Say that there is no such thing, and which one may be meant."""
    close = get_close_matches(name, known, n=1)
    return f"there is no {kind} {name!r}" + (f"; {close[0]!r} may be meant" if close else "")
