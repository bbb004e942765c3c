"""Facts of a summary: rows of Gold with an id, a subject and values that are already written out.

Reads ``facts.toml`` and Gold tables as data frames; writes nothing. A summary's sentence points at facts and their
values; what the reader sees at that place is the text made here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from insights.summaries import fact_wording
from insights.summaries.fact_wording import Row

_FILE = Path(__file__).with_name("facts.toml")


@dataclass(frozen=True)
class FactValue:
    """One thing that can be said of a fact's subject.

    Attributes
    ----------
    text : str
        Complete with measure, unit, source and number of films.
    number : float or None
        What it is compared by; None when it is compared with nothing.
    shown : str
        ``number`` as the reader sees it; "" when there is none.
    scale : str
        Two values may be compared when their scales are equal.
    """

    text: str
    number: float | None = None
    shown: str = ""
    scale: str = ""


@dataclass(frozen=True)
class Fact:
    """A row of Gold.

    Attributes
    ----------
    id : str
        Table and key, such as ``ratings_by_genre/genre=Drama/source=imdb``.
    subject : str
        What it is about, a singular: a genre, a film, a decade.
    values : mapping of str to FactValue
        Values that are known.
    tell : str
        How it is told without a model, in controlled language; "" when too little is known.
    """

    id: str
    subject: str
    values: Mapping[str, FactValue]
    tell: str = ""


@dataclass(frozen=True)
class ValueRule:
    """How one value is written: see ``facts.toml``."""

    says: tuple[str, ...]
    compares: str = ""
    within: tuple[str, ...] = ()


@dataclass(frozen=True)
class FactRule:
    """How rows of one table become facts: see ``facts.toml``."""

    key: tuple[str, ...]
    subject: tuple[str, ...]
    tells: tuple[str, ...]
    values: Mapping[str, ValueRule]


def _rule(entry: Mapping[str, Any]) -> FactRule:
    values = {
        name: ValueRule(tuple(value["says"]), value.get("compares", ""), tuple(value.get("within", ())))
        for name, value in entry["values"].items()
    }
    return FactRule(tuple(entry["key"]), tuple(entry["subject"]), tuple(entry["tells"]), values)


@cache
def rules() -> Mapping[str, FactRule]:
    """Rules of all tables that facts are made from, by table."""
    return {table: _rule(entry) for table, entry in tomllib.loads(_FILE.read_text(encoding="utf-8")).items()}


def facts_of(table: str, rows: pd.DataFrame) -> list[Fact]:
    """Make facts of rows.

    Parameters
    ----------
    table : str
        A table of :func:`rules`.
    rows : pandas.DataFrame
        Rows of it; a column that is missing counts as empty.

    Returns
    -------
    list of Fact
        In the rows' order; a row without key or subject, or of which nothing is known, makes none.
    """
    rule = rules()[table]
    made = [
        _fact(table, rule, {str(column): fact_wording.plain(cell) for column, cell in row.items()})
        for row in rows.to_dict("records")
    ]
    return [fact for fact in made if fact is not None]


def _fact(table: str, rule: FactRule, row: Row) -> Fact | None:
    subject = fact_wording.fill(rule.subject, row)
    values = {name: value for name, spec in rule.values.items() if (value := _value(f"{table}.{name}", spec, row))}
    if subject is None or not values or any(row.get(column) is None for column in rule.key):
        return None
    parts = [f"{column}={quote(str(row[column]), safe=' ')}" for column in rule.key]
    tell = next((tell for tell in rule.tells if all(name in values for name in _values_told(tell))), "")
    return Fact("/".join([table, *parts]), subject, values, tell)


def _values_told(tell: str) -> list[str]:
    return [piece.split("}")[0] for piece in tell.split("{.")[1:]]


def _value(scale: str, rule: ValueRule, row: Row) -> FactValue | None:
    text = fact_wording.fill(rule.says, row)
    if text is None:
        return None
    column, _, kind = rule.compares.partition(":")
    number = row.get(column)
    shown = fact_wording.written(number, kind) if column else None
    if shown is None or not isinstance(number, int | float):
        return FactValue(text)
    return FactValue(
        text, float(number), shown, "/".join([scale, *(f"{name}={row.get(name)}" for name in rule.within)])
    )
