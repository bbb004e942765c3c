"""Bronze objects of the sample films as they are stored, in one file, and a folder in S3's place for what comes out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline import keys
from pipeline.documents import to_json
from pipeline.silver.records import Clean, to_silver
from reelhouse.local.omdb import films as sample_films

RUN_ID = "20261124T030000Z-1a2b3c4d"
FETCHED_AT = "2026-11-24T03:00:00.000000Z"


def write(path: Path, copies: int, films: int) -> int:
    """Write the objects of the sample's first rows, so many times; return how many.

    Each line is a key, a tab, and the body. Each copy's films have ids of their own; else they are the same.
    """
    rows = _rows()[:films]
    with path.open("wb") as file:
        for copy in range(copies):
            for index, film in enumerate(rows):
                imdb_id = f"tt{copy + 10}{index:07}"
                body = to_json(_document({**film, "imdb_id": imdb_id}, index + 1))
                file.write(keys.film(keys.MOVIES, RUN_ID, imdb_id).encode() + b"\t" + body + b"\n")
    return copies * len(rows)


def read(path: Path, at_once: int | None) -> Iterator[list[tuple[str, bytes]]]:
    """Read the objects in batches, or all at once, each as its key and its body."""
    with path.open("rb") as file:
        while batch := list(islice(file, at_once)):
            yield [(key.decode(), body) for key, _, body in (line.partition(b"\t") for line in batch)]


def silver_rows() -> Iterator[dict[str, Any]]:
    """Yield the Silver values of all rows of the sample, without lineage; an id may occur twice."""
    for index, film in enumerate(_rows()):
        cleaned = to_silver(_document(film, index + 1), film["imdb_id"])
        assert isinstance(cleaned, Clean), cleaned
        yield cleaned.row


def _rows() -> list[sample_films.Film]:
    return sample_films.ranked(sample_films.read_films())


def _document(film: sample_films.Film, rank: int) -> dict[str, Any]:
    answer = sample_films.omdb_record(film, tomatoes=True)
    source = sample_films.source_item(film, rank)
    return {"schema": 1, "run_id": RUN_ID, "fetched_at": FETCHED_AT, "source": source, "omdb": answer}


class Folder:
    """An S3 client that puts objects into a folder, or nowhere."""

    def __init__(self, folder: str) -> None:
        self.folder, self.parts = folder, 0

    def put_object(self, *, Body: bytes, **_: Any) -> None:  # noqa: N803 (boto3's name)
        """Take a part."""
        self.parts += 1
        if self.folder:
            Path(self.folder, f"{self.parts}.parquet").write_bytes(Body)
