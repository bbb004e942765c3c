"""Titles as people type them: normalised for comparison, and split from a year at the end. Pure."""

from __future__ import annotations

import re
import unicodedata

# Letters that Unicode does not decompose, but that people without them on their keyboard type differently.
PLAIN_LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "&": " and "}
)
APOSTROPHES = str.maketrans("", "", "'’‘`´")
NUMERALS = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9"}
# "teh" is the most common typo in English.
ARTICLES = ("the", "a", "an", "teh")
TRAILING_ARTICLE = re.compile(r"^(.+), (the|a|an)$")
NOT_IN_WORDS = re.compile(r"[\W_]+")
YEAR_AT_END = re.compile(r"^(.*\S)[\s,]*[\s(\[]((?:18|19|20)\d\d)[)\]]?$")


def normalised(title: str) -> str:
    """Normalise a title: lower case, no accents, no punctuation, no leading article, "II" as "2".

    A title of punctuation only, such as "$", is unchanged. Letters of all scripts are kept.

    >>> normalised("The Godfather: Part II"), normalised("AMÉLIE "), normalised("Matrix, The")
    ('godfather part 2', 'amelie', 'matrix')
    """
    text = unicodedata.normalize("NFKD", title.strip().casefold()).translate(PLAIN_LETTERS).translate(APOSTROPHES)
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = TRAILING_ARTICLE.sub(r"\2 \1", text)
    words = NOT_IN_WORDS.sub(" ", text).split()
    if len(words) > 1 and words[0] in ARTICLES:
        words = words[1:]
    return " ".join(NUMERALS.get(word, word) for word in words) or text


def split_year(query: str) -> tuple[str, int | None]:
    """Split "the godfather 1972" or "The Godfather (1972)" into title and year; the year is None if there is none.

    A title may itself end in a number ("Blade Runner 2049"), so try the whole query first.
    """
    found = YEAR_AT_END.match(query.strip())
    return (found[1], int(found[2])) if found else (query, None)
