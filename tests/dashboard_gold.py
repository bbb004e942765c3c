"""A Gold for the dashboard, made from a seed: every rating with gaps, lists of all lengths, hostile titles."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime
from functools import cache

import pandas as pd

from insights.dashboard import data
from insights.dashboard.definition import load
from tests import gold_rows

HOSTILE = '</script><script>document.title="broken"</script><img src=x onerror="document.title=\'broken\'">'
GENRES = ["Drama", "Comedy", "Crime", "Horror", "Sci-Fi", HOSTILE]
DIRECTORS = ["Ann Ash", "Bob Bay", "Chloé Zhao", "Dee O'Dell", "Eve & Co"]
COUNTRIES = ["France", "United States", "Japan"]
LANGUAGES = ["French", "English", "Japanese"]


def movies(count: int = 240) -> pd.DataFrame:
    """Films of 1950 to 2009: each 10th without genres, each 15th without a year, the third with a hostile title."""
    chance = random.Random(5)

    def some(names: list[str], limit: int) -> list[str] | None:
        return chance.sample(names, chance.randint(1, limit))

    def perhaps(value: float) -> float | None:
        return value if chance.random() < 0.7 else None

    rows = []
    for film in range(1, count + 1):
        year = None if film % 15 == 0 else 1950 + film % 60
        rows.append(
            {
                "imdb_id": f"tt{film:07}",
                "title": HOSTILE if film == 3 else f"Film {film}",
                "year": year,
                "decade": None if year is None else year - year % 10,
                "rank": film,
                "genres": None if film % 10 == 0 else some(GENRES, 3),
                "directors": some(DIRECTORS, 2),
                "countries": some(COUNTRIES, 3),
                "languages": some(LANGUAGES, 2),
                "imdb_rating": perhaps(chance.randint(10, 99) / 10),
                "metascore": perhaps(chance.randint(0, 100)),
                "rotten_tomatoes": perhaps(chance.randint(0, 100)),
                "source_rating": perhaps(chance.randint(10, 99) / 10),
                "box_office_usd": perhaps(chance.randint(0, 900_000_000)),
            }
        )
    whole = dict.fromkeys(("year", "decade", "metascore", "rotten_tomatoes", "box_office_usd"), "Int64")
    return pd.DataFrame(rows).astype(whole)


def recommendations(films: pd.DataFrame) -> pd.DataFrame:
    """Two recommendations a film: the two next films, and a reason that holds markup."""
    ids = list(films["imdb_id"])
    rows = [
        (one, rank, ids[(index + rank) % len(ids)], 0.9 / rank, f"same director: {HOSTILE}")
        for index, one in enumerate(ids)
        for rank in (1, 2)
    ]
    return pd.DataFrame(rows, columns=["imdb_id", "rank", "recommended_imdb_id", "similarity", "because"])


@cache
def gold() -> Mapping[str, pd.DataFrame]:
    """The tables that the dashboard reads, by name."""
    films = movies()
    trends = gold_rows.genre_trends()
    moves = [("climber", "tt0000001", "Film 1", 1, 3, 2), ("new entry", "tt0000003", HOSTILE, 3, None, None)]
    summary = {"question_id": "top_rated", "question": "What defines a top-rated movie?", "text": HOSTILE}
    quality = [("title", 240, 240, 0, 0), ("plot", 240, 60, 2, 1)]
    runs = gold_rows.pipeline_runs().assign(started_at=datetime(2026, 11, 24, 3), finished_at=None)
    return {
        "movies": films,
        "genre_share_by_year": gold_rows.genre_share_by_year(),
        "genre_trends": trends,
        "rank_movers": pd.DataFrame(moves, columns=["move", "imdb_id", "title", "rank", "previous_rank", "change"]),
        "recommendations": recommendations(films),
        "summaries": pd.DataFrame([{**summary, "written_by": "computed", "created_at": datetime(2026, 11, 24)}]),
        "data_quality": pd.DataFrame(quality, columns=["column_name", "rows", "filled", "unreadable", "out_of_range"]),
        "pipeline_runs": runs,
    }


@cache
def frames() -> dict[str, pd.DataFrame]:
    """The rows of the definition's data sets."""
    return data.frames(load(), gold())
