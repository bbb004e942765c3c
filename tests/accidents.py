"""Forty accidents that befall a list of films or OMDb's answers, each with the numbers that should give it away."""

from __future__ import annotations

import random
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

Documents = list[dict[str, Any]]


@dataclass(frozen=True)
class Accident:
    """An accident.

    Attributes
    ----------
    harm : callable
        Changes Bronze documents, best ranked first, in place or returns others.
    expected : tuple of str
        The first reason names one of these columns; "" stands for numbers of the whole list.
    word : str
        A word of the first reason.
    """

    name: str
    harm: Callable[[Documents], Documents | None]
    expected: tuple[str, ...]
    word: str = ""


def _each(
    field: str, change: Callable[[str], str], part: str = "omdb", share: float = 1.0
) -> Callable[[Documents], None]:
    """Change a field of each document, or of a share of them, that has a value."""

    def harm(documents: Documents) -> None:
        draw = random.Random(7).random
        for document in documents:
            value = document[part].get(field, "N/A")
            if value not in ("N/A", "") and draw() < share:
                document[part][field] = change(value)

    return harm


def _all(*harms: Callable[[Documents], Any]) -> Callable[[Documents], None]:
    def harm(documents: Documents) -> None:
        for one in harms:
            one(documents)

    return harm


def _swap(first: str, second: str) -> Callable[[Documents], None]:
    def harm(documents: Documents) -> None:
        for document in documents:
            omdb = document["omdb"]
            omdb[first], omdb[second] = omdb.get(second, "N/A"), omdb.get(first, "N/A")

    return harm


def _shift(field: str) -> Callable[[Documents], None]:
    """Give each film the value of the film before it: a list and its answers that are off by one."""

    def harm(documents: Documents) -> None:
        values = [document["omdb"].get(field, "N/A") for document in documents]
        for document, value in zip(documents, values[-1:] + values[:-1], strict=True):
            document["omdb"][field] = value

    return harm


def _dollars(factor: float) -> Callable[[str], str]:
    return lambda value: f"${round(int(value.replace('$', '').replace(',', '')) * factor):,}"


def _votes(factor: float) -> Callable[[str], str]:
    return lambda value: f"{round(int(value.replace(',', '')) * factor):,}"


def _minutes(factor: float) -> Callable[[str], str]:
    return lambda value: f"{max(1, round(int(value.split()[0]) * factor))} min"


def _mojibake(value: str) -> str:
    return value.encode("utf-8").decode("latin-1")


def _reorder_ratings(documents: Documents) -> None:
    """Write Metacritic's score under Rotten Tomatoes, and the other way round."""
    names = {"Metacritic": "Rotten Tomatoes", "Rotten Tomatoes": "Metacritic"}
    for document in documents:
        omdb = document["omdb"]
        ratings = {entry["Source"]: entry["Value"].split("/")[0].rstrip("%") for entry in omdb["Ratings"]}
        omdb["Metascore"] = ratings.get("Rotten Tomatoes", "N/A")
        omdb["Ratings"] = [
            {"Source": names[source], "Value": f"{value}%" if names[source] == "Rotten Tomatoes" else f"{value}/100"}
            for source, value in ratings.items()
        ]


def _lost(share: float, *, where: str) -> Callable[[Documents], Documents]:
    def harm(documents: Documents) -> Documents:
        kept = round(len(documents) * (1 - share))
        if where == "end":
            return documents[:kept]
        if where == "start":
            return documents[len(documents) - kept :]
        return sorted(random.Random(7).sample(documents, kept), key=lambda document: int(document["source"]["rank"]))

    return harm


def _twice(documents: Documents) -> Documents:
    """The second half of the list is the first half again, under other ids."""
    half = len(documents) // 2
    copies = deepcopy(documents[:half])
    for number, copy in enumerate(copies):
        copy["source"]["id"] = copy["omdb"]["imdbID"] = f"tt9{number:06}"
        copy["source"]["rank"] = str(half + number + 1)
    return documents[:half] + copies


def _other_films(documents: Documents) -> Documents:
    """A list of other films: each film is replaced by one of another id."""
    for number, document in enumerate(documents):
        document["source"]["id"] = document["omdb"]["imdbID"] = f"tt8{number:06}"
        document["omdb"]["Title"] = f"Other film {number}"
    return documents


def _ids_of_others(documents: Documents) -> None:
    """OMDb answers every third request with the film before: quarantined, since the ids differ."""
    for document in documents[::3]:
        document["omdb"]["imdbID"] = "tt7777777"


def _american_dates(value: str) -> str:
    """Take the month for the day: 3 Feb becomes 2 Mar."""
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    day, month, year = value.split()
    return f"{months.index(month) + 1:02} {months[(int(day) - 1) % 12]} {year}"


