"""Numbers, times and findings as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from insights import wording
from insights.wording import Answer, Text

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3000, "3,000"), (91.0, "91"), (62.96, "63.0"), (0.154, "0.15"), (None, "not known"), (pd.NA, "not known"),
     (float("nan"), "not known")],
)  # fmt: skip
def test_number(value: object, expected: str) -> None:
    assert wording.number(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(2.8e9, "$2.8 billion"), (46e6, "$46.0 million"), (97_195, "$97,195"), (None, "not known")],
)
def test_dollars(value: object, expected: str) -> None:
    assert wording.dollars(value) == expected


@pytest.mark.parametrize(
    ("past", "expected"),
    [(timedelta(seconds=59), "less than a minute"), (timedelta(minutes=1), "1 minute"), (timedelta(hours=5), "5 hours"),
     (timedelta(days=2), "2 days"), (-timedelta(days=2), "less than a minute")],
)  # fmt: skip
def test_age(past: timedelta, expected: str) -> None:
    assert wording.age(NOW - past, NOW) == expected


def test_extremes_of_rows_of_one_and_of_none() -> None:
    frame = pd.DataFrame({"genre": ["A", "B", "C"], "mean": [1.0, 3.0, None]})
    assert wording.extremes(frame, "genre", "mean") == "Highest: B, 3. Lowest: A, 1."
    assert wording.extremes(frame.head(1), "genre", "mean") == "Highest: A, 1."
    assert wording.extremes(frame.tail(1), "genre", "mean") == "There are no values."


def test_text_is_never_markup() -> None:
    answer = Answer("<q>", "Note. <s>One.", ("<s>One.",), "<w>")
    html = Text("<t>")._repr_html_() + answer._repr_html_()
    assert not [tag for tag in ("<t>", "<q>", "<s>", "<w>") if tag in html]
    assert "<p>Note.</p>" in html
