"""How values of Gold are written in a summary: one format a kind of value, and patterns that join several.

Pure: reads and writes nothing. A pattern such as ``a mean of {mean:points} ({films:films})`` names columns and
formats; the numbers, units and names of a summary come from nowhere else.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

import pandas as pd

Plain = str | int | float | bool | date | list[str]
Row = Mapping[str, Plain | None]

NAME_LENGTH = 80
_FIELD = re.compile(r"\{(\w+):(\w+)\}")
# From the largest; a value takes the first scale that it reaches after rounding.
_DOLLAR_SCALES = ((1e9, 2, " billion"), (1e6, 1, " million"), (1.0, 0, ""))
_SOURCES = {
    "imdb": "IMDb",
    "metascore": "Metacritic",
    "rotten_tomatoes": "Rotten Tomatoes",
    "source_list": "source-list",
}
_PLAIN_NAME = re.compile(r"[^\W\d_]([^\W\d_]|[ .,'’&()-])*")
_PLAIN_NAME_WORDS = 6
_MEASURES = {
    "share": "share of all films",
    "box_office": "median box office in the dollars of the day",
    **{source: f"median {label} rating" for source, label in _SOURCES.items()},
}
# Quotation marks that could end the quotation a title stands in.
_QUOTES = str.maketrans({"“": "‘", "”": "’", '"': "'", "„": "‘", "«": "‘", "»": "’"})


def name(text: str) -> str:
    """Text from a film as data: one line, no control or format characters, at most ``NAME_LENGTH`` characters."""
    visible = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text)
    line = " ".join(visible.split())
    return line if len(line) <= NAME_LENGTH else f"{line[: NAME_LENGTH - 1].rstrip()}…"


def quoted(text: str) -> str:
    """A film's title, in quotation marks that it cannot end itself."""
    return f"“{name(text).translate(_QUOTES)}”"


def plain_name(text: str) -> str:
    """Name of a person, genre, country: in quotation marks when it looks like anything else."""
    line = name(text)
    return line if _PLAIN_NAME.fullmatch(line) and len(line.split()) <= _PLAIN_NAME_WORDS else quoted(line)


def dollars(value: float) -> str:
    """US dollars: 950 is ``$950``, 28,767,189 is ``$28.8 million``, 1,234,000,000 is ``$1.23 billion``."""
    sign, size = ("-" if value < 0 else ""), abs(value)
    for scale, digits, word in _DOLLAR_SCALES:
        if round(size / scale, digits) >= 1 or not word:
            return f"{sign}${size / scale:,.{digits}f}{word}"
    return f"{sign}$0"


def counted(one: str, many: str) -> Callable[[float], str]:
    """Format of a count with its noun: ``1 film``, ``8,421 films``."""
    return lambda value: f"{value:,.0f} {one if round(value) == 1 else many}"


def names(values: Sequence[str]) -> str:
    """Up to three names, and how many are left out: ``A, B and C``, ``A, B, C and 2 others``."""
    shown = [plain_name(value) for value in values[:3]]
    others = len(values) - len(shown)
    if others:
        shown.append(f"{others} other{'' if others == 1 else 's'}")
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def ordinal(place: int) -> str:
    """1 is ``1st``, 12 is ``12th``, 23 is ``23rd``."""
    ending = "th" if 10 <= place % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending}"


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
    parts = ("the", "joint" if tied else "", ordinal(number) if number > 1 else "", word)
    return " ".join(part for part in parts if part)


_NUMBERS: Mapping[str, Callable[[float], str]] = {
    "points": lambda value: f"{value:.1f} out of 100",
    "score": lambda value: f"{value:.0f} out of 100",
    "tenths": lambda value: f"{value:.1f} out of 10",
    "percent": lambda value: f"{value:.0f}%",
    "share": lambda value: f"{value * 100:.1f}%",
    "signed_points": lambda value: f"{value:+.1f}",
    "dollars": dollars,
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
    "text": name,
    "name": plain_name,
    "title": quoted,
    "source": lambda value: _SOURCES.get(value, plain_name(value)),
    "measure": lambda value: _MEASURES.get(value, plain_name(value)),
}

KINDS = frozenset({*_NUMBERS, *_TEXTS, "names"})


def written(value: Plain | None, kind: str) -> str | None:
    """Write one value; None when it is missing or not of that kind."""
    if isinstance(value, str) and kind in _TEXTS:
        return _TEXTS[kind](value) if name(value) else None
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
