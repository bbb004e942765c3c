"""What changed in a table of films between two builds: films that came and left, and their values by cause. Pure.

The tables are ``movies``, ``movie_ratings`` and ``rank_history``. Films are those on the list of each build; a film has
its newest rank in ``rank_history``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pandas as pd

from insights import rating_sources
from insights.frames import plain
from insights.why.numbers import films_of
from insights.why.split import DESCRIBED, Cause, CauseKey, FilmChange, Snapshot, cause_of, film_change
from pipeline.columns import FILM

Row = dict[str, Any]


def changes(before: Snapshot, after: Snapshot, table: str = "movies", imdb_id: str = "") -> tuple[Cause, ...]:
    """Return the causes of all changes between two snapshots with a table of films, or those of one film.

    Films that came, films that left, then changed values: the fewest films first. No film has a contribution. Films are
    in the order of their ids.
    """
    old, new = (_values(each, table, imdb_id) for each in (before, after))
    grouped: dict[CauseKey, list[FilmChange]] = defaultdict(list)
    for name in sorted({*old, *new}):
        rows = old.get(name), new.get(name)
        for cause in _causes(*rows, table):
            grouped[cause].append(film_change(name, cause, *rows))
    causes = [Cause(origin, column, None, tuple(films), code) for (origin, column, code), films in grouped.items()]
    return tuple(sorted(causes, key=_order))


def _order(cause: Cause) -> tuple[int, int, str]:
    places = {"came": 0, "left": 1}
    return places.get(cause.origin, 2), len(cause.films), cause.column


def _causes(old: Row | None, new: Row | None, table: str) -> Iterator[CauseKey]:
    """Yield a cause for each value of a film that changed, or the one that it came or left."""
    if old is None or new is None:
        yield cause_of((), old, new)
        return
    left_out = DESCRIBED[1:] if table == "movies" else DESCRIBED
    for column in old:
        if column in new and column not in left_out and plain(old[column]) != plain(new[column]):
            yield cause_of((column,), old, new)


def _values(snapshot: Snapshot, table: str, imdb_id: str) -> dict[str, Row]:
    """Return the values of a table by film on the list, and the columns that describe the film."""
    films = films_of(table, snapshot.movies)
    if imdb_id:
        films = films[films.index == imdb_id]
    wanted = dict.fromkeys((*DESCRIBED, *(column.name for column in FILM)) if table == "movies" else DESCRIBED)
    frame = films[[name for name in wanted if name in films]]
    if table != "movies" and not snapshot.table.empty:
        frame = frame.join(_ranks(snapshot.table) if table == "rank_history" else _ratings(snapshot.table))
    rows: dict[str, Row] = frame.to_dict("index")  # type: ignore[assignment]
    return rows


def _ranks(history: pd.DataFrame) -> pd.DataFrame:
    newest = history.sort_values("run_id").drop_duplicates("imdb_id", keep="last")
    return newest.set_index("imdb_id")[["rank"]]


def _ratings(ratings: pd.DataFrame) -> pd.DataFrame:
    wide = [
        rating_sources.of(ratings, source).set_index("imdb_id")[["rating", "votes"]].add_prefix(f"{source} ")
        for source in rating_sources.NAMES
    ]
    return pd.concat(wide, axis=1)
