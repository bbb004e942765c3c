"""The data sets of the dashboard definition as data frames, and packed for the dashboard page. Pure.

DuckDB runs the SQL that QuickSight sends to Athena, with one difference: a film stays one row with its lists whole,
since the page counts each film once by itself.

The page computes its single numbers (KPIs) in the browser. :func:`kpis` is the same arithmetic, for ``reelhouse
dashboard --json`` and for the tests of the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]

from insights.dashboard import schema
from insights.dashboard.definition import Dashboard, Kpi, Measure, Rows
from insights.frames import arrow_schema, plain, typed
from pipeline.database import connect
from pipeline.gold.statements import to_duckdb

Frames = Mapping[str, pd.DataFrame]
_DATABASE = "gold"
MOST_PEOPLE = 6
# What a film's card on the page shows.
CARD = (
    "imdb_id", "title", "year", "on_list", "rank", "runtime_minutes", "rated", "genres", "directors", "writers",
    "actors", "countries", "languages", "imdb_rating", "imdb_votes", "rotten_tomatoes", "metascore", "source_rating",
    "box_office_usd", "plot", "awards", "poster", "run_id", "bronze_key", "fetched_at",
)  # fmt: skip
Choice = Sequence[str] | tuple[int, int]


def frames(definition: Dashboard, tables: Frames) -> dict[str, pd.DataFrame]:
    """Return the rows of each data set: lists as lists, times as datetimes, columns that the page shows, and the key.

    ``tables`` are those of :func:`insights.dashboard.schema.source_tables`; a missing one counts as empty.
    """
    with connect() as database:
        database.execute(f"CREATE SCHEMA {_DATABASE}")
        for name in schema.source_tables(definition):
            table = schema.TABLES[name]
            rows = typed(tables.get(name, pd.DataFrame()), table)
            database.register("given", pa.Table.from_pandas(rows, arrow_schema(table), preserve_index=False))
            database.execute(f"CREATE TABLE {_DATABASE}.{name} AS SELECT * FROM given")
        return {
            name: database.execute(to_duckdb(schema.sql(one, _DATABASE, explode=False))).df()
            for name, one in definition.data_sets.items()
        }


def cards(tables: Frames) -> list[dict[str, Any]]:
    """Return the facts of each film for its card on the page, best rank first; empty values are left out.

    They are the columns of ``CARD``, and ``label``, the name that the film has among the similar films: title, year
    and, if other films share both, IMDb id.
    """
    movies = tables.get(schema.FILMS)
    if movies is None or movies.empty:
        return []
    facts = movies[[name for name in CARD if name in movies]].sort_values("rank", kind="stable")
    namesakes = facts.groupby(["title", "year"], dropna=False)["imdb_id"].transform("size")
    film_cards = []
    for row, films in zip(facts.to_dict("records"), namesakes, strict=True):
        card = {str(name): known for name, value in row.items() if (known := _on_card(value)) not in (None, [], "")}
        same = f", {card['imdb_id']}" if films > 1 else ""
        card["label"] = f"{card.get('title', card['imdb_id'])} ({card.get('year', 'year not known')}{same})"
        film_cards.append(card)
    return film_cards


def _on_card(value: Any) -> Any:
    if is_list(value):
        return _texts(value)[:MOST_PEOPLE]
    known = plain(value)
    return _moment(known) if isinstance(known, datetime) else known


def packed(definition: Dashboard, rows: Frames) -> dict[str, Any]:
    """Return the data sets as the page reads them: ``rows``, their number, and ``columns``.

    A column of numbers has ``values``, None where unknown; a column of texts has its distinct ``texts`` and the index
    of its text per row, or -1; a column of lists has a list of indexes per row.
    """
    data_sets = {}
    for name, data_set in definition.data_sets.items():
        frame = _first_rows(definition, name, rows[name])
        columns = {column: _column(frame[column]) for column in schema.columns(data_set)}
        data_sets[name] = {"rows": len(frame), "columns": columns}
    return data_sets


def _first_rows(definition: Dashboard, name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Keep only rows that the page can show, of a data set that it shows for one picked text at a time."""
    visuals = [visual for _, _, visual in definition.visuals() if definition.data_set_of(visual) == name]
    picks = [one.column for one in definition.filters.values() if one.kind == "pick" and name in one.data_sets]
    if len(visuals) != 1 or len(picks) != 1 or not isinstance(visuals[0], Rows):
        return frame
    sort = visuals[0].sort
    ordered = frame.sort_values(sort.by, ascending=sort.order == "ascending", kind="stable")
    return ordered.groupby(picks[0], sort=False).head(visuals[0].top).sort_index()


