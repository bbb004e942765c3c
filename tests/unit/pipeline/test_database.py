"""Settings of every DuckDB database."""

from __future__ import annotations

import tempfile

from pipeline.database import connect


def test_it_draws_no_progress_and_spills_to_the_temporary_folder() -> None:
    wanted = ("enable_progress_bar", "temp_directory")
    settings = dict(
        connect().execute("SELECT name, value FROM duckdb_settings() WHERE list_contains(?, name)", [wanted]).fetchall()
    )

    assert settings == {"enable_progress_bar": "false", "temp_directory": tempfile.gettempdir()}


def test_databases_share_nothing() -> None:
    connect().execute("CREATE TABLE films (id INTEGER)")

    assert connect().execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]
