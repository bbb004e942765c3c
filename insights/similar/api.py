"""Answers of the function FindSimilarMovies: from a path and its query parameters to a status and a body.

Place: between the handler and :mod:`.lookup`. It imports no pandas, so that a Lambda can carry it. Only a checked title
or id reaches the catalogue.

``GET /similar/tt0068646?k=5`` and ``GET /similar?title=the+godfather+1972&k=5`` answer with

====== ==============================================================================================
status body
====== ==============================================================================================
200    the film and its ``similar`` films, best match first
300    ``error``, and ``films``: several films fit the title; ask again with the id or the year of one
400    ``error``: why the request is invalid
404    ``error``, and ``closest``: no such film, and films with titles close to it
503    ``error``: Gold has no films or no recommendations yet; a valid request may succeed later
====== ==============================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from insights.similar.lookup import IMDB_ID, MAX_K, Catalogue, checked
from pipeline.errors import InvalidInput

DEFAULT_K = 10
PATH = re.compile(r"/similar(?:/(?P<imdb_id>[^/]*))?/?")
ALLOWED = {"title", "k"}
Answer = tuple[int, dict[str, Any]]


def respond(path: str, query_parameters: Mapping[str, str] | None, load: Callable[[], Catalogue]) -> Answer:
    """Answer a GET request with a status and a JSON body.

    Parameters
    ----------
    query_parameters : mapping or None
        Decoded, as Lambda passes them; None if there are none.
    load : callable
        Returns the catalogue; called only for a valid request. If it raises ``InvalidInput``, Gold is not ready.

    Raises
    ------
    StorageFailed
        If Gold cannot be read.
    """
    try:
        query, k = parsed(path, query_parameters or {})
    except InvalidInput as error:
        return 400, {"error": str(error)}
    try:
        catalogue = load()
    except InvalidInput as error:
        return 503, {"error": str(error)}
    match = catalogue.find(query)
    if len(match.films) == 1:
        return 200, catalogue.similar(match.films[0].imdb_id, k)
    if match.films:
        films = [film.shown() for film in match.films]
        return 300, {"error": f"{len(films)} films fit; ask again with the id or the year of one", "films": films}
    return 404, {"error": "no such film in the catalogue", "closest": [film.shown() for film in match.closest]}


def parsed(path: str, parameters: Mapping[str, str]) -> tuple[str, int]:
    """Return the IMDb id or title asked for, and the number of films.

    Raises
    ------
    InvalidInput
        If the path, a parameter's name or a value is invalid, or unless exactly one of id and title is given.
    """
    match = PATH.fullmatch(unquote(path))
    if not match:
        raise InvalidInput("no such path", next_step="ask for /similar/IMDB_ID or /similar?title=TITLE")
    if unknown := sorted(set(parameters) - ALLOWED):
        raise InvalidInput("not a parameter", subject=unknown[0][:40], next_step="use title and k")
    imdb_id = (match["imdb_id"] or "").lower()
    title = parameters.get("title", "")
    if imdb_id and not IMDB_ID.fullmatch(imdb_id):
        raise InvalidInput("not an IMDb id", next_step="give tt and at least 7 digits, or ask for /similar?title=TITLE")
    if bool(imdb_id) == bool(title):
        raise InvalidInput("one of IMDb id and title is needed", next_step="ask for one film by one of them")
    return imdb_id or checked(title), number(parameters.get("k", str(DEFAULT_K)))


def number(text: str) -> int:
    """Parse k, a whole number from 1 to 20.

    Raises
    ------
    InvalidInput
        If it is anything else.
    """
    if not re.fullmatch(r"[0-9]{1,2}", text) or not 1 <= int(text) <= MAX_K:
        raise InvalidInput("not a number of films", subject="k", next_step=f"give a whole number from 1 to {MAX_K}")
    return int(text)
