"""Cleaners against values from real answers, and against arbitrary text and JSON values."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.silver import clean

CLEANERS: list[Callable[[Any], Any]] = [
    clean.text,
    clean.lower,
    clean.names,
    clean.countries,
    clean.certificate,
    clean.whole,
    clean.year,
    clean.minutes,
    clean.day,
    clean.dollars,
    clean.out_of_ten,
    clean.percent,
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
# Texts made of what the cleaners look for find their edges sooner than any text.
likely_texts = st.text("0123456789,.-–−$%/()hminMBk OctNA&;#", max_size=20)


@pytest.mark.parametrize("cleaner", CLEANERS)
def test_nothing_is_none_and_never_zero(cleaner: Callable[[Any], Any]) -> None:
    for nothing in (None, "N/A", "n/a", "", " ", " N/A ", "\u200b", "&nbsp;"):
        assert cleaner(nothing) is None, nothing


@pytest.mark.parametrize("cleaner", CLEANERS)
def test_values_that_are_not_text_are_rejected(cleaner: Callable[[Any], Any]) -> None:
    for value in ([], {}, ["N/A"], {"Value": "1"}, True, False):
        with pytest.raises(ValueError, match="expected text"):
            cleaner(value)


@given(value=json_values | likely_texts)
@example(value="$" + "9" * 400)
@example(value="9" * 5000 + " min")
@example(value="$,")
@example(value=", min")
@example(value="\ud800")
def test_cleaners_raise_nothing_but_value_errors(value: Any) -> None:
    for cleaner in CLEANERS:
        with suppress(ValueError):
            cleaner(value)


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("The Godfather", "The Godfather"),
        ("L&eacute;on", "Léon"),
        ("WALL·E", "WALL·E"),
        ("Crime &amp; Punishment", "Crime & Punishment"),
        ('He said "no"', 'He said "no"'),
        ("  two\t\n words\x00 ", "two words"),
        ("zero\u200bwidth \u202eturned", "zero width turned"),
        ("a\u2060b\u2066c\u061cd\ufeffe\x9bf\U000e0041g", "a b c d e f g"),
        ("soft\u00adhyphen", "softhyphen"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        (1994, "1994"),
        (9.3, "9.3"),
        ("Ignore previous instructions", "Ignore previous instructions"),
        ("x" * 2638, "x" * 2638),
    ],
)
def test_text(given_text: Any, expected: str) -> None:
    assert clean.text(given_text) == expected


def test_a_list_of_more_names_than_any_film_has_is_rejected() -> None:
    """A batch of such answers would take more than the function's memory and time, and park its neighbours."""
    assert len(clean.names(", ".join(map(str, range(1000)))) or []) == 1000
    with pytest.raises(ValueError, match="more than 1,000 names"):
        clean.names(", ".join(map(str, range(1001))))


@given(st.text())
def test_cleaned_text_can_be_stored(given_text: str) -> None:
    cleaned = clean.text(given_text)
    assert cleaned is None or (cleaned == cleaned.strip() and cleaned.encode("utf-8"))


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("Drama", ["Drama"]),
        ("Action, Crime, Drama", ["Action", "Crime", "Drama"]),
        ("English, American Sign ", ["English", "American Sign"]),
        ("Ann Example (screenplay by), Bob Example (based on the novel by)", ["Ann Example", "Bob Example"]),
        ("Luc Besson (story), Luc Besson (screenplay)", ["Luc Besson"]),
        ("Ann Example (novel (part two)), Bob Example", ["Ann Example", "Bob Example"]),
        ("Ann Example (from the play by A, B), Bob Example", ["Ann Example", "Bob Example"]),
        ("Robert Downey, Jr., Jude Law", ["Robert Downey Jr.", "Jude Law"]),
        ("Robert Downey, Ann Example, Robert Downey, Jr.", ["Robert Downey", "Ann Example", "Robert Downey Jr."]),
        ("Drama,, Drama , drama", ["Drama"]),
        ("N/A, Drama", ["Drama"]),
        ("Ann (story, Bob", ["Ann (story", "Bob"]),
        (", ,", None),
        ("(uncredited)", None),
    ],
)
def test_names(given_text: str, expected: list[str] | None) -> None:
    assert clean.names(given_text) == expected


name = st.text("abcXYZ é'-.", min_size=1, max_size=8) | st.sampled_from(
    ["Jr.", "III", "A (b)", "A (b, c)", "A (b (c))"]
)


@given(st.lists(name, max_size=6).map(", ".join))
def test_names_of_names_are_the_same_names(joined: str) -> None:
    names = clean.names(joined)
    assert names is None or clean.names(", ".join(names)) == names


@given(st.lists(name, max_size=6).map(", ".join))
def test_no_name_comes_twice(joined: str) -> None:
    names = clean.names(joined) or []
    assert len({one.casefold() for one in names}) == len(names)


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("USA", ["United States"]),
        ("United States", ["United States"]),
        ("USA, United States", ["United States"]),
        ("UK, France, United Kingdom", ["United Kingdom", "France"]),
        ("France, usa", ["France", "United States"]),
        ("West Germany", ["West Germany"]),
    ],
)
def test_countries_have_one_spelling(given_text: str, expected: list[str]) -> None:
    assert clean.countries(given_text) == expected


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("Not Rated", "Not Rated"),
        ("NOT RATED", "Not Rated"),
        ("NR", "Not Rated"),
        ("Unrated", "Not Rated"),
        ("UNRATED", "Not Rated"),
        ("Passed", "Passed"),
        ("PASSED", "Passed"),
        ("APPROVED", "Approved"),
        ("18+", "18+"),
        ("PG-13", "PG-13"),
        ("TV-MA", "TV-MA"),
    ],
)
def test_certificates_have_one_spelling(given_text: str, expected: str) -> None:
    assert clean.certificate(given_text) == expected


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [("2,400,369", 2400369), ("0", 0), ("2757004", 2757004), ("-5", -5), ("\u22125", -5), (12, 12), (" 7 ", 7)],
)
def test_whole(given_text: Any, expected: int) -> None:
    assert clean.whole(given_text) == expected


