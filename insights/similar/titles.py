"""Titles as people type them: one spelling for comparing, and the year that a query may end with.

Place: used by :mod:`.lookup`, in a Lambda too: nothing but the standard library. Pure functions.
"""

from __future__ import annotations

import re
import unicodedata

# Letters that stand for themselves in Unicode, but that people without them on their keyboard type otherwise.
PLAIN_LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "&": " and "}
)
APOSTROPHES = str.maketrans("", "", "'’‘`´")
NUMERALS = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9"}
# "teh" is the commonest slip of the fingers in English.
ARTICLES = ("the", "a", "an", "teh")
TRAILING_ARTICLE = re.compile(r"^(.+), (the|a|an)$")
NOT_IN_WORDS = re.compile(r"[\W_]+")
YEAR_AT_END = re.compile(r"^(.*\S)[\s,]*[\s(\[]((?:18|19|20)\d\d)[)\]]?$")


def normalised(title: str) -> str:
    """One spelling of a title: lower case, no accents, no punctuation, no leading article, "II" as "2".

    A title of punctuation alone, such as "$", stays as it is. Letters of all scripts are kept.

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
    """Title and year of "the godfather 1972" or "The Godfather (1972)"; no year where none is written last.

    A title may itself end in a number ("Blade Runner 2049"), so the whole query is to be tried first.
    """
    found = YEAR_AT_END.match(query.strip())
    return (found[1], int(found[2])) if found else (query, None)
