"""The CloudFormation template of the QuickSight dashboard, nested in ``template.yaml`` if a principal is given. Pure.

``python -m insights.quicksight`` writes it to ``insights/quicksight.template.yaml``; a test compares the two.
Types of data sets are derived from Gold's schema. Every resource has permissions: without them QuickSight creates
assets that no user can see.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from insights.dashboard import schema
from insights.dashboard.definition import Dashboard, DataSet, Sheet
from insights.quicksight import fields, visuals
from insights.quicksight.fields import Json

PATH = Path(__file__).parent.parent / "quicksight.template.yaml"
PRINCIPAL_PATTERN = r"^arn:aws[a-z-]*:quicksight:[a-z0-9-]+:[0-9]{12}:(user|group)/.+$"
_HEAD = """\
# Written by `python -m insights.quicksight` from insights/dashboard.yaml and the columns of Gold: change those.
"""
SOURCE = "GoldDataSource"
DATABASE, PRINCIPAL, WORK_GROUP, PREFIX = "GoldDatabaseName", "QuickSightPrincipalArn", "AthenaWorkGroup", "NamePrefix"
# A Gold build triggers a refresh; this daily one is the fallback.
REFRESH_AT = "05:00"
_TYPES = {
    schema.TEXT: "STRING",
    schema.INTEGER: "INTEGER",
    schema.FRACTION: "DECIMAL",
    schema.TIME: "DATETIME",
    schema.TRUTH: "BOOLEAN",
}
# The owner's actions on each kind of asset, as the user guide lists them.
SOURCE_ACTIONS = (
    "DescribeDataSource", "DescribeDataSourcePermissions", "PassDataSource", "UpdateDataSource", "DeleteDataSource",
    "UpdateDataSourcePermissions",
)  # fmt: skip
DATA_SET_ACTIONS = (
    "DescribeDataSet", "DescribeDataSetPermissions", "PassDataSet", "DescribeIngestion", "ListIngestions",
    "UpdateDataSet", "DeleteDataSet", "CreateIngestion", "CancelIngestion", "UpdateDataSetPermissions",
)  # fmt: skip
DASHBOARD_ACTIONS = (
    "DescribeDashboard", "ListDashboardVersions", "QueryDashboard", "UpdateDashboard", "DeleteDashboard",
    "UpdateDashboardPublishedVersion", "DescribeDashboardPermissions", "UpdateDashboardPermissions",
)  # fmt: skip


class _NoAliases(yaml.SafeDumper):
    """A YAML dumper without aliases, which CloudFormation rejects."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def render(definition: Dashboard) -> str:
    """Return the template as YAML."""
    return _HEAD + yaml.dump(
        template(definition), Dumper=_NoAliases, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110
    )


def template(definition: Dashboard) -> Json:
    """Return the template with intrinsic functions in their long form."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Reelhouse's dashboard in QuickSight - data source, SPICE data sets, refresh schedules.",
        "Parameters": {
            PRINCIPAL: {
                "Type": "String",
                "AllowedPattern": PRINCIPAL_PATTERN,
                "Description": "QuickSight user or, better, group that owns all assets.",
            },
            DATABASE: {"Type": "String", "Description": "Glue database of the Gold tables."},
            WORK_GROUP: {"Type": "String", "Default": "primary", "Description": "Athena workgroup of the queries."},
            PREFIX: {"Type": "String", "Description": "Begins the id of every asset: the name of the stack."},
        },
        "Resources": {**resources(definition), "Dashboard": _dashboard(definition)},
        "Outputs": {
            "DashboardId": {"Value": prefixed("dashboard")},
            "DataSetIds": {
                "Description": "All data sets, to start their ingestions.",
                "Value": {"Fn::Join": [",", [data_set_id(name) for name in definition.data_sets]]},
            },
        },
    }


def _dashboard(definition: Dashboard) -> Json:
    return {
        "Type": "AWS::QuickSight::Dashboard",
        "Properties": {
            "AwsAccountId": {"Ref": "AWS::AccountId"},
            "DashboardId": prefixed("dashboard"),
            "Name": definition.title,
            "Definition": _definition(definition),
            "Permissions": permissions(DASHBOARD_ACTIONS),
        },
    }


def _definition(definition: Dashboard) -> Json:
    return {
        "DataSetIdentifierDeclarations": [
            {"Identifier": name, "DataSetArn": {"Fn::GetAtt": [logical_id(name, "DataSet"), "Arn"]}}
            for name in definition.data_sets
        ],
        "CalculatedFields": [
            {
                "DataSetIdentifier": measure.data_set,
                "Name": measure.title,
                "Expression": fields.formula(definition, measure),
            }
            for measure in definition.measures.values()
        ],
        "Sheets": [_sheet(definition, name, sheet) for name, sheet in definition.sheets.items()],
        "FilterGroups": list(visuals.filter_groups(definition)),
    }


def _sheet(definition: Dashboard, name: str, sheet: Sheet) -> Json:
    document: Json = {
        "SheetId": name,
        "Name": sheet.title,
        "Description": sheet.about,
        "ContentType": "INTERACTIVE",
        "Visuals": [visuals.visual(definition, each, visual) for each, visual in sheet.visuals.items()],
        "Layouts": [{"Configuration": {"GridLayout": _grid(sheet)}}],
    }
    if sheet.filters:
        document["FilterControls"] = list(visuals.controls(definition, name, sheet))
    return document


def _grid(sheet: Sheet) -> Json:
    elements = [
        {
            "ElementId": name,
            "ElementType": "VISUAL",
            "ColumnIndex": visual.place.column,
            "ColumnSpan": visual.place.width,
            "RowIndex": visual.place.row,
            "RowSpan": visual.place.height,
        }
        for name, visual in sheet.visuals.items()
    ]
    screen = {"ResizeOption": "FIXED", "OptimizedViewPortWidth": "1600px"}
    return {"Elements": elements, "CanvasSizeOptions": {"ScreenCanvasSizeOptions": screen}}


def permissions(actions: Sequence[str]) -> list[Json]:
    """Return the permissions of the principal that the stack is given."""
    return [{"Principal": {"Ref": PRINCIPAL}, "Actions": [f"quicksight:{action}" for action in actions]}]


def prefixed(name: str) -> Json:
    """Return the id of an asset, made unique in the account by the stack's name."""
    return {"Fn::Sub": f"${{{PREFIX}}}-{name}"}


