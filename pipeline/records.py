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
# Of each column. A hundred thousand films have some thousand values of a column such as languages or year.
MOST_REMEMBERED = 2048


class _Remembered(dict[str, Any]):
    """Texts of one column and what they became: but for titles and names, most have been seen in another film.

    Only texts are kept, so that nothing is taken for its equal (1 and True). Lists are shared by rows, which nobody
    changes.
    """

    def __init__(self, cleaner: Cleaner) -> None:
        super().__init__()
        self._cleaner = cleaner

    def __missing__(self, given: Any) -> Any:
        value = self._cleaner(given)
        if isinstance(given, str):
            if len(self) >= MOST_REMEMBERED:
                self.clear()
            self[given] = value
        return value


def _remembering(cleaner: Cleaner) -> Cleaner:
    return _Remembered(cleaner).__getitem__


def _lower(value: Any) -> str | None:
    found = clean.text(value)
    return found and found.lower()


_out_of_ten = _remembering(lambda value: clean.score(value, 10))
_percent = _remembering(clean.percent)
_whole = _remembering(clean.whole)

# Silver column, OMDb's field and its cleaner.
_FROM_OMDB: tuple[tuple[str, str, Cleaner], ...] = (
    ("imdb_id", "imdbID", clean.text),
    ("title", "Title", clean.text),
    ("year", "Year", _remembering(clean.year)),
    ("type", "Type", _remembering(_lower)),
    ("rated", "Rated", _remembering(clean.certificate)),
    ("released", "Released", _remembering(clean.day)),
    ("runtime_minutes", "Runtime", _remembering(clean.minutes)),
    ("genres", "Genre", _remembering(clean.names)),
    ("directors", "Director", clean.names),
    ("writers", "Writer", clean.names),
    ("actors", "Actors", clean.names),
    ("languages", "Language", _remembering(clean.names)),
    ("countries", "Country", _remembering(clean.countries)),
    ("plot", "Plot", clean.text),
    ("awards", "Awards", clean.text),
    ("poster", "Poster", clean.text),
    ("production", "Production", clean.text),
    ("imdb_rating", "imdbRating", _out_of_ten),
    ("imdb_votes", "imdbVotes", clean.whole),
    ("metascore", "Metascore", _percent),
    ("rotten_tomatoes", "tomatoMeter", _percent),
    ("rotten_tomatoes_average", "tomatoRating", _out_of_ten),
    ("rotten_tomatoes_reviews", "tomatoReviews", _whole),
    ("box_office_usd", "BoxOffice", _remembering(clean.dollars)),
)
# Silver column, the source list's field and its cleaner. The two records are never merged: their keys collide.
_FROM_SOURCE: tuple[tuple[str, str, Cleaner], ...] = (
    ("rank", "rank", clean.whole),
    ("source_rating", "imDbRating", _out_of_ten),
    ("source_rating_count", "imDbRatingCount", clean.whole),
)
# Where a score's own field is empty, the same source's entry of Ratings stands in.
_FROM_RATINGS: tuple[tuple[str, str, Cleaner], ...] = (
    ("imdb_rating", "Internet Movie Database", _out_of_ten),
    ("metascore", "Metacritic", _percent),
    ("rotten_tomatoes", "Rotten Tomatoes", _percent),
)


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
    _read(omdb, _FROM_OMDB, values, unreadable)
    _read(source, _FROM_SOURCE, values, unreadable)
    ratings = _ratings(omdb.get("Ratings"))
    stand_ins = tuple(entry for entry in _FROM_RATINGS if values[entry[0]] is None and entry[1] in ratings)
    _read(ratings, stand_ins, values, unreadable)
    values["imdb_id"] = values["imdb_id"] or ""
    context = {"asked_for": asked_for, "this_year": datetime.fromisoformat(document["fetched_at"]).year}
    try:
        SilverMovie.model_validate(values, context=context)
    except ValidationError as error:
        return Quarantined(reasons(error))
    if values["released"] is not None:
        values["released"] = values["released"].isoformat()
    return Clean(values, [f"{column}: {why}" for column, why in unreadable.items()])


def _read(
    record: dict[str, Any],
    columns: tuple[tuple[str, str, Cleaner], ...],
    values: dict[str, Any],
    unreadable: dict[str, str],
) -> None:
    """Clean the fields of a record into ``values``; what nobody can read is None there, and named."""
    for column, field, cleaner in columns:
        given = record.get(field)
        try:
            values[column] = cleaner(given)
        except ValueError as error:
            values[column], unreadable[column] = None, str(error)
        except TypeError:
            # A list or an object, which cannot be looked up among texts.
            values[column], unreadable[column] = None, clean.no_text(given)


def _ratings(entries: Any) -> dict[str, Any]:
    """Ratings by source; the first of two entries of one source counts, and what is no such entry is passed over."""
    found: dict[str, Any] = {}
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("Source"), str):
            found.setdefault(entry["Source"], entry.get("Value"))
    return found
