"""Check the sentences of a summary against the facts they point at, and write out those that hold.

Pure: reads and writes nothing. A sentence is free English in which every number and every name is a placeholder:
``{f1}`` for the subject of a fact, ``{f1.mean}`` for one of its values. What prose can lie about is checked: each value
stands with its own subject; comparatives, superlatives, trends and quantifiers need a declared claim that is computed
to be true and that the words express; any word that is in no list of :mod:`.vocabulary` is refused. No text of a
refused sentence is kept: it may hold a false number, markup or an instruction.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from insights.summaries import grammar
from insights.summaries.facts import (
    ALL,
    FALLING,
    HIGHEST,
    LARGER,
    LOWEST,
    RISING,
    SMALLER,
    Claim,
    Fact,
    FactValue,
    are_neighbours,
    is_true,
    value_of,
)
from insights.summaries.parsing import Mark, Parsed, Word, has_marks, parse
from insights.summaries.vocabulary import (
    BECOMES,
    COMPARATIVES,
    EARNS,
    EVERY_OTHER,
    FREQUENCIES,
    MEASURES,
    MOVES,
    NEED_THAN,
    NEIGHBOURS,
    NOUNS,
    PRONOUNS,
    QUANTIFIERS,
    REPRESENTED,
    SIZE_MEASURES,
    SIZES,
    SUPERLATIVES,
    TRENDS,
)

NO_FACT = "names no fact"
UNKNOWN_FACT = "names a fact or value that does not exist"
OWN_WORDS = "words, numbers or marks that are neither from the facts nor neutral"
VALUE_OF_OTHER = "a value without its own subject, or a subject without a value"
WRONG_MEASURE = "a value called by a measure that it is not"
WRONG_NOUN = "a subject called what it is not"
NO_CLAIM = "a comparison, superlative, trend or quantifier without its declared claim"
FALSE_CLAIM = "a declared claim that the facts do not bear out"
UNCLEAR = "a pronoun that could mean several subjects"
REPEATED = "a repetition"

_MOST_MARKS = 12
_NEAR = 4  # words within which a measure word belongs to a comparative or superlative
# Measures that a comparative or superlative right before them is about: "the most films".
_BINDING = frozenset({*MEASURES.values(), "films"})
_BLANKS = re.compile(r"[ \t\n]+")


@dataclass(frozen=True)
class Sentence:
    """A sentence as its writer gave it, with the claims it declares."""

    text: str
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True)
class Checked:
    """Outcome for one sentence: the text a reader sees, or the reason why there is none; never both."""

    text: str = ""
    facts: tuple[Fact, ...] = ()
    reason: str = ""


def check(sentence: Sentence, facts: Mapping[str, Fact]) -> Checked:
    """Check one sentence; ``facts`` are those of the question by the short name used in sentences ("f1").

    Returns the sentence written out, or the first reason against it.
    """
    text = _BLANKS.sub(" ", sentence.text).strip()
    parsed = parse(text, facts)
    if parsed is None:
        return Checked(reason=UNKNOWN_FACT if has_marks(text) else NO_FACT)
    if not parsed.marks:
        return Checked(reason=NO_FACT)
    claims = {claim: truth for claim in sentence.claims if (truth := is_true(claim, facts)) is not None}
    reason = (
        (OWN_WORDS if not parsed.clean or len(parsed.marks) > _MOST_MARKS else "")
        or (OWN_WORDS if not all(grammar.is_allowed(parsed, word) for word in parsed.words) else "")
        or (FALSE_CLAIM if len(claims) < len(sentence.claims) or not all(claims.values()) else "")
        or (WRONG_NOUN if not (grammar.nouns_fit(parsed) and grammar.frames_fit(parsed)) else "")
        or (UNCLEAR if any(word.text in PRONOUNS and grammar.is_unclear(parsed, word) for word in parsed.words) else "")
        or ("" if all(grammar.preposition_fits(parsed, word) for word in parsed.words) else VALUE_OF_OTHER)
        or _Words(parsed, tuple(claims), facts).fault()
    )
    if reason:
        return Checked(reason=reason)
    used = dict.fromkeys(mark.name for mark in parsed.marks)
    return Checked(_write(parsed, facts, tuple(claims)), tuple(facts[name] for name in used))


def check_all(sentences: Sequence[Sentence], facts: Mapping[str, Fact]) -> list[Checked]:
    """Check sentences in order; one that repeats an earlier one is refused."""
    checked: list[Checked] = []
    for sentence in sentences:
        outcome = check(sentence, facts)
        repeated = bool(outcome.text) and any(outcome.text == earlier.text for earlier in checked)
        checked.append(Checked(reason=REPEATED) if repeated else outcome)
    return checked


class _Words:
    """What the words of a sentence claim, compared with what it declares."""

    def __init__(self, parsed: Parsed, claims: Sequence[Claim], facts: Mapping[str, Fact]) -> None:
        self._parsed, self._claims, self._facts = parsed, claims, facts
        self._claimed: set[str] = set()  # subjects that a word's claim is about

    def fault(self) -> str:
        """Return the first reason against the words; "" when there is none."""
        for word in self._parsed.words:
            if not self._is_borne_out(word):
                return NO_CLAIM
        if not grammar.values_stand_with_their_subjects(self._parsed, self._claimed, self._compares_between):
            return VALUE_OF_OTHER
        return "" if all(self._is_called_right(word) for word in self._parsed.words) else WRONG_MEASURE

    def _compares_between(self, before: Mark, after: Mark) -> bool:
        return any(word.text in COMPARATIVES for word in self._parsed.words_between(before, after))

    def _is_borne_out(self, word: Word) -> bool:
        text, (before, after) = word.text, self._parsed.neighbours(word)
        if (text == "other" and after != "end") or (text in EVERY_OTHER and after == "other"):
            return any(one.text in COMPARATIVES and self._is_than_every_other(one) for one in self._parsed.words)
        if text in QUANTIFIERS:
            return self._quantifier(word)
        if text in COMPARATIVES or text in REPRESENTED:
            return self._compares(word, before, after)
        if text in SUPERLATIVES:
            return self._superlative(word, SUPERLATIVES[text])
        rises = text == "up" and before in MOVES
        return self._trend(word, 1 if rises else TRENDS[text]) if rises or text in TRENDS else True

    def _compares(self, word: Word, before: str, after: str) -> bool:
        if word.text in REPRESENTED or self._is_of_the_top_rated(word):
            return self._over_represented(word, REPRESENTED.get(word.text) or COMPARATIVES[word.text])
        sign = COMPARATIVES[word.text]
        if word.text in {"more", "less"} and before in BECOMES and after in FREQUENCIES:
            return self._trend(word, sign)
        if self._is_than_every_other(word):
            return self._superlative(word, sign)
        if word.text in SUPERLATIVES and not self._is_followed_by_a_subject(word):
            return self._superlative(word, SUPERLATIVES[word.text])
        return self._comparative(word)

    def _is_followed_by_a_subject(self, word: Word) -> bool:
        after = self._parsed.after(word)
        return isinstance(after, Mark) and not after.value

    def _comparative(self, word: Word) -> bool:
        left, right = self._left(word), self._right(word)
        if not left or not right or {mark.subject for mark in left} & {mark.subject for mark in right}:
            return False
        kind = LARGER if COMPARATIVES[word.text] > 0 else SMALLER
        for claim in self._claims:
            named = claim.kind == kind and self._names(claim.of, left) and self._names(claim.than, right)
            if named and self._is_about(word, claim.of, left) and self._is_about(word, claim.than, right):
                self._claimed |= {mark.subject for mark in (*left, *right)}
                return word.text not in NEIGHBOURS or are_neighbours(claim, self._facts)
        return False

    def _left(self, word: Word) -> Sequence[Mark]:
        """The subjects before a word: the nearest, with those listed beside it; all of them after "both" or "all"."""
        before = [mark for mark in self._parsed.marks if mark.at < word.at and not mark.value]
        if not before:
            return ()
        quantified = any(one.text in QUANTIFIERS for one in self._parsed.words if one.at < word.at)
        return before if quantified else grammar.listed_up_to(self._parsed, before)

    def _right(self, word: Word) -> Sequence[Mark]:
        """The subjects after a word, up to the next verb; none where a value of the subject before stands first."""
        following = [mark for mark in self._parsed.marks if mark.at > word.at]
        words = self._parsed.words_after(word, following[0]) if following else []
        if not following or (word.text in NEED_THAN and "than" not in words):
            return ()
        subjects = [mark for mark in following if not mark.value]
        if not subjects or (following[0].value and following[0].subject != subjects[0].subject):
            return ()
        return grammar.listed_from(self._parsed, subjects)

    def _is_than_every_other(self, word: Word) -> bool:
        """Return whether the comparison is with "any other genre", where the subject is a genre."""
        subject = self._nearest_subject(word)
        marks = [mark for mark in self._parsed.marks if mark.at > word.at]
        words = self._parsed.words_after(word, marks[0] if marks else None)
        if subject is None or "other" not in words[1:-1]:
            return False
        at = words.index("other")
        compared = words[at - 2 : at - 1] in (["than"], ["of"]) or at == 1
        noun = NOUNS.get(words[at + 1], "").removesuffix("s")
        return compared and words[at - 1] in EVERY_OTHER and noun == subject.fact.noun

    def _is_of_the_top_rated(self, word: Word) -> bool:
        """Return whether "more" or "less" begins "more common among the top-rated films"."""
        words = self._parsed.words_after(word, None)
        return (
            word.text in {"more", "less"}
            and words[:1] != []
            and words[0] in FREQUENCIES
            and (words[1:4] in (["among", "the", "top-rated"], ["in", "the", "top-rated"]))
        )

    def _over_represented(self, word: Word, sign: int) -> bool:
        """Compare the subject's share of the top-rated films with its share of the list."""
        subject, kind = self._nearest_subject(word), LARGER if sign > 0 else SMALLER
        for claim in self._claims:
            values = [value_of(name, self._facts) for name in (*claim.of, *claim.than)]
            tops = [value is not None and "top-rated" in value.measure for value in values]
            if subject and claim.kind == kind and tops == [True, False] and self._names(claim.of, [subject]):
                self._claimed.add(subject.subject)
                return self._names(claim.than, [subject]) and self._shows_only(claim.of[0], subject)
        return False

    def _shows_only(self, name: str, subject: Mark) -> bool:
        """Return whether all values that the sentence gives of a subject are of the fact that a claim names."""
        own = name.strip("{}").partition(".")[0]
        return all(mark.name == own for mark in self._parsed.marks if mark.value and mark.subject == subject.subject)

    def _superlative(self, word: Word, sign: int) -> bool:
        next_word = self._parsed.words_after(word, None)[:1]
        if word.text in {"most", "least"} and next_word in (["of"], ["in"]):
            return False
        subject = self._nearest_subject(word)
        kind = HIGHEST if sign > 0 else LOWEST
        if subject is None:
            return False
        for claim in self._claims:
            named = claim.kind == kind and self._names(claim.of, [subject])
            if named and self._scope_fits(word, claim.of[0]) and self._is_about(word, claim.of, [subject]):
                self._claimed.add(subject.subject)
                return True
        return False

    def _scope_fits(self, word: Word, name: str) -> bool:
        """Say "the highest of all genres" of a genre only; of films, also of what counts films."""
        fact, value = self._fact(name), value_of(name, self._facts)
        words = self._parsed.words_after(word, None)
        for before, text in pairwise(words):
            if text in NOUNS and text.endswith("s") and before in {"all", "the", "any", "among", "of", "listed"}:
                if NOUNS[text] == "films" and fact.noun != "film":
                    return value is not None and bool({"share", "films"} & value.measure)
                return NOUNS[text].removesuffix("s") == fact.noun
        return True

    def _trend(self, word: Word, sign: int) -> bool:
        subject = self._nearest_subject(word)
        if subject is None:
            return False
        kind = RISING if sign > 0 else FALLING
        quantified = any(one.text in QUANTIFIERS for one in self._parsed.words)
        group = self._left(word) if quantified else [subject]
        for claim in self._claims:
            named = claim.kind == kind and self._names(claim.of, group)
            if named and (self._is_about(word, claim.of, group) or self._is_only_trend(claim)):
                self._claimed |= {mark.subject for mark in group}
                return True
        return False

    def _is_only_trend(self, claim: Claim) -> bool:
        """Without a measure, a subject rises or falls only if all that is known of it does."""
        sign, subjects = (1 if claim.kind == RISING else -1), set(self._subjects(claim.of))
        facts = [fact for fact in self._facts.values() if fact.about in subjects]
        own = {self._fact(name).id for name in claim.of}
        if any(mark.value and mark.subject in subjects and mark.fact.id not in own for mark in self._parsed.marks):
            return False
        return all(value.trend in (0, sign) for fact in facts for value in fact.values.values())

    def _nearest_subject(self, word: Word) -> Mark | None:
        subjects = [mark for mark in self._parsed.marks if not mark.value]
        before = [mark for mark in subjects if mark.at < word.at]
        if before:
            return before[-1]
        return subjects[0] if subjects else None

    def _quantifier(self, word: Word) -> bool:
        """Let "both" and "all" stand for the subjects of a claim only; "of all genres" ends a superlative."""
        before = self._parsed.before(word)
        if word.text == "all" and isinstance(before, Word) and before.text in {"of", "among"}:
            superlatives = [one for one in self._parsed.words if one.text in SUPERLATIVES]
            subject = self._nearest_subject(word)
            noun = NOUNS.get(self._parsed.neighbours(word)[1], "").removesuffix("s")
            is_of_kind = subject is not None and noun == subject.fact.noun
            return any(one.at < word.at or is_of_kind for one in superlatives)
        if isinstance(before, Word) and before.text in COMPARATIVES | {"than": 0, "of": 0}:
            after = [mark for mark in self._parsed.marks if mark.at > word.at and not mark.value]
            beside = grammar.listed_from(self._parsed, after) if after else []
            return len(beside) == 2 if word.text == "both" else len(beside) > 2
        named = {subject for claim in self._claims if claim.kind == ALL for subject in self._subjects(claim.of)}
        others = [claim for claim in self._claims if claim.kind != ALL and set(self._subjects(claim.of)) == named]
        subjects = {mark.subject for mark in self._parsed.marks if not mark.value}
        compared = {subject for claim in others for subject in self._subjects(claim.than)}
        expressed = any(
            one.text in COMPARATIVES or one.text in TRENDS for one in self._parsed.words if one.at != word.at
        )
        counted = len(named) == 2 if word.text == "both" else len(named) > 2
        return counted and bool(others) and expressed and named == subjects - compared

    def _fact(self, name: str) -> Fact:
        """Return the fact whose value a claim names as ``f1.mean``."""
        return self._facts[name.strip("{}").partition(".")[0]]

    def _subjects(self, names: Sequence[str]) -> list[str]:
        return [self._fact(name).about for name in names]

    def _names(self, names: Sequence[str], marks: Sequence[Mark]) -> bool:
        return sorted(self._subjects(names)) == sorted({mark.subject for mark in marks})

    def _is_about(self, word: Word, names: Sequence[str], marks: Sequence[Mark]) -> bool:
        """A claim is about the value shown for its subject, or about the measure that a word beside it names."""
        values = [value for name in names if (value := value_of(name, self._facts))]
        if self._parsed.neighbours(word)[0] in EARNS and not all("money" in value.measure for value in values):
            return False
        near = [one.text for one in self._parsed.words if abs(one.at - word.at) <= _NEAR]
        called = {MEASURES[text] for text in near if text in MEASURES} | ({"films"} if "films" in near else set())
        following_words = self._parsed.words_after(word, None)
        if ["the", "list"] in (following_words[:2], following_words[1:3]):
            called.add("rank")
        following = self._parsed.after(word)
        named = isinstance(following, Word) and ({MEASURES.get(following.text), NOUNS.get(following.text)} & _BINDING)
        if named and not all(named & value.measure for value in values):
            return False
        if all(called & value.measure for value in values):
            return True
        if word.text in SIZES and not all(SIZE_MEASURES & value.measure for value in values):
            return False
        shown = {f"{mark.name}.{mark.value}" for mark in self._parsed.marks if mark.value}
        wanted = {mark.subject for mark in marks}
        of_subjects = {one for one in shown if self._fact(one).about in wanted}
        claimed = {name.strip("{}") for name in names}
        return claimed <= of_subjects or (not of_subjects and self._other_side_shows(values))

    def _other_side_shows(self, values: Sequence[FactValue]) -> bool:
        """In "ahead of Comedy", the side without a value is compared by the value that the other side shows."""
        scales = {mark.fact.values[mark.value].scale for mark in self._parsed.marks if mark.value}
        return bool(scales) and {value.scale for value in values} <= scales

    def _is_called_right(self, word: Word) -> bool:
        measure = MEASURES.get(word.text)
        if measure is None or grammar.is_noun_of_subject(self._parsed, word) or grammar.is_period(self._parsed, word):
            return True
        claimed = [name for claim in self._claims for name in (*claim.of, *claim.than)]
        if any(measure in value.measure for name in claimed if (value := value_of(name, self._facts))):
            return True
        values = sorted((mark for mark in self._parsed.marks if mark.value), key=lambda mark: abs(mark.at - word.at))
        if measure == "director" and values and values[0].fact.noun == measure:
            return True
        return any(measure in mark.fact.values[mark.value].measure for mark in values[:2])


def _write(parsed: Parsed, facts: Mapping[str, Fact], claims: Sequence[Claim]) -> str:
    """Put the facts' own text in the place of each mark, once: braces inside a name stay text."""
    text = parsed.written().removesuffix(".")
    among = dict.fromkeys(
        f"{value.placed} {value.among}"
        for claim in claims
        if claim.kind in {HIGHEST, LOWEST}
        for name in claim.of
        if (value := value_of(name, facts)) and value.among
    )
    return f"{text[0].upper()}{text[1:]}{''.join(f' (of {words})' for words in among)}."
