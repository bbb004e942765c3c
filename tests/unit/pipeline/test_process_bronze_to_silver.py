"""Step 3 without AWS: S3's events, times as every reader of Silver understands them, and parquet files."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import process_bronze_to_silver
from pipeline.columns import GOLD_TABLES, SILVER_TABLES, Table
from pipeline.errors import InvalidInput, StorageFailed
from pipeline.process_bronze_to_silver import announced

EVENTS = Path(__file__).parents[2] / "events"
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


def event(name: str) -> str:
    return (EVENTS / name).read_text(encoding="utf-8")


def test_keys_are_decoded() -> None:
    assert announced(event("s3_object_created.json")) == [
        "movies/run_id=20261124T030000Z-1a2b3c4d/imdb_id=tt0110413.json"
    ]


def test_a_plus_is_a_space_and_a_percent_a_character() -> None:
    body = json.dumps({"Records": [{"s3": {"object": {"key": "a+b%2Bc%3D%C3%A9.json"}}}]})

    assert announced(body) == ["a b+c=é.json"]


def test_s3s_test_event_announces_nothing() -> None:
    assert announced(event("s3_test_event.json")) == []


def test_several_records_in_one_event() -> None:
    records = [{"s3": {"object": {"key": key}}} for key in ("a", "b")]

    assert announced(json.dumps({"Records": records})) == ["a", "b"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Records", "s3", "object", "key", "Event"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.text() | json_values.map(json.dumps))
def test_any_other_body_is_refused_as_ours(body: str) -> None:
    with suppress(InvalidInput):
        assert isinstance(announced(body), list)


def test_what_duckdb_cannot_write_is_ours_and_the_next_part_is_written() -> None:
    with pytest.raises(StorageFailed, match="a part of movies: DuckDB: "):
        process_bronze_to_silver.encode([row(year="not a year")], MOVIES)

    assert read(process_bronze_to_silver.encode([row(year=1994)], MOVIES)).num_rows == 1


def read(body: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(body))


def row(**values: Any) -> dict[str, Any]:
    return dict.fromkeys(MOVIES.column_names) | values


@pytest.mark.parametrize("table", [MOVIES, *GOLD_TABLES.values()], ids=lambda table: f"{table.layer}.{table.name}")
def test_types_are_the_definitions(table: Table) -> None:
    schema = read(process_bronze_to_silver.encode([], table)).schema

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

    rows = read(process_bronze_to_silver.encode([full, bare], MOVIES)).to_pylist()

    assert rows[0] == full | {
        "released": date(1994, 11, 18),
        "fetched_at": datetime(2026, 11, 24, 3, 0, 0, 7),
    }
    assert rows[1] == bare


def test_unknown_columns_are_left_out() -> None:
    assert (
        "more"
        not in read(process_bronze_to_silver.encode([row(imdb_id="tt0000001") | {"more": 1}], MOVIES)).schema.names
    )


def test_no_rows_make_an_empty_file_with_all_columns() -> None:
    assert pd.read_parquet(io.BytesIO(process_bronze_to_silver.encode([], MOVIES))).shape == (0, len(MOVIES.columns))


def test_the_file_is_zstd() -> None:
    metadata = pq.ParquetFile(io.BytesIO(process_bronze_to_silver.encode([row(imdb_id="tt0000001")], MOVIES))).metadata

    assert metadata.row_group(0).column(0).compression == "ZSTD"


def test_long_texts_are_kept() -> None:
    plot = "p" * 1_000_000

    assert read(process_bronze_to_silver.encode([row(imdb_id="tt0000001", plot=plot)], MOVIES))["plot"].to_pylist() == [
        plot
    ]
