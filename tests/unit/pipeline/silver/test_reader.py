"""Reading Silver: every row with its object key, from any folder, and damaged objects are named."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from pipeline import aws, process_bronze_to_silver
from pipeline.aws import StoredObject
from pipeline.columns import SILVER_TABLES
from pipeline.errors import StorageFailed
from pipeline.silver import reader as module
from pipeline.silver.reader import SilverReader, damage
from tests.silver_rows import FILMS, QUARANTINE, REJECTED, RUNS, film, odd_folder, silver_files

MOVIES = SILVER_TABLES["movies"]
KEY = "movies/run_id=20261124T030000Z-bbbbbbbb/part-00-1.parquet"


@pytest.fixture(params=["small", "large"], autouse=True)
def _size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts are merged, or each is large enough to be kept as it is."""
    monkeypatch.setattr(module, "LARGE_BYTES", {"small": 10**9, "large": 1}[request.param])


def part(*rows: dict[str, Any], **columns: Any) -> bytes:
    """Return a part, with columns replaced; None removes one."""
    table = pq.read_table(io.BytesIO(process_bronze_to_silver.encode(rows, MOVIES)))
    for name, values in columns.items():
        index = table.schema.get_field_index(name)
        table = table.remove_column(index) if index >= 0 else table
        table = table if values is None else table.append_column(name, values)
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def add(reader: SilverReader, **bodies: bytes) -> None:
    reader.add(MOVIES, {f"movies/{name}": ("1", body) for name, body in bodies.items()})


def ids(reader: SilverReader) -> list[tuple[str, str]]:
    return reader.query("SELECT imdb_id, object_key FROM silver.movies ORDER BY ALL")


def test_the_temporary_folders_name_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(odd_folder(tmp_path)))
    reader = SilverReader()

    for name, rows in (("movies", FILMS), ("quarantine", QUARANTINE), ("rejected", REJECTED), ("runs", RUNS)):
        reader.add(SILVER_TABLES[name], silver_files(rows, name))

    movies = reader.query("SELECT imdb_id, run_id, year FROM silver.movies ORDER BY ALL")
    assert movies == sorted(
        ((row["imdb_id"], row["run_id"], row.get("year")) for row in FILMS), key=lambda r: (r[0], r[1])
    )
    assert reader.query("SELECT run_id, expected FROM silver.runs ORDER BY ALL") == [
        (run["run_id"], run["expected"]) for run in RUNS
    ]
    assert reader.damaged == {}


def test_rows_know_their_object_and_go_with_it() -> None:
    reader = SilverReader()
    add(reader, a=part(film(1), film(2)), b=part(film(3)))
    assert ids(reader) == [("tt0000001", "movies/a"), ("tt0000002", "movies/a"), ("tt0000003", "movies/b")]

    reader.drop({"movies/a"})

    assert ids(reader) == [("tt0000003", "movies/b")]
    assert reader.objects == {"movies/b": "1"}
    reader.drop({"movies/b"})
    assert ids(reader) == []


def test_older_parts_lack_columns_and_newer_have_more() -> None:
    reader = SilverReader()
    add(reader, old=part(film(1), plot=None, year=None), new=part(film(2, year=1994), mood=pa.array(["dark"])))

    assert reader.query("SELECT imdb_id, year, plot FROM silver.movies ORDER BY ALL") == [
        ("tt0000001", None, None),
        ("tt0000002", 1994, None),
    ]
    assert (reader.damaged, reader.unknown_columns) == ({}, {"mood"})


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"year": pa.array(["MCMXCIV"])}, "year is VARCHAR, not INTEGER"),
        ({"year": pa.array([1994], pa.int64())}, "year is BIGINT, not INTEGER"),
        ({"title": pa.array([7])}, "title is BIGINT, not VARCHAR"),
        ({"genres": pa.array(["Drama"])}, r"genres is VARCHAR, not VARCHAR\[\]"),
        ({"imdb_id": None}, "has no column imdb_id"),
        ({"run_id": None}, "has no column run_id"),
        ({"imdb_id": pa.array([None], pa.string())}, "imdb_id is null"),
    ],
)
def test_a_part_of_another_schema_is_damaged(changes: dict[str, Any], why: str) -> None:
    reader = SilverReader()
    wrong = part(film(1), **changes)
    add(reader, a=part(film(2)), wrong=wrong, b=part(film(3)))

    assert [imdb_id for imdb_id, _ in ids(reader)] == ["tt0000002", "tt0000003"]
    ((key, reason),) = reader.damaged.items()
    assert key == "movies/wrong"
    assert why.replace("\\", "") in reason


