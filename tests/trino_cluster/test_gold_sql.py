"""Every Gold table, built by Trino and by DuckDB from the same Silver: the same rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.columns import GOLD
from tests.trino_cluster.lake import BUILD_ID, Silver, differences
from tests.trino_cluster.server import Trino

pytestmark = [pytest.mark.trino, pytest.mark.timeout(1800)]


def compare(silver: Silver, trino: Trino) -> dict[str, list[tuple[object, ...]]]:
    """Build every table on both engines; return what differs, by table."""
    engine, rows = silver.built_by_duckdb()
    differing = {}
    for table in GOLD:
        built = silver.built_by_trino(trino, table)
        # Trino writes no file for a table without rows.
        files = list(built.glob("*")) if built.is_dir() else []
        assert bool(files) == (rows[table.name] > 0), table.name
        if files:
            differing[table.name] = differences(table.name, f"{built}/*", str(engine.path(table.name)))
    return {name: rows for name, rows in differing.items() if rows}


def test_tables_of_a_silver_made_by_hand_are_equal(small: Silver, trino: Trino) -> None:
    assert compare(small, trino) == {}


def test_a_checksum_depends_on_the_rows_and_not_on_their_order(small: Silver, trino: Trino) -> None:
    """By it Athena's engine knows that a table is unchanged."""
    reversed_id, fewer_id = "20261128T040000.000000Z", "20261128T050000.000000Z"
    for table in GOLD:
        rows, columns = small.select(table), ", ".join(str(n) for n in range(1, len(table.columns) + 1))
        small.built_by_trino(trino, table)
        small.built_by_trino(trino, table, f"SELECT * FROM ({rows}) ORDER BY {columns} DESC", reversed_id)
        small.built_by_trino(trino, table, f"SELECT * FROM ({rows}) ORDER BY {columns} LIMIT 1", fewer_id)

    built, turned, fewer = (
        {str(name): (rows, checksum) for name, rows, checksum in trino.rows(small.checksums(build_id))}
        for build_id in (BUILD_ID, reversed_id, fewer_id)
    )

    assert set(built) == {table.name for table in GOLD}
    assert built == turned
    assert [name for name in built if built[name] == fewer[name]] == []


@pytest.mark.parametrize(
    ("name", "rows", "runs"),
    [("sample", 3 * 17_470, 3), ("million", 1_000_000, 4)],
    ids=["17470 films", "a million rows"],
)
def test_tables_of_the_sample_films_are_equal(folder: Path, trino: Trino, name: str, rows: int, runs: int) -> None:
    silver = Silver(folder, name)
    silver.fill(rows, runs)
    silver.register(trino)

    assert compare(silver, trino) == {}
