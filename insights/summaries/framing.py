"""Which words a sentence may use where, so that they leave what the facts say as it is. Pure."""

from __future__ import annotations

from insights.summaries.facts import Fact
from insights.summaries.parsing import Mark, Parsed, Word
from insights.summaries.vocabulary import (
    BECOMES,
    COMPARATIVES,
    DIRECTING,
    HAVING,
    JOINS,
    MAKES,
    MAKES_OR_ACTS,
    MEASURES,
    MOVES,
    NARROWING,
    NEUTRAL,
    NOUNS,
    ONLY_BESIDE,
    PERIODS,
    POSSESSIVES,
    QUANTIFIERS,
    REPRESENTED,
    SUPERLATIVES,
    TRENDS,
    WHOLE,
)

_KNOWN = frozenset().union(
    NEUTRAL, MEASURES, NOUNS, COMPARATIVES, SUPERLATIVES, TRENDS, QUANTIFIERS, BECOMES, REPRESENTED, {"than", "up"}
)


def is_allowed(parsed: Parsed, word: Word) -> bool:
    """Return whether a word is in a list of the vocabulary, and stands where it may."""
    if is_period(parsed, word):
        return all("trend" in measures_of(mark.fact) for mark in parsed.marks)
    if word.text == "now":
        return is_of_today(parsed, word)
    if word.text == "or":
        return says_one_thing_twice(parsed, word)
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


def preposition_fits(parsed: Parsed, word: Word) -> bool:
    """Return whether a small word beside a value leaves it as it is.

    "leads by 65.2" would be a margin, "22% of decades" another share, "up to 65.2" a limit.
    """
    before, after = parsed.before(word), parsed.after(word)
    text_before = before.text if isinstance(before, Word) else ""
    fits = True
    if word.text == "up":
        fits = text_before in MAKES | MOVES
    elif word.text == "which":
        fits = text_before not in NARROWING
    elif word.text in {"to", "from"}:
        fits = {"to": "before", "from": "now"}[word.text] not in measure_of(after)
    elif word.text == "by" and measure_of(after):
        fits = text_before == "represented" or bool(measure_of(after) & {"director", "places", "difference"})
    elif word.text == "of" and text_before == "out":
        fits = False
    elif word.text == "of" and measure_of(before):
        following = parsed.tokens[word.at + 1 : word.at + 3]
        fits = any(isinstance(token, Mark) and not token.value for token in following)
    elif word.text in DIRECTING:
        is_by = isinstance(after, Word) and after.text == "by"
        fits = is_by or "director" not in _measure_near(parsed, word)
    return fits


def frames_fit(parsed: Parsed) -> bool:
    """Return whether nothing but the facts says of what a sentence is true.

    A subject is nobody else's ("their Drama"); a share of the top-rated films is none of the list; a noun that says
    what a subject is fits the nearest; what a director directed is not said of films that are named; nothing without a
    placeholder has a value ("as the whole list has").
    """
    kinds = {mark.fact.noun for mark in parsed.marks if not mark.value}
    if {"director", "film"} <= kinds and any(word.text in DIRECTING for word in parsed.words):
        return False
    for mark in parsed.marks:
        after, following = parsed.after(mark), parsed.tokens[mark.at + 2 : mark.at + 3]
        owns = isinstance(after, Word) and after.text == "'s" and not mark.value
        if owns and any(isinstance(token, Mark) and not token.value for token in following):
            return False
        later = [one for one in parsed.marks if one.at > mark.at]
        words = [word.text for word in parsed.words if word.at > mark.at and (not later or word.at < later[0].at)]
        if "top-rated" in measure_of(mark) and set(words) & WHOLE:
            return False
    if any(word.text in HAVING and _ends_without_claim(parsed, word) for word in parsed.words):
        return False
    return all(
        _noun_fits(parsed, word) and _owner_fits(parsed, word) and _deed_fits(parsed, word) for word in parsed.words
    )


def _ends_without_claim(parsed: Parsed, word: Word) -> bool:
    """Return whether neither a placeholder nor a word that needs a claim follows."""
    later = parsed.tokens[word.at + 1 :]
    claiming = COMPARATIVES.keys() | SUPERLATIVES.keys() | TRENDS.keys()
    return not any(isinstance(token, Mark) or token.text in claiming for token in later)


