"""The CloudFormation template of the QuickSight dashboard, nested in ``template.yaml`` if a principal is given. Pure.

``python -m insights.quicksight`` writes it to ``insights/quicksight.template.yaml``; a test compares the two.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from insights.dashboard.definition import Dashboard, Sheet
from insights.quicksight import data_sets, fields, filters, visuals
from insights.quicksight.data_sets import DATABASE, PREFIX, PRINCIPAL, WORK_GROUP
from insights.quicksight.fields import Json

PATH = Path(__file__).parent.parent / "quicksight.template.yaml"
PRINCIPAL_PATTERN = r"^arn:aws[a-z-]*:quicksight:[a-z0-9-]+:[0-9]{12}:(user|group)/.+$"
_HEAD = """\
# Written by `python -m insights.quicksight` from insights/dashboard.yaml and the columns of Gold: change those.
"""


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
        "Resources": {**data_sets.resources(definition), "Dashboard": _dashboard(definition)},
        "Outputs": {
            "DashboardId": {"Value": data_sets.prefixed("dashboard")},
            "DataSetIds": {
                "Description": "All data sets, to start their ingestions.",
                "Value": {"Fn::Join": [",", [data_sets.data_set_id(name) for name in definition.data_sets]]},
            },
        },
    }


def _dashboard(definition: Dashboard) -> Json:
    return {
        "Type": "AWS::QuickSight::Dashboard",
        "Properties": {
            "AwsAccountId": {"Ref": "AWS::AccountId"},
            "DashboardId": data_sets.prefixed("dashboard"),
            "Name": definition.title,
            "Definition": _definition(definition),
            "Permissions": data_sets.permissions(data_sets.DASHBOARD_ACTIONS),
        },
    }


def _definition(definition: Dashboard) -> Json:
    return {
        "DataSetIdentifierDeclarations": [
            {"Identifier": name, "DataSetArn": {"Fn::GetAtt": [data_sets.logical_id(name, "DataSet"), "Arn"]}}
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
        "FilterGroups": list(filters.filter_groups(definition)),
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
        document["FilterControls"] = list(filters.controls(definition, name, sheet))
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
