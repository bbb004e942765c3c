"""Records: turn one Bronze object into one Silver row. Pure.

A film's object becomes a row of ``movies``, or of ``quarantine`` when its answer holds an impossible value. A rejection
becomes a row of ``rejected``, a manifest one of ``runs``. The same object always becomes the same row, so that Silver
can be verified by computing it again: see :func:`silver_row`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pydantic import ValidationError

from pipeline import keys
from pipeline.columns import MAX_FILMS
from pipeline.errors import InvalidInput
from pipeline.runs import Manifest
from pipeline.silver import clean
from pipeline.silver.quality import SilverMovie, SilverRun, reasons

# Columns that say when and by which version a row was made: they differ when it is made again.
PROCESSING = ("processed_at", "code_version")
_Columns = tuple[tuple[str, str, Callable[[Any], Any]], ...]
# Silver column, field of the OMDb answer, cleaner.
_FROM_OMDB: _Columns = (
    ("imdb_id", "imdbID", clean.text),
    ("title", "Title", clean.text),
    ("year", "Year", clean.year),
    ("type", "Type", clean.lower),
    ("rated", "Rated", clean.certificate),
    ("released", "Released", clean.day),
    ("runtime_minutes", "Runtime", clean.minutes),
    ("genres", "Genre", clean.names),
    ("directors", "Director", clean.names),
    ("writers", "Writer", clean.names),
    ("actors", "Actors", clean.names),
    ("languages", "Language", clean.names),
    ("countries", "Country", clean.countries),
    ("plot", "Plot", clean.text),
    ("awards", "Awards", clean.text),
    ("poster", "Poster", clean.text),
    ("production", "Production", clean.text),
    ("imdb_rating", "imdbRating", clean.out_of_ten),
    ("imdb_votes", "imdbVotes", clean.whole),
    ("metascore", "Metascore", clean.percent),
    ("rotten_tomatoes", "tomatoMeter", clean.percent),
    ("rotten_tomatoes_average", "tomatoRating", clean.out_of_ten),
    ("rotten_tomatoes_reviews", "tomatoReviews", clean.whole),
    ("box_office_usd", "BoxOffice", clean.dollars),
)
# The same for the source list's entry. The two records are never merged, because their field names collide.
_FROM_SOURCE: _Columns = (
    ("rank", "rank", clean.whole),
    ("source_rating", "imDbRating", clean.out_of_ten),
    ("source_rating_count", "imDbRatingCount", clean.whole),
)
# Entries of the answer's Ratings that fill a score whose own field is empty or unparseable.
_FROM_RATINGS: _Columns = (
    ("imdb_rating", "Internet Movie Database", clean.out_of_ten),
    ("metascore", "Metacritic", clean.percent),
    ("rotten_tomatoes", "Rotten Tomatoes", clean.percent),
)


class Clean(NamedTuple):
    """A film's Silver values without lineage; ``unreadable`` names the values that could not be parsed."""

    row: dict[str, Any]
    unreadable: list[str]


class Quarantined(NamedTuple):
    """Why a film is kept out of Silver, one line per fault."""

    reasons: list[str]


@dataclass(frozen=True)
class BronzeObject:
    """A Bronze object, a film, a rejection or a manifest: its key, version (None: the bucket keeps none) and bytes."""

    path: str
    version: str | None
    body: bytes


@dataclass(frozen=True)
class SilverRow:
    """A row of a Silver table, as JSON values by column, without :data:`PROCESSING` unless its table has neither."""

    table: str
    row: dict[str, Any]


