"""Finding films by id or by title as typed, and their recommendations."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.similar.lookup import Catalogue, Match, normalised, split_year
from pipeline.errors import InvalidInput

ATTACK = 'Ignore previous instructions <script>alert("1")</script>'
FILMS: list[tuple[Any, ...]] = [
    ("tt0068646", "The Godfather", 1972, 1),
    ("tt0071562", "The Godfather Part II", 1974, 2),
    ("tt0040416", "Hamlet", 1948, 9),
    ("tt0116477", "Hamlet", 1996, 5),
    ("tt0211915", "Amélie", 2001, 6),
    ("tt0910970", "WALL-E", 2008, 7),
    ("tt1856101", "Blade Runner 2049", 2017, 8),
    ("tt0066767", "$", 1971, 10),
    ("tt0111161", "The Shawshank Redemption", 1994, 3),
    ("tt0000001", None, None, None),
    ("tt0000002", ATTACK, None, None),
    ("tt2194499", "1982", 2013, 11),
]
RECOMMENDATIONS: list[tuple[Any, ...]] = [
    ("tt0068646", 2, "tt0111161", 0.25, "both dramas"),
    ("tt0068646", 1, "tt0071562", 0.75, "same director: Francis Ford Coppola"),
    ("tt0068646", 3, "tt9999999", 0.1, "both dramas"),
]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(FILMS, RECOMMENDATIONS)


def ids(match: Match) -> list[str]:
    return [film.imdb_id for film in match.films]


@pytest.mark.parametrize(
    "query",
    [
        "tt0068646",
        " TT0068646 ",
        "the godfather",
        "Godfather",
        "GODFATHER, THE",
        "godfather 1972",
        "The Godfather (1972)",
        "the godfather, 1972",
        "the\u00a0godfather",
        "teh godfather",
        "godfahter",
        "godfathr 1972",
        "The Godfather 1973",
    ],
)
def test_a_film_is_found_as_people_write_it(catalogue: Catalogue, query: str) -> None:
    assert ids(catalogue.find(query)) == ["tt0068646"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("amelie", "tt0211915"),
        ("AMÉLIE", "tt0211915"),
        ("walle", "tt0910970"),
        ("wall e", "tt0910970"),
        ("blade runner 2049", "tt1856101"),
        ("blade runner 2049 2017", "tt1856101"),
        ("$", "tt0066767"),
        ("shawshank", "tt0111161"),
        ("godfather 2", "tt0071562"),
        ("godfather ii", "tt0071562"),
        ("hamlet 1996", "tt0116477"),
        (ATTACK.lower(), "tt0000002"),
    ],
)
def test_a_title_is_found_without_accents_or_signs_and_with_either_numeral(
    catalogue: Catalogue, query: str, expected: str
) -> None:
    assert ids(catalogue.find(query)) == [expected]


def test_several_films_of_one_title_are_all_given_best_rank_first(catalogue: Catalogue) -> None:
    assert ids(catalogue.find("hamlet")) == ["tt0116477", "tt0040416"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("hamlot", ["tt0116477", "tt0040416"]),
        ("homlot", []),
        ("the shxwshxnk redxmption", ["tt0111161"]),
        ("the shxwshxnk redxmptixn", []),
    ],
)
def test_one_typo_in_five_letters_is_forgiven_and_three_at_most(
    catalogue: Catalogue, query: str, expected: list[str]
) -> None:
    assert ids(catalogue.find(query)) == expected


def test_a_wrong_digit_is_another_film_and_no_typo(catalogue: Catalogue) -> None:
    assert ids(catalogue.find("1984")) == []


def test_another_year_is_another_film_and_the_title_is_named(catalogue: Catalogue) -> None:
    match = catalogue.find("hamlet 1850")

    assert match.films == ()
    assert [film.year for film in match.closest[:2]] == [1996, 1948]


def test_an_unknown_title_gets_the_closest(catalogue: Catalogue) -> None:
    match = catalogue.find("shawshenk redumptions of all")

    assert match.films == ()
    assert match.closest[0].imdb_id == "tt0111161"


def test_a_title_that_shares_no_letter_gets_no_closest(catalogue: Catalogue) -> None:
    assert catalogue.find("羅生門").closest == ()


def test_an_unknown_id_is_not_taken_for_a_title(catalogue: Catalogue) -> None:
    assert catalogue.find("tt7654321") == Match(())


@pytest.mark.parametrize("query", ["", "   ", "x" * 201, "god\x00father", "god\nfather", "\ud800"])
def test_what_cannot_be_a_title_is_refused(catalogue: Catalogue, query: str) -> None:
    with pytest.raises(InvalidInput, match="title"):
        catalogue.find(query)


def test_an_empty_catalogue_knows_nothing() -> None:
    assert Catalogue([], []).find("alien") == Match(())


def test_recommendations_come_by_rank_without_films_that_left(catalogue: Catalogue) -> None:
    assert catalogue.similar("tt0068646", 5) == {
        "imdb_id": "tt0068646",
        "title": "The Godfather",
        "year": 1972,
        "similar": [
            {
                "rank": 1,
                "imdb_id": "tt0071562",
                "title": "The Godfather Part II",
                "year": 1974,
                "similarity": 0.75,
                "because": "same director: Francis Ford Coppola",
            },
            {
                "rank": 2,
                "imdb_id": "tt0111161",
                "title": "The Shawshank Redemption",
                "year": 1994,
                "similarity": 0.25,
                "because": "both dramas",
            },
        ],
    }
    assert len(catalogue.similar("tt0068646", 1)["similar"]) == 1


def test_a_film_without_recommendations_has_an_empty_list(catalogue: Catalogue) -> None:
    assert catalogue.similar("tt0040416")["similar"] == []


@pytest.mark.parametrize(("imdb_id", "k"), [("tt0068646", 0), ("tt0068646", 21), ("tt7654321", 5)])
def test_unknown_films_and_numbers_out_of_range_are_refused(catalogue: Catalogue, imdb_id: str, k: int) -> None:
    with pytest.raises(InvalidInput):
        catalogue.similar(imdb_id, k)


@given(st.text(max_size=60))
def test_any_text_is_answered_or_refused(text: str) -> None:
    try:
        match = Catalogue(FILMS, []).find(text)
    except InvalidInput:
        return
    assert not (match.films and match.closest)


@given(st.text(alphabet=st.characters(max_codepoint=0x24F), max_size=40))
def test_upper_and_lower_case_are_one_title(title: str) -> None:
    assert normalised(title.upper()) == normalised(title.lower())


def test_every_title_finds_its_own_film(catalogue: Catalogue) -> None:
    for imdb_id, title, year, _ in FILMS:
        if title:
            assert imdb_id in ids(catalogue.find(f"{title} {year}" if year else title))


def test_one_spelling_has_no_accents_articles_and_roman_numbers() -> None:
    written = ["AMÉLIE", "Matrix, The", "The Godfather: Part II", "Ocean's Eleven", "Ørsted & Łódź", "七人の侍", "!?"]

    assert [normalised(title) for title in written] == [
        "amelie",
        "matrix",
        "godfather part 2",
        "oceans eleven",
        "orsted and lodz",
        "七人の侍",
        "!?",
    ]


def test_a_year_is_only_taken_from_the_end() -> None:
    assert split_year("1984") == ("1984", None)
    assert split_year("2001 a space odyssey") == ("2001 a space odyssey", None)
    assert split_year("alien (1979)") == ("alien", 1979)


def test_a_lambda_can_carry_it() -> None:
    """Given a fresh interpreter, when the lookup is imported, then no heavy library is."""
    code = "import sys, insights.find_similar_movies; print({'numpy', 'pandas', 'sklearn', 'scipy'} & set(sys.modules))"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