def data_set_id(name: str) -> Json:
    """Return the id of a data set."""
    return prefixed(name.replace("_", "-"))


def logical_id(name: str, kind: str) -> str:
    """Return the name of a resource, such as ``RankMoversDataSet``."""
    return "".join(word.title() for word in name.split("_")) + kind


def resources(definition: Dashboard) -> Json:
    """Return data source, data sets and refresh schedules by logical id."""
    by_id: Json = {SOURCE: _source()}
    for name, data_set in definition.data_sets.items():
        by_id[logical_id(name, "DataSet")] = _data_set(name, data_set)
        by_id[logical_id(name, "Refresh")] = _refresh(name)
    return by_id


def _source() -> Json:
    return {
        "Type": "AWS::QuickSight::DataSource",
        "Properties": {
            "AwsAccountId": {"Ref": "AWS::AccountId"},
            "DataSourceId": prefixed("gold"),
            "Name": {"Fn::Sub": f"${{{PREFIX}}} Gold"},
            "Type": "ATHENA",
            "DataSourceParameters": {"AthenaParameters": {"WorkGroup": {"Ref": WORK_GROUP}}},
            "SslProperties": {"DisableSsl": False},
            "Permissions": permissions(SOURCE_ACTIONS),
        },
    }


def _data_set(name: str, data_set: DataSet) -> Json:
    columns = [{"Name": column, "Type": _TYPES[kind]} for column, kind in schema.columns(data_set).items()]
    query = {
        "DataSourceArn": {"Fn::GetAtt": [SOURCE, "Arn"]},
        "Name": name,
        "SqlQuery": {"Fn::Sub": schema.sql(data_set, f"${{{DATABASE}}}")},
        "Columns": columns,
    }
    return {
        "Type": "AWS::QuickSight::DataSet",
        "Properties": {
            "AwsAccountId": {"Ref": "AWS::AccountId"},
            "DataSetId": data_set_id(name),
            "Name": data_set.title,
            "ImportMode": "SPICE",
            "PhysicalTableMap": {name.replace("_", "-"): {"CustomSql": query}},
            # Otherwise an empty or denied Gold table blocks the deployment for up to 36 hours.
            "IngestionWaitPolicy": {"WaitForSpiceIngestion": False},
            "Permissions": permissions(DATA_SET_ACTIONS),
        },
    }


def _refresh(name: str) -> Json:
    # No StartAfterDateTime: a schedule cannot start in the past.
    return {
        "Type": "AWS::QuickSight::RefreshSchedule",
        "Properties": {
            "AwsAccountId": {"Ref": "AWS::AccountId"},
            "DataSetId": data_set_id(name),
            "Schedule": {
                "ScheduleId": "daily",
                "RefreshType": "FULL_REFRESH",
                "ScheduleFrequency": {"Interval": "DAILY", "TimeOfTheDay": REFRESH_AT, "TimeZone": "UTC"},
            },
        },
        "DependsOn": logical_id(name, "DataSet"),
    }
