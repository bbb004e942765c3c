"""What must hold between the parts of the dashboard definition, and between them and Gold's schema. Pure.

:mod:`insights.dashboard.definition` has checked each part by itself. Here every name must lead somewhere, every number
must be made of numbers, and every visual must be found, placed and described. Visuals have a module of their own,
:mod:`insights.dashboard.visual_checks`.
"""

from __future__ import annotations

from collections.abc import Iterator

from insights.dashboard import schema, visual_checks
from insights.dashboard.definition import Dashboard, DataSet, Filter, Measure
from insights.dashboard.visual_checks import unknown
from pipeline.errors import InvalidInput

# A table with this column holds aggregates already: a mean over its rows would be an average of averages.
_AGGREGATED = "films"


def check(definition: Dashboard) -> None:
    """Refuse a definition with faults.

    Raises
    ------
    InvalidInput
        With every fault of :func:`faults`.
    """
    if found := list(faults(definition)):
        raise InvalidInput("; ".join(found), subject="dashboard definition", next_step="insights/dashboard.yaml")


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
    yield from visual_checks.faults(definition)


def _data_set(data_set: DataSet) -> Iterator[str]:
    table = schema.TABLES.get(data_set.table)
    if table is None:
        yield unknown("Gold table", data_set.table, schema.TABLES)
        return
    names = [*data_set.columns, *data_set.explode, *data_set.look_up]
    yield from (f"column {name!r} is there twice" for name in sorted({n for n in names if names.count(n) > 1}))
    for name in data_set.columns:
        kind = schema.glue_type(data_set.table, name)
        if kind is None:
            yield f"{unknown('column', name, table.column_names)} in {data_set.table}"
        elif kind == schema.LIST:
            yield f"column {name!r} is a list: explode it"
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
    """In QuickSight a measure is a field named by its title, beside the data set's columns."""
    taken = {(name, column) for name, one in definition.data_sets.items() for column in schema.columns(one)}
    for name, measure in definition.measures.items():
        field = (measure.data_set, measure.title.lower())
        if field in taken:
            yield f"measures.{name}: the title {measure.title!r} is there twice in data set {measure.data_set}"
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
        place = f"sheets.{sheet_name}"
        shown = {
            definition.data_set_of(visual)
            for visual in sheet.visuals.values()
            if visual_checks.has_data_set(definition, visual)
        }
        yield from (
            f"{place}: filter {n!r} is there twice" for n in {n for n in sheet.filters if sheet.filters.count(n) > 1}
        )
        for name in sheet.filters:
            if name not in definition.filters:
                yield f"{place}: {unknown('filter', name, definition.filters)}"
                continue
            one = definition.filters[name]
            if not shown & set(one.data_sets):
                yield f"{place}: filter {name!r} acts on no visual there"
            # QuickSight applies a filter over several data sets by the column's name, wherever the name occurs.
            for other in sorted(shown - set(one.data_sets)):
                if len(one.data_sets) > 1 and one.column in schema.columns(definition.data_sets[other]):
                    yield f"{place}: filter {name!r} would act on {other} too, which has a column {one.column!r}"
