"""Numbers, times and findings as people read them in a report. Pure.

Text of films is only ever quoted here; :class:`Text` escapes it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

import pandas as pd

UNKNOWN = "not known"
_LARGE = ((1e9, "billion"), (1e6, "million"))


def number(value: object, decimals: int | None = None) -> str:
    """A number with thousands; "not known" for a missing one.

    Parameters
    ----------
    value : object
        A number, None, NaN or pandas' NA.
    decimals : int, optional
        Places of a number that is not whole; None means one, or two below 1.
    """
    if value is None or value is pd.NA:
        return UNKNOWN
    exact = float(value)  # type: ignore[arg-type]
    if math.isnan(exact):
        return UNKNOWN
    places = decimals if decimals is not None else 2 if abs(exact) < 1 else 1
    return f"{exact:,.0f}" if exact.is_integer() else f"{exact:,.{places}f}"


def dollars(value: object) -> str:
    """US dollars, in millions or billions where that is shorter."""
    if number(value) == UNKNOWN:
        return UNKNOWN
    exact = float(value)  # type: ignore[arg-type]
    for size, name in _LARGE:
        if abs(exact) >= size:
            return f"${exact / size:,.1f} {name}"
    return f"${exact:,.0f}"


def percent(share: object, decimals: int = 0) -> str:
    """A share of 0-1 in per cent."""
    known = number(share) != UNKNOWN
    return f"{100 * float(share):,.{decimals}f} %" if known else UNKNOWN  # type: ignore[arg-type]


def count(n: int, singular: str, plural: str | None = None) -> str:
    """A number of things: ``1 film``, ``2 films``, ``no films``."""
    name = singular if n == 1 else plural or f"{singular}s"
    return f"{n:,} {name}" if n else f"no {name}"


def age(since: datetime, now: datetime) -> str:
    """Time between two moments in the largest unit that fits, such as ``3 hours``."""
    seconds = max(timedelta(0), now - since).total_seconds()
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            return count(int(seconds // length), unit)
    return "less than a minute"


def moment(when: datetime) -> str:
    """Day and time, in UTC."""
    return f"{when.day} {when:%B %Y, %H:%M} UTC"


def listed(names: list[str]) -> str:
    """Names in a sentence: ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def extremes(frame: pd.DataFrame, label: str, value: str, decimals: int = 1) -> str:
    """Name the highest and the lowest of a chart: for its text alternative.

    Parameters
    ----------
    frame : DataFrame
        What the chart shows; it may have no rows.
    label, value : str
        Columns with names and numbers.
    """
    known = frame[[label, value]].dropna()
    if known.empty:
        return "There are no values."
    order = known.sort_values(value)
    high, low = order.iloc[-1], order.iloc[0]
    first = f"Highest: {high[label]}, {number(high[value], decimals)}"
    return f"{first}." if len(order) == 1 else f"{first}. Lowest: {low[label]}, {number(low[value], decimals)}."


@dataclass(frozen=True, repr=False)
class Text:
    """Sentences with computed values, shown as a paragraph of a report; nothing in them is markup."""

    text: str
    kind: str = ""

    def _repr_html_(self) -> str:
        return f'<p class="{escape(self.kind)}">{escape(self.text)}</p>' if self.kind else f"<p>{escape(self.text)}</p>"

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True, repr=False)
class Answer:
    """A question with its answer and who wrote it, as a section of a report; nothing in them is markup.

    Attributes
    ----------
    question, text : str
        As Gold's ``summaries`` has them; the text holds the notes before the sentences too.
    sentences : tuple of str
        The sentences of the answer.
    written_by : str
        The model, or ``computed``.
    """

    question: str
    text: str
    sentences: tuple[str, ...]
    written_by: str

    def __repr__(self) -> str:
        return f"{self.question} {self.text}"

    def _repr_html_(self) -> str:
        head, by = escape(self.question), escape(self.written_by)
        lead = self.text.partition(self.sentences[0])[0].strip() if self.sentences else self.text
        points = "".join(f"<li>{escape(sentence)}</li>" for sentence in self.sentences)
        body = (f"<p>{escape(lead)}</p>" if lead else "") + (f"<ul>{points}</ul>" if points else "")
        return f'<h3>{head}</h3>{body}<p class="note">Written by: {by}</p>'
