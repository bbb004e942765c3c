"""What a sentence claims of the facts' values, and whether it is true. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from insights.summaries.facts import Fact, FactValue

LARGER, SMALLER, HIGHEST, LOWEST = "greater", "less", "highest", "lowest"
RISING, FALLING, ALL = "rising", "falling", "all"
CLAIMS = (LARGER, SMALLER, HIGHEST, LOWEST, RISING, FALLING, ALL)


@dataclass(frozen=True)
class Claim:
    """What a sentence claims of values, each written as in a placeholder: ``f1.mean``.

    ``kind`` is one of ``CLAIMS``. ``greater`` and ``less`` compare each value of ``of`` with each of ``than``; ``all``
    names the values that another claim of the sentence is made of. ``than`` is empty for all other kinds.
    """

    kind: str
    of: tuple[str, ...]
    than: tuple[str, ...] = ()


def value_of(name: str, facts: Mapping[str, Fact]) -> FactValue | None:
    """Find the value that a claim names as ``f1.mean``; None when there is none."""
    fact, _, value = name.strip("{}").partition(".")
    return facts[fact].values.get(value) if fact in facts else None


def is_true(claim: Claim, facts: Mapping[str, Fact]) -> bool | None:
    """Compute whether a claim holds; None when it names what does not exist."""
    of, than = [value_of(name, facts) for name in claim.of], [value_of(name, facts) for name in claim.than]
    if not of or None in of or None in than or claim.kind not in CLAIMS:
        return None
    values, others = [one for one in of if one], [one for one in than if one]
    if claim.kind in {LARGER, SMALLER}:
        sign = 1 if claim.kind == LARGER else -1
        return bool(others) and all(_is_larger(one, other, sign) for one in values for other in others)
    if claim.kind in {RISING, FALLING}:
        return all(value.trend == (1 if claim.kind == RISING else -1) for value in values)
    if claim.kind == ALL:
        return len(values) > 1
    return len(values) == 1 and _is_extreme(values[0], claim.kind)


def _is_larger(one: FactValue, other: FactValue, sign: int) -> bool:
    """Two values compare on one scale only, and only where they look different after rounding."""
    of_one_fact = one.scale.partition("/")[2] == other.scale.partition("/")[2] and "top-rated" in one.measure
    same_scale = one.scale == other.scale or of_one_fact
    if one.number is None or other.number is None or not same_scale or one.shown == other.shown:
        return False
    return (one.number - other.number) * sign > 0


def _is_extreme(value: FactValue, kind: str) -> bool:
    if value.place is None or value.placed is None or value.placed < 2:
        return False
    return value.place == (1 if kind == HIGHEST else value.placed)


def are_neighbours(claim: Claim, facts: Mapping[str, Fact]) -> bool:
    """Return whether a claim compares two values between which no other stands in the order of all."""
    if len(claim.of) != 1 or len(claim.than) != 1:
        return False
    first, second = value_of(claim.of[0], facts), value_of(claim.than[0], facts)
    if first is None or second is None or first.place is None or second.place is None:
        return False
    return abs(first.place - second.place) == 1
