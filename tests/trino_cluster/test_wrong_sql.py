"""One wrong change to Gold's SQL at a time: Trino refuses it, or its rows are others. So equality proves something."""

from __future__ import annotations

from pathlib import Path

import pytest
from trino.exceptions import TrinoUserError

from pipeline.columns import GOLD, GOLD_TABLES
from tests.trino_cluster.lake import Silver, differences
from tests.trino_cluster.server import Trino

pytestmark = [pytest.mark.trino, pytest.mark.timeout(1800)]

REFUSALS = {"SYNTAX_ERROR", "TYPE_MISMATCH", "FUNCTION_NOT_FOUND", "COLUMN_NOT_FOUND", "TYPE_NOT_FOUND"}
# Table, text of its statement, and the wrong text in its place.
CHANGES = [
    # accepted by DuckDB or sqlglot, and no Trino SQL
    ("box_office_by_decade", "array_sort(", "list_sort("),
    ("box_office_by_decade", "avg(m.box_office_usd)", "median(m.box_office_usd)"),
    ("box_office_by_decade", "GROUP BY m.decade", "GROUP BY ALL"),
    ("ratings_by_genre", "CROSS JOIN UNNEST(r.genres) AS t(genre)", ", unnest(r.genres) AS t"),
    ("ratings_by_genre", "AS DOUBLE", "AS STRING"),
    ("genre_share_by_year", "t.genre, count(*)", "t.gerne, count(*)"),
    ("pipeline_runs", "coalesce(n.in_gold, 0)", "ifnull(n.in_gold, 0)"),
    ("movies", "row_number() OVER", "row_number( ) QUALIFY"),
    ("data_quality", "split_part(t.fault, ':', 1)", "string_split(t.fault, ':')[1]"),
    # accepted, and wrong
    ("movies", "s.processed_at DESC", "s.processed_at ASC"),
    ("movies", "max(l.run_id) FILTER", "min(l.run_id) FILTER"),
    ("movies", "f.recency = 1", "f.recency = 2"),
    ("movies", "f.year % 10", "f.year % 100"),
    ("rank_history", "p.rank - n.rank", "n.rank - p.rank"),
    ("rank_history", "LEFT JOIN ranked", "JOIN ranked"),
    ("rank_history", "lag(d.run_id)", "lead(d.run_id)"),
    ("ratings_by_genre", "m.imdb_rating * 10", "m.imdb_rating * 9"),
    ("ratings_by_genre", "WHERE r.rating IS NOT NULL", ""),
    ("box_office_by_decade", "count(m.box_office_usd)", "count(*)"),
    ("box_office_by_decade", "sum(m.box_office_usd)", "max(m.box_office_usd)"),
    ("genre_share_by_year", "count(*) AS films_in_year", "count(m.box_office_usd) AS films_in_year"),
    ("genre_share_by_year", "CAST(g.films AS DOUBLE) / y.films_in_year", "g.films / y.films_in_year"),
    ("pipeline_runs", "'2 quarantined' THEN 1 ELSE 0", "'2 quarantined' THEN 0 ELSE 1"),
    ("pipeline_runs", "min(o.outcome)", "max(o.outcome)"),
]


def test_there_are_24_changes() -> None:
    assert len(set(CHANGES)) == 24


@pytest.fixture(scope="module")
def references(small: Silver, trino: Trino) -> dict[str, str]:
    """Files of each Gold table as Trino builds it, by the statements as they are."""
    return {table.name: f"{small.built_by_trino(trino, table)}/*" for table in GOLD}


@pytest.mark.parametrize(("name", "right", "wrong"), CHANGES)
def test_a_wrong_change_is_refused_or_seen(
    references: dict[str, str], small: Silver, trino: Trino, name: str, right: str, wrong: str
) -> None:
    select = small.select(GOLD_TABLES[name])
    assert right in select, "the statement no longer has this text"

    refused, built = refusal_or_build(small, trino, name, select.replace(right, wrong))

    assert (
        refused in REFUSALS
        if built is None
        else not list(built.glob("*")) or differences(name, f"{built}/*", references[name])
    )


def refusal_or_build(small: Silver, trino: Trino, name: str, select: str) -> tuple[str, Path | None]:
    """Build a table by a statement; return the error's name, or the folder of the table's files."""
    try:
        return "", small.built_by_trino(trino, GOLD_TABLES[name], select, "wrong")
    except TrinoUserError as refusal:
        return str(refusal.error_name), None
