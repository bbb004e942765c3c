"""Cleaners: OMDb's texts to values. Pure.

Each takes the text as OMDb has it and returns a value, or None for "N/A", "" and a missing field. Text that should be
a value and is not raises ``ValueError`` with the reason; a value that is readable but cannot be true is returned, for
:mod:`pipeline.silver.quality` to judge. The values seen in real answers are the cases of ``tests/unit/test_clean.py``.
"""

from __future__ import annotations

import html
import re
from datetime import date
from typing import Any

_NOTHING = {"", "n/a"}
_LONGEST_NOTHING = 3
_WORD_GAP = re.compile(r"[\s\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\ufeff]+")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_NOTE = re.compile(r"\s*\([^()]*\)")
# Notes within notes, as in "(novel (part two))", are removed from the inside out; deeper ones nobody writes.
_NOTES_DEEP = 3
_SUFFIXES = {"jr.", "jr", "sr.", "sr", "ii", "iii", "iv"}
_NO_NAMES = _SUFFIXES | _NOTHING
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_WHOLE = re.compile(r"-?\d+", re.ASCII)
_DECIMAL = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
# Every number of so many digits fits a BIGINT.
_LONGEST_NUMBER = 18
_MINUTES = re.compile(r"(?:(-?\d+)\s*h(?:rs?|ours?)?\.?)?\s*(?:(-?[\d,]+)\s*m(?:ins?|inutes?)?\.?)?", re.IGNORECASE)
_YEAR = re.compile(r"(-?\d{1,4})(?:\s*[-–—]\s*(?:\d{4})?)?")
_MONEY = re.compile(r"(-?)\s*\$\s*(-?[\d,]+(?:\.\d+)?)\s*(k|m|b|thousand|million|billion)?", re.IGNORECASE)
_SCALE = {"": 1, "k": 10**3, "t": 10**3, "m": 10**6, "b": 10**9}
# Longer than any amount there is; a number of 310 digits is infinite as a float.
_LONGEST_AMOUNT = 40
_DAY = re.compile(r"(\d{1,2}) ([A-Za-z]{3})[a-z]* (\d{4})")
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
    """Text with entities decoded and white space folded; a number is taken as its text.

    Raises
    ------
    ValueError
        When the value is a list or an object.
    """
    if not isinstance(value, str):
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(no_text(value))
        value = str(value)
    if not _is_clean(value):
        value = _SURROGATE.sub("\ufffd", _WORD_GAP.sub(" ", html.unescape(value)).strip())
    return None if len(value) <= _LONGEST_NOTHING and value.lower() in _NOTHING else value


def no_text(value: Any) -> str:
    """Why a list, an object, true or false is refused."""
    return f"expected text, not {type(value).__name__}"


def _is_clean(value: str) -> bool:
    """Whether there is nothing to decode or to fold, as in nearly every text.

    What is printable holds no white space but blanks, no control or direction characters, and no lone surrogates.
    """
    return value.isprintable() and "&" not in value and "  " not in value and value == value.strip(" ")


def names(value: Any) -> list[str] | None:
    """Names in a comma-separated list: order kept, credits' notes and duplicates dropped, "Jr." joined to its name.

    A comma inside brackets, as in "(based on the novel by A, B)", parts nothing.
    """
    joined = text(value)
    if joined is None:
        return None
    if "," not in joined and "(" not in joined:
        return [joined]
    found = joined.split(", ")
    folded = set(joined.casefold().split(", "))
    plain = "(" not in joined and " ," not in joined and joined.count(",") == len(found) - 1
    if plain and len(folded) == len(found) and _NO_NAMES.isdisjoint(folded):
        return found
    return _names_with_care(joined)


def _names_with_care(joined: str) -> list[str] | None:
    """Names where there is something to drop or to join."""
    for _ in range(_NOTES_DEEP):
        joined = _NOTE.sub("", joined)
    found: list[str] = []
    for name in map(str.strip, joined.split(",")):
        if name.lower() in _SUFFIXES and found:
            found[-1] += f" {name}"
        elif name.lower() not in _NOTHING:
            found.append(name)
    unique: dict[str, str] = {}
    for name in found:
        unique.setdefault(name.casefold(), name)
    return list(unique.values()) or None


