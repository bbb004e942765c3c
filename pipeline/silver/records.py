"""Records: one Bronze object to one Silver row, or to the reasons why not. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from pipeline.silver import clean
from pipeline.silver.quality import SilverMovie, reasons

Cleaner = Callable[[Any], Any]
# Of each column. A hundred thousand films have some thousand values of a column such as languages or year.
MOST_REMEMBERED = 2048
# How OMDb and lists say that there is no value: the commonest ones.
_NOT_GIVEN = ("N/A", "")
# The model's own call does the same, and takes a tenth longer.
_validated = TypeAdapter(SilverMovie).validator.validate_python


class _Cleaned(dict[Any, Any]):
    """What texts of one column become, by text: what has been cleaned is looked up, anything else is cleaned.

    Only texts are kept, so that nothing is taken for its equal (1 and True). Lists are shared by rows, which nobody
    changes.
    """

    def __init__(self, cleaner: Cleaner, most: int = MOST_REMEMBERED) -> None:
        super().__init__((given, cleaner(given)) for given in _NOT_GIVEN)
        self._cleaner, self._most = cleaner, most

    def __missing__(self, given: Any) -> Any:
        value = self._cleaner(given)
        if self._most and isinstance(given, str):
            if len(self) >= self._most:
                self.clear()
            self[given] = value
        return value


def _of_each_film(cleaner: Cleaner) -> _Cleaned:
    """Of a column whose values hardly recur: nothing is kept."""
    return _Cleaned(cleaner, most=0)


def _lower(value: Any) -> str | None:
    found = clean.text(value)
    return found and found.lower()


_out_of_ten = _Cleaned(lambda value: clean.score(value, 10))
_percent = _Cleaned(clean.percent)
_whole = _Cleaned(clean.whole)

# Silver column, OMDb's field and what becomes of its values.
_FROM_OMDB: tuple[tuple[str, str, _Cleaned], ...] = (
    ("imdb_id", "imdbID", _of_each_film(clean.text)),
    ("title", "Title", _of_each_film(clean.text)),
    ("year", "Year", _Cleaned(clean.year)),
    ("type", "Type", _Cleaned(_lower)),
    ("rated", "Rated", _Cleaned(clean.certificate)),
    ("released", "Released", _Cleaned(clean.day)),
    ("runtime_minutes", "Runtime", _Cleaned(clean.minutes)),
    ("genres", "Genre", _Cleaned(clean.names)),
    ("directors", "Director", _of_each_film(clean.names)),
    ("writers", "Writer", _of_each_film(clean.names)),
    ("actors", "Actors", _of_each_film(clean.names)),
    ("languages", "Language", _Cleaned(clean.names)),
    ("countries", "Country", _Cleaned(clean.countries)),
    ("plot", "Plot", _of_each_film(clean.text)),
    ("awards", "Awards", _of_each_film(clean.text)),
    ("poster", "Poster", _of_each_film(clean.text)),
    ("production", "Production", _of_each_film(clean.text)),
    ("imdb_rating", "imdbRating", _out_of_ten),
    ("imdb_votes", "imdbVotes", _of_each_film(clean.whole)),
    ("metascore", "Metascore", _percent),
    ("rotten_tomatoes", "tomatoMeter", _percent),
    ("rotten_tomatoes_average", "tomatoRating", _out_of_ten),
    ("rotten_tomatoes_reviews", "tomatoReviews", _whole),
    ("box_office_usd", "BoxOffice", _Cleaned(clean.dollars)),
)
# The same of the source list's fields. The two records are never merged: their keys collide.
_FROM_SOURCE: tuple[tuple[str, str, _Cleaned], ...] = (
    ("rank", "rank", _of_each_film(clean.whole)),
    ("source_rating", "imDbRating", _out_of_ten),
    ("source_rating_count", "imDbRatingCount", _of_each_film(clean.whole)),
)
# Where a score's own field is empty, the same source's entry of Ratings stands in.
_FROM_RATINGS: tuple[tuple[str, str, _Cleaned], ...] = (
    ("imdb_rating", "Internet Movie Database", _out_of_ten),
    ("metascore", "Metacritic", _percent),
    ("rotten_tomatoes", "Rotten Tomatoes", _percent),
)


class Clean(NamedTuple):
    """A film's Silver values, lineage not included; ``unreadable`` names what OMDb gave but nobody can read."""

    row: dict[str, Any]
    unreadable: list[str]


class Quarantined(NamedTuple):
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
        _validated(values, context=context)
    except ValidationError as error:
        return Quarantined(reasons(error))
    if values["released"] is not None:
        values["released"] = values["released"].isoformat()
    return Clean(values, [f"{column}: {why}" for column, why in unreadable.items()])


def _read(
    record: dict[str, Any],
    columns: tuple[tuple[str, str, _Cleaned], ...],
    values: dict[str, Any],
    unreadable: dict[str, str],
) -> None:
    """Clean the fields of a record into ``values``; what nobody can read is None there, and named."""
    for column, field, cleaned in columns:
        given = record.get(field)
        try:
            values[column] = cleaned[given]
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
