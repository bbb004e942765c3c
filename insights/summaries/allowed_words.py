"""Which words a sentence may use, alone or beside others. Pure."""

from __future__ import annotations

from insights.summaries import framing
from insights.summaries.parsing import Parsed, Word
from insights.summaries.vocabulary import (
    BECOMES,
    COMPARATIVES,
    MEASURES,
    NEUTRAL,
    NOUNS,
    ONLY_BESIDE,
    PERIODS,
    QUANTIFIERS,
    REPRESENTED,
    SUPERLATIVES,
    TRENDS,
)

_KNOWN = frozenset().union(
    NEUTRAL, MEASURES, NOUNS, COMPARATIVES, SUPERLATIVES, TRENDS, QUANTIFIERS, BECOMES, REPRESENTED, {"than", "up"}
)
_BESIDE_VALUES = {"now": framing.is_of_today, "or": framing.says_one_thing_twice}


def is_allowed(parsed: Parsed, word: Word) -> bool:
    """Return whether a word is in a list of the vocabulary, and stands where it may."""
    if is_period(parsed, word):
        return all("trend" in framing.measures_of(mark.fact) for mark in parsed.marks)
    if word.text in _BESIDE_VALUES:
        return _BESIDE_VALUES[word.text](parsed, word)
    if word.text in ONLY_BESIDE:
        before, after = parsed.neighbours(word)
        words_before, words_after = ONLY_BESIDE[word.text]
        return before in words_before or after in words_after
    return word.text in _KNOWN


def is_period(parsed: Parsed, word: Word) -> bool:
    """Return whether a word is part of "over time" or "over the years"."""
    texts = [one.text for one in parsed.words if abs(one.at - word.at) <= 2]
    if "over" not in texts:
        return False
    at = texts.index("over")
    noun = next((text for text in texts[at + 1 : at + 3] if text != "the"), "")
    return noun in PERIODS and word.text in {"over", noun}
