"""A title is answered when one film has it, else with the films to choose from; and the answers over HTTP."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights import find_similar_movies
from insights.find_similar_movies import respond, similar_films, similar_to_one
from insights.similar.lookup import Catalogue
from pipeline.errors import InvalidInput

FILMS = [("tt1", "Crash", 1996, 9), ("tt2", "Crash", 2004, 2), ("tt3", "Heat", 1995, 1)]
CATALOGUE = Catalogue(
    [
        ("tt0068646", "The Godfather", 1972, 1),
        ("tt0040416", "Hamlet", 1948, 3),
        ("tt0116477", "Hamlet", 1996, 2),
        ("tt1234567", "Ghost", 2000, None),
    ],
    [("tt0068646", rank, "tt1234567", 0.5, "both dramas") for rank in range(1, 21)],
)


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


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/similar/tt0068646", {"k": "5"}),
        ("/similar/TT0068646/", {"k": "5"}),
        ("/similar/%74t0068646", {"k": "5"}),
        ("/similar", {"title": "the godfather 1972", "k": "5"}),
        ("/similar/", {"title": "tt0068646", "k": "5"}),
    ],
)
def test_a_film_is_answered_with_k_similar_ones(path: str, parameters: dict[str, str]) -> None:
    status, body = respond(path, parameters, lambda: CATALOGUE)

    assert (status, body["imdb_id"], len(body["similar"])) == (200, "tt0068646", 5)


def test_ten_films_are_given_where_none_are_asked_for() -> None:
    assert len(respond("/similar/tt0068646", None, lambda: CATALOGUE)[1]["similar"]) == 10


def test_several_films_are_all_named_to_choose_from() -> None:
    status, body = respond("/similar", {"title": "HAMLET"}, lambda: CATALOGUE)

    assert status == 300
    assert body["films"] == [
        {"imdb_id": "tt0116477", "title": "Hamlet", "year": 1996},
        {"imdb_id": "tt0040416", "title": "Hamlet", "year": 1948},
    ]


def test_an_unknown_film_is_404_with_the_closest() -> None:
    status, body = respond("/similar", {"title": "Gghosts of Mars"}, lambda: CATALOGUE)

    assert status == 404
    assert body["closest"][0]["title"] == "Ghost"
    assert respond("/similar/tt7654321", None, lambda: CATALOGUE)[0] == 404


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/", None),
        ("/similar", None),
        ("/similar", {"title": ""}),
        ("/similar/../../etc/passwd", None),
        ("/similar/%2e%2e%2f%2e%2e%2fetc%2fpasswd", None),
        ("/similar/tt0068646%00", None),
        ("/similar/tt006864６", None),
        ("/similar/The Godfather", None),
        ("/similar/tt0068646", {"title": "Hamlet"}),
        ("/similar/tt0068646", {"size": "5"}),
        ("/similar/tt0068646", {"k": "0"}),
        ("/similar/tt0068646", {"k": "21"}),
        ("/similar/tt0068646", {"k": "-1"}),
        ("/similar/tt0068646", {"k": "5.0"}),
        ("/similar/tt0068646", {"k": "٥"}),
        ("/similar/tt0068646", {"k": ""}),
        ("/similar", {"title": "x" * 100_000}),
        ("/similar", {"title": "god\x1bfather"}),
    ],
)
def test_what_cannot_be_understood_is_400_with_a_short_reason(path: str, parameters: dict[str, str] | None) -> None:
    status, body = respond(path, parameters, lambda: CATALOGUE)

    assert status == 400
    assert 0 < len(body["error"]) < 200


def not_ready() -> Catalogue:
    raise InvalidInput("Gold has no such table yet", subject="recommendations")


def test_a_clients_mistake_is_400_even_while_gold_is_not_ready() -> None:
    assert respond("/similar", {"title": "god\x1bfather"}, not_ready)[0] == 400
    assert respond("/similar/tt0068646", {"k": "21"}, not_ready)[0] == 400


def test_a_valid_request_is_503_while_gold_is_not_ready() -> None:
    status, body = respond("/similar/tt0068646", None, not_ready)

    assert status == 503
    assert "recommendations" in body["error"]


@given(st.text(max_size=40), st.dictionaries(st.sampled_from(["title", "k", "x"]), st.text(max_size=40)))
def test_every_request_is_answered_in_json(path: str, parameters: dict[str, str]) -> None:
    for asked in (path, f"/similar/{path}", "/similar"):
        status, body = respond(asked, parameters, lambda: CATALOGUE)

        assert status in {200, 300, 400, 404}
        assert json.loads(json.dumps(body)) == body
