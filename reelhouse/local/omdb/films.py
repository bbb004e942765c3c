"""The sample films, which replace the real source list and the real OMDb on the local stack.

Reads ``movies.db`` of the package bokeh-sampledata. Its films come from Wikidata (CC0). The table has 17,472 rows; two
IMDb ids occur twice, so 17,470 films are served. Values are passed on unchanged in OMDb's format. Missing values are
"N/A", always so for IMDb's ratings and votes, plots and posters.
"""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import date
from importlib import resources
from statistics import fmean
from typing import Any

from pipeline.errors import LocalStackError

Film = Mapping[str, Any]

# Half of the films have at most this many reviews; see score().
PRIOR_REVIEWS = 24
CREW_ACTORS = 2
NOT_AVAILABLE = "N/A"

_QUERY = """
SELECT o.ID AS row_id, o.imdbID AS imdb_id, o.Title AS title, o.Year AS year, o.Rating AS rated, o.Released AS released,
    o.Runtime AS runtime, o.Genre AS genre, o.Director AS director, o.Writer AS writer, o."Cast" AS actors,
    o.Language AS language, o.Country AS country, o.Awards AS awards, o.Metacritic AS metascore,
    t.Meter AS meter, t.Image AS image, t.Rating AS average, t.Reviews AS reviews, t.Fresh AS fresh, t.Rotten AS rotten,
    t.Consensus AS consensus, t.userMeter AS user_meter, t.userRating AS user_rating, t.userReviews AS user_reviews,
    t.DVD AS dvd, t.BoxOffice AS box_office, t.Production AS production, t.Website AS website
FROM omdb AS o LEFT JOIN tomatoes AS t ON t.ID = o.ID
"""


def read_films() -> list[Film]:
    """Read all rows of the table, unordered; empty text becomes None. LocalStackError when it is not as expected."""
    try:
        table = resources.files("bokeh_sampledata") / "_data" / "movies.db"
        with resources.as_file(table) as path, closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as films:
            films.row_factory = sqlite3.Row
            rows = films.execute(_QUERY).fetchall()
    except (ModuleNotFoundError, sqlite3.Error) as error:
        raise LocalStackError(
            f"cannot be read ({type(error).__name__})",
            subject="the sample films",
            next_step="install the version of bokeh-sampledata in requirements.lock",
        ) from error
    return [{name: None if value == "" else value for name, value in dict(row).items()} for row in rows]


def unique(films: Iterable[Film]) -> list[Film]:
    """Keep one row for each IMDb id: the one with most values; ties go to the lower ``row_id``."""
    best: dict[str, Film] = {}
    for film in sorted(films, key=lambda film: (sum(value is None for value in film.values()), film["row_id"])):
        best.setdefault(film["imdb_id"], film)
    return list(best.values())


def score(average: float, reviews: int, mean: float) -> float:
    """Shrink a film's average rating towards the mean of all films, more so with fewer reviews.

    This is the weighted rating known from IMDb's Top 250: a film with the median number of reviews scores half way
    between its average and the mean.
    """
    return (reviews * average + PRIOR_REVIEWS * mean) / (reviews + PRIOR_REVIEWS)


def ranked(films: Iterable[Film]) -> list[Film]:
    """Order films by :func:`score`, best first, unrated films last; ties go to the lower IMDb id."""
    films = list(films)
    rated = [film for film in films if film["average"] is not None]
    mean = fmean(film["average"] for film in rated) if rated else 0.0

    def sort_key(film: Film) -> tuple[bool, float, str]:
        if film["average"] is None:
            return (True, 0.0, film["imdb_id"])
        return (False, -score(film["average"], film["reviews"] or 0, mean), film["imdb_id"])

    return sorted(films, key=sort_key)


def source_item(film: Film, rank: int) -> dict[str, str]:
    """Return one entry of the source list; missing values are "".

    ``crew`` names the first director and two actors. The table's cast is alphabetical, so they need not be the leads.
    """
    crew = [f"{name} (dir.)" for name in _names(film["director"])[:1]] + _names(film["actors"])[:CREW_ACTORS]
    return {
        "id": film["imdb_id"],
        "rank": str(rank),
        "title": film["title"],
        "fullTitle": f"{film['title']} ({film['year']})",
        "year": str(film["year"]),
        "image": "",
        "crew": ", ".join(crew),
        "imDbRating": "",
        "imDbRatingCount": "",
    }


