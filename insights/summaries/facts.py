"""Facts of a summary: rows of Gold with an id, a subject and values that are already written out.

Reads ``facts.toml`` and data frames; writes nothing. A sentence points at facts and their values; the reader sees the
text made here. A claim is what a sentence says of values beside showing them; :func:`is_true` computes whether it
holds.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from urllib.parse import quote

import pandas as pd
from pydantic import TypeAdapter

from insights import rating_sources, wording
from insights.frames import plain

Plain = str | int | float | bool | date | list[str]
Row = Mapping[str, Plain | None]

_FILE = Path(__file__).with_name("facts.toml")
_FIELD = re.compile(r"\{(\w+):(\w+)\}")
_MEASURES = {
    "share": "share of the listed films",
    "box_office": "median box office in the dollars of the day",
    **{source: f"median {label} rating" for source, label in rating_sources.NAMES.items()},
}

_MEASURED = {
    "share": frozenset({"share"}),
    "box_office": frozenset({"box office", "money"}),
    "imdb": frozenset({"rating", "score", "viewers"}),
    "rotten_tomatoes": frozenset({"rating", "score", "critics"}),
    "metascore": frozenset({"rating", "score", "critics"}),
}
LARGER, SMALLER, HIGHEST, LOWEST = "greater", "less", "highest", "lowest"
RISING, FALLING, ALL = "rising", "falling", "all"
CLAIMS = (LARGER, SMALLER, HIGHEST, LOWEST, RISING, FALLING, ALL)


def counted(noun: str) -> Callable[[float], str]:
    """Return the format of a count with its noun: ``1 film``, ``8,421 films``; zero is ``no films``."""
    return lambda value: wording.count(value, noun)


_NUMBERS: Mapping[str, Callable[[float], str]] = {
    "points": lambda value: f"{value:.1f} out of 100",
    "score": lambda value: f"{value:.0f} out of 100",
    "tenths": lambda value: f"{value:.1f} out of 10",
    "percent": lambda value: f"{value:.0f}%",
    "share": wording.percent,
    "signed_points": wording.signed(),
    "dollars": wording.dollars,
    "films": counted("film"),
    "places": counted("place"),
    "minutes": counted("minute"),
    "number": lambda value: f"{value:,.0f}",
    "year": wording.year,
}
_TEXTS: Mapping[str, Callable[[str], str]] = {
    "text": wording.name,
    "name": wording.plain_name,
    "title": wording.quoted,
    "source": wording.rating_source,
    "measure": lambda value: _MEASURES.get(value, wording.plain_name(value)),
}
KINDS = frozenset({*_NUMBERS, *_TEXTS, "names"})


@dataclass(frozen=True)
class FactValue:
    """One thing that can be said of a fact's subject.

    Attributes
    ----------
    text : str
        A noun phrase with unit and source.
    measure : frozenset of str
        Words by which prose may call it.
    number : float or None
        By which it is compared; None when it is compared with nothing.
    shown : str
        ``number`` as the reader sees it; "" when there is none.
    scale : str
        Two values may be compared when their scales are equal.
    place, placed : int or None
        Place among the rows of its table, 1 is the highest, and the number of those rows; None where it has none, or
        where another row has the same value.
    among : str
        The rows that have a place, in words; "" when all have one.
    trend : int
        1 is rising, -1 falling, 0 neither.
    """

    text: str
    measure: frozenset[str] = frozenset()
    number: float | None = None
    shown: str = ""
    scale: str = ""
    place: int | None = None
    placed: int | None = None
    among: str = ""
    trend: int = 0


@dataclass(frozen=True)
class Fact:
    """A row of Gold.

    Attributes
    ----------
    id : str
        Table and key, such as ``ratings_by_genre/genre=Drama/source=imdb``.
    noun, subject : str
        What it is about, in one word (genre, film, decade, director), and the name of that.
    values : mapping of str to FactValue
        Values that are known.
    row : mapping
        The row itself, for computed sentences.
    """

    id: str
    noun: str
    subject: str
    values: Mapping[str, FactValue]
    row: Row = field(default_factory=dict, repr=False, compare=False)

    @property
    def about(self) -> str:
        """What two facts about the same thing have in common: the subject, or the id of a film."""
        return self.id.partition("/")[2] if self.noun == "film" else self.subject

    @property
    def table(self) -> str:
        """The table it is a row of."""
        return self.id.partition("/")[0]


@dataclass(frozen=True)
class ValueRule:
    """How one value is written: see ``facts.toml``."""

    says: tuple[str, ...]
    measure: frozenset[str]
    compares: str = ""
    within: tuple[str, ...] = ()
    place: str = ""
    among: str = ""
    trend: str = ""
    measured: str = ""


@dataclass(frozen=True)
class FactRule:
    """How rows of one table become facts: see ``facts.toml``."""

    key: tuple[str, ...]
    noun: str
    subject: tuple[str, ...]
    values: Mapping[str, ValueRule]


@cache
def rules() -> Mapping[str, FactRule]:
    """Return the rules of all tables that facts are made from, by table."""
    return TypeAdapter(dict[str, FactRule]).validate_python(tomllib.loads(_FILE.read_text(encoding="utf-8")))


def facts_of(table: str, rows: pd.DataFrame) -> list[Fact]:
    """Make facts of rows of a table of :func:`rules`, in their order.

    A missing column counts as empty. A row without key or subject, or of which nothing is known, makes none.
    """
    rule = rules()[table]
    made = [
        _fact(table, rule, {str(column): plain(cell) for column, cell in row.items()})
        for row in rows.to_dict("records")
    ]
    return [fact for fact in made if fact is not None]


def _fact(table: str, rule: FactRule, row: Row) -> Fact | None:
    subject = fill(rule.subject, row)
    values = {name: value for name, spec in rule.values.items() if (value := _value(f"{table}.{name}", spec, row))}
    if subject is None or not values or any(row.get(column) is None for column in rule.key):
        return None
    parts = [f"{column}={quote(str(row[column]), safe=' ')}" for column in rule.key]
    return Fact("/".join([table, *parts]), rule.noun, subject, values, row)


def _value(scale: str, rule: ValueRule, row: Row) -> FactValue | None:
    text = fill(rule.says, row)
    if text is None:
        return None
    column, _, kind = rule.compares.partition(":")
    number, measured = row.get(column), row.get(rule.measured)
    shown = written(number, kind) if column else None
    exact = float(number) if shown is not None and isinstance(number, int | float) else None
    within = "/".join([scale.split(".", maxsplit=1)[0], *(f"{name}={row.get(name)}" for name in rule.within), kind])
    return FactValue(
        text,
        rule.measure | (_MEASURED.get(str(measured), frozenset({"rating", "score"})) if measured else frozenset()),
        exact,
        shown or "",
        f"{scale}/{within}" if exact is not None else "",
        _whole(row.get(rule.place)),
        _whole(row.get(f"{rule.place}_of")),
        rule.among,
        _trend(row.get(rule.trend)),
    )


def _whole(value: Plain | None) -> int | None:
    return int(value) if isinstance(value, int | float) else None


def _trend(value: Plain | None) -> int:
    if isinstance(value, int | float):
        return (value > 0) - (value < 0)
    return {"rising": 1, "falling": -1}.get(str(value), 0)


def names(values: Sequence[str]) -> str:
    """Write up to three names and how many are left out."""
    return wording.shortened([wording.plain_name(value) for value in values])


def written(value: Plain | None, kind: str) -> str | None:
    """Write one value; None when it is missing or not of that kind."""
    if isinstance(value, str) and kind in _TEXTS:
        return _TEXTS[kind](value) if wording.name(value) else None
    if isinstance(value, list) and kind == "names":
        return names(value) or None
    if isinstance(value, int | float) and not isinstance(value, bool) and kind in _NUMBERS and math.isfinite(value):
        return _NUMBERS[kind](value)
    return None


def fill(patterns: Sequence[str], row: Row) -> str | None:
    """Write the first pattern whose values are all there; None when there is none.

    The pattern is read once: braces inside a value stay text.
    """
    for pattern in patterns:
        texts = [written(row.get(column), kind) for column, kind in _FIELD.findall(pattern)]
        if None not in texts:
            remaining = iter(texts)
            return _FIELD.sub(lambda _, left=remaining: str(next(left)), pattern)  # type: ignore[misc]
    return None


@dataclass(frozen=True)
class Claim:
    """What a sentence claims of values, each written as in a placeholder: ``f1.mean``.

    ``kind`` is one of ``CLAIMS``. ``greater`` and ``less`` compare each value of ``of`` with each of ``than``; ``all``
    names the values that another claim of the sentence is made of. ``than`` is empty for all other kinds.
    """

    kind: str
    of: tuple[str, ...]
    than: tuple[str, ...] = ()


def value_of(name: str, facts: Mapping[str, Fact]) -> FactValue | None:
    """Find the value that a claim names as ``f1.mean``; None when there is none."""
    fact, _, value = name.strip("{}").partition(".")
    return facts[fact].values.get(value) if fact in facts else None


def is_true(claim: Claim, facts: Mapping[str, Fact]) -> bool | None:
    """Compute whether a claim holds; None when it names what does not exist."""
    of, than = [value_of(name, facts) for name in claim.of], [value_of(name, facts) for name in claim.than]
    if not of or None in of or None in than or claim.kind not in CLAIMS:
        return None
    values, others = [one for one in of if one], [one for one in than if one]
    if claim.kind in {LARGER, SMALLER}:
        sign = 1 if claim.kind == LARGER else -1
        return bool(others) and all(_is_larger(one, other, sign) for one in values for other in others)
    if claim.kind in {RISING, FALLING}:
        return all(value.trend == (1 if claim.kind == RISING else -1) for value in values)
    if claim.kind == ALL:
        return len(values) > 1
    return len(values) == 1 and _is_extreme(values[0], claim.kind)


def _is_larger(one: FactValue, other: FactValue, sign: int) -> bool:
    """Two values compare on one scale only, and only where they look different after rounding."""
    of_one_fact = one.scale.partition("/")[2] == other.scale.partition("/")[2] and "top-rated" in one.measure
    same_scale = one.scale == other.scale or of_one_fact
    if one.number is None or other.number is None or not same_scale or one.shown == other.shown:
        return False
    return (one.number - other.number) * sign > 0


def _is_extreme(value: FactValue, kind: str) -> bool:
    if value.place is None or value.placed is None or value.placed < 2:
        return False
    return value.place == (1 if kind == HIGHEST else value.placed)


def are_neighbours(claim: Claim, facts: Mapping[str, Fact]) -> bool:
    """Return whether a claim compares two values between which no other stands in the order of all."""
    if len(claim.of) != 1 or len(claim.than) != 1:
        return False
    first, second = value_of(claim.of[0], facts), value_of(claim.than[0], facts)
    if first is None or second is None or first.place is None or second.place is None:
        return False
    return abs(first.place - second.place) == 1
