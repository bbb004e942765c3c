"""How numbers, names and times are written, everywhere a person reads them. Pure.

Reports, summaries and the command line use these formats. The dashboard page's ``format.js`` writes numbers alike; a
test compares the two. A missing value (None, NaN, NA) is written ``not known``, or as the caller asks.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Any

import pandas as pd

from insights import rating_sources

UNKNOWN = "not known"
NAME_LENGTH = 80
Format = Callable[[Any], str]

# Smallest size, divisor, decimals and word of each scale. The size is what the next smaller scale would round up.
_DOLLAR_SCALES = ((999_950_000, 1e9, 2, " billion"), (999_999.5, 1e6, 1, " million"), (0, 1.0, 0, ""))
_PLAIN_NAME = re.compile(r"[^\W\d_]([^\W\d_]|[ .,'’&()-])*")
_PLAIN_NAME_WORDS = 6
# Quotation marks that could end the quotation around a title.
_QUOTES = str.maketrans({"“": "‘", "”": "’", '"': "'", "„": "‘", "«": "‘", "»": "’"})
_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
# Genres as the kind of film a sentence names; others are "<genre> films".
_KINDS_OF_FILM = {
    "Adventure": "adventures",
    "Biography": "biographies",
    "Comedy": "comedies",
    "Documentary": "documentaries",
    "Drama": "dramas",
    "Film-Noir": "films noirs",
    "Musical": "musicals",
    "Mystery": "mysteries",
    "Romance": "romances",
    "Sci-Fi": "science fiction films",
    "Thriller": "thrillers",
    "Western": "Westerns",
}


def is_missing(value: object) -> bool:
    """Return whether a value is None, NaN, NaT or NA; lists and texts never are."""
    if value is None or value is pd.NA:
        return True
    return value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def number(value: object, decimals: int | None = None) -> str:
    """Write a number with thousands separators.

    ``decimals`` are those of a number that is not whole; None means one, or two below 1.
    """
    if is_missing(value):
        return UNKNOWN
    exact = float(value)  # type: ignore[arg-type]
    places = decimals if decimals is not None else 2 if abs(exact) < 1 else 1
    return f"{exact:z,.0f}" if exact.is_integer() else f"{exact:z,.{places}f}"


def decimals(places: int) -> Format:
    """Return a format with exactly ``places`` decimals, so that the numbers of a column line up."""
    return lambda value: UNKNOWN if is_missing(value) else f"{value:z,.{places}f}"


def places_of(*numbers: float) -> int:
    """Return the fewest decimals, one to three, with which none of the numbers but 0 is written as 0."""
    smallest = min((abs(one) for one in numbers if one), default=1.0)
    return next((places for places in (1, 2) if round(smallest, places)), 3)


def signed(places: int = 1) -> Format:
    """Return a format that always writes the sign, for changes and differences; zero has none."""
    zero = f"{0:+.{places}f}"
    return lambda value: UNKNOWN if is_missing(value) else f"{value:+z,.{places}f}".replace(zero, zero[1:])


def dollars(value: object) -> str:
    """Write US dollars: 950 is ``$950``, 28,767,189 is ``$28.8 million``, 1,234,000,000 is ``$1.23 billion``."""
    if is_missing(value):
        return UNKNOWN
    exact = float(value)  # type: ignore[arg-type]
    sign, size = ("-" if exact < 0 else ""), abs(exact)
    _, scale, places, word = next(one for one in _DOLLAR_SCALES if size >= one[0])
    return f"{sign}${size / scale:,.{places}f}{word}"


def percent(share: object, places: int = 0) -> str:
    """Write a share of 0-1: ``22%``. It is 100% or 0% only where that is exact, ``> 99%`` or ``< 1%`` elsewhere."""
    if is_missing(share):
        return UNKNOWN
    exact, step = float(share), 10.0**-places  # type: ignore[arg-type]
    text = f"{100 * exact:,.{places}f}%"
    if 0 < exact < 1 and text == f"{100:.{places}f}%":
        return f"> {100 - step:.{places}f}%"
    return f"< {step:.{places}f}%" if exact > 0 and text == f"{0:.{places}f}%" else text


def cell(value: Any) -> str:
    """Write any value of a table: lists joined, numbers with thousands separators, yes and no."""
    if isinstance(value, str):
        return value
    if not is_missing(value) and hasattr(value, "__iter__"):
        return ", ".join(str(part) for part in value)
    if is_missing(value):
        return UNKNOWN
    if pd.api.types.is_bool(value):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return number(value) if isinstance(value, int | float) or hasattr(value, "dtype") else str(value)


def year(value: object) -> str:
    """Write a year, without a thousands separator."""
    return UNKNOWN if is_missing(value) else str(int(value))  # type: ignore[call-overload]


def decade(value: object) -> str:
    """Write a decade by its first year: ``1990s``."""
    return UNKNOWN if is_missing(value) else f"{int(value)}s"  # type: ignore[call-overload]


def count(n: float, singular: str, plural: str | None = None) -> str:
    """Write a number of things: ``1 film``, ``2 films``, ``no films``."""
    noun = singular if round(n) == 1 else plural or f"{singular}s"
    return f"{n:,.0f} {noun}" if n else f"no {noun}"


def gap(unit: str) -> str:
    """Write what stands between a number and its unit: nothing before a percent sign, else a space."""
    return "" if unit.startswith("%") else " "


def capitalised(text: str) -> str:
    """Write the first letter as a capital, and leave the others."""
    return f"{text[:1].upper()}{text[1:]}"


def in_words(n: int) -> str:
    """Write a whole number as prose does: in words up to twelve, in digits above."""
    return _SMALL[n] if 0 <= n < len(_SMALL) else f"{n:,}"


def age(since: datetime, now: datetime) -> str:
    """Write the time between two moments in the largest unit that fits, such as ``3 hours``."""
    seconds = max(timedelta(0), now - since).total_seconds()
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            return count(int(seconds // length), unit)
    return "less than a minute"


def moment(when: datetime) -> str:
    """Write day and time, in UTC."""
    return f"{when.day} {when:%B %Y, %H:%M} UTC"


def listed(names: Sequence[str]) -> str:
    """Join names in a sentence: ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def shortened(names: Sequence[str], limit: int = 3) -> str:
    """Join up to ``limit`` names and say how many more there are: ``A, B, C and 2 others``."""
    others = len(names) - limit
    more = [f"{others} other{'' if others == 1 else 's'}"] if others > 0 else []
    return listed([*names[:limit], *more])


