"""The catalogue: Glue tables in ``template.yaml`` and ``docs/data.md``, both written from the column definitions.

``python -m tools.catalogue`` writes both; a test compares them with what it would write.
"""

from __future__ import annotations

import json
from pathlib import Path

from insights.columns import INSIGHTS_TABLES
from pipeline.columns import GOLD, GOLD_BUILDS, SILVER, SILVER_BY_RUN, Column, Table

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
    for layer in ("silver", "gold", "gold_builds"):
        lines += [
            f"  {_title(layer)}Database:",
            "    Type: AWS::Glue::Database",
            *_condition(layer),
            "    Properties:",
            "      CatalogId: !Ref AWS::AccountId",
            f'      DatabaseInput: {{ Name: !Sub "${{AWS::StackName}}_{layer}" }}',
        ]
    for table in SILVER + SILVER_BY_RUN + GOLD + GOLD_BUILDS:
        lines += _glue_table(table)
    return "\n".join(lines) + "\n"


def _title(name: str) -> str:
    return "".join(word.title() for word in name.split("_"))


def _condition(layer: str) -> list[str]:
    return ["    Condition: BuiltByAthena"] if layer == "gold_builds" else []


def _parameters(table: Table) -> str:
    """Table parameters; ``built_by`` makes CloudFormation put locations back when the engine changes."""
    parameters = {"classification": table.format}
    if table.layer == "gold":
        parameters["built_by"] = "!Ref GoldEngine"
    if table.partition is not None:
        parameters |= {"projection.enabled": '"true"', f"projection.{table.partition.name}.type": "injected"}
    return ", ".join(f"{name}: {value}" for name, value in parameters.items())


def _columns(table: Table) -> list[str]:
    """Columns of a Glue table; a build has those of the table in use, by a YAML alias."""
    anchor = f"gold-{table.name.replace('_', '-')}"
    if table.layer == "gold_builds":
        return [f"          Columns: *{anchor}"]
    head = f"          Columns: &{anchor}" if table.layer == "gold" else "          Columns:"
    return [head, *(f"            - {_glue_column(column)}" for column in table.columns)]


def _glue_column(column: Column) -> str:
    return f"{{ Name: {column.name}, Type: {json.dumps(column.type)}, Comment: {json.dumps(_comment(column))} }}"


def _glue_table(table: Table) -> list[str]:
    layer, bucket = _title(table.layer), _title(table.layer.split("_")[0])
    reader, writer, serde = _FORMATS[table.format]
    partition = [f"        PartitionKeys: [{_glue_column(table.partition)}]"] if table.partition else []
    return [
        f"  {layer}{_title(table.name)}Table:",
        "    Type: AWS::Glue::Table",
        *_condition(table.layer),
        "    Properties:",
        "      CatalogId: !Ref AWS::AccountId",
        f"      DatabaseName: !Ref {layer}Database",
        "      TableInput:",
        f"        Name: {table.name}",
        f"        Description: {json.dumps(table.meaning)}",
        "        TableType: EXTERNAL_TABLE",
        f"        Parameters: {{ {_parameters(table)} }}",
        *partition,
        "        StorageDescriptor:",
        f"          Location: !Sub s3://${{{bucket}Bucket}}/{table.folder or table.name}/",
        f"          InputFormat: {reader}",
        f"          OutputFormat: {writer}",
        f"          SerdeInfo: {{ SerializationLibrary: {serde} }}",
        *_columns(table),
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


def with_dictionary(document: str, part: str, tables: tuple[Table, ...]) -> str:
    """Put the dictionary of ``tables`` into the part of ``docs/data.md`` that is marked with its name."""
    return with_block(document, f"<!-- begin {part}", f"<!-- end {part}", "\n" + data_dictionary(tables) + "\n")


def files() -> dict[Path, str]:
    """Each file that is written from the column definitions, as it should be."""
    template, data = ROOT / "template.yaml", ROOT / "docs" / "data.md"
    document = data.read_text(encoding="utf-8")
    for layer, tables in (("silver", SILVER), ("gold", GOLD), ("insights", tuple(INSIGHTS_TABLES.values()))):
        document = with_dictionary(document, layer, tables)
    return {
        template: with_block(template.read_text(encoding="utf-8"), BEGIN, END, glue_resources()),
        data: document,
    }


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