def omdb_record(film: Film, *, tomatoes: bool = False) -> dict[str, Any]:
    """Return one film as OMDb answers it: the same keys in the same order, all values text except ``Ratings``.

    ``tomatoes`` adds the keys of OMDb's parameter ``tomatoes=true``, among them the number of reviews. Their
    ``tomatoFresh`` and ``tomatoRotten`` are the table's, which derived them from the rounded Tomatometer.
    """
    return {
        "Title": film["title"],
        "Year": str(film["year"]),
        "Rated": _text(film["rated"]),
        "Released": _released(film["released"]),
        "Runtime": _text(film["runtime"], "{:.0f} min"),
        "Genre": _text(film["genre"]),
        "Director": _text(film["director"]),
        "Writer": _text(film["writer"]),
        "Actors": _text(film["actors"]),
        "Plot": NOT_AVAILABLE,
        "Language": _text(film["language"]),
        "Country": _text(film["country"]),
        "Awards": _text(film["awards"]),
        "Poster": NOT_AVAILABLE,
        "Ratings": _ratings(film),
        "Metascore": _text(film["metascore"]),
        "imdbRating": NOT_AVAILABLE,
        "imdbVotes": NOT_AVAILABLE,
        "imdbID": film["imdb_id"],
        "Type": "movie",
        **(_tomatoes(film) if tomatoes else {}),
        "DVD": _text(film["dvd"]),
        "BoxOffice": _box_office(film["box_office"]),
        "Production": _text(film["production"]),
        "Website": _text(film["website"]),
        "Response": "True",
    }


@functools.cache
def films_by_id() -> dict[str, Film]:
    """Return all 17,470 films by IMDb id, best ranked first; cached."""
    return {film["imdb_id"]: film for film in ranked(unique(read_films()))}


def source_list() -> dict[str, list[dict[str, str]]]:
    """Return the source list of the sample films: ``{"items": [...]}``, best ranked first."""
    return {"items": [source_item(film, rank) for rank, film in enumerate(films_by_id().values(), start=1)]}


def _names(names: str | None) -> list[str]:
    return names.split(", ") if names else []


def _text(value: str | float | None, template: str = "{}") -> str:
    return NOT_AVAILABLE if value is None else template.format(value)


def _released(day: str | None) -> str:
    """Format a date as ``14 Oct 1994``. 1 January stands for an unknown day in the table (11,468 rows)."""
    if day is None or day.endswith("-01-01"):
        return NOT_AVAILABLE
    return f"{date.fromisoformat(day):%d %b %Y}"


def _box_office(dollars: float | None) -> str:
    """Format dollars as ``$28,767,189``. Six rows hold misread fractions such as 126.404, whose size is unknown."""
    if dollars is None or dollars <= 0 or not dollars.is_integer():
        return NOT_AVAILABLE
    return f"${dollars:,.0f}"


def _ratings(film: Film) -> list[dict[str, str]]:
    known = (("Rotten Tomatoes", film["meter"], "{}%"), ("Metacritic", film["metascore"], "{}/100"))
    return [{"Source": source, "Value": form.format(value)} for source, value, form in known if value is not None]


def _tomatoes(film: Film) -> dict[str, str]:
    return {
        "tomatoMeter": _text(film["meter"]),
        "tomatoImage": _text(film["image"]),
        "tomatoRating": _text(film["average"], "{:g}"),
        "tomatoReviews": _text(film["reviews"]),
        "tomatoFresh": _text(film["fresh"]),
        "tomatoRotten": _text(film["rotten"]),
        "tomatoConsensus": _text(film["consensus"]),
        "tomatoUserMeter": _text(film["user_meter"]),
        "tomatoUserRating": _text(film["user_rating"], "{:g}"),
        "tomatoUserReviews": _text(film["user_reviews"]),
        "tomatoURL": NOT_AVAILABLE,
    }