def _deed_fits(parsed: Parsed, word: Word) -> bool:
    """Return whether films that join the list are new on it, and directors are not said to produce or act."""
    if word.text in JOINS:
        subjects = [mark.fact for mark in parsed.marks if not mark.value]
        return all(fact.table == "rank_changes" and "previous_rank" not in fact.values for fact in subjects)
    if word.text in MAKES_OR_ACTS:
        return not any(mark.fact.noun == "director" or "director" in measure_of(mark) for mark in parsed.marks)
    return True


def _noun_fits(parsed: Parsed, word: Word) -> bool:
    noun = NOUNS.get(word.text)
    if noun is None or word.text.endswith("s"):
        return True
    nearest = sorted((mark for mark in parsed.marks if not mark.value), key=lambda mark: abs(mark.at - word.at))
    is_measure = any(noun in measure_of(mark) for mark in parsed.marks)
    return is_measure or any(mark.fact.noun in {noun, "trait"} for mark in nearest[:1])


def _owner_fits(parsed: Parsed, word: Word) -> bool:
    if word.text not in POSSESSIVES:
        return True
    later = [mark for mark in parsed.marks if mark.at > word.at]
    before = {mark.subject for mark in parsed.marks if mark.at < word.at}
    return not later or bool(later[0].value) or not before or later[0].subject in before


def _measure_near(parsed: Parsed, word: Word) -> frozenset[str]:
    """The measure of the next value, unless its fact is about a director, who directs."""
    values = [mark for mark in parsed.marks if mark.at > word.at and mark.value]
    return measure_of(values[0]) if values and values[0].fact.noun != "director" else frozenset()


def is_unclear(parsed: Parsed, word: Word) -> bool:
    """Return whether a pronoun could mean several of the subjects before it; before any, it means the first."""
    before = {mark.subject for mark in parsed.marks if not mark.value and mark.at < word.at}
    return len(before) > 1


def nouns_fit(parsed: Parsed) -> bool:
    """Return whether a noun right beside a subject is what the subject is; "films" may follow all but a film."""
    for mark in parsed.marks:
        if mark.value:
            continue
        before, after = parsed.before(mark), parsed.after(mark)
        if isinstance(before, Word) and NOUNS.get(before.text, mark.fact.noun) not in {mark.fact.noun, "films"}:
            return False
        if isinstance(after, Word) and after.text in NOUNS:
            fits = mark.fact.noun != "film" if NOUNS[after.text] == "films" else NOUNS[after.text] == mark.fact.noun
            if not fits:
                return False
    return True


def is_noun_of_subject(parsed: Parsed, word: Word) -> bool:
    """Return whether a word only says what a subject is: "the director {f1}", or "of all directors"."""
    wanted = NOUNS.get(word.text)
    return wanted is not None and any(mark.fact.noun == wanted for mark in parsed.marks)


def says_one_thing_twice(parsed: Parsed, word: Word) -> bool:
    """Return whether "or" stands between the same films as a number and as a share: "90 of 150 films, or 60%"."""
    before, after = [mark for mark in parsed.marks if mark.at < word.at][-1:], parsed.after(word)
    if not before or not isinstance(after, Mark) or set(parsed.gap(before[0], after)) - {",", "or"}:
        return False
    shares = [value for value in after.fact.values.values() if "share" in value.measure]
    is_same = before[0].name == after.name and len(shares) == 1
    return is_same and {"films", "share"} <= measure_of(before[0]) | measure_of(after)


def is_of_today(parsed: Parsed, word: Word) -> bool:
    """Return whether the next value is that of the newest list, beside one of the list before."""
    values = [mark for mark in parsed.marks if mark.value and mark.at > word.at]
    return bool(values) and "now" in measure_of(values[0])


def measures_of(fact: Fact) -> set[str]:
    """All measures of a fact's values."""
    return {measure for value in fact.values.values() for measure in value.measure}


def measure_of(token: Mark | Word | None) -> frozenset[str]:
    """Return the measures of a value; none for a subject, a word or nothing."""
    return token.fact.values[token.value].measure if isinstance(token, Mark) and token.value else frozenset()
