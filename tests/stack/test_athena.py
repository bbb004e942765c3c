"""Athena on the emulator: Gold's SQL returns the same rows as DuckDB, and users can query it.

The emulator's Athena takes SELECT in DuckDB's dialect only; tests/integration/test_athena_engine.py plays the rest.
"""

from __future__ import annotations

import json
import math
import time
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from pipeline import aws
from pipeline.columns import GOLD_TABLES
from pipeline.errors import InvalidInput
from pipeline.gold.athena_engine import Queries, with_tables
from pipeline.gold.statements import statement, to_duckdb
from reelhouse import lake
from reelhouse.cli import app
from reelhouse.stack import Stack


def ask(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["query", "--engine", "athena", *arguments])


def text(value: Any) -> str | None:
    """A value as the emulator writes it."""
    if isinstance(value, np.ndarray | list):
        return str([str(item) for item in value])
    if pd.isna(value):
        return None
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, date | datetime | pd.Timestamp):
        return str(value)
    return str(round(float(value), 6)) if isinstance(value, float | np.floating) else str(value)


def number(value: str | None, kind: str) -> str | None:
    return value if value is None or kind != "double" or math.isnan(float(value)) else str(round(float(value), 6))


@pytest.mark.parametrize("name", GOLD_TABLES)
def test_the_select_of_a_table_gives_what_duckdb_gave(stack: Stack, name: str) -> None:
    queries = Queries(aws.client("athena"), stack["AthenaWorkGroupName"], pause=0.1)
    databases = {"silver": stack["SilverDatabaseName"], "gold": stack["GoldDatabaseName"]}
    sql = with_tables(to_duckdb(statement(name)), lambda layer, table: f"{databases[layer]}.{table}")

    answer = queries.answer(sql, time.monotonic() + 60)

    built = lake.table(name)
    types = [column.type for column in GOLD_TABLES[name].columns]
    assert [column for column, _ in answer.columns] == list(built.columns)
    rows = [tuple(map(number, row, types)) for row in answer.rows]
    expected = [tuple(text(value) for value in row) for row in built.astype("object").itertuples(index=False)]
    assert len(rows) > 0
    assert sorted(map(repr, rows)) == sorted(map(repr, expected))


def test_query_prints_rows_as_json(stack: Stack) -> None:
    ran = ask("SELECT title, year FROM movies ORDER BY rank, imdb_id LIMIT 2", "--json")

    assert ran.exit_code == 0, ran.output
    best = lake.table("movies").sort_values(["rank", "imdb_id"]).head(2)
    assert json.loads(ran.stdout) == best[["title", "year"]].to_dict("records")


def test_query_takes_all_pages_to_a_file(stack: Stack, tmp_path: Path) -> None:
    path = tmp_path / "ratings.parquet"

    # Athena's answers have at most 1,000 rows.
    ran = ask("SELECT a.imdb_id FROM movies AS a CROSS JOIN movies AS b WHERE b.rank <= 8", "--output", str(path))

    assert ran.exit_code == 0, ran.output
    assert len(pd.read_parquet(path)) == len(lake.table("movies")) * 8 > 2000


def test_a_run_is_asked_for_by_its_folder(stack: Stack) -> None:
    table = f"{stack['SilverDatabaseName']}.movies_by_run"
    run_id = stack.run_ids()[0]

    ran = ask(f"SELECT count(*) AS films, min(run_id) AS run FROM {table} WHERE run_id = '{run_id}'", "--json")

    assert json.loads(ran.stdout) == [{"films": stack.build().runs[run_id].stored, "run": run_id}]


def test_a_query_that_fails_is_one_error(stack: Stack, tmp_path: Path) -> None:
    ran = ask("SELECT nothing FROM movies", "--json")

    assert ran.exit_code == 1
    assert "nothing" in json.loads(ran.stdout)["error"]
    assert ask("SELECT 1", "--output", str(tmp_path / "x.txt")).exit_code == 2


def test_the_work_group_is_limited_encrypted_and_enforced(stack: Stack) -> None:
    group = aws.client("athena").get_work_group(WorkGroup=stack["AthenaWorkGroupName"])["WorkGroup"]["Configuration"]

    assert group["EnforceWorkGroupConfiguration"]
    assert int(group["BytesScannedCutoffPerQuery"]) == 10 * 1024**3
    assert group["ResultConfiguration"]["EncryptionConfiguration"]["EncryptionOption"] == "SSE_S3"


@pytest.mark.usefixtures("stack")
def test_the_lake_asks_athena_too() -> None:
    rows = lake.sql("SELECT count(*) AS films, max(year) AS newest FROM movies", engine="athena")

    assert rows.iloc[0].tolist() == [len(lake.table("movies")), lake.table("movies")["year"].max()]
    for refused in ("DROP TABLE movies", "SELECT nothing FROM movies", "SELECT 1; SELECT 2"):
        with pytest.raises(InvalidInput) as error:
            lake.sql(refused, engine="athena")
        assert "\n" not in str(error.value)
    assert "movies" in ask("SHOW TABLES", "--json").stdout


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_parquet('/nothing.parquet')", "SELECT title::INT FROM movies",
        "SELECT nope(title) FROM movies", "SELECT movies.nothing FROM movies",
        "SELECT error('/tmp/ministack-athena-x/y')", "SELECT 1 +",
    ],
)  # fmt: skip
def test_errors_of_the_stand_in_do_not_show_its_files(sql: str) -> None:
    ran = ask(sql)

    assert ran.exit_code == 1
    assert len(ran.stderr.strip().splitlines()) == 1
    assert "/tmp" not in ran.stderr
    assert "ministack" not in ran.stderr


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("file", ["read_csv('/etc/passwd')", "read_text('/etc/passwd')", "glob('/etc/*')"])
def test_the_stand_in_reads_no_local_files(file: str) -> None:
    ran = ask(f"SELECT * FROM {file}")

    assert ran.exit_code == 1
    assert "Cannot access" in ran.stderr
    assert len(ran.stderr.strip().splitlines()) == 1


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("engine", ["duckdb", "athena"])
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT now()", "SELECT TIMESTAMPTZ '2026-01-01 00:00:00+02'", "SELECT DATE '15000-01-01'",
        "SELECT 170141183460469231731687303715884105727::HUGEINT", "SELECT INTERVAL '1 month 2 days'",
        "SELECT MAP {'a': 1}, {'a': [1, NULL]}, [[1], NULL]", "SELECT '\\x00'::BLOB, '10101'::BIT, uuid()",
        "SELECT 'nan'::DOUBLE, '-inf'::DOUBLE", "SELECT union_value(a := 1)", "SELECT TIME '24:00:00'", "SELECT NULL",
    ],
)  # fmt: skip
def test_every_type_is_a_row_or_one_line(sql: str, engine: str) -> None:
    ran = CliRunner().invoke(app, ["query", "--engine", engine, sql, "--json"])

    if ran.exit_code == 0:
        assert len(json.loads(ran.stdout)) == 1
    else:
        assert ran.exit_code == 1
        assert len(ran.stderr.strip().splitlines()) == 1
    assert engine == "athena" or ran.exit_code == 0, ran.stderr