def _gone(*fields: str) -> Callable[[Documents], None]:
    return _all(*(_each(field, lambda _: "N/A") for field in fields))


_PEOPLE = ("Title", "Actors", "Director", "Writer")
ACCIDENTS = (
    # the list
    Accident("list lost a third, at random", _lost(1 / 3, where="anywhere"), ("",), "list"),
    Accident("list lost its last third", _lost(1 / 3, where="end"), ("",), "list"),
    Accident("list lost its first third", _lost(1 / 3, where="start"), ("",), "list"),
    Accident("list lost half", _lost(1 / 2, where="anywhere"), ("",), "list"),
    Accident("list lost a fifth", _lost(1 / 5, where="anywhere"), ("",), "list"),
    Accident("list of other films", _other_films, ("",), "list"),
    Accident("half of the list listed twice under other ids", _twice, ("",), "repeated"),
    # units
    Accident("running times in seconds", _each("Runtime", _minutes(60)), ("runtime_minutes",)),
    Accident("running times ten times too long", _each("Runtime", _minutes(10)), ("runtime_minutes",)),
    Accident("running times in hours", _each("Runtime", _minutes(1 / 60)), ("runtime_minutes",)),
    Accident("a fifth of running times ten times too long", _each("Runtime", _minutes(10), share=0.2),
             ("runtime_minutes",)),
    Accident("box office in cents", _each("BoxOffice", _dollars(100)), ("box_office_usd", "")),
    Accident("box office ten times too large", _each("BoxOffice", _dollars(10)), ("box_office_usd", "")),
    Accident("box office in thousands", _each("BoxOffice", _dollars(0.001)), ("box_office_usd",)),
    Accident("votes ten times too large", _each("imdbVotes", _votes(10)), ("imdb_votes",)),
    Accident("votes in thousands", _each("imdbVotes", _votes(0.001)), ("imdb_votes",)),
    Accident("ratings on a scale of five", _each("imdbRating", lambda value: f"{float(value) / 2:.1f}"),
             ("imdb_rating",)),
    Accident("Metacritic on a scale of ten", _all(_each("Metascore", lambda value: str(int(value) // 10)),
             _each("Ratings", lambda value: [r for r in value if r["Source"] != "Metacritic"])), ("metascore",)),
    Accident("list ratings on a scale of five", _each("imDbRating", lambda value: f"{float(value) / 2:.1f}", "source"),
             ("source_rating",)),
    # currencies
    Accident("box office in euros", _each("BoxOffice", _dollars(0.92)), ("box_office_usd",)),
    Accident("box office in pounds", _each("BoxOffice", _dollars(0.78)), ("box_office_usd",)),
    Accident("box office in yen", _each("BoxOffice", _dollars(150)), ("box_office_usd", "")),
    Accident("box office in rupees", _each("BoxOffice", _dollars(83)), ("box_office_usd", "")),
    # columns
    Accident("directors and writers swapped", _swap("Director", "Writer"), ("directors", "writers")),
    Accident("countries and languages swapped", _swap("Country", "Language"), ("countries", "languages")),
    Accident("Metacritic and Rotten Tomatoes swapped", _reorder_ratings, ("metascore", "rotten_tomatoes")),
    Accident("titles off by one film", _shift("Title"), ("title",)),
    Accident("actors off by one film", _shift("Actors"), ("actors",)),
    Accident("genres off by one film", _shift("Genre"), ("genres",)),
    # nulls
    Accident("no genres", _gone("Genre"), ("genres",)),
    Accident("a fifth without a director", _each("Director", lambda _: "N/A", share=0.2), ("directors",)),
    Accident("no box office", _gone("BoxOffice"), ("box_office_usd",)),
    Accident("no critics' scores", _gone("Metascore", "tomatoMeter", "Ratings"), ("metascore", "rotten_tomatoes")),
    # dates
    Accident("month and day confused", _each("Released", _american_dates), ("released",)),
    Accident("all released on one day", _each("Released", lambda _: "01 Jan 1970"), ("released",)),
    Accident("all films of this year", _each("Year", lambda _: "2026"), ("year",)),
    # text
    Accident("UTF-8 read as Latin-1", _all(*(_each(name, _mojibake) for name in _PEOPLE)), ("actors", "writers")),
    Accident("titles in capitals", _each("Title", str.upper), ("title",)),
    # outcomes
    Accident("answers about other films", _ids_of_others, ("",), "quarantined"),
    Accident("years that are in the future", _each("Year", lambda value: str(int(value) + 1000), share=0.4), ("",),
             "quarantined"),
)  # fmt: skip
