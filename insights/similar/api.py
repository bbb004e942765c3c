"""Answers of the function FindSimilarMovies: a path and its query parameters to a status and a body.

Place: between the handler and :mod:`.lookup`. Pure, and light enough for a Lambda. Nothing of a request but a
checked title or id reaches the catalogue, and nothing of it is opened, run or written.

``GET /similar/tt0068646?k=5`` and ``GET /similar?title=the+godfather+1972&k=5`` answer with

====== ==============================================================================================
status body
====== ==============================================================================================
200    the film and its ``similar`` films
300    ``error``, and ``films``: several films fit the title; ask again with one's id or with its year
400    ``error``: the request cannot be understood, and why
404    ``error``, and ``closest``: no such film, and films with titles close to it
====== ==============================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from insights.similar.lookup import IMDB_ID, MAX_K, Catalogue, Match
from pipeline.errors import InvalidInput

DEFAULT_K = 10
PATH = re.compile(r"/similar(?:/(?P<imdb_id>[^/]*))?/?")
ALLOWED = {"title", "k"}
Answer = tuple[int, dict[str, Any]]


def respond(path: str, query_parameters: Mapping[str, str] | None, catalogue: Catalogue) -> Answer:
    """Answer a GET request.

    Parameters
    ----------
    path : str
        As the request has it.
    query_parameters : mapping or None
        Decoded, as Lambda gives them; None is none.
    catalogue : Catalogue
        What is known.

    Returns
    -------
    status, body
        200, 300, 400 or 404, and what to send as JSON.
    """
    try:
        imdb_id, title, k = parsed(path, query_parameters or {})
        match = catalogue.find(imdb_id or title)
    except InvalidInput as error:
        return 400, {"error": str(error)}
    if len(match.films) == 1:
        return 200, catalogue.similar(match.films[0].imdb_id, k)
    return _several(match) if match.films else _none(match)


def parsed(path: str, parameters: Mapping[str, str]) -> tuple[str, str, int]:
    """IMDb id or "", title or "", and k; exactly one of id and title is there.

    Raises
    ------
    InvalidInput
        When the path, a parameter's name or a value is not as it has to be.
    """
    found = PATH.fullmatch(unquote(path))
    if not found:
        raise InvalidInput("no such path", next_step="ask for /similar/IMDB_ID or /similar?title=TITLE")
    if unknown := sorted(set(parameters) - ALLOWED):
        raise InvalidInput("not a parameter", subject=unknown[0][:40], next_step="use title and k")
    imdb_id = (found["imdb_id"] or "").lower()
    title = parameters.get("title", "")
    if imdb_id and not IMDB_ID.fullmatch(imdb_id):
        raise InvalidInput("not an IMDb id", next_step="give tt and at least 7 digits, or ask for /similar?title=TITLE")
    if bool(imdb_id) == bool(title):
        raise InvalidInput("one of IMDb id and title is needed", next_step="ask for one film by one of them")
    return imdb_id, title, number(parameters.get("k", str(DEFAULT_K)))


def number(text: str) -> int:
    """Read k, a whole number from 1 to 20.

    Raises
    ------
    InvalidInput
        When it is anything else.
    """
    if not re.fullmatch(r"[0-9]{1,2}", text) or not 1 <= int(text) <= MAX_K:
        raise InvalidInput("not a number of films", subject="k", next_step=f"give a whole number from 1 to {MAX_K}")
    return int(text)


def _several(match: Match) -> Answer:
    films = [film.shown() for film in match.films]
    return 300, {"error": f"{len(films)} films fit; ask again with the id or the year of one", "films": films}


def _none(match: Match) -> Answer:
    return 404, {"error": "no such film in the catalogue", "closest": [film.shown() for film in match.closest]}
