"""FindSimilarMovies: the films similar to a film, from Gold tables kept in memory.

Reads Gold ``movies`` and ``recommendations`` again when their ETags change, which it checks every few seconds. Used by
the function URL and ``reelhouse similar``; imports DuckDB but not pandas, so that a Lambda can carry it.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from insights.similar.lookup import Catalogue
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
