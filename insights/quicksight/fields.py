"""Fields of QuickSight: dimensions, measures with their formulas, and plain columns, with their formats. Pure."""

from __future__ import annotations

from typing import Any

from insights.dashboard import schema
from insights.dashboard.definition import Dashboard, DataSet, Measure

Json = dict[str, Any]


def _number(places: int, kind: str = "NumberDisplayFormatConfiguration", **more: Any) -> Json:
    return {kind: {**more, "DecimalPlacesConfiguration": {"DecimalPlaces": places}}}


_PLAIN_YEAR = _number(0, SeparatorConfiguration={"ThousandsSeparator": {"Visibility": "HIDDEN"}})
_FORMATS = {
    "whole": _number(0),
    "decimal": _number(1),
    "signed": _number(2),
    "dollars": _number(1, "CurrencyDisplayFormatConfiguration", Symbol="USD", NumberScale="AUTO"),
    "percent": _number(1, "PercentageDisplayFormatConfiguration"),
    "fraction": _number(2),
    "score": _number(0, "PercentageDisplayFormatConfiguration"),
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


def formula(definition: Dashboard, measure: Measure) -> str:
    """Return a measure as an expression in QuickSight's language, over its data set's columns.

    A film is several rows of an exploded data set, so its value is first reduced to one: ``max`` per key within the
    groups of the visual, a level-aware aggregation, which is then summed. The reference is the QuickSight user guide,
    "Using level-aware calculations": ``sum({sales}, [${visualDimensions}, {Country}])``. Filters act before it.
    """
    data_set = definition.data_sets[measure.data_set]
    body = _body(data_set, measure)
    return body if measure.times == 1 else f"{measure.times:g} * {body}"


def _body(data_set: DataSet, measure: Measure) -> str:
    if measure.kind == "count":
        return _count(data_set, measure.of)
    if measure.kind == "mean":
        return f"{_sum(data_set, measure.of)} / {_count(data_set, measure.of)}"
    if measure.kind == "ratio":
        return f"{_sum(data_set, measure.of)} / {_sum(data_set, measure.by)}"
    return f"max({{{measure.of}}})" if measure.kind == "value" else _sum(data_set, measure.of)


def _count(data_set: DataSet, of: str | None) -> str:
    key = data_set.key[0]
    return f"distinct_count({{{key}}})" if of is None else f"distinct_countIf({{{key}}}, isNotNull({{{of}}}))"


def _sum(data_set: DataSet, of: str | None) -> str:
    if not data_set.explode:
        return f"sum({{{of}}})"
    key = ", ".join(f"{{{name}}}" for name in data_set.key)
    return f"sum(max({{{of}}}, [${{visualDimensions}}, {key}]))"
