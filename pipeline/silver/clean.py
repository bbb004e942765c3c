"""Cleaners: turn OMDb's texts into typed values. Pure.

Each takes a field of an OMDb answer or a source list. It returns None for "N/A", "" and a missing field, and raises
``ValueError`` with a reason for text that is not such a value. A readable but impossible value, such as a rating of 11,
is returned: :class:`pipeline.silver.records.SilverMovie` judges it.
"""

from __future__ import annotations

import html
import re
import unicodedata
from datetime import date
from typing import Any

_NOTHING = {"", "n/a"}
# By Unicode category: control characters, and format characters such as marks of direction and tags that only a
# language model reads, separate words; lone surrogates cannot be stored.
_REPLACED = {"Cc": " ", "Cf": " ", "Cs": "\ufffd"}
_SOFT_HYPHEN = "\u00ad"
_NOTE = re.compile(r"\s*\([^()]*\)")
# Nested notes, as in "(novel (part two))", are removed from the inside out.
_MAX_NOTE_DEPTH = 3
# The longest list of the sample has 124.
_MAX_NAMES = 1_000
_SUFFIXES = {"jr.", "jr", "sr.", "sr", "ii", "iii", "iv"}
# A comma is a thousands separator only in complete groups: "1,234,567", but not "1,5" or "1234,567".
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)"
_WHOLE = re.compile(rf"-?{_DIGITS}", re.ASCII)
_DECIMAL = re.compile(rf"-?{_DIGITS}(?:\.\d+)?", re.ASCII)
# Every number of 18 digits fits a BIGINT.
_MAX_DIGITS = 18
_MINUTES = re.compile(
    rf"(?:(-?\d+)\s*h(?:rs?|ours?)?\.?)?\s*(?:(-?{_DIGITS})\s*m(?:ins?|inutes?)?\.?)?", re.IGNORECASE | re.ASCII
)
_YEAR = re.compile(r"(-?\d{1,4})(?:\s*[-–—]\s*(?:\d{4})?)?", re.ASCII)
_MONEY = re.compile(
    rf"(-?)\s*\$\s*(-?{_DIGITS}(?:\.\d+)?)\s*(k|m|b|thousand|million|billion)?", re.IGNORECASE | re.ASCII
)
_SCALE = {"": 1, "k": 10**3, "t": 10**3, "m": 10**6, "b": 10**9}
# Longer than any real amount; a number of 310 digits would be infinite as a float.
_MAX_AMOUNT_LENGTH = 40
_DAY = re.compile(r"(\d{1,2}) ([A-Za-z]{3})[a-z]* (\d{4})", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_COUNTRIES = {
    "usa": "United States",
    "us": "United States",
    "u.s.a.": "United States",
    "u.s.": "United States",
    "united states of america": "United States",
    "uk": "United Kingdom",
    "u.k.": "United Kingdom",
    "czechia": "Czech Republic",
    "the netherlands": "Netherlands",
    "russian federation": "Russia",
    "türkiye": "Turkey",
}
_CERTIFICATES = {"nr": "Not Rated", "not rated": "Not Rated", "unrated": "Not Rated", "not-rated": "Not Rated"}
_TITLE_CASE_CERTIFICATES = {"passed", "approved"}


def text(value: Any) -> str | None:
    """Return text with HTML entities decoded and white space collapsed; a number becomes text.

    Raises
    ------
    ValueError
        When the value is a list, an object, true or false.
    """
    if not isinstance(value, str):
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"expected text, not {type(value).__name__}")
        value = str(value)
    cleaned = html.unescape(value)
    # Printable text holds none of these; looking up each of its characters would take most of this function's time.
    if not cleaned.isprintable():
        characters = cleaned.replace(_SOFT_HYPHEN, "")
        cleaned = "".join(_REPLACED.get(unicodedata.category(character), character) for character in characters)
    cleaned = " ".join(cleaned.split())
    return None if cleaned.lower() in _NOTHING else cleaned


def lower(value: Any) -> str | None:
    """Return :func:`text` in lower case."""
    cleaned = text(value)
    return cleaned and cleaned.lower()


