"""The catalogue's tables as the template defines them, and those that it lacks.

CloudFormation does not notice that a table was dropped: nothing in the template changed. So `reelhouse up` and
`make deploy` compare.
"""

from __future__ import annotations

from typing import Any

import yaml

from pipeline import aws
from reelhouse.local.state import ROOT
from reelhouse.stack import Stack

TEMPLATE = ROOT / "lambdas" / "glue_tables.template.yaml"
# The template's parameters that the stack's outputs give.
_OUTPUTS = ("SilverBucketName", "GoldBucketName", "SilverDatabaseName", "GoldDatabaseName")


class _Loader(yaml.CSafeLoader):
    """Reads a template's ``!Ref X`` and ``!Sub …${X}…`` as text with ``${X}``; other functions as None."""


def _function(_: yaml.CSafeLoader, name: str, node: yaml.Node) -> str | None:
    if not isinstance(node, yaml.ScalarNode):
        return None
    return f"${{{node.value}}}" if name == "Ref" else str(node.value)


_Loader.add_multi_constructor("!", _function)


def missing(stack: Stack) -> list[tuple[str, dict[str, Any]]]:
    """Return the tables that the template defines and the catalogue lacks, as database and Glue's ``TableInput``."""
    resources = yaml.load(TEMPLATE.read_bytes(), _Loader)["Resources"]  # noqa: S506 (it derives from CSafeLoader)
    defined = [
        (_filled(resource["Properties"]["DatabaseName"], stack), _filled(resource["Properties"]["TableInput"], stack))
        for resource in resources.values()
        if "Condition" not in resource
    ]
    names = {}
    for database in {database for database, _ in defined}:
        with aws.failures_of("catalogue", database):
            pages = aws.client("glue").get_paginator("get_tables").paginate(DatabaseName=database)
            names[database] = {table["Name"] for page in pages for table in page["TableList"]}
    return [(database, table) for database, table in defined if table["Name"] not in names[database]]


def restore(stack: Stack) -> list[str]:
    """Enter the missing tables; return their names with database."""
    lacking = missing(stack)
    for database, table in lacking:
        with aws.failures_of("catalogue", table["Name"]):
            aws.client("glue").create_table(DatabaseName=database, TableInput=table)
    return [f"{database}.{table['Name']}" for database, table in lacking]


def _filled(value: Any, stack: Stack) -> Any:
    """Replace the template's parameters; Glue expects strings where YAML has booleans."""
    if isinstance(value, dict):
        return {name: _filled(item, stack) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, stack) for item in value]
    text = str(value)
    for output in _OUTPUTS:
        text = text.replace(f"${{{output}}}", stack[output])
    return text
