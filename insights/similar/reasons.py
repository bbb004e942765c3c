"""Why a film is recommended: what two films share, in words.

Place: last stage of :mod:`.recommendations`. Reads the films' tokens; writes nothing. Names and
titles are passed on as they are, as text: who shows them in a page has to escape them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from insights.similar import arrow_arrays
from insights.similar.content import Floats, Indices
from insights.similar.tokens import Tokens

Names = tuple[str, ...]
# What both films of a pair have, by the pair's place.
Shared = dict[int, list[str]]

MAX_REASONS = 3
MAX_NAMES = 3
MAX_GENRES = 3
PEOPLE = {
    "directors": ("same director", "same directors"),
    "writers": ("same writer", "same writers"),
    "actors": ("shared cast", "shared cast"),
}
AFTER_THE_KIND = {"title": "both titles have", "production": "same production company"}
# Said only when nothing else can be: most films share a country.
WEAKER = {"countries": "both from", "languages": "both in", "plot": "both plots mention"}

# The genres that name a kind of film by themselves, the most telling first; the others describe it.
KINDS = {
    "Documentary": "documentaries",
    "Western": "westerns",
    "Musical": "musicals",
    "Film-Noir": "films noirs",
    "Thriller": "thrillers",
    "Drama": "dramas",
    "Comedy": "comedies",
    "Romance": "romances",
    "Mystery": "mysteries",
}
DESCRIPTIONS = {
    "Animation": "animated",
    "Biography": "biographical",
    "History": "historical",
    "Romance": "romantic",
    "Sci-Fi": "sci-fi",
}


def reasons(fields: Mapping[str, Tokens], years: Floats, asked: Indices, films: Indices) -> list[str]:
    """Say what both films of each pair share: people, the kind of film and its decade, title and company; or the rest.

    Every part is true of both films; at most :data:`MAX_REASONS` of them, "" when they share nothing.

    Parameters
    ----------
    fields, years
        Tokens of n films by field, and their years; NaN where unknown.
    asked, films : Indices
        Shape (pairs,): places of the two films of each. What is shared is named in the order of the first.
    """
    said: list[list[str]] = [[] for _ in asked]
    _people(said, [shared(fields[field], asked, films) for field in PEOPLE])
    _kinds(said, shared(fields["genres"], asked, films), _decades(years, asked, films))
    _rest(said, [(label, shared(fields[field], asked, films)) for field, label in AFTER_THE_KIND.items()])
    silent = [pair for pair, parts in enumerate(said) if not parts]
    asked, films, still = asked[silent], films[silent], [said[pair] for pair in silent]
    _rest(still, [(label, shared(fields[field], asked, films)) for field, label in WEAKER.items()])
    return ["; ".join(parts[:MAX_REASONS]) for parts in said]


def shared(field: Tokens, asked: Indices, films: Indices) -> Shared:
    """Tokens that both films of a pair have, in the order of the first: by the pair's place, where there are any."""
    theirs = field.places[films]
    theirs.data[:] = 1
    both = field.places[asked].multiply(theirs)
    pairs = np.repeat(np.arange(len(asked)), np.diff(both.indptr))
    order = np.lexsort((both.data, pairs))
    names = field.names.take(arrow_arrays.numbers(both.indices[order])).to_pylist()
    found: Shared = {}
    for pair, name in zip(pairs.tolist(), names, strict=True):
        found.setdefault(pair, []).append(name)
    return found


def _people(said: Sequence[list[str]], found: Sequence[Shared]) -> None:
    """Say who worked on both films of a pair; nobody is named twice."""
    named: dict[int, list[str]] = {}
    for (one, several), pairs in zip(PEOPLE.values(), found, strict=True):
        for pair, names in pairs.items():
            if before := named.get(pair):
                names = [name for name in names if name not in before]  # noqa: PLW2901 (most pairs skip this)
            if names:
                named[pair] = [*(before or ()), *names]
                said[pair].append(f"{one if len(names) == 1 else several}: {listed(names)}")


def _kinds(said: Sequence[list[str]], genres: Shared, decades: Sequence[int]) -> None:
    for pair, names in genres.items():
        said[pair].append(kind_of(tuple(names), decades[pair] or None))


def _decades(years: Floats, asked: Indices, films: Indices) -> list[int]:
    """The decade of each pair, 0 where they are not of one or a year is not known: NaN differs from itself."""
    decades = np.floor(years / 10) * 10
    decade: list[int] = np.where(decades[asked] == decades[films], decades[asked], 0).astype(int).tolist()
    return decade


def _rest(said: Sequence[list[str]], found: Sequence[tuple[str, Shared]]) -> None:
    for label, pairs in found:
        for pair, names in pairs.items():
            said[pair].append(f"{label}: {listed(names)}")


def listed(shared: Sequence[str]) -> str:
    """Up to :data:`MAX_NAMES` names, and how many more there are."""
    more = len(shared) - MAX_NAMES
    return ", ".join(shared[:MAX_NAMES]) + (f" and {more} more" if more > 0 else "")


@lru_cache(maxsize=100_000)
def kind_of(genres: Names, decade: int | None) -> str:
    """Name films of the genres that both have, and of a decade: "both 1970s crime dramas".

    At most :data:`MAX_GENRES` genres are named, the first.
    """
    genres = genres[:MAX_GENRES]
    kind = next((kind for kind in KINDS if kind in genres), None)
    # "crime drama thrillers" and not "drama crime thrillers": what could stand alone comes last.
    others = sorted((genre for genre in genres if genre != kind), key=lambda genre: genre in KINDS)
    described = [DESCRIPTIONS.get(genre, genre.lower()) for genre in others]
    era = [f"{decade}s"] if decade is not None else []
    return " ".join(["both", *era, *described, KINDS[kind] if kind else "films"])
