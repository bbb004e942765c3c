"""Records: turn one Bronze object into one Silver row. Pure.

A film's object becomes a row of ``movies``, or of ``quarantine`` when its answer holds an impossible value. A rejection
becomes a row of ``rejected``, a manifest one of ``runs``. The same object always becomes the same row, so that Silver
can be verified by computing it again: see :func:`silver_row`.

An impossible value quarantines the whole film, because then nothing else in the answer can be trusted. pydantic checks
types and ranges, so that each fault names the field, the value and the rule.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, create_model

from pipeline import keys
from pipeline.columns import FILM, FIRST_YEAR, MAX_FILMS, Column
from pipeline.errors import InvalidInput
from pipeline.runs import Manifest
from pipeline.silver import clean

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
# Films are announced a few years ahead.
YEARS_AHEAD = 10
_MAX_SHOWN = 10**60
_PYTHON_TYPES: dict[str, Any] = {
    "string": str,
    "int": int,
    "bigint": int,
    "double": float,
    "date": date,
    "array<string>": list[str],
}
_STRICT = ConfigDict(strict=True, frozen=True, extra="forbid")


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


def _check_imdb_id(value: str, info: ValidationInfo) -> str:
    asked_for = (info.context or {}).get("asked_for", value)
    if value != asked_for:
        raise ValueError(f"the answer is about another film than {asked_for}")
    return value


def _check_year(value: int | date, info: ValidationInfo) -> int | date:
    latest = (info.context or {}).get("this_year", date.max.year) + YEARS_AHEAD
    if not FIRST_YEAR <= (value if isinstance(value, int) else value.year) <= latest:
        raise ValueError(f"films are from {FIRST_YEAR} to {latest}")
    return value


_CHECKS: dict[str, Callable[..., Any]] = {"imdb_id": _check_imdb_id, "year": _check_year, "released": _check_year}


def _field(column: Column) -> Any:
    """Return a column as a field of the model: its type, its range, and whether it may be null."""
    ranges = {"ge": column.low, "le": column.high}
    limits: dict[str, Any] = {name: limit for name, limit in ranges.items() if limit is not None}
    field: Any = Annotated[_PYTHON_TYPES[column.type], Field(**limits)]
    if check := _CHECKS.get(column.name):
        field = Annotated[field, AfterValidator(check)]
    return field if column.null == "never" else field | None


# A clean film, with the columns of FILM. The validation context gives ``asked_for`` and ``this_year``.
_FIELDS: dict[str, Any] = {column.name: (_field(column), ...) for column in FILM}
SilverMovie: type[BaseModel] = create_model("SilverMovie", __config__=_STRICT, **_FIELDS)


def _without_surrogates(value: str) -> str:
    """Reject lone surrogates, which no JSON reader of Silver accepts."""
    value.encode()
    return value


Text = Annotated[str, AfterValidator(_without_surrogates)]
Count = Annotated[int, Field(ge=1, le=MAX_FILMS)]


class SilverRun(BaseModel):
    """A run's record, within the ranges of the columns of Silver's ``runs``."""

    model_config = _STRICT

    run_id: Text
    started_at: Text
    source_uri: Text
    source_sha256: Text
    top_n: Count
    batch_size: Count
    expected: Annotated[int, Field(ge=0, le=MAX_FILMS)]
    code_version: Text


def reasons(error: ValidationError) -> list[str]:
    """Return one line per fault: field, value (shortened) and rule."""
    return [
        f"{'.'.join(str(part) for part in fault['loc'])}: {_shown(fault['input'])!r}: "
        + fault["msg"].removeprefix("Value error, ")
        for fault in error.errors(include_url=False, include_context=False)
    ]


def _shown(value: object) -> str:
    """Return the start of a value; Python cannot print whole numbers of more than 4,300 digits."""
    too_long = isinstance(value, int) and abs(value) > _MAX_SHOWN
    return "a number of more than 60 digits" if too_long else str(value)[:60]
