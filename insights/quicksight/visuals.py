"""QuickSight's visuals, one per visual of the definition, each with its text alternative. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from insights.dashboard.definition import (
    AnyVisual,
    Bar,
    Dashboard,
    Groups,
    Kpi,
    Line,
    Rows,
    Sort,
    Texts,
    Totals,
    measures_of,
)
from insights.quicksight import fields
from insights.quicksight.fields import Json

_ALL_YEARS = 200  # points of a line; QuickSight's default is 100


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
