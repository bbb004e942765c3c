"""A title is answered when one film has it; else the error names the films to choose from."""

from __future__ import annotations

import pytest

from insights import find_similar_movies
from insights.find_similar_movies import similar_films, similar_to_one
from insights.similar.lookup import Catalogue
from pipeline.errors import InvalidInput

FILMS = [("tt1", "Crash", 1996, 9), ("tt2", "Crash", 2004, 2), ("tt3", "Heat", 1995, 1)]


@pytest.fixture(autouse=True)
def gold(monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue = Catalogue(FILMS, [("tt3", 1, "tt1", 0.5, "drama")])
    monkeypatch.setattr(find_similar_movies, "GoldCatalogue", lambda _: lambda: catalogue)


def test_the_film_with_the_title_is_answered() -> None:
    answer = similar_films("gold", "heat", 10)

    assert (answer["imdb_id"], [film["imdb_id"] for film in answer["similar"]]) == ("tt3", ["tt1"])


def test_films_of_one_title_are_answered_as_a_choice() -> None:
    assert [film["imdb_id"] for film in similar_films("gold", "crash", 10)["films"]] == ["tt2", "tt1"]


@pytest.mark.parametrize(
    ("title", "cause", "next_step"),
    [
        ("crash", "several films", "choose one of: Crash (2004, tt2), Crash (1996, tt1)"),
        ("Heart of the matter", "no such film", "the closest titles are: Heat (1995, tt3)"),
    ],
)
def test_an_error_names_the_films_to_choose_from(title: str, cause: str, next_step: str) -> None:
    with pytest.raises(InvalidInput, match=cause) as caught:
        similar_to_one("gold", title, 10)

    assert (caught.value.next_step or "").startswith(next_step)
