"""FindSimilarMovies: the films similar to a film, from Gold tables kept in memory, and the answers over HTTP.

Reads Gold ``movies`` and ``recommendations`` again when their ETags change, which it checks every few seconds. Used by
the function URL and ``reelhouse similar``; imports DuckDB but not pandas, so that a Lambda can carry it.

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

Only a checked title or id reaches the catalogue.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb

from insights.similar.lookup import IMDB_ID, MAX_K, Catalogue, checked
from pipeline import aws
from pipeline.aws import StoredObject
from pipeline.database import scratch
from pipeline.errors import InvalidInput, StorageFailed
from pipeline.gold import tables as gold_tables

STEP = "FindSimilarMovies"
_COLUMNS = {
    "movies": "imdb_id, title, year, rank",
    "recommendations": "imdb_id, rank, recommended_imdb_id, similarity, because",
}

# Checking for a new table takes three requests to S3, a hundred times as long as an answer, and tables are replaced
# about once a day. An answer may be this much older than Gold.
LOOK_SECONDS = 5.0
DEFAULT_K = 10
PATH = re.compile(r"/similar(?:/(?P<imdb_id>[^/]*))?/?")
ALLOWED = {"title", "k"}
Answer = tuple[int, dict[str, Any]]


class GoldCatalogue:
    """The catalogue of a Gold bucket, read again only when one of its two tables was replaced.

    ``clock`` gives monotonic seconds; tables are checked every :data:`LOOK_SECONDS`.
    """

    def __init__(self, bucket: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._bucket, self._clock = bucket, clock
        self._looked_at = -LOOK_SECONDS
        self._etags: dict[str, list[str]] = {}
        self._catalogue = Catalogue([], [])

    def __call__(self) -> Catalogue:
        """Return the catalogue, at most :data:`LOOK_SECONDS` older than Gold.

        Raises
        ------
        InvalidInput
            If Gold has no films or no recommendations yet.
        StorageFailed
            If Gold cannot be read.
        """
        now = self._clock()
        if now - self._looked_at >= LOOK_SECONDS or not self._etags:
            with aws.failures_of(STEP, self._bucket):
                self._look()
            self._looked_at = now
        return self._catalogue

    def _look(self) -> None:
        """Read both tables if one was replaced."""
        parts = gold_tables.parts_of(self._bucket, _COLUMNS)
        for name in _COLUMNS:
            if name not in parts:
                raise InvalidInput("Gold has no such table yet", subject=name, next_step="`reelhouse report` writes it")
        etags = {name: [part.etag for part in parts[name]] for name in _COLUMNS}
        if etags != self._etags:
            self._catalogue = Catalogue(*(self._rows(name, parts[name]) for name in _COLUMNS))
            self._etags = etags

    def _rows(self, name: str, parts: list[StoredObject]) -> list[tuple[Any, ...]]:
        if not parts:
            return []
        source = "read_parquet(?, hive_partitioning = false)"
        with tempfile.TemporaryDirectory(prefix="reelhouse-") as folder, scratch() as database:
            paths = [Path(folder, f"{number}.parquet") for number in range(len(parts))]
            for part, path in zip(parts, paths, strict=True):
                path.write_bytes(aws.get(aws.client("s3"), self._bucket, part.key)[0])
            try:
                return database.execute(f"SELECT {_COLUMNS[name]} FROM {source}", [list(map(str, paths))]).fetchall()
            except duckdb.Error as error:
                cure = "`reelhouse replay --all` and then `reelhouse report` write it again"
                cause = f"cannot be read (DuckDB: {type(error).__name__})"
                raise StorageFailed(cause, subject=f"Gold's {name}", step=STEP, next_step=cure) from error


def similar_films(bucket: str, title: str, k: int) -> dict[str, Any]:
    """Return the films most similar to one, as the function URL answers.

    Returns
    -------
    dict
        The film and ``similar``, best first; or ``films`` to choose from, where several have the title.

    Raises
    ------
    InvalidInput
        When no film has the title; the message names the closest.
    """
    catalogue = GoldCatalogue(bucket)()
    match = catalogue.find(title)
    if len(match.films) == 1:
        return catalogue.similar(match.films[0].imdb_id, k)
    if match.films:
        return {"films": [film.shown() for film in match.films]}
    closest = ", ".join(named(film.shown()) for film in match.closest)
    hint = f"the closest titles are: {closest}" if closest else "give its title or IMDb id"
    raise InvalidInput("no such film in the catalogue", subject=title, next_step=hint)


def similar_to_one(bucket: str, title: str, k: int) -> dict[str, Any]:
    """Answer as :func:`similar_films`, but raise InvalidInput with the films to choose from too."""
    answer = similar_films(bucket, title, k)
    if "films" in answer:
        choice = ", ".join(map(named, answer["films"]))
        raise InvalidInput("several films have this title", subject=title, next_step=f"choose one of: {choice}")
    return answer


def named(film: Mapping[str, Any]) -> str:
    """Return a film's title with its year, if known, and its id."""
    return (
        f"{film['title']} ({film['year']}, {film['imdb_id']})"
        if film["year"]
        else f"{film['title']} ({film['imdb_id']})"
    )


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
