"""Check the dashboard definition as a whole, and against Gold's schema. Pure.

:mod:`insights.dashboard.definition` validates each part by itself. Here: every name exists, every number is made of
numbers, and every visual has a place of its own and a text alternative.
"""

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
    DataSet,
    Filter,
    Groups,
    Line,
    Measure,
    Place,
    Rows,
    Sheet,
    Sort,
    Texts,
    measures_of,
)
from pipeline.errors import InvalidInput

# A table with this column holds aggregates already: a mean over its rows would be an average of averages.
_AGGREGATED = "films"
SHORTEST_ALT = 20  # letters; a shorter one says no more than the title


def check(definition: Dashboard) -> None:
    """Reject a definition with faults.

    Raises
    ------
    InvalidInput
        With every fault of :func:`faults`.
    """
    if problems := list(faults(definition)):
        raise InvalidInput("; ".join(problems), subject="dashboard definition", next_step="insights/dashboard.yaml")


def faults(definition: Dashboard) -> Iterator[str]:
    """Find all faults of a definition.

    Yields
    ------
    str
        The place, such as ``sheets.overview.visuals.top_genres``, and what is wrong there.
    """
    for name, data_set in definition.data_sets.items():
        yield from (f"data_sets.{name}: {fault}" for fault in _data_set(data_set))
    for name, measure in definition.measures.items():
        yield from (f"measures.{name}: {fault}" for fault in _measure(definition, measure))
    yield from _measure_titles(definition)
    for name, one in definition.filters.items():
        yield from (f"filters.{name}: {fault}" for fault in _filter(definition, one))
    yield from _sheets(definition)
    yield from _visuals(definition)


def _data_set(data_set: DataSet) -> Iterator[str]:
    table = schema.TABLES.get(data_set.table)
    if table is None:
        yield unknown("Gold table", data_set.table, schema.TABLES)
        return
    names = [*data_set.columns, *data_set.explode, *data_set.look_up]
    yield from (f"duplicate column {name!r}" for name in sorted({n for n in names if names.count(n) > 1}))
    for name in data_set.columns:
        kind = schema.glue_type(data_set.table, name)
        if kind is None:
            yield f"{unknown('column', name, table.column_names)} in {data_set.table}"
        elif kind == schema.LIST:
            yield f"column {name!r} is a list: explode it"
    yield from _rows_of(data_set)
    for source in data_set.explode.values():
        if schema.glue_type(data_set.table, source) != schema.LIST:
            yield f"{source!r} is no list column of {data_set.table}, and cannot be exploded"
    for name in data_set.key:
        if name not in data_set.columns:
            yield f"{unknown('column', name, data_set.columns)} for the key"
    films = [*schema.TABLES[schema.FILMS].column_names, schema.LABEL]
    for look_up in data_set.look_up.values():
        if look_up.by not in table.column_names:
            yield f"{unknown('column', look_up.by, table.column_names)} to look up by"
        if look_up.take not in films:
            yield unknown("column of movies", look_up.take, films)


def _rows_of(data_set: DataSet) -> Iterator[str]:
    """Find the faults of the options that leave rows out, or add some."""
    if data_set.only and schema.glue_type(data_set.table, data_set.only) != "boolean":
        yield f"only: {data_set.only!r} is no boolean column of {data_set.table}"
    if data_set.complete and (data_set.complete not in data_set.columns or len(data_set.key) != 2):
        yield f"complete: {data_set.complete!r} needs to be a column, and the key to have two"


