"""Records: one Bronze object to one Silver row, or to the reasons why not. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from pipeline import clean
from pipeline.quality import SilverMovie, reasons

Cleaner = Callable[[Any], Any]

# Silver column: OMDb's field and its cleaner.
_FROM_OMDB: dict[str, tuple[str, Cleaner]] = {
    "imdb_id": ("imdbID", clean.text),
    "title": ("Title", clean.text),
    "year": ("Year", clean.year),
    "type": ("Type", lambda value: (found := clean.text(value)) and found.lower()),
    "rated": ("Rated", clean.certificate),
    "released": ("Released", clean.day),
    "runtime_minutes": ("Runtime", clean.minutes),
    "genres": ("Genre", clean.names),
    "directors": ("Director", clean.names),
    "writers": ("Writer", clean.names),
    "actors": ("Actors", clean.names),
    "languages": ("Language", clean.names),
    "countries": ("Country", clean.countries),
    "plot": ("Plot", clean.text),
    "awards": ("Awards", clean.text),
    "poster": ("Poster", clean.text),
    "production": ("Production", clean.text),
    "imdb_rating": ("imdbRating", lambda value: clean.score(value, 10)),
    "imdb_votes": ("imdbVotes", clean.whole),
    "metascore": ("Metascore", clean.percent),
    "rotten_tomatoes": ("tomatoMeter", clean.percent),
    "rotten_tomatoes_average": ("tomatoRating", lambda value: clean.score(value, 10)),
    "rotten_tomatoes_reviews": ("tomatoReviews", clean.whole),
    "box_office_usd": ("BoxOffice", clean.dollars),
}
# Silver column: the source list's field and its cleaner. The two records are never merged: their keys collide.
_FROM_SOURCE: dict[str, tuple[str, Cleaner]] = {
    "rank": ("rank", clean.whole),
    "source_rating": ("imDbRating", lambda value: clean.score(value, 10)),
    "source_rating_count": ("imDbRatingCount", clean.whole),
}
# Where a score's own field is empty, the same source's entry of Ratings stands in.
_FROM_RATINGS: dict[str, tuple[str, Cleaner]] = {
    "imdb_rating": ("Internet Movie Database", lambda value: clean.score(value, 10)),
    "metascore": ("Metacritic", clean.percent),
    "rotten_tomatoes": ("Rotten Tomatoes", clean.percent),
}


@dataclass(frozen=True)
class Clean:
    """A film's Silver values, lineage not included; ``unreadable`` names what OMDb gave but nobody can read."""

    row: dict[str, Any]
    unreadable: list[str]


@dataclass(frozen=True)
class Quarantined:
    """Why a film is kept out of Silver, one line a fault."""

    reasons: list[str]


def to_silver(document: dict[str, Any], asked_for: str) -> Clean | Quarantined:
    """Make a Silver row of a Bronze ``movies/`` object.

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
    for record, cleaners in ((omdb, _FROM_OMDB), (source, _FROM_SOURCE)):
        for column, (field, cleaner) in cleaners.items():
            _read(column, record.get(field), cleaner, values, unreadable)
    ratings = _ratings(omdb.get("Ratings"))
    for column, (name, cleaner) in _FROM_RATINGS.items():
        if values[column] is None and name in ratings:
            _read(column, ratings[name], cleaner, values, unreadable)
    context = {"asked_for": asked_for, "this_year": datetime.fromisoformat(document["fetched_at"]).year}
    try:
        movie = SilverMovie.model_validate({**values, "imdb_id": values["imdb_id"] or ""}, context=context)
    except ValidationError as error:
        return Quarantined(reasons(error))
    return Clean(movie.model_dump(mode="json"), [f"{column}: {why}" for column, why in unreadable.items()])


def _read(column: str, given: Any, cleaner: Cleaner, values: dict[str, Any], unreadable: dict[str, str]) -> None:
    try:
        values[column] = cleaner(given)
    except ValueError as error:
        values[column] = None
        unreadable[column] = str(error)


def _ratings(entries: Any) -> dict[str, Any]:
    """Ratings by source; the first of two entries of one source counts, and what is no such entry is passed over."""
    found: dict[str, Any] = {}
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("Source"), str):
            found.setdefault(entry["Source"], entry.get("Value"))
    return found
