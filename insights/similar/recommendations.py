"""Similar films: for every film of Gold ``movies`` the films to see next, and why. Pure.

Notebook 03 writes the result as the Gold table ``recommendations``, which :mod:`.lookup` reads.

How a film is chosen
--------------------
1. :mod:`.features`: one TF-IDF matrix per field (cast, genres, writers, ...), each row of length 1, times the field's
   weight. The similarity of two films is the sum over the fields plus the closeness of their years.
2. The prior, also there: a candidate gains by how widely noticed and how well rated it is among films of its years,
   and loses by how far it is from the film asked for in both. ``prior=0`` leaves similarity alone.
3. :mod:`.search`: similarity and prior of all pairs, and a pool of the best candidates for each film.
4. :mod:`.choice`: maximal marginal relevance orders the pool.
5. :func:`reasons`: what both films share, in words. Names and titles are plain text: a page has to escape them.

The list then moves films by the same director in the same genre above films that share no person, and drops films
without a reason. A film that shares little with any other gets few recommendations or none.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

import numpy as np
import pandas as pd

from insights import wording
from insights.columns import RECOMMENDATIONS
from insights.frames import typed
from insights.similar import features
from insights.similar.choice import Options, choose
from insights.similar.features import Floats, Indices, Tokens
from insights.similar.search import DECIMALS
from pipeline.errors import InvalidInput

ID = "imdb_id"
DEFAULT = Options()
MAX_REASONS = 3
MAX_GENRES = 3
# Actors of this many films or more are stars of the list: the two films that share them are not their only ones.
FILMS_OF_A_STAR = 3
ACTORS = "actors"
PEOPLE = {
    "directors": ("same director", "same directors"),
    "writers": ("same writer", "same writers"),
    ACTORS: ("shared cast", "shared cast"),
}
AFTER_THE_KIND = {"title": "both titles have", "production": "same production company"}

# Genres that name a kind of film on their own, most specific first; the others describe it.
KINDS = (
    "Documentary", "Western", "Musical", "Film-Noir", "Thriller", "Drama", "Comedy", "Romance", "Mystery",
)  # fmt: skip
DESCRIPTIONS = {
    "Animation": "animated",
    "Biography": "biographical",
    "Romance": "romantic",
    "Sci-Fi": "science-fiction",
}
# Catalogues list films as History because they are old as well as because they are about history.
UNCLEAR = "History"


def build(movies: pd.DataFrame, options: Options = DEFAULT) -> pd.DataFrame:
    """Recommend films for every film.

    The same films give the same recommendations, in whatever order they are given. Time grows with the square of the
    number of films.

    Parameters
    ----------
    movies : DataFrame
        Gold ``movies``. Only ``imdb_id`` is required; list columns may hold lists, arrays or None.

    Returns
    -------
    DataFrame
        The columns of ``recommendations``, ordered by ``imdb_id`` and ``rank``.

    Raises
    ------
    InvalidInput
        If there is no column ``imdb_id``.
    """
    if ID not in movies:
        raise InvalidInput(f"has no column {ID}", subject="Gold movies", next_step="build Gold again")
    films = movies.dropna(subset=[ID]).drop_duplicates(ID).sort_values(ID, ignore_index=True)
    fields = features.read(films)
    years = features.numbers(films, "year").astype(np.float32)
    content = features.build(fields, years, options.weights)
    chosen, match = choose(content, features.standing(films), options)
    asked, position = np.nonzero(chosen >= 0)
    recommended = chosen[asked, position].astype(np.intp)
    ids = films[ID].to_numpy()
    columns = {
        ID: ids[asked],
        "recommended_imdb_id": ids[recommended],
        "similarity": np.round(match[asked, position].astype(float), DECIMALS),
        "because": reasons(fields, years, asked, recommended),
    }
    rows = pd.DataFrame(columns).query("because != ''")
    return typed(rows.assign(rank=rows.groupby(ID).cumcount() + 1), RECOMMENDATIONS)


def reasons(fields: Mapping[str, Tokens], years: Floats, asked: Indices, films: Indices) -> list[str]:
    """Return what the two films of each pair share: people first, then kind and decade, then title and company.

    Actors without a star among them follow the kind: films list bit players too, in no order. Every part is true of
    both films. A reason has at most :data:`MAX_REASONS` parts; "" if the films share none of these. A country, a
    language or a word of the plot is not a reason: most films share one.

    Parameters
    ----------
    fields, years
        Tokens of n films by field, and their years; NaN where unknown.
    asked, films : Indices
        Shape (pairs,): row of the film asked for, and of the recommended film.
    """
    films_of = {field: Counter(chain.from_iterable(fields[field])) for field in PEOPLE}
    known = {field: _names_by_fame(fields[field], films_of[field]) for field in PEOPLE}
    known |= {field: fields[field] for field in ("genres", *AFTER_THE_KIND)}
    sets = {field: [frozenset(names) for names in tokens] for field, tokens in known.items()}
    decades = [None if math.isnan(year) else int(year) // 10 * 10 for year in years.tolist()]

    def shared(field: str, one: int, other: int) -> list[str]:
        theirs = sets[field][other]
        return [name for name in known[field][one] if name in theirs] if theirs else []

    said = []
    for one, other in zip(asked.tolist(), films.tolist(), strict=True):
        common = {field: shared(field, one, other) for field in known}
        decade = decades[one] if decades[one] == decades[other] else None
        stars = any(films_of[ACTORS][name] >= FILMS_OF_A_STAR for name in common[ACTORS][:1])
        said.append("; ".join(reason(common, decade, stars=stars)[:MAX_REASONS]))
    return said


def reason(shared: Mapping[str, Sequence[str]], decade: int | None, *, stars: bool) -> list[str]:
    """Return the parts of one reason, most telling first.

    Parameters
    ----------
    shared : mapping of str to sequence of str
        By field, the names that both films have.
    decade : int or None
        First year of the decade of both films; None if they are not of the same one.
    stars : bool
        Whether the first of the shared actors is a star of the list.
    """
    people, named = dict[str, str](), set[str]()
    for field, (one, several) in PEOPLE.items():
        if names := [name for name in shared[field] if name not in named]:
            named.update(names)
            people[field] = f"{one if len(names) == 1 else several}: {wording.shortened(names)}"
    bit_players = [people.pop(ACTORS)] if ACTORS in people and not stars else []
    kind = kind_of(shared["genres"], decade)
    parts = [*people.values(), *([kind] if kind else []), *bit_players]
    return parts + [
        f"{label}: {wording.shortened(shared[field])}" for field, label in AFTER_THE_KIND.items() if shared[field]
    ]


def kind_of(genres: Iterable[str], decade: int | None) -> str:
    """Name the kind of film and the decade, such as "both crime dramas of the 1970s"; "" without a telling genre."""
    telling = [genre for genre in genres if genre != UNCLEAR][:MAX_GENRES]
    if not telling:
        return ""
    kind = next((kind for kind in KINDS if kind in telling), None)
    # "crime drama thrillers", not "drama crime thrillers": genres that can stand alone come last.
    others = sorted((genre for genre in telling if genre != kind), key=lambda genre: genre in KINDS)
    described = [DESCRIPTIONS.get(genre, genre.lower()) for genre in others]
    era = f" of the {decade}s" if decade is not None else ""
    return " ".join(["both", *described, wording.kind_of_film(kind) if kind else "films"]) + era


def _names_by_fame(tokens: Tokens, films_of: Mapping[str, int]) -> Tokens:
    """Sort the names of each film by the number of films they are in, most first; ties keep the film's order."""
    return [sorted(names, key=lambda name: -films_of[name]) for names in tokens]