def _measure(definition: Dashboard, measure: Measure) -> Iterator[str]:
    data_set = definition.data_sets.get(measure.data_set)
    if data_set is None:
        yield unknown("data set", measure.data_set, definition.data_sets)
        return
    columns = schema.columns(data_set)
    for part, name in (("of", measure.of), ("by", measure.by)):
        if name is not None and name not in columns:
            yield f"{part}: {unknown('column', name, columns)} in data set {measure.data_set}"
        elif name is not None and measure.kind != "count" and columns[name] not in schema.NUMBERS:
            yield f"{part}: column {name!r} is {columns[name]}, and a {measure.kind} needs a number"
    if measure.kind == "count" and len(data_set.key) > 1:
        yield f"a count needs a key of one column, not {', '.join(data_set.key)}"
    if measure.kind == "ratio" and data_set.explode:
        yield "a ratio of sums would count a film once for each of its genres and people"
    if measure.of is None and measure.kind != "count":
        yield f"a {measure.kind} needs a column in 'of'"
    if (measure.by is None) == (measure.kind == "ratio"):
        yield "'by' is for a ratio, and a ratio needs it"
    yield from _n(definition, measure)
    if measure.kind == "mean" and schema.glue_type(data_set.table, _AGGREGATED):
        yield f"a mean over {data_set.table} would be an average of averages; a ratio of sums is right"


def _measure_titles(definition: Dashboard) -> Iterator[str]:
    """Check titles: in QuickSight a measure is a field named by its title, next to the data set's columns."""
    taken = {(name, column) for name, one in definition.data_sets.items() for column in schema.columns(one)}
    for name, measure in definition.measures.items():
        field = (measure.data_set, measure.title.lower())
        if field in taken:
            yield f"measures.{name}: the title {measure.title!r} is used twice in data set {measure.data_set}"
        taken.add(field)


def _n(definition: Dashboard, measure: Measure) -> Iterator[str]:
    if measure.n is None:
        if measure.kind in {"mean", "ratio"}:
            yield f"a {measure.kind} needs 'n', the measure that counts what it stands on"
        return
    n = definition.measures.get(measure.n)
    if n is None:
        yield f"n: {unknown('measure', measure.n, definition.measures)}"
    elif n.data_set != measure.data_set or n.kind not in {"count", "sum"}:
        yield f"n: measure {measure.n!r} must be a count or sum of data set {measure.data_set}"
    elif measure.kind == "mean" and n.of != measure.of:
        yield f"n: measure {measure.n!r} counts {n.of or 'all rows'}, but the mean is of {measure.of!r}"


def _filter(definition: Dashboard, one: Filter) -> Iterator[str]:
    for name in one.data_sets:
        if name not in definition.data_sets:
            yield unknown("data set", name, definition.data_sets)
            continue
        columns = schema.columns(definition.data_sets[name])
        if one.column not in columns:
            yield f"{unknown('column', one.column, columns)} in data set {name}"
        elif one.kind == "range" and columns[one.column] not in schema.NUMBERS:
            yield f"column {one.column!r} of data set {name} is {columns[one.column]}, and a range needs a number"
        elif one.kind != "range" and columns[one.column] != schema.TEXT:
            yield f"column {one.column!r} of data set {name} is {columns[one.column]}, and a {one.kind} needs text"
        if one.kind == "pick" and (one.first_by is None or columns.get(one.first_by) not in schema.NUMBERS):
            yield f"first_by: {one.first_by!r} is no number of data set {name}"
    bounds = (one.minimum, one.maximum)
    if one.kind == "range" and (None in bounds or one.minimum >= one.maximum):  # type: ignore[operator]
        yield f"a range needs a minimum below its maximum, not {one.minimum} and {one.maximum}"
    if one.kind != "range" and bounds != (None, None):
        yield f"minimum and maximum are for a range, not for a {one.kind}"


