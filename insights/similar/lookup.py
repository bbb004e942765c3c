"""Look up a film and its recommendations by IMDb id, or by title as people type it.

Used by ``reelhouse similar`` and the function FindSimilarMovies. Works on rows of Gold ``movies`` and
``recommendations`` that the caller read. It runs in a Lambda, so it imports neither pandas nor numpy.
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

from pipeline.errors import InvalidInput

MAX_K = 20
MAX_QUERY_LENGTH = 200
# Films listed if several match, and titles listed if none does.
MAX_SHOWN = 10
MAX_CLOSEST = 5
# One typo per so many letters, at most three; shorter titles are too close to each other.
LETTERS_A_TYPO = 5
MAX_TYPOS = 3
# Tolerance if no film has the year asked for: sources often differ by one year.
YEARS_OFF = 1
IMDB_ID = re.compile(r"tt[0-9]{7,10}")
# Unicode categories of control characters, surrogates, private-use and unassigned characters.
NO_LETTERS = {"Cc", "Cs", "Co", "Cn"}

# Letters that Unicode does not decompose, but that people without them on their keyboard type differently.
PLAIN_LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "&": " and "}
)
APOSTROPHES = str.maketrans("", "", "'’‘`´")
NUMERALS = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9"}
# "teh" is the most common typo in English.
ARTICLES = ("the", "a", "an", "teh")
TRAILING_ARTICLE = re.compile(r"^(.+), (the|a|an)$")
NOT_IN_WORDS = re.compile(r"[\W_]+")
YEAR_AT_END = re.compile(r"^(.*\S)[\s,]*[\s(\[]((?:18|19|20)\d\d)[)\]]?$")


class Film(NamedTuple):
    """A film of the catalogue; ``year`` and ``rank`` are None if unknown, rank 1 is best."""

    imdb_id: str
    title: str
    year: int | None
    rank: int | None

    def shown(self) -> dict[str, Any]:
        """Return the film as it appears in an answer."""
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
    """Result of a query.

    Attributes
    ----------
    films : tuple of Film
        One film: a match. Several: the query matches all of them, best rank first. None: unknown.
    closest : tuple of Film
        The films with the closest titles, if none matches.
    """

    films: tuple[Film, ...]
    closest: tuple[Film, ...] = ()


class Catalogue:
    """Films and recommendations in memory, with an index of titles.

    Parameters
    ----------
    films : iterable of sequences
        Rows of (imdb_id, title, year, rank); a film without a title can only be found by id.
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
        for recommended in self._recommendations.values():
            recommended.sort(key=lambda recommendation: recommendation.rank)

    def __len__(self) -> int:
        """Count the films."""
        return len(self._films)

    def find(self, query: str) -> Match:
        """Find a film by IMDb id, or by title in any case, with typos, without accents, with or without year.

        The first of these that matches counts: the whole query as a title; the query without a year at its end, among
        films of that year or one year off; titles one to three typos away; titles with all words of the query.

        Raises
        ------
        InvalidInput
            If the query is empty, longer than 200 characters, or has control characters.
        """
        text = checked(query)
        if IMDB_ID.fullmatch(text.lower()):
            film = self._films.get(text.lower())
            return Match((film,) if film else ())
        title, year = split_year(text)
        attempts = [(normalised(text), None)] + ([(normalised(title), year)] if year else [])
        for search in (self._same, self._mistyped, self._containing):
            for wanted, wanted_year in attempts:
                if films := of_year(search(wanted), wanted_year):
                    return Match(tuple(films[:MAX_SHOWN]))
        return Match((), self._closest(normalised(title)))

    def similar(self, imdb_id: str, k: int = MAX_K) -> dict[str, Any]:
        """Return a film's recommendations.

        Returns
        -------
        dict
            ``{"imdb_id", "title", "year", "similar": [{"rank", "imdb_id", "title", "year", "similarity", "because"}]}``
            with up to ``k`` films, best match first. Films that have left the catalogue since are omitted.

        Raises
        ------
        InvalidInput
            If the film is not in the catalogue, or ``k`` is not from 1 to 20.
        """
        if not 1 <= k <= MAX_K:
            raise InvalidInput(f"{k} is out of range", subject="k", next_step=f"give 1 to {MAX_K}")
        film = self._films.get(imdb_id)
        if film is None:
            raise InvalidInput("is not in the catalogue", subject=imdb_id, next_step="look for its title")
        known = (entry for entry in self._recommendations.get(imdb_id, ()) if entry.recommended_imdb_id in self._films)
        return {**film.shown(), "similar": [self._line(entry) for entry, _ in zip(known, range(k), strict=False)]}

    def _line(self, entry: Recommendation) -> dict[str, Any]:
        film = self._films[entry.recommended_imdb_id].shown()
        return {"rank": entry.rank, **film, "similarity": entry.similarity, "because": entry.because}

    def _same(self, title: str) -> list[Film]:
        return self._by_title.get(title) or self._unspaced.get(title.replace(" ", ""), [])

    def _mistyped(self, title: str) -> list[Film]:
        """Return the films whose titles are the fewest typos away: a letter or a swap, never in a number."""
        typos = min(MAX_TYPOS, len(title) // LETTERS_A_TYPO)
        if not typos:
            return []
        near = process.extract(title, self._titles, scorer=OSA.distance, score_cutoff=typos, limit=MAX_SHOWN)
        near = [candidate for candidate in near if _numbers(candidate[0]) == _numbers(title)]
        least = min((distance for _, distance, _ in near), default=0)
        return self._all_of(index for _, distance, index in near if distance == least)

    def _containing(self, title: str) -> list[Film]:
        wanted = set(title.split())
        return self._all_of(index for index, words in enumerate(self._words) if wanted <= words)

    def _closest(self, title: str) -> tuple[Film, ...]:
        """Return films of that title, of any year, then one of each similar title."""
        near = process.extract(title, self._titles, scorer=fuzz.ratio, limit=MAX_CLOSEST, score_cutoff=1)
        like = [self._by_title[other][0] for other, _, _ in near]
        return tuple(dict.fromkeys([*self._same(title), *like]))[:MAX_CLOSEST]

    def _all_of(self, indexes: Iterable[int]) -> list[Film]:
        return sorted((film for index in indexes for film in self._by_title[self._titles[index]]), key=_best_first)


def checked(query: str) -> str:
    """Strip and validate a query.

    Raises
    ------
    InvalidInput
        If it is empty, longer than 200 characters, or has control characters.
    """
    text = query.strip()
    if not text:
        raise InvalidInput("is empty", subject="title", next_step="give a title or an IMDb id")
    if len(text) > MAX_QUERY_LENGTH:
        raise InvalidInput(f"is longer than {MAX_QUERY_LENGTH} characters", subject="title", next_step="shorten it")
    if any(unicodedata.category(letter) in NO_LETTERS for letter in text):
        raise InvalidInput("has control characters", subject="title", next_step="give a title or an IMDb id")
    return text


def of_year(films: Sequence[Film], year: int | None) -> list[Film]:
    """Return the films of a year, or those one year off if there are none; all films if ``year`` is None."""
    if year is None:
        return list(films)
    exact = [film for film in films if film.year == year]
    return exact or [film for film in films if film.year is not None and abs(film.year - year) <= YEARS_OFF]


def _best_first(film: Film) -> tuple[bool, int, str]:
    return (film.rank is None, film.rank or 0, film.imdb_id)


def _numbers(title: str) -> list[str]:
    return [word for word in title.split() if word.isdigit()]


def normalised(title: str) -> str:
    """Normalise a title: lower case, no accents, no punctuation, no leading article, "II" as "2".

    A title of punctuation only, such as "$", is unchanged. Letters of all scripts are kept.

    >>> normalised("The Godfather: Part II"), normalised("AMÉLIE "), normalised("Matrix, The")
    ('godfather part 2', 'amelie', 'matrix')
    """
    text = unicodedata.normalize("NFKD", title.strip().casefold()).translate(PLAIN_LETTERS).translate(APOSTROPHES)
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = TRAILING_ARTICLE.sub(r"\2 \1", text)
    words = NOT_IN_WORDS.sub(" ", text).split()
    if len(words) > 1 and words[0] in ARTICLES:
        words = words[1:]
    return " ".join(NUMERALS.get(word, word) for word in words) or text


def split_year(query: str) -> tuple[str, int | None]:
    """Split "the godfather 1972" or "The Godfather (1972)" into title and year; the year is None if there is none.

    A title may itself end in a number ("Blade Runner 2049"), so try the whole query first.
    """
    match = YEAR_AT_END.match(query.strip())
    return (match[1], int(match[2])) if match else (query, None)
