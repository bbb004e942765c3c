"""FindSimilarMovies: similar films of a film, from Gold kept in memory.

Reads Gold ``movies`` and ``recommendations`` when their ETags change; writes nothing. Behind the function URL and
``reelhouse similar``; imports DuckDB and no pandas, so that a Lambda carries it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import duckdb

from insights.lookup import Catalogue
from pipeline import aws, keys
from pipeline.errors import InvalidInput

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
        self._etags: dict[str, str] = {}
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
            etags = {name: self._etag(name) for name in _COLUMNS}
            if etags != self._etags:
                self._catalogue = Catalogue(*(self._rows(name) for name in _COLUMNS))
                self._etags = etags
        return self._catalogue

    def _etag(self, name: str) -> str:
        listed = aws.list_objects(aws.client("s3"), self._bucket, keys.gold_table(name))
        if not listed:
            raise InvalidInput("Gold has no such table yet", subject=name, next_step="`reelhouse report` builds it")
        return listed[0].etag

    def _rows(self, name: str) -> list[tuple[Any, ...]]:
        body, _ = aws.get(aws.client("s3"), self._bucket, keys.gold_table(name))
        with tempfile.TemporaryDirectory(prefix="reelhouse-") as folder, duckdb.connect() as database:
            path = Path(folder, "table.parquet")
            path.write_bytes(body)
            return database.execute(f"SELECT {_COLUMNS[name]} FROM read_parquet(?)", [str(path)]).fetchall()