def _sheets(definition: Dashboard) -> Iterator[str]:
    used = {name for sheet in definition.sheets.values() for name in sheet.filters}
    yield from (f"filters.{name}: no sheet has it" for name in definition.filters if name not in used)
    for sheet_name, sheet in definition.sheets.items():
        path = f"sheets.{sheet_name}"
        shown = {
            definition.data_set_of(visual) for visual in sheet.visuals.values() if _has_data_set(definition, visual)
        }
        yield from (f"{path}: duplicate filter {n!r}" for n in {n for n in sheet.filters if sheet.filters.count(n) > 1})
        for name in sheet.filters:
            if name not in definition.filters:
                yield f"{path}: {unknown('filter', name, definition.filters)}"
                continue
            one = definition.filters[name]
            if not shown & set(one.data_sets):
                yield f"{path}: filter {name!r} acts on no visual there"
            # QuickSight applies a filter over several data sets by the column's name, wherever the name occurs.
            for other in sorted(shown - set(one.data_sets)):
                if len(one.data_sets) > 1 and one.column in schema.columns(definition.data_sets[other]):
                    yield f"{path}: filter {name!r} would act on {other} too, which has a column {one.column!r}"


def _visuals(definition: Dashboard) -> Iterator[str]:
    """Find the faults of all visuals; each names the sheet and the visual."""
    counts = Counter(name for _, name, _ in definition.visuals())
    for sheet_name, name, visual in definition.visuals():
        path = f"sheets.{sheet_name}.visuals.{name}"
        if counts[name] > 1:
            yield f"{path}: duplicate id {name!r}; ids are unique across all sheets"
        yield from (f"{path}: {fault}" for fault in _described(visual))
        yield from (f"{path}: {fault}" for fault in _visual(definition, visual))
    for sheet_name, sheet in definition.sheets.items():
        yield from (f"sheets.{sheet_name}.{fault}" for fault in _layout(sheet))


def _has_data_set(definition: Dashboard, visual: AnyVisual) -> bool:
    """Return whether all names by which a visual refers to its data set exist."""
    if isinstance(visual, Rows | Texts):
        return visual.data_set in definition.data_sets
    names = measures_of(visual)
    return all(n in definition.measures and definition.measures[n].data_set in definition.data_sets for n in names)


def _described(visual: AnyVisual) -> Iterator[str]:
    alt = visual.alt.strip()
    if len(alt) < SHORTEST_ALT or alt == visual.title:
        yield f"the alt text {alt!r} does not say what the visual shows"
    if not visual.title.strip():
        yield "the title is empty"


def _layout(sheet: Sheet) -> Iterator[str]:
    for name, visual in sheet.visuals.items():
        if visual.place.column + visual.place.width > GRID_COLUMNS:
            yield f"visuals.{name}: its place leaves the grid of {GRID_COLUMNS} columns"
    for (name, one), (other_name, other) in combinations(sheet.visuals.items(), 2):
        if overlap(one.place, other.place):
            yield f"visuals.{other_name}: its place overlaps that of {name!r}"


def overlap(one: Place, other: Place) -> bool:
    """Return whether two places share a cell."""
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
    if not _has_data_set(definition, visual):
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
            yield f"series: column {name!r} is {columns[name]}, and a series needs text"
    yield from _sorted(visual)
    yield from _single_rows(definition, visual)


def _columns_of(visual: AnyVisual) -> Iterator[tuple[str, str]]:
    """Yield the columns that a visual names, with the part that names them."""
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
    """Check that a measure of kind value sees one row: dimension, series and fixed columns cover the key."""
    distinguished = {name for part, name in _columns_of(visual) if part in {"dimension", "series"}}
    distinguished |= {name for name, texts in visual.where.items() if len(texts) == 1}
    for name in measures_of(visual):
        measure = definition.measures[name]
        open_keys = [key for key in definition.data_sets[measure.data_set].key if key not in distinguished]
        if measure.kind == "value" and open_keys:
            yield f"measure {name!r} is one row's value, but {', '.join(open_keys)} may have several"


def unknown(kind: str, name: str, known: Collection[str]) -> str:
    """Report an unknown name and suggest a close one."""
    close = get_close_matches(name, known, n=1)
    return f"there is no {kind} {name!r}" + (f"; {close[0]!r} may be meant" if close else "")
