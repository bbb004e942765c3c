"""References in the generated QuickSight template that cfn-lint does not follow: columns, fields, layouts, filters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import sqlglot

Json = dict[str, Any]
_TYPES = {
    "CategoricalDimensionField": {"STRING", "BOOLEAN"},
    "NumericalDimensionField": {"INTEGER", "DECIMAL"},
    "NumericalMeasureField": {"INTEGER", "DECIMAL", "CALCULATED"},
}


def parts(node: Any, key: str) -> Iterator[Any]:
    """Values of ``key`` at any depth."""
    if isinstance(node, dict):
        yield from [node[key]] if key in node else []
        for value in node.values():
            yield from parts(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from parts(value, key)


def faults(template: Json) -> Iterator[str]:
    """Name each reference that leads nowhere, each misfit of types, and each asset that nobody may see."""
    resources = template["Resources"]
    definition = resources["Dashboard"]["Properties"]["Definition"]
    columns = dict(_columns(resources, definition))
    for name, resource in resources.items():
        if "Schedule" not in resource["Properties"] and not resource["Properties"].get("Permissions"):
            yield f"{name}: no permissions"
    for query in parts(resources, "CustomSql"):
        selected = sqlglot.parse_one(query["SqlQuery"]["Fn::Sub"], read="trino").named_selects
        if selected != [one["Name"] for one in query["Columns"]]:
            yield f"{query['Name']}: the SQL does not select the declared columns"
    for field in definition["CalculatedFields"]:
        for name in re.findall(r"(?<!\$)\{([^{}]+)\}", field["Expression"]):
            if name not in columns[field["DataSetIdentifier"]]:
                yield f"{field['Name']}: no column {name}"
    for column in parts([definition["Sheets"], definition["FilterGroups"]], "Column"):
        if column["ColumnName"] not in columns.get(column["DataSetIdentifier"], {}):
            yield f"no column {column['DataSetIdentifier']}.{column['ColumnName']}"
    for sheet in definition["Sheets"]:
        yield from (f"{sheet['SheetId']}: {fault}" for fault in _sheet(sheet, columns))
    yield from _filters(definition)


def _columns(resources: Json, definition: Json) -> Iterator[tuple[str, dict[str, str]]]:
    for one in definition["DataSetIdentifierDeclarations"]:
        (table,) = resources[one["DataSetArn"]["Fn::GetAtt"][0]]["Properties"]["PhysicalTableMap"].values()
        types = {column["Name"]: column["Type"] for column in table["CustomSql"]["Columns"]}
        own = [field for field in definition["CalculatedFields"] if field["DataSetIdentifier"] == one["Identifier"]]
        yield one["Identifier"], types | {field["Name"]: "CALCULATED" for field in own}


def _sheet(sheet: Json, columns: dict[str, dict[str, str]]) -> Iterator[str]:
    visuals = [visual for one in sheet["Visuals"] for visual in one.values()]
    placed = list(parts(sheet["Layouts"], "ElementId"))
    if sorted(placed) != sorted(visual["VisualId"] for visual in visuals):
        yield "the layout does not place each visual once"
    for visual in visuals:
        name, chart = visual["VisualId"], visual["ChartConfiguration"]
        fields = list(parts(chart["FieldWells"], "FieldId"))
        if len(set(fields)) != len(fields):
            yield f"{name}: a field twice"
        others = parts({key: value for key, value in chart.items() if key != "FieldWells"}, "FieldId")
        yield from (f"{name}: no field {one}" for one in others if one not in fields)
        if len({column["DataSetIdentifier"] for column in parts(chart, "Column")}) != 1:
            yield f"{name}: not of one data set"
        for kind, allowed in _TYPES.items():
            for field in parts(chart["FieldWells"], kind):
                column = field["Column"]
                if columns.get(column["DataSetIdentifier"], {}).get(column["ColumnName"]) not in allowed:
                    yield f"{name}: {column['ColumnName']} is no {kind}"


def _filters(definition: Json) -> Iterator[str]:
    sheets = {sheet["SheetId"]: sheet for sheet in definition["Sheets"]}
    ids = [
        body["FilterId"] for group in definition["FilterGroups"] for one in group["Filters"] for body in one.values()
    ]
    yield from (f"filter {name} twice" for name in {one for one in ids if ids.count(one) > 1})
    for scope in (one for scopings in parts(definition, "SheetVisualScopingConfigurations") for one in scopings):
        known = list(parts(sheets.get(scope["SheetId"], {}), "VisualId"))
        if not known or not set(scope.get("VisualIds", [])) <= set(known):
            yield f"a filter acts on nothing: {scope}"
    for group in definition["FilterGroups"]:
        (body,) = group["Filters"][0].values()
        for scope in parts(group, "SheetVisualScopingConfigurations"):
            for one in scope:
                controls = list(parts(sheets[one["SheetId"]].get("FilterControls", []), "SourceFilterId"))
                if one["Scope"] == "ALL_VISUALS" and body["FilterId"] not in controls:
                    yield f"{one['SheetId']}: no control for filter {body['FilterId']}"
    controls = parts([sheet.get("FilterControls", []) for sheet in sheets.values()], "SourceFilterId")
    yield from (f"a control of no filter: {name}" for name in controls if name not in ids)
