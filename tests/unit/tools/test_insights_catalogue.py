"""The insights' part of docs/data.md is as it would be written."""

from __future__ import annotations

from insights.columns import INSIGHTS_TABLES
from tools import insights_catalogue


def test_the_document_is_up_to_date() -> None:
    assert insights_catalogue.DATA.read_text(encoding="utf-8") == insights_catalogue.document(), "run `make catalogue`"


def test_every_column_is_in_it() -> None:
    text = insights_catalogue.document()

    for table in INSIGHTS_TABLES.values():
        assert f"### {table.name}" in text
        assert all(f"| `{column.name}` | {column.type} |" in text for column in table.columns)
