"""The catalogue: the files that are written from the column definitions are as they would be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from insights.columns import INSIGHTS_TABLES
from pipeline.columns import GOLD, SILVER, TYPES, Column, Table
from tools import catalogue

TABLES = SILVER + GOLD + tuple(INSIGHTS_TABLES.values())
TABLE = Table("films", "gold", "What it is.", (Column("year", "int", "Year", "calendar year", "OMDb gives none"),))


@pytest.mark.parametrize("path", catalogue.files(), ids=lambda path: path.name)
def test_what_is_on_disk_is_what_would_be_written(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == catalogue.files()[path], "run `make catalogue`"


def test_every_column_is_described() -> None:
    for table in TABLES:
        assert table.meaning.endswith("."), table.name
        assert len(set(table.column_names)) == len(table.columns), table.name
        for column in table.columns:
            assert column.meaning, f"{table.name}.{column.name}"
            assert column.null, f"{table.name}.{column.name}"
            assert column.type in TYPES, f"{table.name}.{column.name}"


def test_every_column_is_in_the_dictionary() -> None:
    text = catalogue.data_dictionary(TABLES)

    for table in TABLES:
        assert f"### {table.name}\n" in text
        for column in table.columns:
            assert f"| `{column.name}` | {column.type} |" in text


def test_a_table_of_the_dictionary() -> None:
    assert catalogue.data_dictionary((TABLE,)).splitlines() == [
        "### films",
        "",
        "What it is.",
        "",
        "| column | type | unit | meaning | null |",
        "| --- | --- | --- | --- | --- |",
        "| `year` | int | calendar year | Year | OMDb gives none |",
    ]


def test_a_block_replaces_what_is_between_its_lines_only() -> None:
    text = "before\n  # begin x\nold\nolder\n  # end x\nafter\n"

    assert catalogue.with_block(text, "  # begin", "  # end", "new\n") == "before\n  # begin x\nnew\n  # end x\nafter\n"
    assert catalogue.with_block(text, "  # begin", "  # end", "old\nolder\n") == text