def _column(values: pd.Series[Any]) -> dict[str, Any]:
    if pd.api.types.is_bool_dtype(values):
        values = values.map({True: "yes", False: "no"})
    if pd.api.types.is_datetime64_any_dtype(values):
        values = values.map(_moment, na_action="ignore").astype(object)
    if pd.api.types.is_numeric_dtype(values):
        return {"values": [None if pd.isna(one) else one for one in values.tolist()]}
    lists = any(is_list(one) for one in values)
    rows = [_texts(one) for one in values] if lists else [[] if pd.isna(one) else [str(one)] for one in values]
    indexes = {text: index for index, text in enumerate(dict.fromkeys(text for row in rows for text in row))}
    if lists:
        return {"texts": list(indexes), "lists": [[indexes[text] for text in row] for row in rows]}
    return {"texts": list(indexes), "places": [indexes[row[0]] if row else -1 for row in rows]}


def is_list(value: object) -> bool:
    """Return whether a cell of a list column holds a list; a missing one is None or NA."""
    return hasattr(value, "__len__") and not isinstance(value, str)


def _texts(value: Any) -> list[str]:
    """Return the distinct texts of a list, in order; a film counts once for each."""
    return list(dict.fromkeys(str(text) for text in value if text is not None)) if is_list(value) else []


def _moment(value: datetime) -> str:
    return value.strftime("%Y-%m-%d %H:%M")


@dataclass(frozen=True)
class Number:
    """A measure's value and n, the number of films or other things behind it; None where nothing is known."""

    value: float | None
    n: int | None


def kpis(
    definition: Dashboard, frames: Frames, chosen: Mapping[str, Choice] | None = None
) -> dict[str, tuple[Kpi, Number]]:
    """Compute all KPIs, by the name of their visual.

    Parameters
    ----------
    chosen : mapping, optional
        By filter: any of these texts, or first and last year. Only filters of the KPI's sheet act on it.
    """
    numbers = {}
    for sheet, name, visual in definition.visuals():
        if isinstance(visual, Kpi):
            measure = definition.measures[visual.measure]
            acting = {key: value for key, value in (chosen or {}).items() if key in definition.sheets[sheet].filters}
            rows = filtered(definition, measure.data_set, frames[measure.data_set], acting)
            numbers[name] = (visual, evaluate(definition, measure, rows))
    return numbers


def filtered(definition: Dashboard, data_set: str, frame: pd.DataFrame, chosen: Mapping[str, Choice]) -> pd.DataFrame:
    """Return the rows that pass all filters of the data set; a row without a value does not pass a range."""
    for name, choice in chosen.items():
        one = definition.filters[name]
        if data_set not in one.data_sets:
            continue
        values = frame[one.column]
        if one.kind == "range":
            frame = frame[values.between(*choice)]
        elif one.column in definition.data_sets[data_set].explode:
            wanted = set(choice)
            passing = [is_list(items) and not wanted.isdisjoint(items) for items in values]
            frame = frame[pd.Series(passing, index=frame.index, dtype=bool)]
        else:
            frame = frame[values.isin(choice)]
    return frame


def evaluate(definition: Dashboard, measure: Measure, rows: pd.DataFrame) -> Number:
    """Compute a measure over rows with distinct keys."""
    value = _value(measure, rows)
    if measure.n is None:
        return Number(value, None)
    n = _value(definition.measures[measure.n], rows)
    return Number(value, int(n or 0))


def _value(measure: Measure, rows: pd.DataFrame) -> float | None:
    known = rows if measure.of is None else rows[rows[measure.of].notna()]
    if measure.kind == "count":
        return len(known)
    if known.empty:
        return None
    total = float(known[measure.of].max() if measure.kind == "value" else known[measure.of].sum())
    if measure.kind == "mean":
        total /= len(known)
    if measure.kind == "ratio":
        total /= float(known[measure.by].sum())
    return measure.times * total
