"""Rows of a DuckDB query in types that pandas, JSON and CSV have. Pure.

============================  ===================================================================================
DuckDB's type                 in the data frame
============================  ===================================================================================
whole numbers, booleans       nullable ``Int8`` … ``UInt64``, ``boolean``; beyond 64 bits text, unless all values fit
fractions, decimals           float; decimals that a float would change are text
text, JSON, enums, UUIDs      text
dates, times of a day         ``datetime.date``; text
timestamps                    ``datetime64``; with a time zone in UTC
lists, structs, maps, unions  Python's lists and dicts
anything else                 text as DuckDB writes it
============================  ===================================================================================

A column of dates or timestamps with a value outside the years 1 to 9999 is text.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]

_AS_THEY_ARE = {
    "boolean", "tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint", "uinteger", "ubigint",
    "float", "double", "varchar",
}  # fmt: skip
_NESTED = {"list", "array", "struct", "map", "union", "tuple", "variant"}
_TIMES = {
    "date": "DATE", "timestamp": "TIMESTAMP", "timestamp_s": "TIMESTAMP", "timestamp_ms": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMPTZ",
}  # fmt: skip
# Metadata of a field whose text is JSON.
JSON_FIELD = {b"json": b"true"}


def fetch(relation: Any, limit: int | None = None) -> Any:
    """Run a relation, a SELECT, and fetch up to ``limit`` rows; None means all.

    Returns
    -------
    pyarrow.Table
        For :func:`insights.frames.from_arrow`; it can be sent to another process.
    """
    kinds = [kind.id for kind in relation.types]
    forms: list[str] = []
    for number, kind in enumerate(relation.types, start=1):
        forms.append(f"{_typed(f'#{number}', kind)} AS typed_{number}")
        if kind.id not in _AS_THEY_ARE:
            forms.append(f"{f'to_json(#{number})' if kind.id in _NESTED else f'#{number}'}::VARCHAR AS text_{number}")
    limited = relation if limit is None else relation.limit(limit)
    table = limited.project(", ".join(forms)).to_arrow_table()
    fields, columns = [], []
    for number, (name, kind) in enumerate(zip(relation.columns, kinds, strict=True), start=1):
        column = table[f"typed_{number}"]
        if kind not in _AS_THEY_ARE and column.null_count > table[f"text_{number}"].null_count:
            column = table[f"text_{number}"]
        fields.append(pa.field(name, column.type, metadata=JSON_FIELD if kind in _NESTED else None))
        columns.append(column)
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def _typed(column: str, kind: Any) -> str:
    """Return the expression of a column's typed form: null where a value does not fit, or where there is no type."""
    if kind.id in _AS_THEY_ARE:
        return column
    if kind.id in {"hugeint", "uhugeint", "bignum"}:
        return f"TRY_CAST({column} AS BIGINT)"
    if kind.id == "decimal":
        return f"CASE WHEN TRY_CAST({column}::DOUBLE AS {kind}) = {column} THEN {column}::DOUBLE END"
    if kind.id in _TIMES:
        cast = _TIMES[kind.id]
        last = "9999-12-31" if cast == "DATE" else "9999-12-31 23:59:59.999999"
        return f"CASE WHEN {column} BETWEEN {cast} '0001-01-01' AND {cast} '{last}' THEN {column}::{cast} END"
    return "NULL::VARCHAR"
