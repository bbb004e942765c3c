"""Claims: each kind is true of the values that it holds for, and of no others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from insights.summaries.claims import Claim, is_true
from tests.prose_facts import named_facts

FACTS = named_facts()


def test_what_looks_equal_is_not_larger_and_what_is_alone_is_not_the_highest() -> None:
    first, second = FACTS["f1"].values["mean"], FACTS["f2"].values["mean"]
    values = {"a": first, "same": replace(first, number=65.2449), "alone": replace(second, place=1, placed=1)}
    facts = {"f1": replace(FACTS["f1"], values=values)}
    assert is_true(Claim("greater", ("f1.same",), ("f1.a",)), facts) is False
    assert is_true(Claim("highest", ("f1.alone",)), facts) is False
    assert is_true(Claim("lowest", ("f1.alone",)), facts) is False


@pytest.mark.parametrize(
    ("claim", "holds"),
    [
        (Claim("greater", ("f1.mean",), ("f2.mean", "f3.mean")), True),
        (Claim("greater", ("f2.mean",), ("f1.mean", "f3.mean")), False),
        (Claim("greater", ("f1.mean", "f3.mean"), ("f2.mean",)), False),
        (Claim("greater", ("f1.mean",), ("f1.mean",)), False),
        (Claim("greater", ("f1.mean",)), False),
        (Claim("greater", ("f1.mean",), ("f6.mean",)), False),
        (Claim("less", ("f2.mean", "f3.mean"), ("f1.mean",)), True),
        (Claim("less", ("f1.mean",), ("f2.mean",)), False),
        (Claim("highest", ("f1.mean",)), True),
        (Claim("highest", ("f2.mean",)), False),
        (Claim("lowest", ("f3.mean",)), True),
        (Claim("lowest", ("f1.mean",)), False),
        (Claim("lowest", ("f4.mean",)), False),
        (Claim("rising", ("f10.trend", "f18.move")), True),
        (Claim("rising", ("f10.trend", "f12.trend")), False),
        (Claim("falling", ("f11.trend", "f19.move")), True),
        (Claim("falling", ("f11.trend", "f10.trend")), False),
        (Claim("all", ("f10.trend", "f11.trend")), True),
        (Claim("all", ("f10.trend",)), False),
        (Claim("greater", ("f1.mean",), ("f99.mean",)), None),
        (Claim("rising", ("f10.colour",)), None),
        (Claim("rising", ()), None),
        (Claim("nicer", ("f1.mean",)), None),
    ],
)
def test_a_claim_holds_for_the_values_that_make_it_true(claim: Claim, holds: bool | None) -> None:
    assert is_true(claim, FACTS) is holds
