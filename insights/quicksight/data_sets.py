"""QuickSight's Athena data source, SPICE data sets and refresh schedules as CloudFormation resources. Pure.

Types are derived from Gold's schema; QuickSight's type for fractions is DECIMAL. Every resource has permissions:
without them QuickSight creates assets that no user can see.
"""

from __future__ import annotations

from collections.abc import Sequence

from insights.dashboard import schema
from insights.dashboard.definition import Dashboard, DataSet
from insights.quicksight.fields import Json

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
