"""Which value of a sentence stands with which subject: placeholders, words and the order in which they come. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from insights.summaries.facts import Fact
from insights.summaries.vocabulary import (
    AFTER_COMPARED,
    BEFORE_SUBJECT,
    COMPARATIVES,
    DIRECTING,
    MAKES,
    MEASURES,
    MOVES,
    NARROWING,
    POSSESSIVES,
    WHOLE,
)

# A mark is ASCII only, so that no look-alike letter or digit passes for one.
_MARK = re.compile(r"\{([a-z][a-z0-9]*)(?:\.([a-z0-9_]+))?\}")
_TOKEN = re.compile(rf"{_MARK.pattern}|['’]s\b|[A-Za-z]+(?:-[A-Za-z]+)*|[,;:()–—.]")
_LISTING = {",", "and"}
_OPPOSING = {"against", "versus", "compared"}  # the value after it is that of the subject compared with


@dataclass(frozen=True)
class Mark:
    """A placeholder: a fact's subject, or (``value`` is not "") one of its values.

    Attributes
    ----------
    at : int
        Its place among the tokens of the sentence.
    name : str
        Short name of the fact.
    """

    at: int
    name: str
    value: str
    fact: Fact

    @property
    def subject(self) -> str:
        """What it is about; two facts may be about the same."""
        return self.fact.about

    @property
    def text(self) -> str:
        """What the reader sees."""
        return self.fact.values[self.value].text if self.value else self.fact.subject


@dataclass(frozen=True)
class Word:
    """A word in lower case, or a punctuation mark."""

    at: int
    text: str

    @property
    def is_word(self) -> bool:
        """Whether it is a word."""
        return self.text[0].isalpha()


@dataclass(frozen=True)
class Parsed:
    """A sentence in tokens; ``clean`` is False where something is neither mark, word nor plain punctuation."""

    source: str
    tokens: tuple[Mark | Word, ...]
    clean: bool

    @property
    def marks(self) -> list[Mark]:
        """All placeholders in order."""
        return [token for token in self.tokens if isinstance(token, Mark)]

    @property
    def words(self) -> list[Word]:
        """All words in order."""
        return [token for token in self.tokens if isinstance(token, Word) and token.is_word]

    def before(self, token: Mark | Word) -> Mark | Word | None:
        """The token before one."""
        return self.tokens[token.at - 1] if token.at else None

    def after(self, token: Mark | Word) -> Mark | Word | None:
        """The token after one."""
        return self.tokens[token.at + 1] if token.at + 1 < len(self.tokens) else None

    def gap(self, before: Mark, after: Mark) -> list[str]:
        """Words and punctuation between two marks."""
        return [token.text for token in self.tokens[before.at + 1 : after.at] if isinstance(token, Word)]

    def words_between(self, before: Mark, after: Mark) -> list[Word]:
        """Words between two marks."""
        return [word for word in self.words if before.at < word.at < after.at]

    def words_after(self, word: Word, end: Mark | None) -> list[str]:
        """Words after a word, up to a mark or the end."""
        return [one.text for one in self.words if one.at > word.at and (end is None or one.at < end.at)]

    def written(self) -> str:
        """The sentence with each placeholder written out, once: braces inside a name stay text."""
        texts = iter(self.marks)
        return _MARK.sub(lambda _: next(texts).text, self.source)


def has_marks(text: str) -> bool:
    """Return whether a text has anything that looks like a placeholder."""
    return _MARK.search(text) is not None


def parse(text: str, facts: Mapping[str, Fact]) -> Parsed | None:
    """Read a sentence; None when a placeholder names a fact or value that does not exist."""
    tokens: list[Mark | Word] = []
    clean, end = True, 0
    for found in _TOKEN.finditer(text):
        clean &= text[end : found.start()] in ("", " ")
        if found[1]:
            fact, value = facts.get(found[1]), found[2] or ""
            if fact is None or (value and value not in fact.values):
                return None
            # A letter or digit at a placeholder would change the number or the name.
            clean &= not re.match(r"[\w$%&*+/=<>-]", text[found.end() :]) and not re.search(
                r"[\w$%&*+/=<>-]$", text[: found.start()]
            )
            tokens.append(Mark(len(tokens), found[1], value, fact))
        else:
            tokens.append(Word(len(tokens), "'s" if found[0] in ("'s", "’s") else found[0].lower()))
        end = found.end()
    clean &= not text[end:].strip()
    stops = [token.at for token in tokens if isinstance(token, Word) and token.text == "."]
    return Parsed(text, tuple(tokens), clean and stops in ([], [len(tokens) - 1]) and _brackets_match(text))


def _brackets_match(text: str) -> bool:
    return re.sub(r"\([^()]*\)", "", text).count("(") == 0 and text.count("(") == text.count(")")


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
    if not before or before[-1] not in NARROWING:
        return False
    return not (before[-1] == "of" and before[-2:-1] and (before[-2] in COMPARATIVES or before[-2] in MEASURES))


def prepositions_fit(parsed: Parsed) -> bool:
    """Return whether the small words beside values leave them as they are.

    "leads by 65.2" would be a margin, "22% of decades" another share, "up to 65.2" a limit.
    """
    return all(_preposition_fits(parsed, word) for word in parsed.words)


def _preposition_fits(parsed: Parsed, word: Word) -> bool:
    before, after = parsed.before(word), parsed.after(word)
    text_before = before.text if isinstance(before, Word) else ""
    fits = True
    if word.text == "up":
        fits = text_before in MAKES | MOVES
    elif word.text == "which":
        fits = text_before not in NARROWING
    elif word.text in {"to", "from"}:
        fits = {"to": "before", "from": "now"}[word.text] not in _measure(after)
    elif word.text == "by" and _measure(after):
        fits = bool(_measure(after) & {"director", "places", "difference"})
    elif word.text == "of" and _measure(before):
        following = parsed.tokens[word.at + 1 : word.at + 3]
        fits = any(isinstance(token, Mark) and not token.value for token in following)
    elif word.text in DIRECTING:
        is_by = isinstance(after, Word) and after.text == "by"
        fits = is_by or "director" not in _measure_near(parsed, word)
    return fits


def _measure(token: Mark | Word | None) -> frozenset[str]:
    return token.fact.values[token.value].measure if isinstance(token, Mark) and token.value else frozenset()


def frames_fit(parsed: Parsed, nouns: Mapping[str, str]) -> bool:
    """Return whether nothing but the facts says of what a sentence is true.

    A subject is nobody else's ("their Drama"); a share of the top-rated films is none of the list; a noun that says
    what a subject is fits the nearest; what a director directed is not said of films that are named.
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
        if "top-rated" in _measure(mark) and set(words) & WHOLE:
            return False
    return all(_noun_fits(parsed, word, nouns) and _owner_fits(parsed, word) for word in parsed.words)


