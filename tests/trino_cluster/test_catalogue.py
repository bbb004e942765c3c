"""The deployed stack's catalogue, as Trino reads it from Glue: types, rows, and tables with an injected partition."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from trino.exceptions import TrinoUserError

from pipeline import process_bronze_to_silver
from pipeline.columns import GOLD, SILVER, SILVER_BY_RUN, SILVER_TABLES, Table
from reelhouse.stack import Stack
from tests.silver_rows import FILMS, film
from tests.trino_cluster.lake import Silver, trino_type
from tests.trino_cluster.server import Trino

pytestmark = [pytest.mark.trino, pytest.mark.timeout(1800)]


def name_of(stack: Stack, table: Table) -> str:
    """Return the table's name in the catalogue over the stack's Glue."""
    database = {"silver": "SilverDatabaseName", "gold": "GoldDatabaseName"}[table.layer]
    return f'aws."{stack[database]}"."{table.name}"'


@pytest.mark.parametrize("table", [*SILVER, *SILVER_BY_RUN, *GOLD], ids=lambda table: f"{table.layer}.{table.name}")
def test_a_tables_columns_have_the_types_of_their_definitions(stack: Stack, trino: Trino, table: Table) -> None:
    described = {row[0]: row[1] for row in trino.rows(f"DESCRIBE {name_of(stack, table)}")}

    expected = {c.name: trino_type(c.type) for c in table.columns}
    if table.partition:
        expected[table.partition.name] = "varchar"
    assert described == expected


@pytest.mark.parametrize("table", GOLD, ids=lambda table: table.name)
def test_trino_reads_the_rows_that_the_lake_reads(stack: Stack, trino: Trino, table: Table) -> None:
    """Every column is selected, so that a parquet type that does not fit its Glue type would fail."""
    columns = ", ".join(f'count("{column}")' for column in table.column_names)
    counted = trino.rows(f"SELECT count(*), {columns} FROM {name_of(stack, table)}")[0]
    read = trino.rows(f"SELECT * FROM {name_of(stack, table)}")

    frame = stack.lake().table(table.name)
    assert counted == (len(frame), *(int(frame[column].notna().sum()) for column in table.column_names))
    assert len(read) == len(frame)


def test_a_query_that_names_no_run_is_refused(stack: Stack, trino: Trino) -> None:
    (by_run,) = [table for table in SILVER_BY_RUN if table.name == "movies_by_run"]

    with pytest.raises(TrinoUserError, match="run_id"):
        trino.rows(f"SELECT count(*) FROM {name_of(stack, by_run)}")


def test_a_query_that_names_a_run_reads_its_folder_only(stack: Stack, trino: Trino) -> None:
    (by_run,) = [table for table in SILVER_BY_RUN if table.name == "movies_by_run"]
    run_id = stack.run_ids()[0]
    films = len(stack.films("Bronze", "movies", run_id))

    rows = trino.rows(f"SELECT imdb_id, \"$path\" FROM {name_of(stack, by_run)} WHERE run_id = '{run_id}'")

    assert len({imdb_id for imdb_id, _ in rows}) == films
    assert all(f"/movies/run_id={run_id}/" in str(path) for _, path in rows)


def test_parts_of_an_older_and_a_newer_schema_are_read(folder: Path, trino: Trino) -> None:
    """An older part lacks a column, a newer one has one more: null here, ignored there."""
    movies = SILVER_TABLES["movies"]
    older = replace(movies, columns=tuple(c for c in movies.columns if c.name != "production"))
    silver = Silver(folder, "evolved")
    silver.write(
        "movies",
        {
            "new.parquet": process_bronze_to_silver.encode(FILMS, movies),
            "old.parquet": process_bronze_to_silver.encode([film(99)], older),
        },
    )
    silver.register(trino)

    rows = trino.rows("SELECT imdb_id, production, genres, year FROM files.evolved_silver.movies")

    assert len(rows) == len(FILMS) + 1
    assert ("tt0000099", None, None, None) in rows
