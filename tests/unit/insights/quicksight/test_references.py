"""The template's references hold; a fault in the generator that cfn-lint accepts is found here."""

from __future__ import annotations

from typing import Any

import pytest

from insights.dashboard.definition import load
from insights.quicksight import fields, template, visuals
from tests.quicksight_references import faults

DEFINITION = load()


def test_every_reference_leads_somewhere() -> None:
    assert list(faults(template.template(DEFINITION))) == []


def wrong_column(data_set: str, name: str) -> dict[str, Any]:
    return {"DataSetIdentifier": data_set, "ColumnName": f"{name}s"}


@pytest.mark.parametrize(
    ("module", "name", "broken"),
    [
        (fields, "column", wrong_column),
        (visuals, "column", wrong_column),
        (fields, "sort", lambda visual, by, order: {"FieldSort": {"FieldId": by, "Direction": "ASC"}}),
        (visuals, "_tooltip", lambda _, name, one: {"FieldId": f"{name}.{one.title}"}),
        (template, "_grid", lambda sheet: {"ElementId": next(iter(sheet.visuals))}),
        (visuals, "controls", lambda definition, name, sheet: iter([])),
        (visuals, "_sheets_with", lambda definition, name: ["nowhere"]),
        (fields, "formula", lambda definition, measure: f"sum({{{measure.title}_}})"),
        (template, "permissions", lambda actions: []),
    ],
)
def test_a_fault_in_the_generator_is_found(
    module: Any, name: str, broken: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, name, broken)
    try:
        messages = list(faults(template.template(DEFINITION)))
    except KeyError as error:
        messages = [str(error)]
    assert messages
