"""Bronze to Silver the common way: pandas ``json_normalize``, and a cleaning function a column by ``apply``.

It cleans as ``docs/data.md`` says, and keeps films out whose values cannot be true; it names neither reasons nor
unreadable values, which the pipeline does.
"""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import bronze_objects
from pipeline import keys

_GAP = re.compile(r"[\s\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\ufeff]+")
_NOTE = re.compile(r"\s*\([^()]*\)")
_SUFFIXES = {"jr.", "jr", "sr.", "sr", "ii", "iii", "iv"}
_COUNTRIES = {"usa": "United States", "us": "United States", "uk": "United Kingdom", "czechia": "Czech Republic"}
_RATED = {"nr": "Not Rated", "not rated": "Not Rated", "unrated": "Not Rated", "passed": "Passed"}
_RANGES = {
    "runtime_minutes": (1, 60_000),
    "imdb_rating": (0, 10),
    "imdb_votes": (0, 10**12),
    "metascore": (0, 100),
    "rotten_tomatoes": (0, 100),
    "rotten_tomatoes_average": (0, 10),
    "rotten_tomatoes_reviews": (0, 10**6),
    "box_office_usd": (0, 10**10),
    "year": (1870, 2036),
    "rank": (1, 10**9),
    "source_rating": (0, 10),
}


def text(value: Any) -> str | None:
    if value is None or isinstance(value, float):
        return None
    cleaned = _GAP.sub(" ", html.unescape(value)).strip()
    return None if cleaned.lower() in {"", "n/a"} else cleaned


def names(value: Any) -> list[str] | None:
    joined = text(value)
    if joined is None:
        return None
    entries: list[str] = []
    for name in map(str.strip, _NOTE.sub("", joined).split(",")):
        if name.lower() in _SUFFIXES and entries:
            entries[-1] += f" {name}"
        elif name:
            entries.append(name)
    unique: dict[str, str] = {}
    for name in entries:
        unique.setdefault(name.casefold(), name)
    return list(unique.values()) or None


def countries(value: Any) -> list[str] | None:
    all_names = names(value)
    return all_names and list(dict.fromkeys(_COUNTRIES.get(name.lower(), name) for name in all_names))


def certificate(value: Any) -> str | None:
    label = text(value)
    return label and _RATED.get(label.lower(), label)


def number(value: Any) -> float | None:
    content = text(value)
    match = content and re.fullmatch(r"\$?(-?[\d,]+(?:\.\d+)?)(?:%|/100|/10)?", content)
    return float(match[1].replace(",", "")) if match else None


def year(value: Any) -> int | None:
    content = text(value)
    match = content and re.match(r"\d{4}", content)
    return int(match[0]) if match else None


def minutes(value: Any) -> int | None:
    content = text(value)
    match = content and re.fullmatch(r"(?:(\d+)\s*h)?\s*(?:([\d,]+)\s*min)?", content)
    return int(match[1] or 0) * 60 + int((match[2] or "0").replace(",", "")) if match else None


def day(value: Any) -> date | None:
    content = text(value)
    try:
        return datetime.strptime(content, "%d %b %Y").date() if content else None
    except ValueError:
        return None


_TEXTS = ("string", text)
_COLUMNS: dict[str, tuple[str, str, Callable[[Any], Any]]] = {
    "imdb_id": ("omdb.imdbID", *_TEXTS),
    "title": ("omdb.Title", *_TEXTS),
    "year": ("omdb.Year", "Int32", year),
    "type": ("omdb.Type", *_TEXTS),
    "rated": ("omdb.Rated", "string", certificate),
    "released": ("omdb.Released", "object", day),
    "runtime_minutes": ("omdb.Runtime", "Int32", minutes),
    "genres": ("omdb.Genre", "object", names),
    "directors": ("omdb.Director", "object", names),
    "writers": ("omdb.Writer", "object", names),
    "actors": ("omdb.Actors", "object", names),
    "languages": ("omdb.Language", "object", names),
    "countries": ("omdb.Country", "object", countries),
    "plot": ("omdb.Plot", *_TEXTS),
    "awards": ("omdb.Awards", *_TEXTS),
    "poster": ("omdb.Poster", *_TEXTS),
    "production": ("omdb.Production", *_TEXTS),
    "imdb_rating": ("omdb.imdbRating", "Float64", number),
    "imdb_votes": ("omdb.imdbVotes", "Int64", number),
    "metascore": ("omdb.Metascore", "Int32", number),
    "rotten_tomatoes": ("omdb.tomatoMeter", "Int32", number),
    "rotten_tomatoes_average": ("omdb.tomatoRating", "Float64", number),
    "rotten_tomatoes_reviews": ("omdb.tomatoReviews", "Int32", number),
    "box_office_usd": ("omdb.BoxOffice", "Int64", number),
    "rank": ("source.rank", "Int32", number),
    "source_rating": ("source.imDbRating", "Float64", number),
    "source_rating_count": ("source.imDbRatingCount", "Int64", number),
}
# Where a score's own field is empty, the same source's entry of Ratings stands in.
_RATINGS = {
    "imdb_rating": "Internet Movie Database",
    "metascore": "Metacritic",
    "rotten_tomatoes": "Rotten Tomatoes",
}


def part(objects: list[tuple[str, bytes]]) -> bytes:
    """Make one parquet part of Bronze objects, given as key and body."""
    films = pd.json_normalize([json.loads(body) for _, body in objects])
    silver = pd.DataFrame(
        {name: films[field].apply(clean).astype(kind) for name, (field, kind, clean) in _COLUMNS.items()}
    )
    for name, source in _RATINGS.items():
        stand_in = films["omdb.Ratings"].apply(lambda entries, source=source: _rating(entries, source))
        silver[name] = silver[name].fillna(stand_in.astype(silver[name].dtype))
    silver["run_id"] = films["run_id"]
    silver["bronze_key"] = [key for key, _ in objects]
    silver["bronze_version"] = pd.Series(None, index=silver.index, dtype="string")
    silver["fetched_at"] = pd.to_datetime(films["fetched_at"]).dt.tz_localize(None)
    silver["processed_at"] = datetime.now(UTC).replace(tzinfo=None)
    silver["code_version"] = "development"
    target = BytesIO()
    silver[_possible(silver)].to_parquet(target, compression="zstd", index=False)
    return target.getvalue()


def _rating(entries: list[dict[str, str]], source: str) -> float | None:
    return next((number(entry["Value"]) for entry in entries if entry["Source"] == source), None)


def _possible(silver: pd.DataFrame) -> pd.Series[bool]:
    """Whether a film is the one asked for, and all its values can be true."""
    possible = silver["imdb_id"] == silver["bronze_key"].apply(keys.film_of)
    for name, (lowest, highest) in _RANGES.items():
        possible &= silver[name].between(lowest, highest).fillna(value=True).astype(bool)
    return possible


def run(path: str, at_once: int | None, folder: str = "") -> dict[str, Any]:
    """Run pandas over a file, a part a batch, or one part of all; ``folder`` keeps the parts."""
    s3 = bronze_objects.Folder(folder)
    started = time.perf_counter()
    for batch in bronze_objects.read(Path(path), at_once):
        s3.put_object(Body=part(batch))
    return {"seconds": time.perf_counter() - started}
