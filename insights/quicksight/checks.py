"""What cfn-lint does not see in the template: references that lead nowhere, and assets that nobody sees. Pure.

cfn-lint's schema knows keys, types and allowed values, but no column, data set, layout, filter or sort. Here are the
resources, data sets and calculated fields; sheets and filters are in :mod:`insights.quicksight.sheet_checks`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import sqlglot
from sqlglot.errors import ParseError

from insights.dashboard.visual_checks import unknown
from insights.quicksight import data_sets, sheet_checks
from insights.quicksight.fields import Json
from insights.quicksight.references import CALCULATED, NUMBERS, Columns, twice

_NEED_PERMISSIONS = {
    "AWS::QuickSight::DataSource": data_sets.SOURCE_ACTIONS,
    "AWS::QuickSight::DataSet": data_sets.DATA_SET_ACTIONS,
    "AWS::QuickSight::Dashboard": data_sets.DASHBOARD_ACTIONS,
}
_FIELD = re.compile(r"\{([^{}]+)\}")
_OWN = re.compile(r"\$\{\w+\}")  # ${visualDimensions}
_OF_NUMBERS = re.compile(r"\b(sum|avg|max|min|median|stdev)\(\s*\{([^{}]+)\}")


def faults(template: Json) -> Iterator[str]:
    """Find all faults of a template.

    Parameters
    ----------
    template : dict
        The template with intrinsic functions in their long form, as :func:`insights.quicksight.template.template`
        makes it.

    Yields
    ------
    str
        The resource, sheet and visual, and what is wrong there.
    """
    resources: Json = template.get("Resources", {})
    for name, resource in resources.items():
        yield from (f"{name}: {fault}" for fault in _permissions(resource))
        if resource["Type"] == "AWS::QuickSight::DataSet":
            yield from (f"{name}: {fault}" for fault in _data_set(resources, resource["Properties"]))
        if resource["Type"] == "AWS::QuickSight::RefreshSchedule":
            yield from (f"{name}: {fault}" for fault in _refresh(resources, resource["Properties"]))
        if resource["Type"] == "AWS::QuickSight::Dashboard":
            yield from (f"{name}: {fault}" for fault in _dashboard(resources, resource["Properties"]["Definition"]))


def _permissions(resource: Json) -> Iterator[str]:
    known = _NEED_PERMISSIONS.get(resource["Type"])
    if known is None:
        return
    given = resource["Properties"].get("Permissions") or []
    if not given:
        yield "it has no permissions, so nobody would see it"
    for entry in given:
        if entry.get("Principal") != {"Ref": data_sets.PRINCIPAL}:
            yield f"its permissions are not for {data_sets.PRINCIPAL}"
        actions = entry.get("Actions") or []
        if not actions:
            yield "its permissions allow nothing"
        for action in actions:
            if action.removeprefix("quicksight:") not in known:
                yield unknown("action", action, [f"quicksight:{name}" for name in known])


def _data_set(resources: Json, properties: Json) -> Iterator[str]:
    if properties.get("ImportMode") != "SPICE":
        yield f"ImportMode is {properties.get('ImportMode')!r}, not SPICE"
    if properties.get("IngestionWaitPolicy", {}).get("WaitForSpiceIngestion") is not False:
        yield "WaitForSpiceIngestion is not false: a deployment would wait for the data"
    for name, table in properties["PhysicalTableMap"].items():
        query = table["CustomSql"]
        source = _target(query["DataSourceArn"])
        if resources.get(source, {}).get("Type") != "AWS::QuickSight::DataSource":
            yield f"table {name}: its data source {source!r} is no data source"
        columns = [column["Name"] for column in query["Columns"]]
        yield from (f"table {name}: column {column!r} is there twice" for column in twice(columns))
        selected = _selected(query["SqlQuery"]["Fn::Sub"])
        if selected is None:
            yield f"table {name}: its SQL cannot be read"
        elif selected != columns:
            odd = sorted(set(selected) ^ set(columns)) or columns
            yield f"table {name}: its SQL does not select the declared columns: {', '.join(odd)}"


def _selected(sql: str) -> list[str] | None:
    try:
        # A parameter of CloudFormation within a quoted name is text to SQL.
        parsed = sqlglot.parse_one(sql, read="trino")
    except ParseError:
        return None
    return list(parsed.named_selects) if isinstance(parsed, sqlglot.exp.Query) else None


def _target(reference: object) -> str:
    """Logical id in a ``Fn::GetAtt``."""
    parts = reference.get("Fn::GetAtt") if isinstance(reference, dict) else None
    return str(parts[0]) if isinstance(parts, list) and parts else str(reference)


def _refresh(resources: Json, properties: Json) -> Iterator[str]:
    ids = [one["Properties"]["DataSetId"] for one in resources.values() if one["Type"] == "AWS::QuickSight::DataSet"]
    if properties["DataSetId"] not in ids:
        yield f"there is no data set {properties['DataSetId']}"
    if "StartAfterDateTime" in properties["Schedule"]:
        yield "StartAfterDateTime will be in the past one day, and refused"


def _dashboard(resources: Json, definition: Json) -> Iterator[str]:
    declared = definition["DataSetIdentifierDeclarations"]
    yield from (f"data set {name!r} is declared twice" for name in twice([one["Identifier"] for one in declared]))
    columns: Columns = {}
    for one in declared:
        resource = resources.get(_target(one["DataSetArn"]), {})
        if resource.get("Type") != "AWS::QuickSight::DataSet":
            yield f"data set {one['Identifier']!r} leads to {_target(one['DataSetArn'])!r}, which is no data set"
            continue
        tables = resource["Properties"]["PhysicalTableMap"].values()
        columns[one["Identifier"]] = {c["Name"]: c["Type"] for table in tables for c in table["CustomSql"]["Columns"]}
    yield from _calculated_fields(definition.get("CalculatedFields", []), columns)
    yield from sheet_checks.faults(definition, columns)


def _calculated_fields(calculated: list[Json], columns: Columns) -> Iterator[str]:
    """Check the fields, and add them to the columns of their data sets."""
    names = [f"{field['DataSetIdentifier']}.{field['Name']}" for field in calculated]
    yield from (f"calculated field {name!r} is there twice" for name in twice(names))
    for field in calculated:
        place, data_set = f"calculated field {field['Name']!r}", field["DataSetIdentifier"]
        if data_set not in columns:
            yield f"{place}: {unknown('data set', data_set, columns)}"
            continue
        if field["Name"] in columns[data_set]:
            yield f"{place}: data set {data_set} has a column of that name"
        yield from (f"{place}: {fault}" for fault in _expression(field["Expression"], columns[data_set]))
    for field in calculated:
        columns.get(field["DataSetIdentifier"], {})[field["Name"]] = CALCULATED


def _expression(expression: str, columns: dict[str, str]) -> Iterator[str]:
    for opening, closing in ("()", "[]", "{}"):
        if expression.count(opening) != expression.count(closing):
            yield f"{opening} and {closing} do not match in {expression!r}"
    for name in _FIELD.findall(_OWN.sub("", expression)):
        if name not in columns:
            yield unknown("column", name, columns)
    for function, name in _OF_NUMBERS.findall(expression):
        if name in columns and columns[name] not in NUMBERS:
            yield f"{function} needs a number, and column {name!r} is {columns[name]}"
