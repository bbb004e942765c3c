"""A Silver of any size, made of the sample films: new ids, titles and people in each copy, and as many runs as asked.

Lengths of texts and lists, what is missing and what recurs are the sample's. IMDb's ratings and votes, which it lacks,
are made up. Written as parquet parts, as compaction leaves them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from benchmarks import bronze_objects
from pipeline import process_bronze_to_silver
from pipeline.columns import SILVER_TABLES
from pipeline.database import PARQUET
from pipeline.documents import to_json
from pipeline.silver.records import sql_time

ROWS_A_PART = 100_000
_MOVIES = SILVER_TABLES["movies"]
_SETUP = """
    SET threads = 1;
    CREATE TABLE sample AS SELECT *, row_number() OVER () - 1 AS nth FROM read_parquet('{path}');
    CREATE MACRO run_id_of(run) AS strftime(DATE '2026-01-01' + CAST(run AS INTEGER), '%Y%m%d') || 'T030000Z-0000000a';
    CREATE MACRO renamed(names, copy) AS list_transform(names, lambda name: name || ' ' || copy);
"""
_PART = """
    SELECT {columns} FROM (
        SELECT * REPLACE (
            'tt' || (10000000 + film) AS imdb_id,
            title || ' ' || copy AS title,
            renamed(directors, copy) AS directors,
            renamed(writers, copy) AS writers,
            renamed(actors, copy) AS actors,
            film * 7919 % 91 / 10.0 + 1 AS imdb_rating,
            film * 104729 % 2000000 AS imdb_votes,
            CAST(1 + (film + run * 31) % {films} AS INTEGER) AS rank,
            run_id_of(run) AS run_id,
            md5('' || film % {sample}) AS bronze_version,
            'movies/run_id=' || run_id_of(run) || '/imdb_id=tt' || (10000000 + film) || '.json' AS bronze_key,
            TIMESTAMP '2026-01-01 03:00:00' + to_days(CAST(run AS INTEGER)) AS fetched_at,
            TIMESTAMP '2026-01-01 03:01:00' + to_days(CAST(run AS INTEGER)) AS processed_at
        )
        FROM (
            SELECT film, run, film // {sample} AS copy
            FROM (
                SELECT row % {films} + row // {films} * ({films} // 100) AS film, row // {films} AS run
                FROM range({first}, {last}) AS rows(row)
            )
        ) JOIN sample ON nth = film % {sample}
    )
"""


def write(folder: Path, rows: int, runs: int) -> None:
    """Write ``movies`` of so many rows in parquet parts, and ``runs`` in JSON lines, into a folder.

    Each run lists the films of the run before, but for one in a hundred that leaves the list, and as many new ones. The
    last run may be incomplete. No run has a film twice.
    """
    films = -(-rows // runs)
    (folder / "movies").mkdir(parents=True)
    sample = folder / "sample.parquet"
    sample.write_bytes(process_bronze_to_silver.encode(_sample(), _MOVIES))
    database = duckdb.connect()
    database.execute(_SETUP.format(path=sample))
    (count,) = database.execute("SELECT count(*) FROM sample").fetchall()[0]
    for part, first in enumerate(range(0, rows, ROWS_A_PART)):
        sql = _PART.format(
            columns=", ".join(_MOVIES.column_names),
            films=films,
            sample=count,
            first=first,
            last=min(rows, first + ROWS_A_PART),
        )
        target = folder / "movies" / f"part-{part:03}.parquet"
        database.execute(f"COPY ({sql}) TO '{target}' ({PARQUET})")
    sample.unlink()
    lines = [to_json(_run(database, run, films)) for run in range(runs)]
    (folder / "runs.json").write_bytes(b"\n".join(lines))


def _sample() -> list[dict[str, Any]]:
    moment = sql_time(bronze_objects.FETCHED_AT)
    lineage = {
        "run_id": bronze_objects.RUN_ID,
        "bronze_key": "",
        "bronze_version": "",
        "fetched_at": moment,
        "processed_at": moment,
        "code_version": "1a2b3c4",
    }
    return [row | lineage for row in bronze_objects.silver_rows()]


def _run(database: duckdb.DuckDBPyConnection, run: int, films: int) -> dict[str, Any]:
    ((run_id,),) = database.execute("SELECT run_id_of(?)", [run]).fetchall()
    return {
        "run_id": run_id,
        "started_at": f"{run_id[:4]}-{run_id[4:6]}-{run_id[6:8]} 03:00:00",
        "expected": films,
        "top_n": films,
    }
