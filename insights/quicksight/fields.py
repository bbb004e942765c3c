"""Fields of QuickSight's visuals: dimensions, measures and plain columns, with their number formats. Pure."""

from __future__ import annotations

from typing import Any

from insights.dashboard import schema
from insights.dashboard.definition import Dashboard, Measure

Json = dict[str, Any]


def _number(places: int, kind: str = "NumberDisplayFormatConfiguration", **more: Any) -> Json:
    return {kind: {**more, "DecimalPlacesConfiguration": {"DecimalPlaces": places}}}


_PLAIN_YEAR = _number(0, SeparatorConfiguration={"ThousandsSeparator": {"Visibility": "HIDDEN"}})
_FORMATS = {
    "whole": _number(0),
    "decimal": _number(1),
    "signed": _number(1),
    "dollars": _number(1, "CurrencyDisplayFormatConfiguration", Symbol="USD", NumberScale="AUTO"),
    "percent": _number(1, "PercentageDisplayFormatConfiguration"),
    "fraction": _number(2),
    "decade": _PLAIN_YEAR,
    "year": _PLAIN_YEAR,
}


def column(data_set: str, name: str) -> Json:
    """Return a reference to a column or calculated field of a declared data set."""
    return {"DataSetIdentifier": data_set, "ColumnName": name}


def field_id(visual: str, name: str) -> str:
    """Return the id of a visual's field; sorts and labels refer to it."""
    return f"{visual}.{name}"


def number(form: str) -> Json:
    """Return the format of a number field."""
    return {"FormatConfiguration": _FORMATS[form]}


def dimension(definition: Dashboard, visual: str, data_set: str, name: str) -> Json:
    """Return a field that groups; numbers are grouped by value, not summed."""
    field: Json = {"FieldId": field_id(visual, name), "Column": column(data_set, name)}
    form = schema.column_format(definition.data_sets[data_set], name)
    if form is None:
        return {"CategoricalDimensionField": field}
    return {"NumericalDimensionField": {**field, "FormatConfiguration": number(form)}}


def measure(visual: str, name: str, one: Measure) -> Json:
    """Return the field of a measure; its calculated field aggregates."""
    return {
        "NumericalMeasureField": {
            "FieldId": field_id(visual, name),
            "Column": column(one.data_set, one.title),
            "FormatConfiguration": number(one.format),
        }
    }


def plain(definition: Dashboard, visual: str, data_set: str, name: str) -> Json:
    """Return the field of an unaggregated column."""
    field: Json = {"FieldId": field_id(visual, name), "Column": column(data_set, name)}
    form = schema.column_format(definition.data_sets[data_set], name)
    return field if form is None else {**field, "FormatConfiguration": {"NumberFormatConfiguration": number(form)}}


def sort(visual: str, by: str, order: str) -> Json:
    """Return a sort by a field of the visual."""
    return {"FieldSort": {"FieldId": field_id(visual, by), "Direction": "ASC" if order == "ascending" else "DESC"}}
