"""Which old Silver objects a replay removes, and what counts as a change."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.columns import INSIGHTS_TABLES
from pipeline.columns import GOLD, SILVER
from reelhouse.commands.replay import superseded
from reelhouse.operate.differences import Change, compare

A, B = (f"movies/run_id=2026112{day}T030000Z-1a2b3c4d" for day in (3, 4))
FILMS = [f"{run}/imdb_id=tt000000{n}.json" for run in (A, B) for n in range(4)]
OBJECTS = [f"{run}/part-{n}.parquet" for run in (A, B) for n in range(4)]
rows_of_objects = st.sets(st.tuples(st.sampled_from(OBJECTS), st.sampled_from(FILMS))).map(
    lambda rows: sorted((key, film) for key, film in rows if key[:40] == film[:40])
)


@given(rows_of_objects, st.sets(st.sampled_from(OBJECTS)), st.sets(st.sampled_from(FILMS)))
def test_removing_what_is_superseded_loses_no_film(
    rows: list[tuple[str, str]], old: set[str], unfinished: set[str]
) -> None:
    gone = set(superseded(rows, old, unfinished))

    assert gone <= old
    assert {film for key, film in rows if key not in gone} == {film for _, film in rows}
    assert not any(key[:40] == film[:40] for key in gone for film in unfinished)


def test_an_old_part_goes_when_every_film_of_it_is_in_a_new_object() -> None:
    rows = [(OBJECTS[0], FILMS[0]), (OBJECTS[0], FILMS[1]), (OBJECTS[1], FILMS[0]), (OBJECTS[2], FILMS[1])]

    assert superseded(rows, {OBJECTS[0]}, set()) == [OBJECTS[0]]
    assert superseded(rows[:3], {OBJECTS[0]}, set()) == []


def test_a_damaged_old_object_goes_with_its_finished_run() -> None:
    rows = [(OBJECTS[0], ""), (OBJECTS[1], FILMS[0])]

    assert superseded(rows, {OBJECTS[0]}, set()) == [OBJECTS[0]]
    assert superseded(rows, {OBJECTS[0]}, {FILMS[1]}) == []


@pytest.fixture
def database() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE a (id INT, x DOUBLE, names VARCHAR[], processed_at TIMESTAMP)")
    connection.execute("INSERT INTO a VALUES (1, 0.1, ['x'], NULL), (2, NULL, NULL, NULL), (3, 3, [], NULL)")
    connection.execute("CREATE TABLE b AS SELECT id, x, names, TIMESTAMP '2026-01-01' AS processed_at FROM a")
    return connection


def test_columns_about_processing_do_not_count_as_changes(database: duckdb.DuckDBPyConnection) -> None:
    database.execute("UPDATE b SET x = 0.1 + 1e-14 WHERE id = 1")

    assert compare(database, "a", "b", ("id",)) == Change(3, 3, 0, 0, 0)
    assert compare(database, "a", "b", ("id",)).same


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE b SET x = 7 WHERE id = 1", Change(3, 3, 0, 0, 1)),
        ("UPDATE b SET x = NULL WHERE id = 1", Change(3, 3, 0, 0, 1)),
        ("UPDATE b SET x = 0 WHERE id = 2", Change(3, 3, 0, 0, 1)),
        ("UPDATE b SET names = [] WHERE id = 2", Change(3, 3, 0, 0, 1)),
        ("UPDATE b SET id = 9 WHERE id = 2", Change(3, 3, 1, 1, 0)),
        ("DELETE FROM b WHERE id > 1", Change(3, 1, 0, 2, 0)),
        ("ALTER TABLE b ADD COLUMN more INT", Change(3, 3, 0, 0, 0)),
        ("ALTER TABLE b ADD COLUMN more INT DEFAULT 1", Change(3, 3, 0, 0, 3)),
        ("ALTER TABLE b DROP COLUMN x", Change(3, 3, 0, 0, 2)),
    ],
)
def test_added_removed_and_changed_rows_are_counted_separately(
    database: duckdb.DuckDBPyConnection, statement: str, expected: Change
) -> None:
    database.execute(statement)

    assert compare(database, "a", "b", ("id",)) == expected


def test_every_table_has_a_key_of_its_columns() -> None:
    for table in (*SILVER, *GOLD, *INSIGHTS_TABLES.values()):
        assert table.key
        assert set(table.key) <= set(table.column_names)
