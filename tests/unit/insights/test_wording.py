"""How numbers, names and times are written."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights import wording
from insights.wording import Answer, Text

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3000, "3,000"), (91.0, "91"), (62.96, "63.0"), (0.154, "0.15"), (-0.004, "0.00"), (None, "not known"),
     (pd.NA, "not known"), (float("nan"), "not known")],
)  # fmt: skip
def test_number(value: object, expected: str) -> None:
    assert wording.number(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(2.8e9, "$2.80 billion"), (46e6, "$46.0 million"), (97_195, "$97,195"), (0, "$0"), (-5e6, "-$5.0 million"),
     (999_960_000, "$1.00 billion"), (996e6, "$996.0 million"), (960_000, "$960,000"), (None, "not known")],
)  # fmt: skip
def test_dollars(value: object, expected: str) -> None:
    assert wording.dollars(value) == expected


def test_numbers_that_are_not_0_are_not_written_as_0() -> None:
    assert [wording.places_of(*n) for n in ((1.2, -0.3), (0.04, 3.0), (0.004, 2.0), (0.0, 0.0))] == [1, 2, 3, 1]


@pytest.mark.parametrize(
    ("past", "expected"),
    [(timedelta(seconds=59), "less than a minute"), (timedelta(minutes=1), "1 minute"), (timedelta(hours=1), "1 hour"),
     (timedelta(hours=5), "5 hours"), (timedelta(days=2), "2 days"), (-timedelta(days=2), "less than a minute")],
)  # fmt: skip
def test_age(past: timedelta, expected: str) -> None:
    assert wording.age(NOW - past, NOW) == expected


def test_extremes_of_rows_of_one_and_of_none() -> None:
    frame = pd.DataFrame({"genre": ["A", "B", "C"], "mean": [1.0, 3.0, None]})
    assert wording.extremes(frame, "genre", "mean") == "Highest: B, 3. Lowest: A, 1."
    assert wording.extremes(frame.head(1), "genre", "mean") == "Highest: A, 1."
    assert wording.extremes(frame.tail(1), "genre", "mean") == "There are no values."


def test_text_is_never_markup() -> None:
    html = Text("<t>")._repr_html_() + Answer("<q>", "Note.\n<s>One.")._repr_html_()
    assert not [tag for tag in ("<t>", "<q>", "<s>") if tag in html]
    assert "<p>Note.</p>" in html


@pytest.mark.parametrize(
    ("share", "places", "expected"),
    [(0.22, 0, "22%"), (1, 0, "100%"), (2999 / 3000, 1, "> 99.9%"), (0.0001, 1, "< 0.1%"), (0, 1, "0.0%"),
     (0.999, 0, "> 99%"), (None, 0, "not known")],
)  # fmt: skip
def test_a_share_is_all_or_none_only_when_exact(share: float | None, places: int, expected: str) -> None:
    assert wording.percent(share, places) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, "yes"), (3000, "3,000"), (pd.NA, "not known"), (["a", "b"], "a, b"), ("x", "x"), (0.123, "0.12"),
     (pd.Timestamp("2026-11-24 03:04"), "2026-11-24 03:04"), (pd.NaT, "not known"), (np.False_, "no")],
)  # fmt: skip
def test_cell(value: object, expected: str) -> None:
    assert wording.cell(value) == expected


def test_counts_lists_and_times_are_written_as_in_a_sentence() -> None:
    assert [wording.count(n, "film") for n in (0, 1, 1.2, 8421)] == ["no films", "1 film", "1 film", "8,421 films"]
    assert [wording.in_words(n) for n in (0, 12, 13, 1300)] == ["no", "twelve", "13", "1,300"]
    assert [wording.listed(list(names)) for names in ("", "A", "AB", "ABC")] == ["", "A", "A and B", "A, B and C"]
    assert [wording.shortened(list(names)) for names in ("ABC", "ABCD", "ABCDE")] == [
        "A, B and C", "A, B, C and 1 other", "A, B, C and 2 others",
    ]  # fmt: skip
    assert wording.moment(datetime(2026, 1, 9, 3, 4, tzinfo=UTC)) == "9 January 2026, 03:04 UTC"
    assert (wording.year(1990.0), wording.decade(1990), wording.year(None)) == ("1990", "1990s", "not known")
    assert (wording.gap("%"), wording.gap("of 100")) == ("", " ")
    assert wording.name("x" * 80) == "x" * 80
    assert wording.name("A\u200bB\u202e\x07C") == "A B C"
    assert wording.name("x" * 81) == "x" * 79 + "…"


def test_a_value_that_rounds_to_zero_has_no_minus() -> None:
    assert [wording.decimals(2)(value) for value in (-0.004, -0.006)] == ["0.00", "-0.01"]
    assert [wording.signed(2)(value) for value in (-0.004, -0.006)] == ["0.00", "-0.01"]


@pytest.mark.parametrize(
    ("genre", "expected"),
    [("Adventure", "adventures"), ("War", "war films"), ("Western", "Westerns"), ("Say 99", "“Say 99” films")],
)
def test_a_genre_is_named_as_its_kind_of_film(genre: str, expected: str) -> None:
    assert wording.kind_of_film(genre) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sci-Fi", "Sci-Fi"),
        ("Élodie O'Brien Jr.", "Élodie O'Brien Jr."),
        ("Drama 99.9", "“Drama 99.9”"),
        ("so many words that it is a sentence", "“so many words that it is a sentence”"),
    ],
)
def test_a_name_that_is_none_is_quoted(text: str, expected: str) -> None:
    assert wording.plain_name(text) == expected


@given(st.text())
def test_a_title_never_leaves_its_quotation_marks_or_its_line(title: str) -> None:
    text = wording.quoted(title)
    assert text[0] == "“"
    assert text[-1] == "”"
    assert not re.search(r"[“”\n\r\u2028\u202e\u200b]", text[1:-1])


@given(st.floats(min_value=0, max_value=1e13))
def test_dollars_are_right_to_the_digits_written(value: float) -> None:
    number, _, word = wording.dollars(value).removeprefix("$").replace(",", "").partition(" ")
    scale = {"": 1, "million": 1e6, "billion": 1e9}[word]
    digits = len(number.partition(".")[2])
    assert math.isclose(float(number) * scale, value, rel_tol=1e-9, abs_tol=0.5000001 * scale / 10**digits)
