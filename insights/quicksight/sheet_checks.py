"""Checks of the generated dashboard's sheets, visuals, layouts, filters and controls. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from pydantic import ValidationError

from insights.dashboard.definition import GRID_COLUMNS, Place
from insights.dashboard.visual_checks import overlap, unknown
from insights.quicksight.fields import Json
from insights.quicksight.references import NUMBERS, TYPES_OF_FIELDS, Columns, missing_column, parts, twice


def faults(definition: Json, columns: Columns) -> Iterator[str]:
    """Find the faults of all sheets and filters; each names the sheet and the visual, or the filter."""
    sheets = definition.get("Sheets", [])
    visual_ids = [visual["VisualId"] for sheet in sheets for visual in _visuals(sheet)]
    yield from (f"sheet {name!r} is there twice" for name in twice([sheet["SheetId"] for sheet in sheets]))
    yield from (f"visual {name!r} is there twice" for name in twice(visual_ids))
    for sheet in sheets:
        place = f"sheet {sheet['SheetId']}"
        for kind, visual in _kinds(sheet):
            where = f"{place}, visual {visual['VisualId']}"
            yield from (f"{where}: {fault}" for fault in _described(kind, visual))
            yield from (f"{where}: {fault}" for fault in _fields(visual, columns))
        yield from (f"{place}: {fault}" for fault in _layout(sheet))
    yield from _filters(definition, columns)
    yield from _controls(definition)


def _kinds(sheet: Json) -> Iterator[tuple[str, Json]]:
    for visual in sheet.get("Visuals", []):
        yield from visual.items()


def _visuals(sheet: Json) -> Iterator[Json]:
    yield from (visual for _, visual in _kinds(sheet))


def _described(kind: str, visual: Json) -> Iterator[str]:
    if not str(visual.get("VisualContentAltText") or "").strip():
        yield f"this {kind} has no alt text"
    if not str(visual.get("Title", {}).get("FormatText", {}).get("PlainText") or "").strip():
        yield f"this {kind} has no title"


def _fields(visual: Json, columns: Columns) -> Iterator[str]:
    chart = visual["ChartConfiguration"]
    wells = chart["FieldWells"]
    ids = list(parts(wells, "FieldId"))
    yield from (f"field {name!r} is there twice" for name in twice(ids))
    for column in parts(chart, "Column"):
        if fault := missing_column(column, columns):
            yield fault
    for kind, allowed in TYPES_OF_FIELDS.items():
        for field in parts(wells, kind):
            data_set, name = field["Column"]["DataSetIdentifier"], field["Column"]["ColumnName"]
            found = columns.get(data_set, {}).get(name)
            if found is not None and found not in allowed:
                yield f"column {name!r} is {found}, and a {kind} needs {' or '.join(allowed)}"
    data_sets = sorted({column["DataSetIdentifier"] for column in parts(chart, "Column")})
    if len(data_sets) > 1:
        yield f"one visual shows one data set, not {', '.join(data_sets)}"
    rest = {key: value for key, value in chart.items() if key != "FieldWells"}
    for name in parts(rest, "FieldId"):
        if name not in ids:
            yield unknown("field", name, ids)


def _layout(sheet: Json) -> Iterator[str]:
    known = [visual["VisualId"] for visual in _visuals(sheet)]
    elements = [element for found in parts(sheet.get("Layouts", []), "Elements") for element in found]
    placed = [element["ElementId"] for element in elements]
    yield from (f"layout: visual {name!r} is placed twice" for name in twice(placed))
    yield from (f"layout: {unknown('visual', name, known)}" for name in placed if name not in known)
    yield from (f"layout: visual {name!r} has no place" for name in known if name not in placed)
    places = []
    for element in elements:
        try:
            places.append((element["ElementId"], _place(element)))
        except ValidationError:
            yield f"layout: the place of visual {element['ElementId']!r} is none"
    for name, place in places:
        if place.column + place.width > GRID_COLUMNS:
            yield f"layout: visual {name!r} leaves the grid of {GRID_COLUMNS} columns"
    for (name, one), (other_name, other) in combinations(places, 2):
        if overlap(one, other):
            yield f"layout: visual {other_name!r} overlaps {name!r}"


def _place(element: Json) -> Place:
    return Place(
        column=element["ColumnIndex"], row=element["RowIndex"], width=element["ColumnSpan"], height=element["RowSpan"]
    )


def _conditions(definition: Json) -> Iterator[tuple[Json, str, Json]]:
    """Each filter with its group and kind."""
    for group in definition.get("FilterGroups", []):
        for one in group["Filters"]:
            for kind, condition in one.items():
                yield group, kind, condition


def _filters(definition: Json, columns: Columns) -> Iterator[str]:
    visuals = {sheet["SheetId"]: [one["VisualId"] for one in _visuals(sheet)] for sheet in definition["Sheets"]}
    groups = [group["FilterGroupId"] for group in definition.get("FilterGroups", [])]
    yield from (f"filter group {name!r} is there twice" for name in twice(groups))
    ids = [condition["FilterId"] for _, _, condition in _conditions(definition)]
    yield from (f"filter {name!r} is there twice" for name in twice(ids))
    for group, kind, condition in _conditions(definition):
        place = f"filter {condition['FilterId']}"
        if fault := missing_column(condition["Column"], columns):
            yield f"{place}: {fault}"
        else:
            data_set, name = condition["Column"]["DataSetIdentifier"], condition["Column"]["ColumnName"]
            found = columns[data_set][name]
            if kind == "NumericRangeFilter" and found in {"STRING", "BOOLEAN", "DATETIME"}:
                yield f"{place}: column {name!r} is {found}, and a range needs a number"
            if kind == "CategoryFilter" and found in NUMBERS:
                yield f"{place}: column {name!r} is {found}, and a choice needs text"
        for scope in _scopes(group):
            if scope["SheetId"] not in visuals:
                yield f"{place}: {unknown('sheet', scope['SheetId'], visuals)}"
                continue
            known = visuals[scope["SheetId"]]
            yield from (f"{place}: {unknown('visual', v, known)}" for v in scope.get("VisualIds", []) if v not in known)


def _scopes(group: Json) -> list[Json]:
    found = group["ScopeConfiguration"].get("SelectedSheets", {}).get("SheetVisualScopingConfigurations", [])
    return list(found)


def _controls(definition: Json) -> Iterator[str]:
    filters = {condition["FilterId"]: (group, condition) for group, _, condition in _conditions(definition)}
    ids = []
    controlled = set()
    for sheet in definition["Sheets"]:
        for kind, control in (item for one in sheet.get("FilterControls", []) for item in one.items()):
            place = f"sheet {sheet['SheetId']}, control {control['FilterControlId']}"
            ids.append(control["FilterControlId"])
            source = control["SourceFilterId"]
            if source not in filters:
                yield f"{place}: {unknown('filter', source, filters)}"
                continue
            controlled.add((sheet["SheetId"], source))
            group, condition = filters[source]
            if sheet["SheetId"] not in {scope["SheetId"] for scope in _scopes(group)}:
                yield f"{place}: filter {source!r} does not act on this sheet"
            if (kind == "CrossSheet") != ("DefaultFilterControlConfiguration" in condition):
                yield f"{place}: filter {source!r} and its control are not both of one sheet or of several"
    yield from (f"control {name!r} is there twice" for name in twice(ids))
    for name, (group, _) in filters.items():
        for scope in _scopes(group):
            if scope["Scope"] == "ALL_VISUALS" and (scope["SheetId"], name) not in controlled:
                yield f"sheet {scope['SheetId']}: filter {name!r} has no control there"
