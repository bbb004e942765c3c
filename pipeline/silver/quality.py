"""Quality: what a Silver row must look like, and why a film is kept out.

A value that cannot be true quarantines the whole film, because then nothing else in the answer can be trusted. The
constraints are pydantic's, so that each fault names the field, the value and the rule.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo

# "Passage de Venus", the oldest entry IMDb has, is of 1874; films are announced a few years ahead.
FIRST_YEAR = 1870
YEARS_AHEAD = 10
# The longest known film runs 857 hours ("Logistics").
LONGEST_MINUTES = 60_000
MOST_USD = 10_000_000_000
# No list is that long; Silver's type of rank ends at 2**31.
MOST_FILMS = 10**9
_LONGEST_SHOWN = 10**60

Count = Annotated[int, Field(ge=0, le=10**12)]
Percent = Annotated[int, Field(ge=0, le=100)]
OutOfTen = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)]


def _is_the_film_asked_for(value: str, info: ValidationInfo) -> str:
    asked_for = (info.context or {}).get("asked_for", value)
    if value != asked_for:
        raise ValueError(f"the answer is about another film than {asked_for}")
    return value


def _is_of_a_possible_year(value: int | date, info: ValidationInfo) -> int | date:
    latest = (info.context or {}).get("this_year", date.max.year) + YEARS_AHEAD
    if not FIRST_YEAR <= (value if isinstance(value, int) else value.year) <= latest:
        raise ValueError(f"no film is of a year outside {FIRST_YEAR} to {latest}")
    return value


class SilverMovie(BaseModel):
    """A clean film; its fields are :data:`pipeline.columns.FILM`. The context gives ``asked_for`` and ``this_year``."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    imdb_id: Annotated[str, AfterValidator(_is_the_film_asked_for)]
    title: str | None
    year: Annotated[int, AfterValidator(_is_of_a_possible_year)] | None
    type: str | None
    rated: str | None
    released: Annotated[date, AfterValidator(_is_of_a_possible_year)] | None
    runtime_minutes: Annotated[int, Field(ge=1, le=LONGEST_MINUTES)] | None
    genres: list[str] | None
    directors: list[str] | None
    writers: list[str] | None
    actors: list[str] | None
    languages: list[str] | None
    countries: list[str] | None
    plot: str | None
    awards: str | None
    poster: str | None
    production: str | None
    imdb_rating: OutOfTen | None
    imdb_votes: Count | None
    metascore: Percent | None
    rotten_tomatoes: Percent | None
    rotten_tomatoes_average: OutOfTen | None
    rotten_tomatoes_reviews: Annotated[int, Field(ge=0, le=10**6)] | None
    box_office_usd: Annotated[int, Field(ge=0, le=MOST_USD)] | None
    rank: Annotated[int, Field(ge=1, le=MOST_FILMS)]
    source_rating: OutOfTen | None
    source_rating_count: Count | None


def _of_whole_characters(value: str) -> str:
    """Refuse half of a character, which no reader of Silver's JSON takes."""
    value.encode()
    return value


Text = Annotated[str, AfterValidator(_of_whole_characters)]


class SilverRun(BaseModel):
    """A run's record: what the columns of Silver's ``runs`` can hold, so that Gold can always read it."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    run_id: Text
    started_at: Text
    source_uri: Text
    source_sha256: Text
    top_n: Annotated[int, Field(ge=1, le=MOST_FILMS)]
    batch_size: Annotated[int, Field(ge=1, le=MOST_FILMS)]
    expected: Annotated[int, Field(ge=0, le=MOST_FILMS)]
    code_version: Text


def reasons(error: ValidationError) -> list[str]:
    """One line a fault: field, value (shortened) and rule."""
    return [
        f"{'.'.join(str(part) for part in fault['loc'])}: {_shown(fault['input'])!r}: "
        + fault["msg"].removeprefix("Value error, ")
        for fault in error.errors(include_url=False, include_context=False)
    ]


def _shown(value: object) -> str:
    """Start of a value; Python writes no whole number of more than 4,300 digits."""
    beyond = isinstance(value, int) and abs(value) > _LONGEST_SHOWN
    return "a number of more than 60 digits" if beyond else str(value)[:60]
