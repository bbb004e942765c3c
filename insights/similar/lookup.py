"""Finding a film and its recommendations: by IMDb id, or by title as people type it.

Place: behind ``reelhouse similar`` and the function FindSimilarMovies (:mod:`.similar_api`). Reads rows of Gold
``movies`` and ``recommendations`` that the caller fetched; writes nothing. It runs in a Lambda: no pandas, no numpy.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from insights.similar.titles import normalised, split_year
from pipeline.errors import InvalidInput

MAX_K = 20
MAX_QUERY_LENGTH = 200
# Films shown where several fit, and titles shown where none does.
MAX_SHOWN = 10
MAX_CLOSEST = 5
# One slip of the fingers for so many letters, three at most; shorter titles are too near each other.
LETTERS_A_TYPO = 5
MAX_TYPOS = 3
# Where no film has the year asked for: lists differ by one about what a film's year is.
YEARS_OFF = 1
IMDB_ID = re.compile(r"tt[0-9]{7,10}")
# Unicode's categories of control characters, halves of characters, and those that mean nothing.
NO_LETTERS = {"Cc", "Cs", "Co", "Cn"}


class Film(NamedTuple):
    """A film of the catalogue, as the first columns of a row: no year is None, rank 1 is best."""

    imdb_id: str
    title: str
    year: int | None
    rank: int | None

    def shown(self) -> dict[str, Any]:
        """What an answer says of a film."""
        return {"imdb_id": self.imdb_id, "title": self.title, "year": self.year}


class Recommendation(NamedTuple):
    """A row of Gold ``recommendations``."""

    imdb_id: str
    rank: int
    recommended_imdb_id: str
    similarity: float
    because: str


@dataclass(frozen=True)
class Match:
    """What a query found.

    Attributes
    ----------
    query : str
        As it was asked.
    films : tuple of Film
        One film: that is it. Several: the query fits all of them, best rank first. None: the film is not known.
    closest : tuple of Film
        Where no film fits, those with the closest titles.
    """

    query: str
    films: tuple[Film, ...]
    closest: tuple[Film, ...] = ()


class Catalogue:
    """Films and recommendations in memory, with an index of titles. Building it takes a second, asking it milliseconds.

    Parameters
    ----------
    films : iterable of sequences
        Rows of (imdb_id, title, year, rank); a film without a title is found by its id only.
    recommendations : iterable of sequences
        Rows of Gold ``recommendations``, in any order: (imdb_id, rank, recommended_imdb_id, similarity, because).
    """

    def __init__(self, films: Iterable[Sequence[Any]], recommendations: Iterable[Sequence[Any]]) -> None:
        self._films: dict[str, Film] = {row[0]: Film(row[0], row[1] or "", *row[2:4]) for row in films}
        self._by_title: dict[str, list[Film]] = defaultdict(list)
        self._unspaced: dict[str, list[Film]] = defaultdict(list)
        for film in sorted(self._films.values(), key=_best_first):
            if film.title:
                title = normalised(film.title)
                self._by_title[title].append(film)
                self._unspaced[title.replace(" ", "")].append(film)
        self._titles = list(self._by_title)
        self._words = [frozenset(title.split()) for title in self._titles]
        self._recommendations: dict[str, list[Recommendation]] = defaultdict(list)
        for row in recommendations:
            self._recommendations[row[0]].append(Recommendation(*row[:5]))
        for found in self._recommendations.values():
            found.sort(key=lambda recommendation: recommendation.rank)

    def __len__(self) -> int:
        """Count the films."""
        return len(self._films)

    def find(self, query: str) -> Match:
        """Find a film by its IMDb id, or by its title in any case, with typos, without accents, with or without year.

        Looked for, in this order, until something is found: the whole query as a title; the same without a year at its
        end, among films of that year (or one year off); titles one to three typos away; titles with all its words.

        Raises
        ------
        InvalidInput
            When the query is empty, longer than 200 characters, or has control characters.
        """
        text = checked(query)
        if IMDB_ID.fullmatch(text.lower()):
            film = self._films.get(text.lower())
            return Match(query, (film,) if film else ())
        title, year = split_year(text)
        attempts = [(normalised(text), None)] + ([(normalised(title), year)] if year else [])
        for search in (self._same, self._mistyped, self._containing):
            for wanted, wanted_year in attempts:
                if found := of_year(search(wanted), wanted_year):
                    return Match(query, tuple(found[:MAX_SHOWN]))
        return Match(query, (), self._closest(normalised(title)))

    def similar(self, imdb_id: str, k: int = MAX_K) -> dict[str, Any]:
        """Give a film's recommendations.

        Returns
        -------
        dict
            ``{"imdb_id", "title", "year", "similar": [{"rank", "imdb_id", "title", "year", "similarity", "because"}]}``
            with up to ``k`` films, none where there are no recommendations. Films that have left the catalogue since
            are left out.

        Raises
        ------
        InvalidInput
            When the film is not in the catalogue, or ``k`` is not from 1 to 20.
        """
        if not 1 <= k <= MAX_K:
            raise InvalidInput(f"{k} is no number of films", subject="k", next_step=f"give 1 to {MAX_K}")
        film = self._films.get(imdb_id)
        if film is None:
            raise InvalidInput("is not in the catalogue", subject=imdb_id, next_step="look for its title")
        known = (found for found in self._recommendations.get(imdb_id, ()) if found.recommended_imdb_id in self._films)
        return {**film.shown(), "similar": [self._line(found) for found, _ in zip(known, range(k), strict=False)]}

    def _line(self, found: Recommendation) -> dict[str, Any]:
        film = self._films[found.recommended_imdb_id].shown()
        return {"rank": found.rank, **film, "similarity": found.similarity, "because": found.because}

    def _same(self, title: str) -> list[Film]:
        return self._by_title.get(title) or self._unspaced.get(title.replace(" ", ""), [])

    def _mistyped(self, title: str) -> list[Film]:
        """Films with the titles that are the fewest typos away; a typo is one letter or one swap, never in a number."""
        typos = min(MAX_TYPOS, len(title) // LETTERS_A_TYPO)
        if not typos:
            return []
        near = process.extract(title, self._titles, scorer=OSA.distance, score_cutoff=typos, limit=MAX_SHOWN)
        near = [found for found in near if _numbers(found[0]) == _numbers(title)]
        least = min((distance for _, distance, _ in near), default=0)
        return self._all_of(place for _, distance, place in near if distance == least)

    def _containing(self, title: str) -> list[Film]:
        wanted = set(title.split())
        return self._all_of(place for place, words in enumerate(self._words) if wanted <= words)

    def _closest(self, title: str) -> tuple[Film, ...]:
        """Films of that title, of whatever year, and then one of each title like it."""
        near = process.extract(title, self._titles, scorer=fuzz.ratio, limit=MAX_CLOSEST)
        like = [self._by_title[found][0] for found, _, _ in near]
        return tuple(dict.fromkeys([*self._same(title), *like]))[:MAX_CLOSEST]

    def _all_of(self, places: Iterable[int]) -> list[Film]:
        return sorted((film for place in places for film in self._by_title[self._titles[place]]), key=_best_first)


def checked(query: str) -> str:
    """Strip a query, if it can be one.

    Raises
    ------
    InvalidInput
        When it is empty, longer than 200 characters, or has characters that no title has.
    """
    text = query.strip()
    if not text:
        raise InvalidInput("is empty", subject="title", next_step="give a title or an IMDb id")
    if len(text) > MAX_QUERY_LENGTH:
        raise InvalidInput(
            f"is longer than {MAX_QUERY_LENGTH} characters", subject="title", next_step="give less of it"
        )
    if any(unicodedata.category(letter) in NO_LETTERS for letter in text):
        raise InvalidInput("has control characters", subject="title", next_step="give a title or an IMDb id")
    return text


def of_year(films: Sequence[Film], year: int | None) -> list[Film]:
    """Films of a year; where there are none, those one year off; all films where no year is asked for."""
    if year is None:
        return list(films)
    exact = [film for film in films if film.year == year]
    return exact or [film for film in films if film.year is not None and abs(film.year - year) <= YEARS_OFF]


def _best_first(film: Film) -> tuple[bool, int, str]:
    return (film.rank is None, film.rank or 0, film.imdb_id)


def _numbers(title: str) -> list[str]:
    return [word for word in title.split() if word.isdigit()]
