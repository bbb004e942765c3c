"""Aggregate tables add up to their films, and a wrong statement is found whatever table it is of."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from pipeline.columns import GOLD, SILVER
from pipeline.gold import reconciliation
from pipeline.gold.reconciliation import Check, faults
from pipeline.gold.statements import statement, to_duckdb
from tests.daily_films import FilmWorld, as_arrow, first_rows
from tests.silver_rows import FILMS, QUARANTINE, REJECTED, RUNS, engine_of
from tests.unit.pipeline.gold.test_statements import refused_by_trino

NAMES = [table.name for table in GOLD]
JOINED_TWICE = "JOIN (SELECT 1 AS one UNION ALL SELECT 2) AS twice ON TRUE\n"


class Gold:
    """Gold's tables of some films, each built by its statement or by a wrong one."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.database = duckdb.connect()
        self.database.execute("SET threads = 1; CREATE SCHEMA gold; CREATE SCHEMA silver")
        self.database.register("incoming", as_arrow(rows))
        self.database.execute("CREATE TABLE gold.movies AS FROM incoming")
        for table in SILVER:
            columns = ", ".join(f'"{name}" {kind}' for name, kind in table.duckdb_types().items())
            self.database.execute(f"CREATE TABLE silver.{table.name} ({columns})")
        for name in NAMES[1:]:
            self.build(name, statement(name))

    def build(self, name: str, sql: str) -> None:
        self.database.execute(f"CREATE OR REPLACE TABLE gold.{name} AS {to_duckdb(sql)}")

    def faults(self) -> tuple[str, ...]:
        return faults(lambda sql: self.database.execute(to_duckdb(sql)).fetchall(), NAMES)


@pytest.fixture(scope="module")
def gold() -> Gold:
    rows = first_rows(300)
    rows[0]["unreadable"] = ["runtime_minutes: '34S min' is not a running time"]
    rows[1] |= {"on_list": False, "rank": None}
    return Gold(rows)


def test_correct_tables_add_up(gold: Gold) -> None:
    assert gold.faults() == ()


def test_days_of_ordinary_changes_add_up() -> None:
    world = FilmWorld(120)
    for days in (1, 10, 1):
        world.live(days)
        assert Gold(world.run()).faults() == ()


def test_unusual_films_add_up() -> None:
    engine = engine_of(movies=FILMS, quarantine=QUARANTINE, rejected=REJECTED, runs=RUNS)
    engine.build()

    assert faults(lambda sql: engine.query(to_duckdb(sql)), NAMES) == ()


def test_an_empty_gold_adds_up() -> None:
    assert Gold([]).faults() == ()


@pytest.mark.parametrize("name", NAMES)
def test_trino_accepts_the_statement(name: str) -> None:
    """Table by table: the validator refuses statements as long as that of all tables."""
    wanted = [check for check in reconciliation.checks() if check.table == name]

    assert wanted
    assert refused_by_trino(reconciliation.statement(wanted)) == []


