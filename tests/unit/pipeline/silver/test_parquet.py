"""Parquet: rows are read back unchanged, with the types of the column definitions."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Any

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from pipeline.columns import GOLD_TABLES, SILVER_TABLES, Table
from pipeline.errors import StorageFailed
from pipeline.silver import parquet

MOVIES = SILVER_TABLES["movies"]
ARROW = {
    "string": pa.string(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "array<string>": pa.list_(pa.string()),
}


def test_what_duckdb_cannot_write_is_ours_and_the_next_part_is_written() -> None:
    with pytest.raises(StorageFailed, match="a part of movies: DuckDB: "):
        parquet.encode([row(year="not a year")], MOVIES)

    assert read(parquet.encode([row(year=1994)], MOVIES)).num_rows == 1


def read(body: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(body))


def row(**values: Any) -> dict[str, Any]:
    return dict.fromkeys(MOVIES.column_names) | values


@pytest.mark.parametrize("table", [MOVIES, *GOLD_TABLES.values()], ids=lambda table: f"{table.layer}.{table.name}")
def test_types_are_the_definitions(table: Table) -> None:
    schema = read(parquet.encode([], table)).schema

    assert schema.names == table.column_names
    for column in table.columns:
        arrow_type = schema.field(column.name).type
        arrow_type = pa.list_(arrow_type.value_type) if pa.types.is_list(arrow_type) else arrow_type
        assert arrow_type == ARROW[column.type], column.name


def test_rows_come_back_as_they_went_in() -> None:
    full = row(
        imdb_id="tt0110413",
        title="Léon 'x'; DROP TABLE movies -- \\ \"\n😀",
        year=1994,
        released="1994-11-18",
        genres=["Action", "Crime"],
        imdb_rating=8.5,
        box_office_usd=9_000_000_000,
        rank=35,
        fetched_at="2026-11-24 03:00:00.000007",
    )
    bare = row(imdb_id="tt0000001", rank=1, genres=[])

    rows = read(parquet.encode([full, bare], MOVIES)).to_pylist()

    assert rows[0] == full | {
        "released": date(1994, 11, 18),
        "fetched_at": datetime(2026, 11, 24, 3, 0, 0, 7),
    }
    assert rows[1] == bare


def test_unknown_columns_are_left_out() -> None:
    assert "more" not in read(parquet.encode([row(imdb_id="tt0000001") | {"more": 1}], MOVIES)).schema.names


def test_no_rows_make_an_empty_file_with_all_columns() -> None:
    assert pd.read_parquet(io.BytesIO(parquet.encode([], MOVIES))).shape == (0, len(MOVIES.columns))


def test_the_file_is_zstd() -> None:
    metadata = pq.ParquetFile(io.BytesIO(parquet.encode([row(imdb_id="tt0000001")], MOVIES))).metadata

    assert metadata.row_group(0).column(0).compression == "ZSTD"


def test_long_texts_are_kept() -> None:
    plot = "p" * 1_000_000

    assert read(parquet.encode([row(imdb_id="tt0000001", plot=plot)], MOVIES))["plot"].to_pylist() == [plot]
