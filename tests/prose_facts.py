"""The facts that the lying and the true sentences of the tests are about, by their short names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pandas as pd

from insights.summaries.fact_tables import fact_tables
from insights.summaries.facts import Fact, facts_of
from tests import gold_rows


@cache
def named_facts() -> Mapping[str, Fact]:
    """Return the facts.

    By Rotten Tomatoes: f1 Drama (65.2), f2 Comedy (54.6), f3 Horror (44.0), f4 Western (97.0, one film); by Metacritic:
    f5 Drama, f6 Comedy. f7 the 1970s; f8 the film of rank 3, f9 that of rank 1. f10 Drama's share rises, f11 Horror's
    falls, f12 Comedy's has no clear trend. f13 Drama, f14 Comedy and f15 Horror by share of the list (60%, 33%, 7%).
    f16 Drama among the top-rated films. f17 Ann Ash, a director. f18 a film that climbed, f19 one that fell.
    """
    shares = (
        gold_rows.genre_trends()
        .iloc[[0, 0, 0]]
        .assign(
            genre=["Drama", "Horror", "Comedy"], trend=["rising", "falling", "no clear trend"], slope=[1.23, -0.9, 0.1]
        )
    )
    tables = fact_tables({**gold_rows.gold(), "genre_trends": shares})
    changes = tables["rank_changes"]
    rows: list[tuple[str, pd.DataFrame]] = [
        ("ratings_by_genre", tables["ratings_by_genre"]),
        ("box_office_by_decade", tables["box_office_by_decade"].iloc[:1]),
        ("movies", tables["movies"].iloc[[2, 0]]),
        ("genre_trends", tables["genre_trends"]),
        ("genres", tables["genres"].sort_values("films", ascending=False)),
        ("top_rated_traits", tables["top_rated_traits"].query("name == 'Drama'")),
        ("top_rated_directors", tables["top_rated_directors"]),
        ("rank_changes", changes[changes["imdb_id"].isin(["tt1", "tt2"])]),
    ]
    facts = [fact for table, frame in rows for fact in facts_of(table, frame)]
    return {f"f{number}": fact for number, fact in enumerate(facts, start=1)}
