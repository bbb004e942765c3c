"""How values of Gold are written in a summary: one format a kind of value, and patterns that join several.

Pure: reads and writes nothing. A pattern such as ``a mean of {mean:points} ({films:films})`` names columns and
formats; the numbers, units and names of a summary come from nowhere else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

import pandas as pd

from insights import rating_sources, wording

Plain = str | int | float | bool | date | list[str]
Row = Mapping[str, Plain | None]

_FIELD = re.compile(r"\{(\w+):(\w+)\}")
_MEASURES = {
    "share": "share of all films",
    "box_office": "median box office in the dollars of the day",
    **{source: f"median {label} rating" for source, label in rating_sources.NAMES.items()},
}


def counted(one: str, many: str) -> Callable[[float], str]:
    """Format of a count with its noun: ``1 film``, ``8,421 films``."""
    return lambda value: f"{value:,.0f} {one if round(value) == 1 else many}"


def names(values: Sequence[str]) -> str:
    """Up to three names, and how many are left out: ``A, B and C``, ``A, B, C and 2 others``."""
    return wording.shortened([wording.plain_name(value) for value in values])


def place(position: int, count: int, *, tied: bool) -> str:
    """Place of a value among ``count``: ``the highest``, ``the joint 2nd highest``, ``the lowest``.

    Parameters
    ----------
    position : int
        1 is the highest; equal values have the position of the first of them.
    count : int
        Values compared, at least 2.
    tied : bool
        Another has the same value.
    """
    from_end = count - position + 1
    high = position <= from_end or tied
    number, word = (position, "highest") if high else (from_end, "lowest")
    parts = ("the", "joint" if tied else "", wording.ordinal(number) if number > 1 else "", word)
    return " ".join(part for part in parts if part)


_NUMBERS: Mapping[str, Callable[[float], str]] = {
    "points": lambda value: f"{value:.1f} out of 100",
    "score": lambda value: f"{value:.0f} out of 100",
    "tenths": lambda value: f"{value:.1f} out of 10",
    "percent": lambda value: f"{value:.0f}%",
    "share": lambda value: f"{value * 100:.1f}%",
    "signed_points": lambda value: f"{value:+.1f}",
    "dollars": wording.dollars,
    "films": counted("film", "films"),
    "votes": counted("vote", "votes"),
    "reviews": counted("review", "reviews"),
    "places": counted("place", "places"),
    "minutes": counted("minute", "minutes"),
    "years": counted("year", "years"),
    "number": lambda value: f"{value:,.0f}",
    "year": lambda value: f"{value:.0f}",
    "q": lambda value: "below 0.001" if value < 0.001 else f"{value:.3f}",
}
_TEXTS: Mapping[str, Callable[[str], str]] = {
    "text": wording.name,
    "name": wording.plain_name,
    "title": wording.quoted,
    "source": wording.rating_source,
    "measure": lambda value: _MEASURES.get(value, wording.plain_name(value)),
}

KINDS = frozenset({*_NUMBERS, *_TEXTS, "names"})


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


def plain(value: object) -> Plain | None:
    """Turn a cell of a data frame into a plain value: no NumPy types, no NaN, NaT or NA, arrays as lists of text."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, datetime | date):
        return None if pd.isna(value) else value
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [entry for entry in value if isinstance(entry, str)]
    if isinstance(value, int):
        return value
    return value if isinstance(value, float) and math.isfinite(value) else None