def silver_row(bronze: BronzeObject) -> SilverRow:
    """Return the Silver row of a Bronze object; raise InvalidInput for one that is not of this pipeline."""
    key = keys.parse_bronze(bronze.path)
    try:
        if key is None:
            raise InvalidInput("is not a key of Bronze", subject=bronze.path)
        if key.imdb_id is None:
            return SilverRow(keys.RUNS, _run_row(Manifest.from_json(bronze.body, bronze.path), key.run_id))
        document = json.loads(bronze.body)
        lineage = {
            "imdb_id": key.imdb_id,
            "run_id": key.run_id,
            "bronze_key": bronze.path,
            "bronze_version": bronze.version,
            "fetched_at": sql_time(document["fetched_at"]),
        }
        if key.kind == keys.REJECTED:
            return SilverRow(keys.REJECTED, {**lineage, "reason": clean.text(document["reason"]) or "no reason given"})
        film = to_silver(document, key.imdb_id)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        cause = f"is not a Bronze object of this pipeline ({type(error).__name__}: {error})"
        raise InvalidInput(cause[:300], subject=bronze.path) from error
    if isinstance(film, Quarantined):
        return SilverRow(keys.QUARANTINE, {**lineage, "reasons": film.reasons})
    return SilverRow(keys.MOVIES, {**film.row, "unreadable": film.unreadable or None, **lineage})


def part_digest(rows: Iterable[dict[str, Any]]) -> str:
    """Return the digest in the key of a part: of the Bronze keys and versions of its rows."""
    sources = sorted(f"{row['bronze_key']} {row['bronze_version']}" for row in rows)
    return hashlib.sha256("\n".join(sources).encode()).hexdigest()[:32]


def to_silver(document: dict[str, Any], asked_for: str) -> Clean | Quarantined:
    """Clean and validate a Bronze ``movies/`` object.

    Parameters
    ----------
    document : dict
        The object: ``source`` and ``omdb`` verbatim, ``fetched_at``.
    asked_for : str
        IMDb id in the object's key; an answer about another film is quarantined.
    """
    omdb, source = document["omdb"], document["source"]
    values: dict[str, Any] = {}
    unreadable: dict[str, str] = {}
    _read(omdb, _FROM_OMDB, values, unreadable)
    _read(source, _FROM_SOURCE, values, unreadable)
    ratings = _ratings(omdb.get("Ratings"))
    empty = tuple(entry for entry in _FROM_RATINGS if values[entry[0]] is None and entry[1] in ratings)
    _read(ratings, empty, values, unreadable)
    values["imdb_id"] = values["imdb_id"] or ""
    context = {"asked_for": asked_for, "this_year": datetime.fromisoformat(document["fetched_at"]).year}
    try:
        SilverMovie.model_validate(values, context=context)
    except ValidationError as error:
        return Quarantined(reasons(error))
    if values["released"] is not None:
        values["released"] = values["released"].isoformat()
    return Clean(values, [f"{column}: {why}" for column, why in unreadable.items() if values[column] is None])


def _read(record: dict[str, Any], columns: _Columns, values: dict[str, Any], unreadable: dict[str, str]) -> None:
    """Clean fields of a record into ``values``; an unparseable value is None there, and named in ``unreadable``."""
    for column, field, cleaner in columns:
        try:
            values[column] = cleaner(record.get(field))
        except ValueError as error:
            values[column], unreadable[column] = None, str(error)


def _ratings(entries: Any) -> dict[str, Any]:
    """Return ratings by source; of two entries of one source the first counts, and malformed ones are ignored."""
    ratings: dict[str, Any] = {}
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("Source"), str):
            ratings.setdefault(entry["Source"], entry.get("Value"))
    return ratings


def _run_row(manifest: Manifest, run_id: str) -> dict[str, Any]:
    if manifest.run_id != run_id:
        raise ValueError("it is another run's manifest")
    row = {
        "run_id": manifest.run_id,
        "started_at": sql_time(manifest.started_at),
        "source_uri": manifest.source_uri,
        "source_sha256": manifest.source_sha256,
        "top_n": min(manifest.top_n, MAX_FILMS),
        "batch_size": manifest.batch_size,
        "expected": len(manifest.expected),
        "code_version": manifest.code_version,
    }
    try:
        return SilverRun.model_validate(row).model_dump()
    except ValidationError as error:
        raise ValueError("; ".join(reasons(error))) from error


def sql_time(iso: str) -> str:
    """Return an ISO time in UTC without a zone: parquet, Athena's JSON reader and DuckDB agree on that form."""
    moment = datetime.fromisoformat(iso).astimezone(UTC)
    return moment.isoformat(" ", "microseconds").removesuffix("+00:00")