def name(text: str) -> str:
    """Return text from a film on one line: no control or format characters, at most ``NAME_LENGTH`` characters."""
    visible = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text)
    line = " ".join(visible.split())
    return line if len(line) <= NAME_LENGTH else f"{line[: NAME_LENGTH - 1].rstrip()}…"


def quoted(text: str) -> str:
    """Return a film's title in quotation marks that the title cannot end itself."""
    return f"“{name(text).translate(_QUOTES)}”"


def plain_name(text: str) -> str:
    """Return the name of a person, genre or country, quoted if it looks like anything else."""
    line = name(text)
    return line if _PLAIN_NAME.fullmatch(line) and len(line.split()) <= _PLAIN_NAME_WORDS else quoted(line)


def kind_of_film(genre: str) -> str:
    """Name the films of a genre in a sentence: ``adventures``, ``war films``."""
    line = plain_name(genre)
    if line != genre:
        return f"{line} films"
    return _KINDS_OF_FILM.get(genre, f"{genre[:1].lower()}{genre[1:]} films")


def rating_source(source: str) -> str:
    """Name a source of ratings: ``Rotten Tomatoes``."""
    return rating_sources.NAMES.get(source, plain_name(source))


def extremes(frame: pd.DataFrame, label: str, value: str, places: int = 1) -> str:
    """Name the highest and the lowest ``value`` of a chart's rows by their ``label``, for its text alternative.

    ``places`` are the decimals of the numbers.
    """
    known = frame[[label, value]].dropna()
    if known.empty:
        return "There are no values."
    order = known.sort_values(value)
    high, low = order.iloc[-1], order.iloc[0]
    first = f"Highest: {high[label]}, {number(high[value], places)}"
    return f"{first}." if len(order) == 1 else f"{first}. Lowest: {low[label]}, {number(low[value], places)}."


@dataclass(frozen=True, repr=False)
class Text:
    """A paragraph of a report. Its text is escaped: nothing in it is markup."""

    text: str
    kind: str = ""

    def _repr_html_(self) -> str:
        return f'<p class="{escape(self.kind)}">{escape(self.text)}</p>' if self.kind else f"<p>{escape(self.text)}</p>"

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True, repr=False)
class Answer:
    """A question with its answer, as a section of a report. All text is escaped.

    Both are as in Gold's ``summaries``; the last line of the text says who wrote it.
    """

    question: str
    text: str

    def __repr__(self) -> str:
        return f"{self.question} {self.text}"

    def _repr_html_(self) -> str:
        answer, *notes = [escape(line) for line in self.text.split("\n") if line.strip()] or [""]
        small = "".join(f'<p class="note">{note}</p>' for note in notes)
        return f"<h3>{escape(self.question)}</h3><p>{answer}</p>{small}"
