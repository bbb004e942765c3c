"""Responses of FindSimilarMovies to valid and invalid requests."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.similar.api import respond
from insights.similar.lookup import Catalogue
from pipeline.errors import InvalidInput

CATALOGUE = Catalogue(
    [
        ("tt0068646", "The Godfather", 1972, 1),
        ("tt0040416", "Hamlet", 1948, 3),
        ("tt0116477", "Hamlet", 1996, 2),
        ("tt1234567", "Ghost", 2000, None),
    ],
    [("tt0068646", rank, "tt1234567", 0.5, "both dramas") for rank in range(1, 21)],
)


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/similar/tt0068646", {"k": "5"}),
        ("/similar/TT0068646/", {"k": "5"}),
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
