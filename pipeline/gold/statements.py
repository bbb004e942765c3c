"""Gold's SQL: one statement per table in Athena's (Trino's) dialect, and its translation for DuckDB.

A statement is the file of its table's name in ``sql/``; ``films_by.sql`` is that of all ``films_by_*`` tables. What the
column definitions and the rating sources give is filled in: ``{columns}``, ``{counts}``, ``{means}``, ``{ratings}``.
``exact_percentile(values, share)`` stands for the SQL of an exact percentile of a sorted array.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import sqlglot

from pipeline.columns import DUCKDB_TYPES, FILM, GOLD_TABLES, RATING_SOURCES, Column, RatingSource, Table

_FOLDER = Path(__file__).with_name("sql")
_UNION = "\n    UNION ALL\n    "
_PERCENTILE = re.compile(r"exact_percentile\(([\w.]+), (0\.\d+)\)")
# Columns of movies that are not those of the film's Silver row.
_COMPUTED = {
    "decade": "f.year - f.year % 10 AS decade",
    "rank": "CASE WHEN f.has_rank THEN f.rank END AS rank",
}


@cache
def statement(name: str) -> str:
    """Return the SQL of a Gold table, as Athena runs it."""
    table = GOLD_TABLES[name]
    # No list, no row: a condition on the unnested value would make DuckDB ten times slower.
    one = f"CASE WHEN m.{table.groups} IS NOT NULL THEN ARRAY[m.{table.groups}] END"
    sql = _file("films_by" if name.startswith("films_by_") else name).format(
        table=name,
        column=table.columns[0].name,
        values=one if table.groups in table.key else f"m.{table.groups}",
        columns=",\n    ".join(_COMPUTED.get(c, f"f.{c}") for c in GOLD_TABLES["movies"].column_names),
        counts=_UNION.join(_count(position, column) for position, column in enumerate(FILM[1:], start=1)),
        means=",\n    ".join(map(_mean, RATING_SOURCES)),
        ratings=_UNION.join(map(_ratings, RATING_SOURCES)),
    )
    return _PERCENTILE.sub(lambda match: _percentile(match[1], match[2]), sql)


def rating(source: RatingSource) -> str:
    """Return the SQL of a film's rating, 0-100, of a row ``m`` of ``movies``."""
    return f"CAST(m.{source.column} AS DOUBLE)" if source.factor == 1 else f"m.{source.column} * {source.factor}"


def _mean(source: RatingSource) -> str:
    return f"avg({rating(source)}) AS {source.name}_mean,\n    count(m.{source.column}) AS {source.name}_films"


def _ratings(source: RatingSource) -> str:
    """Return the SELECT of the listed films' ratings by one source."""
    votes = f"m.{source.votes}" if source.votes else "NULL"
    return (
        f"SELECT m.imdb_id, m.genres, '{source.name}' AS source, {rating(source)} AS rating, "
        f"CAST({votes} AS BIGINT) AS votes FROM gold.movies AS m WHERE m.on_list"
    )


def _percentile(values: str, share: str) -> str:
    """Return the exact percentile of a sorted array of doubles, interpolated linearly; null for none.

    Trino's approx_percentile is off by up to 9% on this data, and DuckDB's is another.
    """
    position = f"{share}E0 * (cardinality({values}) - 1)"
    below, above = (f"element_at({values}, CAST({rounded}({position}) AS BIGINT) + 1)" for rounded in ("floor", "ceil"))
    return f"{below} + ({position} - floor({position})) * ({above} - {below})"


def _file(name: str) -> str:
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def _count(position: int, column: Column) -> str:
    """Return the SELECT of a column's films, of those with a value, and of those with one outside its range."""
    limits = ((column.low, "<"), (column.high, ">"))
    faults = " OR ".join(f"m.{column.name} {sign} {limit}" for limit, sign in limits if limit is not None)
    out_of_range = f"count(CASE WHEN {faults} THEN 1 END)" if faults else "0"
    return (
        f"SELECT {position} AS position, '{column.name}' AS column_name, count(*) AS films, "
        f"count(m.{column.name}) AS filled, {out_of_range} AS out_of_range FROM gold.movies AS m WHERE m.on_list"
    )


@cache
def to_duckdb(sql: str) -> str:
    """Translate a statement from Trino's dialect to DuckDB's."""
    return sqlglot.transpile(sql, read="trino", write="duckdb")[0]


def rows_of(table: Table) -> str:
    """Return DuckDB's SELECT of a Gold table's rows, in its columns' types, from ``silver.*`` and ``gold.*``."""
    casts = ", ".join(f'CAST("{c.name}" AS {DUCKDB_TYPES[c.type]}) AS "{c.name}"' for c in table.columns)
    return f"SELECT {casts} FROM ({to_duckdb(statement(table.name))})"
