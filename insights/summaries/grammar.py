"""Where a sentence may use which words, and which of its values stands with which subject. Pure."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from itertools import groupby, pairwise

from insights.summaries.facts import Fact
from insights.summaries.parsing import Mark, Parsed, Word
from insights.summaries.vocabulary import (
    AFTER_COMPARED,
    BECOMES,
    BEFORE_SUBJECT,
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

_LISTING = {",", "and"}
_OPPOSING = {"against", "versus", "compared"}  # the value after it is that of the subject compared with
_KNOWN = frozenset().union(
    NEUTRAL, MEASURES, NOUNS, COMPARATIVES, SUPERLATIVES, TRENDS, QUANTIFIERS, BECOMES, REPRESENTED, {"than", "up"}
)


def _is_list(parsed: Parsed, before: Mark, after: Mark) -> bool:
    gap = parsed.gap(before, after)
    adjacent = not any(before.at < mark.at < after.at for mark in parsed.marks)
    return adjacent and bool(gap) and set(gap) <= _LISTING


def listed_up_to(parsed: Parsed, subjects: Sequence[Mark]) -> list[Mark]:
    """The last of some subjects, with those that are listed right before it: "A, B and C"."""
    group = [subjects[-1]]
    for mark in reversed(subjects[:-1]):
        is_last = len(group) == 1
        if not _is_list(parsed, mark, group[0]) or (is_last and "and" not in parsed.gap(mark, group[0])):
            break
        group.insert(0, mark)
    return group


def listed_from(parsed: Parsed, subjects: Sequence[Mark]) -> list[Mark]:
    """The first of some subjects, with those that are listed right after it: "A, B and C"."""
    group, kept = [subjects[0]], 1
    for mark in subjects[1:]:
        if not _is_list(parsed, group[-1], mark):
            break
        group.append(mark)
        if "and" in parsed.gap(group[-2], mark):
            kept = len(group)
            break
    return group[:kept]


def values_stand_with_their_subjects(
    parsed: Parsed, claimed: Container[str], compares_between: Callable[[Mark, Mark], bool]
) -> bool:
    """Return whether each value stands with its own subject, and each subject has a value or a claim.

    A value follows its subject with no other subject between, or stands before it ("22% for Drama"); of several listed
    subjects, values are listed in the same order.
    """
    runs = [list(run) for _, run in groupby(parsed.marks, key=lambda mark: bool(mark.value))]
    satisfied: set[int] = set()  # subject marks with a value, by place
    led: set[int] = set()  # those whose value stands before them
    for at, run in enumerate(runs):
        if not run[0].value:
            continue
        before = runs[at - 1] if at else []
        after = runs[at + 1] if at + 1 < len(runs) else []
        bound = _bound(parsed, before, run, after, compares_between)
        if bound is None:
            return False
        satisfied |= bound
        led |= bound & {mark.at for mark in after[:1]}
    subjects = [mark for mark in parsed.marks if not mark.value]
    if len({mark.subject for mark in parsed.marks}) > 1 and any(
        _narrows(parsed, mark) and mark.at not in led for mark in subjects
    ):
        return False
    return all(
        mark.at in satisfied or mark.subject in claimed or _named_again(mark, subjects, satisfied) for mark in subjects
    )


def _narrows(parsed: Parsed, mark: Mark) -> bool:
    """Return whether a preposition makes a subject the frame of what the sentence says of another."""
    before = [token.text for token in parsed.tokens[max(0, mark.at - 3) : mark.at] if isinstance(token, Word)]
    before = [text for text in before if text not in {"the", "genre", "decade", "film", "director"}]
    if not before or before[-1] not in NARROWING or before[-2:] == ["followed", "by"]:
        return False
    return not (before[-1] == "of" and before[-2:-1] and (before[-2] in COMPARATIVES or before[-2] in MEASURES))


def _named_again(mark: Mark, subjects: Sequence[Mark], satisfied: Container[int]) -> bool:
    return any(other.at in satisfied and other.subject == mark.subject for other in subjects)


def _bound(
    parsed: Parsed,
    before: Sequence[Mark],
    values: Sequence[Mark],
    after: Sequence[Mark],
    compares_between: Callable[[Mark, Mark], bool],
) -> set[int] | None:
    """Places of the subjects that a run of values stands with; None when a value stands with none or another's."""
    if len(before) > 1 and [value.subject for value in values] == [mark.subject for mark in before]:
        same_value = len({value.value for value in values}) == 1
        return {mark.at for mark in before} if same_value else None
    if _goes_back(parsed, before, values, compares_between):
        return {before[0].at}
    bound: set[int] = set()
    for value in values:
        if before and value.subject == before[-1].subject:
            if len(before) > 1 and not _after_compared(parsed, before, values[0], compares_between):
                return None
            bound.add(before[-1].at)
        elif after and value.subject == after[0].subject and _leads_to(parsed, values, value, after[0], bool(before)):
            bound.add(after[0].at)
        else:
            return None
    return bound


def _goes_back(
    parsed: Parsed, subjects: Sequence[Mark], values: Sequence[Mark], compares_between: Callable[[Mark, Mark], bool]
) -> bool:
    """In "Drama, ahead of Comedy, has 65.2" the value goes back to the first subject; after "which" it does not."""
    if len(subjects) != 2 or not compares_between(*subjects):
        return False
    gap = parsed.gap(subjects[-1], values[0])
    if gap[:1] != [","] or gap[:2] == [",", "which"]:
        return False
    opposed = any(_OPPOSING & set(parsed.gap(one, other)) for one, other in pairwise(values))
    return not opposed and all(value.subject == subjects[0].subject for value in values)


def _after_compared(
    parsed: Parsed, subjects: Sequence[Mark], value: Mark, compares_between: Callable[[Mark, Mark], bool]
) -> bool:
    """In "Drama, ahead of Comedy with 54.6" the value is Comedy's; in "Drama, ahead of Comedy, has 65.2" it is not."""
    gap = parsed.gap(subjects[-1], value)
    if gap[:2] == [",", "which"]:
        return True
    listed = any(not compares_between(one, other) for one, other in pairwise(subjects))
    return not listed and set(gap) <= AFTER_COMPARED and gap[:1] != [","]


def _leads_to(parsed: Parsed, values: Sequence[Mark], value: Mark, subject: Mark, follows_subject: bool) -> bool:
    """A value may stand before its subject: "22% for Drama", at the start also "With 22%, Drama …"."""
    last = values[-1]
    gap = parsed.gap(last, subject)
    if any(one.at > value.at and one.subject != value.subject for one in values):
        return False
    if len(gap) == 1 and gap[0] in DIRECTING:
        return "director" in measure_of(last)
    if gap in (["'s"], []):
        return gap == ["'s"]
    if not follows_subject and gap[:1] == [","]:
        return set(gap[1:]) <= {"the", "film", "genre", "decade", "director"}
    return bool(set(gap) & BEFORE_SUBJECT) and set(gap) <= BEFORE_SUBJECT | {",", "films"}


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
