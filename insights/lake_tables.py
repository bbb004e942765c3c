"""Single tables of the lake: definitions, types, parquet, catalogue entries and descriptions.

:class:`insights.lake.Lake` reads and writes the objects.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from botocore.exceptions import ClientError

from insights.columns import INSIGHTS_TABLES
from insights.frames import arrow_schema
from pipeline import aws
from pipeline.columns import GOLD_TABLES, SILVER_TABLES, Column, Table
from pipeline.errors import InvalidInput, StorageFailed

# All tables of Gold that Reelhouse writes; others may stand beside them.
DEFINED = GOLD_TABLES | INSIGHTS_TABLES
_OWN_NAME = re.compile(r"[a-z][a-z0-9_]{0,60}", re.ASCII)
# Folders of the Gold bucket that hold no tables, and schemas of SQL.
_NOT_TABLES = {"builds", "reports", "gold", "silver", "main"}
_ROW_GROUP = 20_480
REBUILD = "`reelhouse replay --all` rebuilds Silver and Gold from Bronze"
_PARQUET_FORMAT = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
}


def definition(name: str) -> Table | None:
    """Return the definition of a table of Reelhouse, None for any other; Silver's names begin with ``silver.``."""
    return SILVER_TABLES.get(name.removeprefix("silver.")) if name.startswith("silver.") else DEFINED.get(name)


def check_own(name: str) -> None:
    """Check that a user's table may have a name.

    Raises
    ------
    InvalidInput
        When it is not allowed, or Reelhouse's.
    """
    if name in DEFINED or name in _NOT_TABLES:
        raise InvalidInput("is a name of Reelhouse", subject=name, next_step="choose another name")
    if not _OWN_NAME.fullmatch(name):
        rule = "use up to 61 lower-case letters, digits and underscores, beginning with a letter"
        raise InvalidInput("is no table name", subject=name[:80], next_step=rule)