def names(value: Any) -> list[str] | None:
    """Return the names of a comma-separated list in its order, without notes such as "(screenplay)" or duplicates.

    A comma inside brackets separates nothing, and "Jr." belongs to the name before it.
    """
    joined = text(value)
    if joined is None:
        return None
    if joined.count(",") >= _MAX_NAMES:
        raise ValueError(f"more than {_MAX_NAMES:,} names")
    for _ in range(min(joined.count("("), _MAX_NOTE_DEPTH)):
        joined = _NOTE.sub("", joined)
    parts: list[str] = []
    for name in map(str.strip, joined.split(",")):
        folded = name.lower()
        if folded in _SUFFIXES and parts:
            parts[-1] += f" {name}"
        elif folded not in _NOTHING:
            parts.append(name)
    unique: dict[str, str] = {}
    for name in parts:
        unique.setdefault(name.casefold(), name)
    return list(unique.values()) or None


def countries(value: Any) -> list[str] | None:
    """Return names of countries, one spelling each: "USA" becomes "United States"."""
    country_names = names(value)
    return country_names and list(dict.fromkeys(_COUNTRIES.get(name.casefold(), name) for name in country_names))


def certificate(value: Any) -> str | None:
    """Return an age rating, one spelling each: "NR", "NOT RATED" and "Unrated" become "Not Rated"."""
    cleaned = text(value)
    if cleaned is None:
        return None
    if cleaned.lower() in _TITLE_CASE_CERTIFICATES:
        return cleaned.title()
    return _CERTIFICATES.get(cleaned.lower(), cleaned)


def whole(value: Any) -> int | None:
    """Return a whole number, such as "2,400,369"."""
    cleaned = text(value)
    return None if cleaned is None else int(_number(cleaned, _WHOLE))


def _number(cleaned: str, pattern: re.Pattern[str]) -> str:
    """Return a number's text without thousands separators."""
    digits = _with_minus(cleaned)
    if not pattern.fullmatch(digits) or len(digits) > _MAX_DIGITS + digits.count(","):
        raise ValueError(f"{_shown(cleaned)} is not a number")
    return digits.replace(",", "")


def year(value: Any) -> int | None:
    """Return a year; of a range such as "2005–2014" or "2007–", the first."""
    cleaned = text(value)
    if cleaned is None:
        return None
    match = _YEAR.fullmatch(cleaned)
    if not match:
        raise ValueError(f"{_shown(cleaned)} is not a year")
    return int(match[1])


def minutes(value: Any) -> int | None:
    """Return the minutes of "142 min", "2 h" or "1 h 15 min"."""
    cleaned = text(value)
    if cleaned is None:
        return None
    match = _MINUTES.fullmatch(_with_minus(cleaned))
    if not match or match[1] is match[2] is None or len(cleaned) > _MAX_AMOUNT_LENGTH:
        raise ValueError(f"{_shown(cleaned)} is not a running time")
    return int(match[1] or 0) * 60 + int((match[2] or "0").replace(",", ""))


def day(value: Any) -> date | None:
    """Return the day of "14 Oct 1994" or "1994-10-14"; month names are English in any locale."""
    cleaned = text(value)
    if cleaned is None:
        return None
    match = _DAY.fullmatch(cleaned)
    try:
        if not match:
            return date.fromisoformat(cleaned)
        return date(int(match[3]), _MONTHS.index(match[2].lower()) + 1, int(match[1]))
    except ValueError:
        raise ValueError(f"{_shown(cleaned)} is not a day") from None


def dollars(value: Any) -> int | None:
    """Return whole US dollars of "$28,767,189", "$30,459,009.00" or "$28.7M"; cents are rounded."""
    cleaned = text(value)
    if cleaned is None:
        return None
    match = _MONEY.fullmatch(_with_minus(cleaned))
    if not match or len(cleaned) > _MAX_AMOUNT_LENGTH:
        raise ValueError(f"{_shown(cleaned)} is not an amount in US dollars")
    amount = float(match[2].replace(",", "")) * _SCALE[(match[3] or "").lower()[:1]]
    return round(-amount if match[1] else amount)


def out_of_ten(value: Any) -> float | None:
    """Return a rating of 0 to 10, such as "9.3" or "9.3/10"."""
    cleaned = text(value)
    return None if cleaned is None else float(_number(cleaned.removesuffix("/10"), _DECIMAL))


def percent(value: Any) -> int | None:
    """Return a whole score of 0 to 100, such as "80", "80/100" or "91%"."""
    cleaned = text(value)
    if cleaned is None:
        return None
    score = float(_number(cleaned.removesuffix("/100").removesuffix("%"), _DECIMAL))
    if score != int(score):
        raise ValueError(f"{_shown(cleaned)} is not a whole number")
    return int(score)


def _with_minus(cleaned: str) -> str:
    """Replace the typographic minus sign by a hyphen."""
    return cleaned.replace("\u2212", "-")


def _shown(cleaned: str) -> str:
    return repr(cleaned[:60])
