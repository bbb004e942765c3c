"""QuickSight's visuals, each with its text alternative, and its filter groups and controls. Pure.

A filter on several sheets is one filter with a control on each (``CrossSheet``), so that a choice applies to all.
Across data sets it acts by the column's name (``ALL_DATASETS``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from insights.dashboard.definition import (
    AnyVisual,
    Bar,
    Dashboard,
    Filter,
    Groups,
    Kpi,
    Line,
    Rows,
    Sheet,
    Sort,
    Texts,
    Totals,
    measures_of,
)
from insights.quicksight import fields
from insights.quicksight.fields import Json, column

_ALL_YEARS = 200  # points of a line; QuickSight's default is 100
_SHOW_ALL = {"SelectAllOptions": "FILTER_ALL_VALUES"}


def visual(definition: Dashboard, name: str, one: AnyVisual) -> Json:
    """Return a visual of a sheet definition."""
    kind, make = _KINDS[type(one)]
    body: Json = {"VisualId": name, "Title": _text(one.title)}
    if one.about:
        body["Subtitle"] = _text(one.about)
    return {kind: {**body, "ChartConfiguration": make(definition, name, one), "VisualContentAltText": one.alt}}


def _text(words: str) -> Json:
    return {"Visibility": "VISIBLE", "FormatText": {"PlainText": words}}


def _measures(definition: Dashboard, name: str, one: AnyVisual) -> list[Json]:
    return [fields.measure(name, measure, definition.measures[measure]) for measure in measures_of(one)]


def _kpi(definition: Dashboard, name: str, one: Kpi) -> Json:
    return {"FieldWells": {"Values": _measures(definition, name, one)}}


def _bar(definition: Dashboard, name: str, one: Bar) -> Json:
    data_set = definition.data_set_of(one)
    order = one.sort or Sort(by=one.measure, order="descending")
    return {
        "FieldWells": {
            "BarChartAggregatedFieldWells": {
                "Category": [fields.dimension(definition, name, data_set, one.dimension)],
                "Values": _measures(definition, name, one),
            }
        },
        "SortConfiguration": {
            "CategorySort": [fields.sort(name, order.by, order.order)],
            "CategoryItemsLimit": {"ItemsLimit": one.top, "OtherCategories": "EXCLUDE"},
        },
        "Orientation": "HORIZONTAL",
        "BarsArrangement": "CLUSTERED",
        "DataLabels": {"Visibility": "VISIBLE", "Overlap": "DISABLE_OVERLAP"},
        "Tooltip": _tooltip(definition, name, one),
    }


def _tooltip(definition: Dashboard, name: str, one: Bar | Line) -> Json:
    """Return the tooltip of a mark: its category, its value and its n."""
    names = [one.dimension, *([one.series] if isinstance(one, Line) and one.series else []), *measures_of(one)]
    items: list[Json] = [
        {"FieldTooltipItem": {"FieldId": fields.field_id(name, each), "Visibility": "VISIBLE"}} for each in names
    ]
    for each in measures_of(one):
        measure = definition.measures[each]
        if measure.n is not None:
            n = definition.measures[measure.n]
            items.append({"ColumnTooltipItem": {"Column": fields.column(n.data_set, n.title), "Visibility": "VISIBLE"}})
    return {
        "TooltipVisibility": "VISIBLE",
        "SelectedTooltipType": "DETAILED",
        "FieldBasedTooltip": {
            "AggregationVisibility": "HIDDEN",
            "TooltipTitleType": "NONE",
            "TooltipFields": items,
        },
    }


def _line(definition: Dashboard, name: str, one: Line) -> Json:
    data_set = definition.data_set_of(one)
    wells: Json = {
        "Category": [fields.dimension(definition, name, data_set, one.dimension)],
        "Values": _measures(definition, name, one),
    }
    order: Json = {
        "CategorySort": [fields.sort(name, one.dimension, "ascending")],
        "CategoryItemsLimitConfiguration": {"ItemsLimit": _ALL_YEARS, "OtherCategories": "EXCLUDE"},
    }
    if one.series is not None:
        wells["Colors"] = [fields.dimension(definition, name, data_set, one.series)]
        order["ColorItemsLimitConfiguration"] = {"ItemsLimit": one.top, "OtherCategories": "EXCLUDE"}
    return {
        "FieldWells": {"LineChartAggregatedFieldWells": wells},
        "SortConfiguration": order,
        "Type": "LINE",
        "Tooltip": _tooltip(definition, name, one),
    }


def _groups(definition: Dashboard, name: str, one: Groups) -> Json:
    data_set = definition.data_set_of(one)
    wells = {
        "GroupBy": [fields.dimension(definition, name, data_set, one.dimension)],
        "Values": _measures(definition, name, one),
    }
    labels = {one.dimension: one.dimension.replace("_", " ").capitalize()}
    return _table(name, {"TableAggregatedFieldWells": wells}, labels, one.sort)


def _totals(definition: Dashboard, name: str, one: Totals) -> Json:
    return {"FieldWells": {"TableAggregatedFieldWells": {"Values": _measures(definition, name, one)}}}


def _rows(definition: Dashboard, name: str, one: Rows) -> Json:
    return _plain_table(definition, name, one.data_set, one.columns, one.sort)


def _texts(definition: Dashboard, name: str, one: Texts) -> Json:
    labels = {one.heading: "Question", one.body: "Answer", one.note: "Written by", one.sort.by: "Id"}
    return _plain_table(definition, name, one.data_set, labels, one.sort)


def _plain_table(definition: Dashboard, name: str, data_set: str, labels: dict[str, str], sort: Sort) -> Json:
    values = [fields.plain(definition, name, data_set, column) for column in labels]
    return _table(name, {"TableUnaggregatedFieldWells": {"Values": values}}, labels, sort)


def _table(name: str, wells: Json, labels: dict[str, str], sort: Sort) -> Json:
    options = [{"FieldId": fields.field_id(name, column), "CustomLabel": label} for column, label in labels.items()]
    return {
        "FieldWells": wells,
        "SortConfiguration": {"RowSort": [fields.sort(name, sort.by, sort.order)]},
        "TableOptions": {"HeaderStyle": {"TextWrap": "WRAP"}, "CellStyle": {"TextWrap": "WRAP"}},
        "FieldOptions": {"SelectedFieldOptions": options},
    }


_KINDS: dict[type[Any], tuple[str, Callable[[Dashboard, str, Any], Json]]] = {
    Kpi: ("KPIVisual", _kpi),
    Bar: ("BarChartVisual", _bar),
    Line: ("LineChartVisual", _line),
    Groups: ("TableVisual", _groups),
    Totals: ("TableVisual", _totals),
    Rows: ("TableVisual", _rows),
    Texts: ("TableVisual", _texts),
}


def filter_groups(definition: Dashboard) -> Iterator[Json]:
    """Yield all filter groups: the readers' filters, then the fixed ones of visuals."""
    for name, one in definition.filters.items():
        sheets = _sheets_with(definition, name)
        scopes = [{"SheetId": sheet, "Scope": "ALL_VISUALS"} for sheet in sheets]
        condition = _condition(name, one)
        if len(sheets) > 1:
            next(iter(condition.values()))["DefaultFilterControlConfiguration"] = {
                "Title": one.title,
                "ControlOptions": _default_control(one),
            }
        yield _group(name, condition, scopes, every_data_set=len(one.data_sets) > 1)
    yield from _fixed(definition)