def test_an_object_with_other_rows_than_its_key_says_is_damaged() -> None:
    reader = SilverReader()
    reader.add(MOVIES, {KEY: ("1", part(film(1), film(2)))})
    reader.add(SILVER_TABLES["runs"], {"runs/run_id=x/run.json": ("1", b"")})

    assert reader.damaged == {KEY: "holds 2 rows, not 1", "runs/run_id=x/run.json": "holds 0 rows, not 1"}
    assert ids(reader) == []


@pytest.mark.parametrize("body", [b"", b"PAR1", b"<html>", b"{}", b"PAR1" + b"\x00" * 500 + b"PAR1"])
def test_an_object_that_is_not_parquet_is_damaged(body: bytes) -> None:
    reader = SilverReader()
    add(reader, good=part(film(1)), bad=body)

    assert (len(ids(reader)), list(reader.damaged)) == (1, ["movies/bad"])
    assert tempfile.gettempdir() not in reader.damaged["movies/bad"]


def test_a_part_that_is_cut_in_the_middle_is_damaged() -> None:
    whole = part(*(film(number, plot=f"{number}" * 5000) for number in range(200)))
    scrambled = whole[: len(whole) // 3] + bytes(len(whole) // 3) + whole[2 * len(whole) // 3 :]
    reader = SilverReader()
    add(reader, bad=scrambled, good=part(film(1)))
    reader.find_damage()

    assert list(reader.damaged) == ["movies/bad"]
    reader.drop({"movies/bad"})
    assert len(ids(reader)) == 1


@pytest.mark.parametrize("_size", ["small"], indirect=True)
@pytest.mark.parametrize(
    "body", [b'{"run_id": "x", "top_n": "many"}', b'{"top_n": 1}', b"[]", b"\xff", b'{"run_id": ', b'{"run_id": null}']
)
def test_a_record_of_another_shape_is_damaged(body: bytes) -> None:
    reader = SilverReader()
    reader.add(SILVER_TABLES["runs"], {"runs/bad": ("1", body), "runs/good": ("1", b'{"run_id": "x"}')})

    assert reader.query("SELECT object_key FROM silver.runs") == [("runs/good",)]
    assert list(reader.damaged) == ["runs/bad"]


def test_running_out_of_memory_does_not_count_as_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGE_BYTES", 10**9)
    reader = SilverReader(memory_mb=6)
    large = part(*(film(number, plot=f"{number}" * 300_000) for number in range(20)))

    with pytest.raises(StorageFailed, match=r"silver\.movies: DuckDB: OutOfMemoryException"):
        add(reader, a=large, b=large)


def test_an_object_that_cannot_be_read_is_named_with_the_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    denied = ClientError({"Error": {"Code": "AccessDenied", "Message": "role R may not read"}}, "GetObject")
    monkeypatch.setattr(aws, "client", lambda _: None)
    monkeypatch.setattr(aws, "get_many", lambda *_: [denied])

    with pytest.raises(StorageFailed, match=rf"{KEY}: GetObject answered AccessDenied \(role R may not read\)"):
        SilverReader("silver").refresh([StoredObject(KEY, '"1"', 10)])


def test_a_batch_that_failed_is_added_once_when_it_is_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = part(film(1)), part(film(2, plot=" ".join(map(str, range(1000)))))
    monkeypatch.setattr(module, "LARGE_BYTES", len(large))
    reader = SilverReader()

    def run_out_of_memory(*_: Any) -> None:
        raise duckdb.OutOfMemoryException("out of memory")

    with monkeypatch.context() as without_memory:
        without_memory.setattr(reader, "_merge", run_out_of_memory)
        with pytest.raises(StorageFailed):
            add(reader, large=large, small=small)
    add(reader, large=large, small=small)

    assert ids(reader) == [("tt0000001", "movies/small"), ("tt0000002", "movies/large")]


def test_the_error_names_objects_and_the_cure() -> None:
    assert str(damage({KEY: "imdb_id is null"}, "AggregateToGold")) == (
        f"AggregateToGold: {KEY} (imdb_id is null): cannot be used; Gold is unchanged; "
        "`reelhouse replay --run-id 20261124T030000Z-bbbbbbbb` rebuilds them from Bronze"
    )
    many = damage({f"movies/run_id=2026112{n}T030000Z-bbbbbbbb/part": "x" for n in range(1, 8)}, "s")
    assert " and 2 more" in many.subject
    assert "`reelhouse replay --all`" in many.next_step
