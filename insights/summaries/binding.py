"""Which value of a sentence stands with which subject, by the order in which they come. Pure."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from itertools import groupby, pairwise

from insights.summaries.framing import measure_of
from insights.summaries.parsing import Mark, Parsed, Word
from insights.summaries.vocabulary import AFTER_COMPARED, BEFORE_SUBJECT, COMPARATIVES, DIRECTING, MEASURES, NARROWING

_LISTING = {",", "and"}
_OPPOSING = {"against", "versus", "compared"}  # the value after it is that of the subject compared with


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
    if len(gap) == 1 and gap[0] in DIRECTING:
        return "director" in measure_of(last)
    if gap in (["'s"], []):
        return gap == ["'s"]
    if not follows_subject and gap[:1] == [","]:
        return set(gap[1:]) <= {"the", "film", "genre", "decade", "director"}
    return bool(set(gap) & BEFORE_SUBJECT) and set(gap) <= BEFORE_SUBJECT | {",", "films"}