def _fixed(definition: Dashboard) -> Iterator[Json]:
    for sheet, name, one in definition.visuals():
        scopes = [{"SheetId": sheet, "Scope": "SELECTED_VISUALS", "VisualIds": [name]}]
        for fixed, texts in one.where.items():
            filter_id = f"{name}-{fixed}"
            configuration = {"MatchOperator": "CONTAINS", "CategoryValues": texts}
            condition = {
                "CategoryFilter": {
                    "FilterId": filter_id,
                    "Column": column(definition.data_set_of(one), fixed),
                    "Configuration": {"FilterListConfiguration": configuration},
                }
            }
            yield _group(filter_id, condition, scopes)
        if isinstance(one, Bar) and one.fewest is not None:
            yield _group(f"{name}-fewest", _fewest(definition, f"{name}-fewest", one), scopes)


def _fewest(definition: Dashboard, filter_id: str, one: Bar) -> Json:
    measure = definition.measures[one.measure]
    n = definition.measures[measure.n or one.measure]
    return {
        "NumericRangeFilter": {
            "FilterId": filter_id,
            "Column": column(n.data_set, n.title),
            "NullOption": "NON_NULLS_ONLY",
            "RangeMinimum": {"StaticValue": one.fewest},
            "IncludeMinimum": True,
        }
    }


def _condition(name: str, one: Filter) -> Json:
    about = {"FilterId": name, "Column": column(one.data_sets[0], one.column)}
    if one.kind != "range":
        configuration = {"MatchOperator": "CONTAINS", "NullOption": "ALL_VALUES", **_SHOW_ALL}
        return {"CategoryFilter": {**about, "Configuration": {"FilterListConfiguration": configuration}}}
    return {
        "NumericRangeFilter": {
            **about,
            "NullOption": "NON_NULLS_ONLY",
            "RangeMinimum": {"StaticValue": one.minimum},
            "RangeMaximum": {"StaticValue": one.maximum},
            "IncludeMinimum": True,
            "IncludeMaximum": True,
        }
    }


def _group(name: str, condition: Json, scopes: list[Json], *, every_data_set: bool = False) -> Json:
    return {
        "FilterGroupId": f"group-{name}",
        "Filters": [condition],
        "ScopeConfiguration": {"SelectedSheets": {"SheetVisualScopingConfigurations": scopes}},
        "Status": "ENABLED",
        "CrossDataset": "ALL_DATASETS" if every_data_set else "SINGLE_DATASET",
    }


def _sheets_with(definition: Dashboard, name: str) -> list[str]:
    return [sheet_name for sheet_name, sheet in definition.sheets.items() if name in sheet.filters]


def _default_control(one: Filter) -> Json:
    if one.kind == "range":
        return {"DefaultSliderOptions": _slider(one)}
    return {"DefaultDropdownOptions": {"Type": "MULTI_SELECT" if one.kind == "choice" else "SINGLE_SELECT"}}


def _slider(one: Filter) -> Json:
    return {"Type": "RANGE", "MinimumValue": one.minimum, "MaximumValue": one.maximum, "StepSize": 1}


def controls(definition: Dashboard, sheet_name: str, sheet: Sheet) -> Iterator[Json]:
    """Yield the controls of a sheet, one per filter."""
    for name in sheet.filters:
        one = definition.filters[name]
        about = {"FilterControlId": f"control-{sheet_name}-{name}", "SourceFilterId": name}
        if len(_sheets_with(definition, name)) > 1:
            yield {"CrossSheet": about}
        elif one.kind == "range":
            yield {"Slider": {**about, "Title": one.title, **_slider(one)}}
        else:
            kind = "MULTI_SELECT" if one.kind == "choice" else "SINGLE_SELECT"
            yield {"Dropdown": {**about, "Title": one.title, "Type": kind}}
