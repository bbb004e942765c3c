"""Checks a summary's sentences against the facts they name, and writes out those that hold.

Pure: reads and writes nothing. A sentence comes in controlled language (:mod:`.summary_language`), whoever
wrote it; what is not in that language, or compares what does not compare so, is refused with one fixed reason. No
text of a refused sentence is kept: it may hold a false number, markup or an instruction.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from insights.summaries import language
from insights.summaries.facts import Fact, FactValue

NO_FACT = "names no fact"
UNKNOWN_FACT = "names a fact or value that does not exist"
OTHER_FACTS = "facts named are not the facts used"
OWN_WORDS = "words, numbers or marks that are not from the facts"
VALUE_OF_OTHER = "value without its own subject, or subject without a value"
FALSE_COMPARISON = "comparison that the facts do not bear out"
TOO_LONG = "more clauses than a sentence may have"
REPEATED = "said before"

# A mark is ASCII only, so that no look-alike letter or digit passes for one.
_MARK = re.compile(r"\{([a-z][a-z0-9]*)(?:\.([a-z0-9_]+))?\}")


_BLANKS = re.compile(r"[ \t\n]+")


@dataclass(frozen=True)
class Sentence:
    """A sentence in controlled language, and the facts that its writer says it stands on."""

    text: str
    facts: tuple[str, ...]


@dataclass(frozen=True)
class Checked:
    """Outcome for one sentence: the text a reader sees, or the reason why there is none; never both."""

    text: str = ""
    facts: tuple[Fact, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class _Mark:
    """A place where our code writes: the subject of a fact, or (``value`` is not "") one of its values."""

    fact: str
    value: str


@dataclass(frozen=True)
class _Parsed:
    """Marks, and the words before, between and after them (one more than marks)."""

    marks: tuple[_Mark, ...]
    gaps: tuple[str, ...]

    def connectors(self) -> dict[int, str]:
        """Words before each clause but the first, by the place of the mark before them."""
        return {place: self.gaps[place + 1] for place, mark in enumerate(self.marks[1:]) if not mark.value}


def check(sentence: Sentence, facts: Mapping[str, Fact]) -> Checked:
    """Check one sentence.

    Parameters
    ----------
    sentence : Sentence
        As the model, or the computed text, wrote it.
    facts : mapping of str to Fact
        The facts of the question by the short name used in sentences ("f1").

    Returns
    -------
    Checked
        The sentence written out, or the first reason against it.
    """
    pieces = _MARK.split(_BLANKS.sub(" ", sentence.text).strip(" "))
    marks = tuple(_Mark(fact, value or "") for fact, value in zip(pieces[1::3], pieces[2::3], strict=True))
    parsed = _Parsed(marks, tuple(pieces[0::3]))
    used = tuple(dict.fromkeys(mark.fact for mark in marks))
    reason = (
        _fault_of_marks(parsed, facts)
        or (OTHER_FACTS if set(sentence.facts) != set(used) else "")
        or _fault_of_words(parsed)
        or _fault_of_comparisons(parsed, facts)
    )
    return Checked(reason=reason) if reason else Checked(_write(parsed, facts), tuple(facts[name] for name in used))


def check_all(sentences: Sequence[Sentence], facts: Mapping[str, Fact]) -> list[Checked]:
    """Check sentences in order; one that says again what a sentence before it said is refused."""
    checked: list[Checked] = []
    for sentence in sentences:
        found = check(sentence, facts)
        repeated = bool(found.text) and any(found.text == earlier.text for earlier in checked)
        checked.append(Checked(reason=REPEATED) if repeated else found)
    return checked


def _fault_of_marks(parsed: _Parsed, facts: Mapping[str, Fact]) -> str:
    """Each clause names its subject once and then values of that subject only; all of them exist."""
    if not parsed.marks:
        return NO_FACT
    for mark in parsed.marks:
        if mark.fact not in facts or (mark.value and mark.value not in facts[mark.fact].values):
            return UNKNOWN_FACT
    if parsed.marks[0].value or not parsed.marks[-1].value:
        return VALUE_OF_OTHER
    for before, after in pairwise(parsed.marks):
        if (after.value and after.fact != before.fact) or not (after.value or before.value):
            return VALUE_OF_OTHER
    return TOO_LONG if len(parsed.connectors()) >= language.CLAUSES_PER_SENTENCE else ""


def _fault_of_words(parsed: _Parsed) -> str:
    """All words between marks are phrases of the language, each in its place."""
    first, *between, last = parsed.gaps
    allowed = first in language.OPENERS and last in ("", ".")
    for gap, (before, after) in zip(between, pairwise(parsed.marks), strict=True):
        if not after.value:
            allowed &= gap in language.NEUTRAL_CONNECTORS or gap in language.COMPARING_CONNECTORS
        else:
            allowed &= gap in (language.BETWEENS if before.value else language.JOINTS)
    return "" if allowed else OWN_WORDS


def _fault_of_comparisons(parsed: _Parsed, facts: Mapping[str, Fact]) -> str:
    """Comparisons are borne out by the numbers.

    In a sentence that compares, all values are on one scale, so each clause has one; every value before the connector
    is larger (or smaller) than every value after it, and looks so after rounding.
    """
    connectors = parsed.connectors()
    signs = {place: sign for place, gap in connectors.items() if (sign := language.COMPARING_CONNECTORS.get(gap))}
    if not signs:
        return ""
    said = [(at, facts[mark.fact].values[mark.value]) for at, mark in enumerate(parsed.marks) if mark.value]
    if len({value.scale for _, value in said}) != 1:
        return FALSE_COMPARISON
    for place, sign in signs.items():
        before = [value for at, value in said if at <= place]
        after = [value for at, value in said if at > place]
        if not all(_larger(one, other, sign) for one in before for other in after):
            return FALSE_COMPARISON
    return ""


def _larger(one: FactValue, other: FactValue, sign: int) -> bool:
    if one.number is None or other.number is None or one.shown == other.shown:
        return False
    return (one.number - other.number) * sign > 0


def _write(parsed: _Parsed, facts: Mapping[str, Fact]) -> str:
    """Put the facts' own text in the place of each mark, once: braces inside a name stay text."""
    written = [
        facts[mark.fact].values[mark.value].text if mark.value else facts[mark.fact].subject for mark in parsed.marks
    ]
    text = parsed.gaps[0] + "".join(words for pair in zip(written, parsed.gaps[1:], strict=True) for words in pair)
    return f"{text[0].upper()}{text[1:].removesuffix('.')}."
