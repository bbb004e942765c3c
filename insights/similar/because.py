"""Why a film is recommended: what two films share, in words.

Place: last stage of :mod:`.recommendations`. Reads the films' tokens; writes nothing. Names and
titles are passed on as they are, as text: who shows them in a page has to escape them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from insights.similar.film_content import Floats
from insights.similar.film_features import Tokens

Names = tuple[str, ...]

MAX_REASONS = 3
MAX_NAMES = 3
MAX_GENRES = 3
PEOPLE = {
    "directors": ("same director", "same directors"),
    "writers": ("same writer", "same writers"),
    "actors": ("shared cast", "shared cast"),
}
COMPANY = "same production company"
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


@dataclass(frozen=True)
class Film:
    """What of a film a reason can name; empty where nothing is known.

    ``telling`` holds its people, title's words and companies: two films without a common one are told apart at once.
    """

    decade: int | None
    genres: Names
    people: tuple[Names, ...]
    title: Names
    studios: Names
    weaker: tuple[Names, ...]
    telling: frozenset[str]

    def because(self, other: Film) -> str:
        """Say what both films share: people, the kind of film and its decade, title and company; else what is left.

        Every part is true of both films; at most :data:`MAX_REASONS` of them, "" when they share nothing.
        """
        related = not self.telling.isdisjoint(other.telling)
        reasons = self._people(other) if related else []
        if kind := kind_of(self.genres, other.genres, self.decade if self.decade == other.decade else None):
            reasons.append(kind)
        if related:
            reasons += shared_in(
                (("both titles have", self.title, other.title), (COMPANY, self.studios, other.studios))
            )
        return "; ".join(
            (reasons or shared_in(zip(WEAKER.values(), self.weaker, other.weaker, strict=True)))[:MAX_REASONS]
        )

    def _people(self, other: Film) -> list[str]:
        reasons: list[str] = []
        named: set[str] = set()
        for (one, several), mine, theirs in zip(PEOPLE.values(), self.people, other.people, strict=True):
            shared = [name for name in mine if name in theirs and name not in named]
            named.update(shared)
            if shared:
                reasons.append(f"{one if len(shared) == 1 else several}: {listed(shared)}")
        return reasons


def films(fields: Tokens, years: Floats) -> list[Film]:
    """All films, from their tokens and years (NaN where unknown), in the same order."""
    seen: dict[Names, Names] = {}  # equal lists are one object, which is found again faster
    read = {
        field: [seen.setdefault(names, names) for names in map(tuple, entries)] for field, entries in fields.items()
    }
    people = zip(*(read[field] for field in PEOPLE), strict=True)
    weaker = zip(*(read[field] for field in WEAKER), strict=True)
    columns = zip(years.tolist(), read["genres"], people, read["title"], read["production"], weaker, strict=True)
    return [
        Film(
            None if year != year else int(year) // 10 * 10,  # noqa: PLR0124, only NaN differs from itself
            genres,
            everyone,
            title,
            companies,
            rest,
            frozenset(chain(*everyone, title, companies)),
        )
        for year, genres, everyone, title, companies, rest in columns
    ]


def shared_in(found: Iterable[tuple[str, Names, Names]]) -> list[str]:
    """Name what two films share, for each label and the films' two entries; nothing where they share nothing."""
    return [
        f"{label}: {listed(shared)}"
        for label, mine, theirs in found
        if (shared := [one for one in mine if one in theirs])
    ]


def listed(shared: Sequence[str]) -> str:
    """Up to :data:`MAX_NAMES` names, and how many more there are."""
    more = len(shared) - MAX_NAMES
    return ", ".join(shared[:MAX_NAMES]) + (f" and {more} more" if more > 0 else "")


@lru_cache(maxsize=100_000)
def kind_of(mine: Names, theirs: Names, decade: int | None) -> str:
    """Name films of the genres that both have, and of a decade: "both 1970s crime dramas"; "" without a common genre.

    At most :data:`MAX_GENRES` genres are named, the first of ``mine``.
    """
    genres = [genre for genre in mine if genre in theirs][:MAX_GENRES]
    if not genres:
        return ""
    kind = next((kind for kind in KINDS if kind in genres), None)
    # "crime drama thrillers" and not "drama crime thrillers": what could stand alone comes last.
    others = sorted((genre for genre in genres if genre != kind), key=lambda genre: genre in KINDS)
    described = [DESCRIPTIONS.get(genre, genre.lower()) for genre in others]
    era = [f"{decade}s"] if decade is not None else []
    return " ".join(["both", *era, *described, KINDS[kind] if kind else "films"])
