"""FindSimilarMovies: similar films of a film, from Gold kept in memory.

Reads Gold ``movies`` and ``recommendations`` when their ETags change; writes nothing. Behind the function URL and
``reelhouse similar``; imports DuckDB and no pandas, so that a Lambda carries it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import duckdb

from insights.similar.lookup import Catalogue
from pipeline import aws
from pipeline.aws import StoredObject
from pipeline.errors import InvalidInput
from pipeline.gold import tables as gold_tables

STEP = "FindSimilarMovies"
_COLUMNS = {
    "movies": "imdb_id, title, year, rank",
    "recommendations": "imdb_id, rank, recommended_imdb_id, similarity, because",
}


class GoldCatalogue:
    """The catalogue of a Gold bucket; read again only when one of its two tables was replaced.

    Parameters
    ----------
    bucket : str
        The Gold bucket.
    """

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._etags: dict[str, list[str]] = {}
        self._catalogue = Catalogue([], [])

    def __call__(self) -> Catalogue:
        """Return the catalogue of Gold as it is now.

        Raises
        ------
        InvalidInput
            When Gold has no films or no recommendations yet.
        StorageFailed
            When Gold cannot be read.
        """
        with aws.failures_of(STEP, self._bucket):
            parts = {name: self._parts(name) for name in _COLUMNS}
            etags = {name: [part.etag for part in found] for name, found in parts.items()}
            if etags != self._etags:
                self._catalogue = Catalogue(*(self._rows(name, parts[name]) for name in _COLUMNS))
                self._etags = etags
        return self._catalogue

    def _parts(self, name: str) -> list[StoredObject]:
        found = gold_tables.parts(self._bucket, name)
        if found is None:
            raise InvalidInput("Gold has no such table yet", subject=name, next_step="`reelhouse report` builds it")
        return found

    def _rows(self, name: str, parts: list[StoredObject]) -> list[tuple[Any, ...]]:
        if not parts:
            return []
        with tempfile.TemporaryDirectory(prefix="reelhouse-") as folder, duckdb.connect() as database:
            for place, part in enumerate(parts):
                body, _ = aws.get(aws.client("s3"), self._bucket, part.key)
                Path(folder, f"{place}.parquet").write_bytes(body)
            return database.execute(f"SELECT {_COLUMNS[name]} FROM read_parquet(?)", [f"{folder}/*.parquet"]).fetchall()
