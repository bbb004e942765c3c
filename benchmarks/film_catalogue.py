"""Films as Gold's ``movies`` has them, as many as wanted: the sample, then copies of it under other names.

A copy has ids, titles and people of its own, so that the number of different names grows with the films, as in a real
catalogue; genres, countries, years and reviews are the sample's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pipeline.silver.records import Clean, to_silver
from reelhouse.local.omdb import films as sample_films

_PEOPLE = ("directors", "writers", "actors")


def movies(films: int) -> pd.DataFrame:
    """Make ``films`` films, each with an id of its own."""
    sample = _cleaned()
    copies = [_copy(sample, number) for number in range(-(-films // len(sample)))]
    return pd.concat(copies, ignore_index=True).head(films)


def _cleaned() -> pd.DataFrame:
    rows = [_row(film, place) for place, film in enumerate(sample_films.ranked(sample_films.read_films()), start=1)]
    return pd.DataFrame(rows).drop_duplicates("imdb_id", ignore_index=True)


def _row(film: Mapping[str, Any], rank: int) -> dict[str, Any]:
    source, answer = sample_films.source_item(film, rank), sample_films.omdb_record(film, tomatoes=True)
    document = {"fetched_at": "2026-11-24T03:00:00.000000Z", "source": source, "omdb": answer}
    cleaned = to_silver(document, film["imdb_id"])
    assert isinstance(cleaned, Clean), cleaned
    return cleaned.row


def _copy(sample: pd.DataFrame, number: int) -> pd.DataFrame:
    if number == 0:
        return sample
    renamed = {name: sample[name].map(lambda people: [f"{one} {number}" for one in people or []]) for name in _PEOPLE}
    ids = sample["imdb_id"].map(lambda imdb_id: f"tt{number}{imdb_id[2:]:0>9}")
    return sample.assign(imdb_id=ids, title=sample["title"].map(lambda title: f"{title} {number}"), **renamed)