def _noun_fits(parsed: Parsed, word: Word, nouns: Mapping[str, str]) -> bool:
    noun = nouns.get(word.text)
    if noun is None or word.text.endswith("s"):
        return True
    nearest = sorted((mark for mark in parsed.marks if not mark.value), key=lambda mark: abs(mark.at - word.at))
    is_measure = any(noun in _measure(mark) for mark in parsed.marks)
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
    return _measure(values[0]) if values and values[0].fact.noun != "director" else frozenset()


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
    """In "Drama, ahead of Comedy, has 65.2" the value goes back to the first subject."""
    if len(subjects) != 2 or not compares_between(*subjects) or parsed.gap(subjects[-1], values[0])[:1] != [","]:
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
    if gap in (["'s"], []):
        return gap == ["'s"]
    if not follows_subject and gap[:1] == [","]:
        return set(gap[1:]) <= {"the", "film", "genre", "decade", "director"}
    return bool(set(gap) & BEFORE_SUBJECT) and set(gap) <= BEFORE_SUBJECT | {",", "films"}


def is_unclear(parsed: Parsed, word: Word) -> bool:
    """Return whether a pronoun could mean several of the subjects before it; before any, it means the first."""
    before = {mark.subject for mark in parsed.marks if not mark.value and mark.at < word.at}
    return len(before) > 1


def nouns_fit(parsed: Parsed, nouns: Mapping[str, str]) -> bool:
    """Return whether a noun right beside a subject is what the subject is; "films" may follow all but a film."""
    for mark in parsed.marks:
        if mark.value:
            continue
        before, after = parsed.before(mark), parsed.after(mark)
        if isinstance(before, Word) and nouns.get(before.text, mark.fact.noun) not in {mark.fact.noun, "films"}:
            return False
        if isinstance(after, Word) and after.text in nouns:
            fits = mark.fact.noun != "film" if nouns[after.text] == "films" else nouns[after.text] == mark.fact.noun
            if not fits:
                return False
    return True


def is_noun_of_subject(parsed: Parsed, word: Word, nouns: Mapping[str, str]) -> bool:
    """Return whether a word only says what a subject is: "the director {f1}", or "of all directors"."""
    wanted = nouns.get(word.text)
    return wanted is not None and any(mark.fact.noun == wanted for mark in parsed.marks)


def measures_of(fact: Fact) -> set[str]:
    """All measures of a fact's values."""
    return {measure for value in fact.values.values() for measure in value.measure}