@pytest.mark.parametrize(
    "given_text",
    ["many", "1.5", "1,2,3", "12,34", "1234,567", "1,5", ",5", "1,", "1 000", "1e6", "９", "9" * 19, "--1", "1-"],
)
def test_invalid_whole_numbers_are_rejected(given_text: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        clean.whole(given_text)


@given(st.integers(-(10**12), 10**12))
def test_whole_reads_commas_back(number: int) -> None:
    assert clean.whole(f"{number:,}") == clean.whole(str(number)) == number


@given(st.integers(0, 100))
def test_a_rating_reads_back_with_and_without_its_scale(tenths: int) -> None:
    value = tenths / 10
    assert clean.out_of_ten(f"{value}/10") == clean.out_of_ten(f"{value}") == value


@pytest.mark.parametrize(
    ("cleaner", "given_text", "expected"),
    [
        (clean.out_of_ten, "9.3/10", 9.3),
        (clean.out_of_ten, "9.3", 9.3),
        (clean.out_of_ten, "-1/10", -1),
        (clean.percent, "91%", 91),
        (clean.percent, "80/100", 80),
        (clean.percent, "64", 64),
    ],
)
def test_score(cleaner: Callable[[Any], Any], given_text: str, expected: float) -> None:
    assert cleaner(given_text) == expected


@pytest.mark.parametrize(
    ("cleaner", "given_text"),
    [
        (clean.out_of_ten, "80/100"),
        (clean.out_of_ten, "91%"),
        (clean.out_of_ten, "9,3/10"),
        (clean.percent, "9.3/10"),
        (clean.percent, "A+"),
        (clean.percent, "9,1%"),
    ],
)
def test_a_score_on_another_scale_is_refused(cleaner: Callable[[Any], Any], given_text: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        cleaner(given_text)


def test_a_percentage_is_whole() -> None:
    assert clean.percent("91%") == 91
    with pytest.raises(ValueError, match="is not a whole number"):
        clean.percent("91.5%")


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("1994", 1994),
        ("2005–2014", 2005),
        ("2007–", 2007),
        ("2005-2014", 2005),
        ("3994", 3994),
        ("-1", -1),
        (1994, 1994),
    ],
)
def test_year(given_text: Any, expected: int) -> None:
    assert clean.year(given_text) == expected


@pytest.mark.parametrize("given_text", ["199x", "19940", "–2014", "MCMXCIV"])
def test_invalid_years_are_rejected(given_text: str) -> None:
    with pytest.raises(ValueError, match="is not a year"):
        clean.year(given_text)


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("142 min", 142),
        ("2 h", 120),
        ("1 h 15 min", 75),
        ("1 h 30 min", 90),
        ("1h", 60),
        ("1,440 min", 1440),
        ("0 min", 0),
        ("-142 min", -142),
        ("142 mins.", 142),
    ],
)
def test_minutes(given_text: str, expected: int) -> None:
    assert clean.minutes(given_text) == expected


@pytest.mark.parametrize(
    "given_text", ["34S min", "142", "long", "min", "h", "1 min 2 h", "1.5 h", "1,5 min", "1440,000 min", "1,44 min"]
)
def test_invalid_running_times_are_rejected(given_text: str) -> None:
    with pytest.raises(ValueError, match="is not a running time"):
        clean.minutes(given_text)


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("14 Oct 1994", date(1994, 10, 14)),
        ("1 January 2000", date(2000, 1, 1)),
        ("29 Feb 2000", date(2000, 2, 29)),
        ("1994-10-14", date(1994, 10, 14)),
    ],
)
def test_day(given_text: str, expected: date) -> None:
    assert clean.day(given_text) == expected


@pytest.mark.parametrize("given_text", ["30 Feb 1994", "14 Okt 1994", "Oct 1994", "14/10/1994", "0 Jan 1994"])
def test_invalid_dates_are_rejected(given_text: str) -> None:
    with pytest.raises(ValueError, match="is not a day"):
        clean.day(given_text)


@given(st.dates(min_value=date(1000, 1, 1)))
def test_a_day_reads_back_in_omdbs_form(day: date) -> None:
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    assert clean.day(f"{day.day:02} {months[day.month - 1]} {day.year}") == day


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("$28,767,189", 28767189),
        ("$30,459,009.00", 30459009),
        ("$28.7M", 28700000),
        ("$1.5 billion", 1500000000),
        ("$0", 0),
        ("-$1", -1),
        ("$-1", -1),
    ],
)
def test_dollars(given_text: str, expected: int) -> None:
    assert clean.dollars(given_text) == expected


@pytest.mark.parametrize(
    "given_text",
    [
        "28767189",
        "£1,000",
        "$",
        "$many",
        "$1 trillionaire",
        "$1.2.3",
        "$28,7M",
        "$1,5",
        "$28.767.189",
        "$2876,718",
        "$1,5.0",
    ],
)
def test_invalid_amounts_are_rejected(given_text: str) -> None:
    with pytest.raises(ValueError, match="is not an amount in US dollars"):
        clean.dollars(given_text)


@given(st.integers(0, 10**10))
def test_dollars_read_back(amount: int) -> None:
    assert clean.dollars(f"${amount:,}") == clean.dollars(f"${amount:,}.00") == amount
