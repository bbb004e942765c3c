"""Which Silver parts a compaction merges and removes: the winning row is kept, whatever it reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import keys
from pipeline.aws import StoredObject
from reelhouse.commands import compact

RUN = "20261123T030000Z-1a2b3c4d"
START = datetime(2026, 11, 23, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)
# Rows of an object: film to the time when its row was made.
Rows = dict[str, int]
Part = tuple[StoredObject, Rows]


def part(number: int, rows: Rows, *, compacted: bool = False, hour: int = 0) -> Part:
    """An object of a run with its rows, written at an hour."""
    name = keys.silver_compacted if compacted else keys.silver_part
    return StoredObject(name(RUN, f"{number:04x}", len(rows)), str(number), 1, START + hour * HOUR), rows


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA silver")
        connection.execute("CREATE TABLE silver.movies (bronze_key VARCHAR, processed_at INTEGER, object_key VARCHAR)")
        yield connection


def look(database: duckdb.DuckDBPyConnection, parts: Collection[Part], hour: int = 9) -> None:
    """Rank the rows of these parts, of which those written by ``hour`` are settled."""
    rows = [(film, made, entry.key) for entry, held in parts for film, made in held.items()]
    database.execute("DELETE FROM silver.movies")
    database.execute(
        "INSERT INTO silver.movies SELECT unnest(?::VARCHAR[]), unnest(?::INTEGER[]), unnest(?::VARCHAR[])",
        [[row[column] for row in rows] for column in range(3)],
    )
    compact.rank(database, [entry for entry, _ in parts], START + hour * HOUR)


def removed(database: duckdb.DuckDBPyConnection, parts: Collection[Part], hour: int = 9) -> set[str]:
    look(database, parts, hour)
    return set(compact.replaced(database))


rows_of_a_part = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2), min_size=1)
some_parts = st.lists(st.tuples(rows_of_a_part, st.booleans(), st.integers(0, 3)), min_size=1, max_size=6).map(
    lambda made: [part(n, rows, compacted=merged, hour=hour) for n, (rows, merged, hour) in enumerate(made)]
)


@given(some_parts, st.data(), st.integers(0, 3))
def test_the_newest_row_of_every_film_stays_however_little_two_compactions_see(
    database: duckdb.DuckDBPyConnection, parts: list[Part], data: st.DataObject, hour: int
) -> None:
    views = [data.draw(st.lists(st.sampled_from(parts), min_size=1, unique_by=lambda each: each[0].key)) for _ in "12"]

    gone = set().union(*(removed(database, view, hour) for view in views))

    newest: Rows = {}
    left: Rows = {}
    for entry, rows in parts:
        for film, made in rows.items():
            newest[film] = max(made, newest.get(film, -1))
            if entry.key not in gone:
                left[film] = max(made, left.get(film, -1))
    assert left == newest


def test_parts_go_once_what_replaced_them_has_been_there_long_enough(database: duckdb.DuckDBPyConnection) -> None:
    first, second = part(1, {"a": 0}), part(2, {"b": 0, "c": 0})
    merged = part(3, {"a": 0, "b": 0, "c": 0}, compacted=True, hour=5)

    assert removed(database, [first, second, merged], hour=4) == set()
    assert removed(database, [first, second, merged], hour=5) == {first[0].key, second[0].key}
    assert removed(database, [first, second]) == set()


def test_a_row_made_after_the_merge_keeps_its_part(database: duckdb.DuckDBPyConnection) -> None:
    rewritten, other = part(1, {"a": 1, "b": 0}), part(2, {"c": 0})
    merged = part(3, {"a": 0, "b": 0, "c": 0}, compacted=True)

    assert removed(database, [rewritten, other, merged]) == {other[0].key}


def test_of_merged_parts_with_the_same_rows_the_newest_stays(database: duckdb.DuckDBPyConnection) -> None:
    older = part(2, {"a": 0, "b": 0}, compacted=True, hour=1)
    newer = part(1, {"a": 0, "b": 0, "c": 0}, compacted=True, hour=2)

    assert removed(database, [older, newer]) == {older[0].key}


def test_what_an_interrupted_replay_left_goes_when_its_newer_rows_are_settled(
    database: duckdb.DuckDBPyConnection,
) -> None:
    older, newer = part(1, {"a": 0}), part(2, {"a": 1}, hour=3)

    assert removed(database, [older, newer], hour=2) == set()
    assert removed(database, [older, newer], hour=3) == {older[0].key}
