"""Columns and SQL of the data sets in the dashboard definition, derived from Gold's schema. Pure.

The SQL is in Athena's (Trino's) dialect: QuickSight sends it to Athena; for the dashboard page DuckDB runs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from insights.columns import INSIGHTS_TABLES
from insights.dashboard.definition import Dashboard, DataSet
from pipeline.columns import GOLD_TABLES, Table

TABLES: Mapping[str, Table] = MappingProxyType(GOLD_TABLES | INSIGHTS_TABLES)
FILMS = "movies"
LABEL = "label"
LIST = "array<string>"
TEXT, INTEGER, FRACTION, TIME, TRUTH = "text", "integer", "fraction", "time", "truth"
_KINDS = {
    "string": TEXT,
    "int": INTEGER,
    "bigint": INTEGER,
    "double": FRACTION,
    "date": TIME,
    "timestamp": TIME,
    "boolean": TRUTH,
}
NUMBERS = (INTEGER, FRACTION)
YEAR_UNIT = "calendar year"
SCORE_UNIT = "0-1"


def glue_type(table: str, column: str) -> str | None:
    """Return the Glue type of a Gold column; None when there is no such table or column."""
    gold_table = TABLES.get(table)
    return next((one.type for one in gold_table.columns if one.name == column), None) if gold_table else None


def columns(data_set: DataSet) -> dict[str, str]:
    """Return the kind of each column of a data set: ``text``, ``integer``, ``fraction``, ``time`` or ``truth``.

    Columns that Gold lacks are omitted.
    """
    kinds = {name: _KINDS.get(glue_type(data_set.table, name) or "") for name in data_set.columns}
    kinds |= {
        name: TEXT if glue_type(data_set.table, source) == LIST else None for name, source in data_set.explode.items()
    }
    for name, look_up in data_set.look_up.items():
        kinds[name] = TEXT if look_up.take == LABEL else _KINDS.get(glue_type(FILMS, look_up.take) or "")
    return {name: kind for name, kind in kinds.items() if kind}


def column_format(data_set: DataSet, name: str) -> str | None:
    """Return the format of a column; None if it is not a number.

    It is ``year``, ``decade``, ``score`` (0 to 1, shown as 0 to 100), ``fraction`` or ``whole``.
    """
    kind = columns(data_set)[name]
    if kind not in NUMBERS:
        return None
    if name == "decade":
        return name
    unit = next((one.unit for one in TABLES[data_set.table].columns if one.name == name), "")
    by_unit = {YEAR_UNIT: "year", SCORE_UNIT: "score"}
    return by_unit.get(unit) or ("fraction" if kind == FRACTION else "whole")


def source_tables(definition: Dashboard) -> list[str]:
    """Return the Gold tables that the definition reads, in order of first use."""
    names = [one.table for one in definition.data_sets.values()]
    if any(one.look_up for one in definition.data_sets.values()):
        names.append(FILMS)
    return list(dict.fromkeys(names))


def sql(data_set: DataSet, database: str, *, explode: bool = True) -> str:
    """Return the SELECT statement of a data set. A film without genres stays, as a row with a null genre.

    Parameters
    ----------
    database : str
        Database of Gold's tables; quoted, since a stack's name may hold hyphens.
    explode : bool
        False keeps list columns whole, under their new names: one row per film.
    """
    selected = [f"t.{name}" for name in data_set.columns]
    joins = []
    for name, source in data_set.explode.items():
        selected.append(f"{name}_items.{name}" if explode else f"t.{source} AS {name}")
        if explode:
            joins.append(f"LEFT JOIN UNNEST(t.{source}) AS {name}_items({name}) ON TRUE")
    for name, look_up in data_set.look_up.items():
        alias = f"film_of_{look_up.by}"
        selected.append(f"{_label(alias) if look_up.take == LABEL else f'{alias}.{look_up.take}'} AS {name}")
        joins.append(f"LEFT JOIN {_films(database)} AS {alias} ON {alias}.imdb_id = t.{look_up.by}")
    table = f'"{database}".{data_set.table}'
    source = _completed(data_set, table) if data_set.complete else table
    lines = [f"SELECT {', '.join(selected)}", f"FROM {source} AS t", *dict.fromkeys(joins)]
    if data_set.only:
        # Null in a table that was built before the column existed.
        lines.append(f"WHERE coalesce(t.{data_set.only}, TRUE)")
    return "\n".join(lines)


def _completed(data_set: DataSet, table: str) -> str:
    """Return SQL for all combinations of the two keys of a table."""
    first, second = data_set.key
    of_first = [name for name in data_set.columns if name not in {second, data_set.complete}]
    selected = [*(f"a.{name}" for name in of_first), f"b.{second}"]
    return (
        f"(SELECT {', '.join(selected)}, coalesce(c.{data_set.complete}, 0) AS {data_set.complete}\n"
        f"  FROM (SELECT DISTINCT {', '.join(of_first)} FROM {table}) AS a\n"
        f"  CROSS JOIN (SELECT DISTINCT {second} FROM {table}) AS b\n"
        f"  LEFT JOIN {table} AS c ON c.{first} = a.{first} AND c.{second} = b.{second})"
    )


def _films(database: str) -> str:
    """Return SQL for Gold's ``movies`` with the number of films that share a film's title and year."""
    return f'(SELECT *, count(*) OVER (PARTITION BY title, year) AS namesakes FROM "{database}".{FILMS})'


def _label(alias: str) -> str:
    """Return SQL for title, year and, if other films share both, IMDb id; null for an id without a film in Gold."""
    year = f"coalesce(CAST({alias}.year AS VARCHAR), 'year not known')"
    imdb_id = f"CASE WHEN {alias}.namesakes > 1 THEN ', ' || {alias}.imdb_id ELSE '' END"
    return f"coalesce({alias}.title, {alias}.imdb_id) || ' (' || {year} || {imdb_id} || ')'"
