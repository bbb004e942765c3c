"""Reasons: true of both films, short, and about people first."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from insights.similar import features, reasons

GODFATHER = {
    "year": 1972,
    "genres": ["Crime", "Drama"],
    "directors": ["Francis Ford Coppola"],
    "writers": ["Mario Puzo", "Francis Ford Coppola"],
    "actors": ["Al Pacino", "Diane Keaton", "Robert Duvall", "Talia Shire"],
    "countries": ["United States"],
    "title": "The Godfather",
}


def reason(one: Mapping[str, object], other: Mapping[str, object], *catalogue: Mapping[str, object]) -> str:
    movies = pd.DataFrame([dict(one), dict(other), *catalogue])
    years = features.numbers(movies, "year").astype(np.float32)
    (said,) = reasons.reasons(features.read(movies), years, np.array([0]), np.array([1]))
    return said


def test_people_come_first_and_each_is_named_once() -> None:
    sequel = {**GODFATHER, "year": 1974, "title": "The Godfather Part II"}
    serpico = {"actors": ["Al Pacino"]}

    assert reason(GODFATHER, sequel, serpico) == (
        "same director: Francis Ford Coppola; same writer: Mario Puzo; "
        "shared cast: Al Pacino, Diane Keaton, Robert Duvall and 1 other"
    )


def test_what_is_shared_is_named_in_the_order_of_the_film_asked_for() -> None:
    one, other = {"actors": ["Zoe Orr", "Bo Ek", "Ann Lee"]}, {"actors": ["Ann Lee", "Zoe Orr"]}

    assert reason(one, other) == "shared cast: Zoe Orr and Ann Lee"
    assert reason(other, one) == "shared cast: Ann Lee and Zoe Orr"


def test_the_names_of_the_most_films_come_first() -> None:
    one = {"actors": ["Bit Player", "Star", "Regular"]}
    others = [{"actors": ["Star", "Regular"]}, {"actors": ["Star"]}]

    assert reason(one, one, *others) == "shared cast: Star, Regular and Bit Player"


def test_actors_of_no_other_film_follow_the_kind() -> None:
    one = {"genres": ["Crime", "Drama"], "actors": ["Bit Player"], "directors": ["Ann Lee"]}
    kind_first = "same director: Ann Lee; both crime dramas; shared cast: Bit Player"

    assert reason(one, one) == kind_first
    assert reason(one, one, {"actors": ["Star"]}) == kind_first
    assert reason(one, one, {"actors": ["Bit Player"]}) == (
        "same director: Ann Lee; shared cast: Bit Player; both crime dramas"
    )


def test_a_decade_is_claimed_only_of_both() -> None:
    same = {"year": 1979, "genres": ["Drama", "Crime"]}
    later = {"year": 1980, "genres": ["Drama", "Crime"]}
    undated = {"genres": ["Drama", "Crime"]}

    assert reason(GODFATHER, same) == "both crime dramas of the 1970s"
    assert reason(GODFATHER, later) == "both crime dramas"
    assert reason(GODFATHER, undated) == "both crime dramas"


def test_only_shared_genres_are_named() -> None:
    assert reason(GODFATHER, {"year": 1975, "genres": ["Comedy", "Crime"]}) == "both crime films of the 1970s"


def test_a_person_in_another_role_is_not_a_reason() -> None:
    assert reason({"directors": ["Al Pacino"]}, {"actors": ["Al Pacino"]}) == ""


def test_a_shared_country_or_language_is_not_a_reason() -> None:
    assert reason(GODFATHER, {"countries": ["United States"], "languages": ["English"], "year": 1972}) == ""


def test_films_that_share_nothing_have_no_reason() -> None:
    assert reason(GODFATHER, {"year": 1972, "genres": ["Western"]}) == ""


@pytest.mark.parametrize(
    ("genres", "named"),
    [
        (("Comedy", "Romance"), "both romantic comedies"),
        (("Action", "Adventure", "Sci-Fi"), "both action adventure science-fiction films"),
        (("Comedy", "Drama"), "both comedy dramas"),
        (("Drama", "Crime", "Thriller"), "both crime drama thrillers"),
        (("Documentary",), "both documentaries"),
        (("Animation", "Family", "Comedy", "Music"), "both animated family comedies"),
        (("Never Heard",), "both never heard films"),
    ],
)
def test_kinds_of_films_read_as_english(genres: tuple[str, ...], named: str) -> None:
    assert reasons.kind_of(genres, None) == named


def test_old_films_are_not_called_historical() -> None:
    assert reasons.kind_of(["Drama", "History"], 1970) == "both dramas of the 1970s"
    assert reasons.kind_of(["History"], 1970) == ""