def countries(value: Any) -> list[str] | None:
    """Names of countries in one spelling each: "USA" and "United States" are one."""
    found = names(value)
    return found and list(dict.fromkeys(_COUNTRIES.get(name.casefold(), name) for name in found))


def certificate(value: Any) -> str | None:
    """Certificate in one spelling each: "NR", "NOT RATED" and "Unrated" are "Not Rated"."""
    found = text(value)
    if found is None:
        return None
    if found.lower() in _TITLE_CASE_CERTIFICATES:
        return found.title()
    return _CERTIFICATES.get(found.lower(), found)


def whole(value: Any) -> int | None:
    """Whole number with or without commas, such as "2,400,369"."""
    found = _digits(value, _WHOLE)
    return None if found is None else int(found)


def decimal(value: Any) -> float | None:
    """Decimal number with a point, such as "9.3"."""
    found = _digits(value, _DECIMAL)
    return None if found is None else float(found)


def _digits(value: Any, pattern: re.Pattern[str]) -> str | None:
    found = text(value)
    if found is None:
        return None
    if found.isascii() and found.isdigit() and len(found) <= _LONGEST_NUMBER:
        return found
    digits = _THOUSANDS.sub("", found.replace("\u2212", "-"))
    if not pattern.fullmatch(digits) or len(digits) > _LONGEST_NUMBER:
        raise ValueError(f"{_shown(found)} is not a number")
    return digits


def year(value: Any) -> int | None:
    """Year; of a range such as "2005–2014" or "2007–" the first."""
    found = text(value)
    if found is None:
        return None
    match = _YEAR.fullmatch(found)
    if not match:
        raise ValueError(f"{_shown(found)} is not a year")
    return int(match[1])


def minutes(value: Any) -> int | None:
    """Minutes of "142 min", "2 h", "1 h 15 min"."""
    found = text(value)
    if found is None:
        return None
    match = _MINUTES.fullmatch(found.replace("\u2212", "-"))
    if not match or match[1] is match[2] is None:
        raise ValueError(f"{_shown(found)} is not a running time")
    return int(match[1] or 0) * 60 + int((match[2] or "0").replace(",", ""))


def day(value: Any) -> date | None:
    """Day of "14 Oct 1994" or "1994-10-14"; English month names, whatever the machine's language."""
    found = text(value)
    if found is None:
        return None
    match = _DAY.fullmatch(found)
    try:
        if not match:
            return date.fromisoformat(found)
        return date(int(match[3]), _MONTHS.index(match[2].lower()) + 1, int(match[1]))
    except ValueError:
        raise ValueError(f"{_shown(found)} is not a day") from None


def dollars(value: Any) -> int | None:
    """Whole US dollars of "$28,767,189", "$30,459,009.00" or "$28.7M"; cents are rounded."""
    found = text(value)
    if found is None:
        return None
    match = _MONEY.fullmatch(found.replace("\u2212", "-"))
    if not match or len(found) > _LONGEST_AMOUNT:
        raise ValueError(f"{_shown(found)} is not an amount in US dollars")
    amount = float(match[2].replace(",", "")) * _SCALE[(match[3] or "").lower()[:1]]
    return round(-amount if match[1] else amount)


def score(value: Any, out_of: int) -> float | None:
    """Rating out of ``out_of``, where the text may say so: "9.3/10", "80/100", "91%", "80"."""
    found = text(value)
    if found is None:
        return None
    for ending in (f"/{out_of}", "%" if out_of == 100 else f"/{out_of}"):
        found = found.removesuffix(ending)
    return decimal(found)


def percent(value: Any) -> int | None:
    """Score out of 100 as a whole number."""
    found = score(value, 100)
    if found is not None and found != int(found):
        raise ValueError(f"{found} is not a whole number")
    return None if found is None else int(found)


def _shown(found: str) -> str:
    return repr(found[:60])
