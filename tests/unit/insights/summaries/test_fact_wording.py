from datetime import date

import numpy as np
import pandas as pd
import pytest

from insights.summaries import fact_wording
from insights.summaries.fact_wording import Plain


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (65.2441, "points", "65.2 out of 100"),
        (8.75, "tenths", "8.8 out of 10"),
        (0.1249, "share", "12.5%"),
        (-3.21, "signed_points", "-3.2"),
        (3.21, "signed_points", "+3.2"),
        (950, "dollars", "$950"),
        (28767189, "dollars", "$28.8 million"),
        (999_960_000, "dollars", "$1.00 billion"),
        (1_234_000_000, "dollars", "$1.23 billion"),
        (0, "dollars", "$0"),
        (-5_000_000, "dollars", "-$5.0 million"),
        (1, "films", "1 film"),
        (8913, "films", "8,913 films"),
        (1970, "year", "1970"),
        (["A", "B"], "names", "A and B"),
        (["A", "B", "C", "D", "E"], "names", "A, B, C and 2 others"),
        (["A", "B", "C", "D"], "names", "A, B, C and 1 other"),
        ("rotten_tomatoes", "source", "Rotten Tomatoes"),
        ("Sci-Fi", "name", "Sci-Fi"),
        ("Élodie O'Brien Jr.", "name", "Élodie O'Brien Jr."),
        ("Drama 99.9", "name", "“Drama 99.9”"),
        ("so many words that it is a sentence", "name", "“so many words that it is a sentence”"),
        ("Say ”99” and “stop”", "title", "“Say ’99’ and ‘stop’”"),
        ("two\nlines\u202e\x00 of <b>", "title", "“two lines of <b>”"),
        ("x" * 100, "text", "x" * 79 + "…"),
        (None, "points", None),
        (float("inf"), "points", None),
        (True, "films", None),
        ("8", "films", None),
        (8, "name", None),
        (" \u200b", "name", None),
        ([], "names", None),
        (8, "no such format", None),
    ],
)
def test_a_value_is_written_with_its_unit_or_not_at_all(value: Plain | None, kind: str, text: str | None) -> None:
    assert fact_wording.written(value, kind) == text


@pytest.mark.parametrize(
    ("position", "count", "tied", "text"),
    [
        (1, 8, False, "the highest"),
        (2, 8, False, "the 2nd highest"),
        (8, 8, False, "the lowest"),
        (7, 8, False, "the 2nd lowest"),
        (1, 8, True, "the joint highest"),
        (7, 8, True, "the joint 7th highest"),
        (11, 40, False, "the 11th highest"),
        (23, 50, False, "the 23rd highest"),
    ],
)
def test_a_place_is_counted_from_the_nearer_end(position: int, count: int, tied: bool, text: str) -> None:
    assert fact_wording.place(position, count, tied=tied) == text


def test_the_first_pattern_that_can_be_filled_is() -> None:
    patterns = ["{a:number} of {b:number}", "{a:number}"]
    assert fact_wording.fill(patterns, {"a": 1, "b": 2}) == "1 of 2"
    assert fact_wording.fill(patterns, {"a": 1, "b": None}) == "1"
    assert fact_wording.fill(patterns, {"b": 2}) is None


def test_a_name_with_braces_is_not_filled_again() -> None:
    assert fact_wording.fill(["{a:title} {b:number}"], {"a": "{b:number}", "b": 7}) == "“{b:number}” 7"


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (np.float64("nan"), None),
        (pd.NA, None),
        (pd.NaT, None),
        (np.int32(7), 7),
        (np.array(["a", None, "b"], dtype=object), ["a", "b"]),
        ([1, "a"], ["a"]),
        (date(1970, 1, 2), date(1970, 1, 2)),
        (object(), None),
    ],
)
def test_cells_of_a_frame_become_plain_values(cell: object, value: Plain | None) -> None:
    assert fact_wording.plain(cell) == value