def checked_frame(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Check that a value is a data frame with columns that a table can have; return it with times in UTC.

    Raises
    ------
    InvalidInput
        Naming the columns that it cannot have.
    """
    if not isinstance(frame, pd.DataFrame):
        cause = f"is written from a data frame, not from a {type(frame).__name__}"
        raise InvalidInput(cause, subject=name, next_step="`pd.DataFrame(…)` makes one")
    odd = [repr(column) for column in frame.columns if not (isinstance(column, str) and column)]
    if odd or frame.columns.empty:
        cause = f"needs columns that are named by text, not {', '.join(odd) or 'none'}"
        raise InvalidInput(cause[:300], subject=name, next_step="name them by `frame.columns = [...]`")
    same = frame.columns[frame.columns.str.lower().duplicated(keep=False)]
    if len(same):
        cause = f"has columns of the same name, but for upper and lower case: {', '.join(same)}"
        raise InvalidInput(cause, subject=name, next_step="rename one")
    # PyArrow would convert them too, with a warning of pandas.
    zoned = frame.select_dtypes("datetimetz")
    return frame.assign(**{str(column): zoned[column].dt.tz_convert(None) for column in zoned})


def inferred(name: str, frame: pd.DataFrame, meaning: str) -> Table:
    """Define a table by a checked data frame.

    Raises
    ------
    InvalidInput
        Naming every column whose type no table can have.
    """
    columns, faults = [], []
    for column in frame.columns:
        values = frame[column]
        try:
            arrow_type = pa.Array.from_pandas(values).type
        except (pa.ArrowException, TypeError, ValueError, AttributeError, OverflowError):
            arrow_type = None
        if kind := arrow_type and _glue_type(arrow_type):
            columns.append(Column(column, kind, "", null="not known"))
        else:
            faults.append(f"{column} ({arrow_type or pd.api.types.infer_dtype(values)})")
    if faults:
        next_step = "use text, numbers, booleans, dates, times or lists of text"
        raise InvalidInput(f"has columns of other types: {', '.join(faults)}", subject=name, next_step=next_step)
    return Table(name, "gold", meaning, tuple(columns))


def _glue_type(kind: Any) -> str | None:
    """Glue's name of an Arrow type; None where a table cannot hold it."""
    types = pa.types
    if types.is_dictionary(kind):
        return _glue_type(kind.value_type)
    if types.is_list(kind):
        return "array<string>" if types.is_string(kind.value_type) or types.is_null(kind.value_type) else None
    tests = {
        "string": lambda k: types.is_string(k) or types.is_large_string(k) or types.is_null(k),
        "boolean": types.is_boolean,
        "int": lambda k: types.is_integer(k) and k.bit_width <= 32 and not types.is_uint32(k),
        "bigint": types.is_integer,
        "double": types.is_floating,
        "date": types.is_date,
        "timestamp": types.is_timestamp,
    }
    return next((name for name, test in tests.items() if test(kind)), None)


def encode(table: Table, frame: pd.DataFrame) -> bytes:
    """Encode rows as one parquet file with the table's columns and types.

    Raises
    ------
    InvalidInput
        When a value does not have its column's type.
    """
    try:
        rows = pa.Table.from_pandas(frame[table.column_names], schema=arrow_schema(table), preserve_index=False)
    except (pa.ArrowException, TypeError, ValueError) as error:
        cause = "; ".join(map(str, error.args))[:300]
        raise InvalidInput(cause, subject=table.name, next_step="nothing was written; convert the column") from error
    sink = pa.BufferOutputStream()
    pq.write_table(rows.replace_schema_metadata(), sink, compression="zstd", row_group_size=_ROW_GROUP)
    return bytes(sink.getvalue().to_pybytes())


def enter(bucket: str, database: str, table: Table) -> None:
    """Enter a table into the catalogue, in place of any entry of its name."""
    # awswrangler would enter a column "Box office" as box_office, which Athena does not find in the file.
    columns = [{"Name": c.name, "Type": c.type, "Comment": c.meaning[:255]} for c in table.columns]
    entry = {
        "Name": table.name,
        "Description": table.meaning[:2048],
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": "parquet"},
        "StorageDescriptor": {**_PARQUET_FORMAT, "Columns": columns, "Location": f"s3://{bucket}/{table.name}/"},
    }
    glue = aws.client("glue")
    try:
        glue.update_table(DatabaseName=database, TableInput=entry, SkipArchive=True)
    except ClientError as error:
        if aws.error_code(error) != "EntityNotFoundException":
            raise
        glue.create_table(DatabaseName=database, TableInput=entry)


def forget(database: str, name: str) -> None:
    """Remove a table's entry from the catalogue, if it has one."""
    import awswrangler as wr  # noqa: PLC0415 (reports do not need it)

    wr.catalog.delete_table_if_exists(database, name, boto3_session=aws.session())


def check_keys(table: Table, key: str, schema: Any) -> None:
    """Check that an object has its table's key columns, with their types.

    Older objects may lack other columns, which each reader handles.

    Raises
    ------
    StorageFailed
        When it has not; the message names the object and the command that writes it again.
    """
    types = {column.name: column.type for column in table.columns}
    for name in table.key:
        index = schema.get_field_index(name)
        kind = _glue_type(schema.field(index).type) if index >= 0 else None
        if index < 0:
            raise damaged(table, key, f"has no column {name}")
        if kind != types[name] and {kind, types[name]} != {"int", "bigint"}:
            raise damaged(table, key, f"{name} is {kind or schema.field(index).type}, not {types[name]}")


def damaged(table: Table | None, key: str, cause: str) -> StorageFailed:
    """Return the error about a damaged object of a table, None for a person's own: it names the cure."""
    cure = "`lake.write` writes it again"
    if table is not None:
        cure = "`reelhouse report` writes it again"
        if table.name not in INSIGHTS_TABLES:
            cure = REBUILD
    return StorageFailed(cause, subject=key, step="lake", next_step=cure)


@dataclass(frozen=True, repr=False)
class Description:
    """What a table holds. In a notebook it shows itself as a table.

    Attributes
    ----------
    build_id : str
        The build that wrote it; "" for Silver, and for tables of reports and of one's own, which no build writes.
    options : dict
        What its rows were made with; {} for tables of builds and of users.
    columns : DataFrame
        One row a column: ``column``, ``type``, ``unit``, ``meaning`` and what a missing value means, ``null``.
    """

    name: str
    meaning: str
    rows: int
    build_id: str
    columns: pd.DataFrame
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def _head(self) -> str:
        build = f" Gold build {self.build_id}." if self.build_id else ""
        options = ", ".join(f"{name} = {value}" for name, value in self.options.items())
        meaning = self.meaning if not self.meaning or self.meaning.endswith((".", "!", "?")) else f"{self.meaning}."
        rows = "1 row" if self.rows == 1 else f"{self.rows:,} rows"
        return f"{meaning} {rows}.{build}{f' Made with {options}.' if options else ''}".strip()

    def __repr__(self) -> str:
        return f"{self.name}: {self._head}\n{self.columns.to_string(index=False)}"

    def _repr_html_(self) -> str:
        from insights.reports.style import styled  # noqa: PLC0415 (these two stand above this module)
        from insights.reports.tables import ReportTable  # noqa: PLC0415

        heads = {"column": "Column", "type": "Type", "unit": "Unit", "meaning": "Meaning", "null": "Empty when"}
        shown = ReportTable(self.columns.rename(columns=heads), self.name, rows=len(self.columns))
        return styled(f"<p>{escape(self._head)}</p>") + shown._repr_html_()


def columns(schema: Any, table: Table | None) -> pd.DataFrame:
    """Describe columns, as :attr:`Description.columns` has them, in the order of an Arrow schema."""
    known = {column.name: column for column in table.columns} if table else {}
    rows = []
    for part in schema:
        column = known.get(part.name) or Column(part.name, _glue_type(part.type) or str(part.type), "", null="")
        null = "" if column.null == "never" else column.null
        row = {"column": column.name, "type": column.type, "unit": column.unit, "meaning": column.meaning, "null": null}
        rows.append(row)
    return pd.DataFrame(rows, columns=["column", "type", "unit", "meaning", "null"])
