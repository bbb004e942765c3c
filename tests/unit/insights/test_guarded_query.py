"""The guarded query: its limits are kept by the kernel, whatever DuckDB does."""

from __future__ import annotations

import io
import resource
from collections.abc import Callable

import pyarrow as pa  # type: ignore[import-untyped]
import pytest

from insights import guarded_query
from insights.guarded_query import Limits, run
from pipeline.errors import InvalidInput
from tests.refused_queries import REFUSED

TABLES = {"gold.movies": pa.table({"imdb_id": ["tt1", "tt2"]})}
LIMITS = Limits(rows=100, seconds=60, memory_mb=256)


def test_rows_come_back_with_their_types() -> None:
    answer = run("SELECT imdb_id, 1 AS n FROM movies ORDER BY imdb_id", TABLES, Limits(rows=2, memory_mb=256))
    assert answer.to_pylist() == [{"imdb_id": "tt1", "n": 1}, {"imdb_id": "tt2", "n": 1}]
    assert run("SELECT count(*) AS n FROM silver.runs", {"silver.runs": pa.table({"a": [1]})}, LIMITS).num_rows == 1
    assert run("SELECT 'é; -- ü' AS a /* ; */; -- the end", {}, LIMITS).to_pylist() == [{"a": "é; -- ü"}]


@pytest.mark.parametrize("limit", [{"rows": 0}, {"seconds": 0}, {"seconds": float("nan")}, {"memory_mb": -1}])
def test_what_is_no_limit_is_refused(limit: dict[str, float]) -> None:
    """A timer of 0 seconds would never end a query."""
    with pytest.raises(InvalidInput, match=f"{next(iter(limit))}: .* is no limit"):
        Limits(**limit)  # type: ignore[arg-type]


@pytest.mark.parametrize("end", ["", ";", " ; ; ", "; -- é", " -- é", "; /* a; */ -- b\n"])
def test_the_end_of_a_statement_is_no_part_of_it(end: str) -> None:
    statement = "SELECT ';' AS é, '-- x'"
    assert guarded_query.without_end(statement + end).strip() == statement


@pytest.mark.parametrize(
    "query",
    [
        "SELECT repeat('x', 2000000000)",
        "SELECT list_sort(range(100000000))[1]",
        "SELECT list_transform(range(50000000), lambda x: repeat('x', 1000))",
    ],
)
def test_memory_that_duckdb_does_not_count_is_limited(query: str) -> None:
    # The largest child of this process so far, which may be another test's.
    before_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024

    with pytest.raises(InvalidInput, match="more memory than is allowed"):
        run(query, TABLES, LIMITS)

    most_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    assert most_mb < max(1500, before_mb + 1), "DuckDB alone took 4,000 MB for these"


@pytest.mark.parametrize(
    "query",
    [
        # DuckDB itself does not interrupt these.
        "SELECT levenshtein(repeat('a', 1000000), repeat('b', 1000000))",
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
    ],
)
def test_a_query_ends_when_its_time_is_up(query: str) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)

    with pytest.raises(InvalidInput, match="longer than 1 seconds"):
        run(query, TABLES, Limits(seconds=1, memory_mb=256))

    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime - before.ru_utime < 30


def test_many_rows_are_refused_and_not_read() -> None:
    with pytest.raises(InvalidInput, match="more than 100 rows"):
        run("FROM range(100000000000)", {}, LIMITS)


def test_a_writing_query_that_counts_as_a_select_is_refused() -> None:
    with pytest.raises(InvalidInput, match="read-only"):
        run("WITH gone AS (DELETE FROM movies RETURNING *) SELECT * FROM gone", TABLES, LIMITS)


@pytest.fixture
def refusal(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Return a query's error. It runs in this process: to start one for each takes twenty times as long."""
    monkeypatch.setattr(guarded_query, "_limit_process", lambda _: None)

    def error_of(query: str) -> str:
        stream = io.BytesIO(guarded_query._stream(TABLES["gold.movies"]))
        with pytest.raises(InvalidInput) as error:
            guarded_query._rows(query, list(TABLES), stream, LIMITS)
        return str(error.value)

    return error_of


def test_half_a_character_is_refused_as_such(refusal: Callable[[str], str]) -> None:
    assert "can't encode character" in refusal("SELECT '\udce9'")


@pytest.mark.parametrize("kind", REFUSED)
def test_a_query_that_does_not_read_is_refused(refusal: Callable[[str], str], kind: str) -> None:
    for query in REFUSED[kind]:
        error = refusal(query)
        assert "\n" not in error, query
        assert 20 < len(error) < 700, query


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("COPY movies TO '/tmp/x.csv'", "not SELECT"),
        ("SET threads = 1", "not SELECT"),
        ("ATTACH '/tmp/x.db'", "not SELECT"),
        ("SELECT 1; SELECT 2", "has 2 statements"),
        ("", "has no statements"),
        ("SELECT * FROM read_csv('/etc/passwd')", "disabled"),
        ("SELECT * FROM '/etc/passwd'", "passwd"),
        ("SELECT getenv('HOME')", "getenv"),
        ("SELEKT 1", "syntax"),
    ],
)
def test_a_refusal_says_why(refusal: Callable[[str], str], query: str, reason: str) -> None:
    assert reason in refusal(query)


def test_messages_are_one_line_without_the_machine_s_paths() -> None:
    for query in ("FROM duckdb_secrets()", "FROM duckdb_extensions()", "SELECT\n nothing\nFROM movies"):
        with pytest.raises(InvalidInput) as error:
            run(query, TABLES, LIMITS)
        assert "\n" not in str(error.value)
        assert "/root" not in str(error.value)
        assert "/home" not in str(error.value)
    assert run("SELECT current_setting('temp_directory') AS t", {}, LIMITS).to_pylist() == [{"t": ""}]
