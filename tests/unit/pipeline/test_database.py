"""Settings of every DuckDB database."""

from __future__ import annotations

import duckdb
import pytest

from pipeline.database import connect, scratch
from pipeline.errors import StorageFailed
from pipeline.workspace import private_folder


def test_it_draws_no_progress_and_spills_where_no_other_user_can_read() -> None:
    wanted = ("enable_progress_bar", "temp_directory")
    settings = dict(
        connect().execute("SELECT name, value FROM duckdb_settings() WHERE list_contains(?, name)", [wanted]).fetchall()
    )

    assert settings == {"enable_progress_bar": "false", "temp_directory": str(private_folder())}


def test_databases_share_nothing() -> None:
    connect().execute("CREATE TABLE films (id INTEGER)")

    assert connect().execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]


def test_the_scratch_database_is_reused_and_replaced_after_an_error() -> None:
    with scratch(memory_mb=64) as first:
        first.execute("CREATE TABLE only_here AS SELECT 1")
    with scratch(memory_mb=64) as second:
        assert second.execute("FROM only_here").fetchall() == [(1,)]
    with pytest.raises(duckdb.Error), scratch(memory_mb=64) as broken:
        broken.execute("SELECT error('fatal')")
    with scratch(memory_mb=64) as anew:
        assert anew.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]
        assert anew.execute("SELECT current_setting('memory_limit')").fetchall() == [("61.0 MiB",)]


def test_an_error_that_the_caller_has_translated_closes_the_scratch_database_too() -> None:
    with scratch(memory_mb=65) as first:
        first.execute("CREATE TABLE only_here AS SELECT 1")

    def fail() -> None:
        with scratch(memory_mb=65) as broken:
            try:
                broken.execute("SELECT error('fatal')")
            except duckdb.Error as error:
                raise StorageFailed("cannot be read") from error

    with pytest.raises(StorageFailed):
        fail()
    with scratch(memory_mb=65) as anew:
        assert anew.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]