@pytest.mark.parametrize(
    ("table", "right", "wrong"),
    [
        # a join that doubles rows
        ("ratings_by_genre", "    WHERE r.rating IS NOT NULL", f"    {JOINED_TWICE}WHERE r.rating IS NOT NULL"),
        ("box_office_by_decade", "    WHERE m.on_list", f"    {JOINED_TWICE}WHERE m.on_list"),
        *((f"films_by_{name}", "WHERE m.on_list", f"{JOINED_TWICE}WHERE m.on_list")
          for name in ("director", "language", "country", "year")),
        ("genre_share_by_year", "    WHERE m.on_list AND m.year IS NOT NULL\n",
         f"    {JOINED_TWICE}WHERE m.on_list AND m.year IS NOT NULL\n"),
        ("genre_share_by_year", "    WHERE m.on_list AND m.year IS NOT NULL AND",
         f"    {JOINED_TWICE}WHERE m.on_list AND m.year IS NOT NULL AND"),
        ("genre_share_by_year", "ORDER BY g.year", f"{JOINED_TWICE}ORDER BY g.year"),
        ("movie_ratings", "WHERE r.rating", f"{JOINED_TWICE}WHERE r.rating"),
        ("data_quality", "ORDER BY c.position", f"{JOINED_TWICE}ORDER BY c.position"),
        # a lost group
        ("ratings_by_genre", "WHERE r.rating IS NOT NULL", "WHERE r.rating IS NOT NULL AND t.genre <> 'Western'"),
        ("ratings_by_genre", "WHERE r.rating IS NOT NULL", "WHERE r.rating IS NOT NULL AND r.source <> 'metascore'"),
        ("box_office_by_decade", "m.decade IS NOT NULL", "m.decade > 1940"),
        ("films_by_director", "WHERE m.on_list", "WHERE m.on_list AND t.director <> 'Alfred Hitchcock'"),
        ("films_by_country", "WHERE m.on_list", "WHERE m.on_list AND t.country <> 'Italy'"),
        ("films_by_language", "WHERE m.on_list", "WHERE m.on_list AND t.language <> 'Italian'"),
        ("films_by_year", "WHERE m.on_list", "WHERE m.on_list AND t.year <> 1994"),
        ("genre_share_by_year", "m.year IS NOT NULL\n", "m.year IS NOT NULL AND t.genre <> 'Western'\n"),
        ("movie_ratings", "WHERE r.rating IS NOT NULL", "WHERE r.rating > 85"),
        ("data_quality", "ORDER BY c.position", "WHERE c.column_name <> 'metascore' ORDER BY c.position"),
        # films that have left the list counted too
        ("films_by_year", "WHERE m.on_list\n", ""),
        ("box_office_by_decade", "m.on_list AND ", ""),
        # a swapped column
        ("ratings_by_genre", "avg(r.rating) AS mean", "max(r.rating) AS mean"),
        ("ratings_by_genre", "0.9E0", "0.1E0"),
        ("ratings_by_genre", "'imdb' AS source, m.imdb_rating * 10", "'imdb' AS source, m.metascore * 1.0"),
        ("box_office_by_decade", "    d.films,\n    d.films_with_box_office,",
         "    d.films_with_box_office AS films,\n    d.films AS films_with_box_office,"),
        ("box_office_by_decade", "avg(m.box_office_usd) AS mean_usd", "max(m.box_office_usd) AS mean_usd"),
        ("films_by_director", "avg(CAST(m.metascore AS DOUBLE))", "avg(CAST(m.rotten_tomatoes AS DOUBLE))"),
        ("films_by_director", "avg(m.imdb_rating * 10)", "avg(m.imdb_rating)"),
        ("films_by_language", "count(m.imdb_rating)", "count(m.metascore)"),
        ("films_by_country", "sum(m.box_office_usd)", "max(m.box_office_usd)"),
        ("films_by_year", "avg(m.box_office_usd)", "max(m.box_office_usd)"),
        ("genre_share_by_year", "    g.films,\n    y.films_in_year,",
         "    y.films_in_year AS films,\n    g.films AS films_in_year,"),
        ("genre_share_by_year", "CAST(g.films AS DOUBLE) /", "CAST(1 AS DOUBLE) /"),
        ("movie_ratings", "m.source_rating * 10 AS rating", "m.metascore * 1.0 AS rating"),
        ("data_quality", "    c.filled,\n", "    c.films AS filled,\n"),
        ("data_quality", "CAST(c.filled AS DOUBLE)", "CAST(c.films AS DOUBLE)"),
        ("data_quality", "coalesce(u.films, 0) AS unreadable,\n    c.out_of_range",
         "c.filled AS unreadable,\n    coalesce(u.films, 0) AS out_of_range"),
    ],
)  # fmt: skip
def test_a_wrong_statement_is_found(gold: Gold, table: str, right: str, wrong: str) -> None:
    sql = statement(table)
    assert right in sql
    try:
        gold.build(table, sql.replace(right, wrong))
        messages = gold.faults()
    finally:
        gold.build(table, sql)

    assert messages
    assert all(fault.startswith(f"{table}: ") for fault in messages)


@pytest.mark.parametrize("name", ["rank_history", "pipeline_runs", "movies"])
def test_duplicate_rows_of_a_table_that_is_no_aggregate_are_found(name: str) -> None:
    engine = engine_of(movies=FILMS, quarantine=QUARANTINE, rejected=REJECTED, runs=RUNS)
    engine.build()
    engine.query(f"CREATE TABLE gold.twice AS (FROM gold.{name} UNION ALL FROM gold.{name})")
    messages = faults(lambda sql: engine.query(to_duckdb(sql.replace(f"gold.{name} AS", "gold.twice AS"))), NAMES)

    assert any(fault.startswith(f"{name}: rows of different keys: ") for fault in messages)


def test_a_fault_names_both_numbers() -> None:
    check = Check("films_by_year", "total of films", "", "")

    assert check.fault(2400, 1200) == "films_by_year: total of films: 2,400 instead of 1,200 (limit: no difference)"
    assert check.fault(1200.0000001, 1200) == ""


def test_a_build_without_some_tables_is_checked_for_the_others(gold: Gold) -> None:
    asked: list[str] = []

    def query(sql: str) -> list[list[Any]]:
        asked.append(sql)
        return [[1, 1]]

    assert faults(query, ["rank_history"]) == ()
    assert "movie_ratings" not in asked[0]
    assert faults(query, []) == ()
