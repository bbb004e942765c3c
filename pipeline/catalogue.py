"""The catalogue: Glue tables in ``template.yaml`` and ``docs/data.md``, both written from the column definitions.

``python -m pipeline.catalogue`` writes both; a test compares them with what it would write.
"""

from __future__ import annotations

import json
from pathlib import Path

from pipeline.columns import SILVER, Column, Table
from pipeline.gold.columns import GOLD

ROOT = Path(__file__).parent.parent
BEGIN, END = "  # begin catalogue", "  # end catalogue"
_FORMATS = {
    "parquet": (
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
    ),
    "json": (
        "org.apache.hadoop.mapred.TextInputFormat",
        "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "org.openx.data.jsonserde.JsonSerDe",
    ),
}


def glue_resources() -> str:
    """The template's databases and tables, as YAML."""
    lines = []
    for layer in ("Silver", "Gold"):
        lines += [
            f"  {layer}Database:",
            "    Type: AWS::Glue::Database",
            "    Properties:",
            "      CatalogId: !Ref AWS::AccountId",
            f'      DatabaseInput: {{ Name: !Sub "${{AWS::StackName}}_{layer.lower()}" }}',
        ]
    for table in SILVER + GOLD:
        lines += _glue_table(table)
    return "\n".join(lines) + "\n"


def _glue_table(table: Table) -> list[str]:
    layer = table.layer.title()
    name = "".join(word.title() for word in table.name.split("_"))
    reader, writer, serde = _FORMATS[table.format]
    columns = [
        f"            - {{ Name: {c.name}, Type: {json.dumps(c.type)}, Comment: {json.dumps(_comment(c))} }}"
        for c in table.columns
    ]
    return [
        f"  {layer}{name}Table:",
        "    Type: AWS::Glue::Table",
        "    Properties:",
        "      CatalogId: !Ref AWS::AccountId",
        f"      DatabaseName: !Ref {layer}Database",
        "      TableInput:",
        f"        Name: {table.name}",
        f"        Description: {json.dumps(table.meaning)}",
        "        TableType: EXTERNAL_TABLE",
        f"        Parameters: {{ classification: {table.format} }}",
        "        StorageDescriptor:",
        f"          Location: !Sub s3://${{{layer}Bucket}}/{table.name}/",
        f"          InputFormat: {reader}",
        f"          OutputFormat: {writer}",
        f"          SerdeInfo: {{ SerializationLibrary: {serde} }}",
        "          Columns:",
        *columns,
    ]


def _comment(column: Column) -> str:
    return f"{column.meaning} ({column.unit})" if column.unit else column.meaning


def data_dictionary(tables: tuple[Table, ...]) -> str:
    """Markdown of tables: every column with type, unit and what null means."""
    parts = []
    for table in tables:
        rows = [
            f"| `{c.name}` | {c.type} | {c.unit or '–'} | {c.meaning} | {c.null} |".replace("|  |", "| – |")
            for c in table.columns
        ]
        head = ["| column | type | unit | meaning | null |", "| --- | --- | --- | --- | --- |"]
        parts.append("\n".join([f"### {table.name}", "", table.meaning, "", *head, *rows, ""]))
    return "\n".join(parts)


def with_block(text: str, begin: str, end: str, block: str) -> str:
    """Put ``block`` between the line that starts with ``begin`` and the one that starts with ``end``."""
    lines = text.splitlines(keepends=True)
    first = next(place for place, line in enumerate(lines) if line.startswith(begin))
    last = next(place for place, line in enumerate(lines) if line.startswith(end))
    return "".join([*lines[: first + 1], block, *lines[last:]])


def files() -> dict[Path, str]:
    """Each file that is written from the column definitions, as it should be."""
    template, data = ROOT / "template.yaml", ROOT / "docs" / "data.md"
    document = data.read_text(encoding="utf-8")
    for layer, tables in (("silver", SILVER), ("gold", GOLD)):
        block = "\n" + data_dictionary(tables) + "\n"
        document = with_block(document, f"<!-- begin {layer}", f"<!-- end {layer}", block)
    return {
        template: with_block(template.read_text(encoding="utf-8"), BEGIN, END, glue_resources()),
        data: document,
    }


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
