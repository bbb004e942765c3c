"""The catalogue of lookups: in memory, and read again when a table was replaced, within a few seconds."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
import pytest

from insights.find_similar_movies import LOOK_SECONDS, GoldCatalogue, similar_films, similar_to_one
from pipeline import keys
from pipeline.errors import InvalidInput, StorageFailed
from tests.gold_builds import BUILD_ID, publish_files, rewrite
from tests.integration.moto_lake import Lake

FIRST, SECOND = "tt0000001", "tt0000002"


class Clock:
    """A clock that is set."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def put(lake: Lake, title: str, build_id: str = BUILD_ID) -> None:
    """Two films, the first of that title, and one recommendation."""
    films = pd.DataFrame({"imdb_id": [FIRST, SECOND], "title": [title, "Other"], "year": [1999, 2000], "rank": [1, 2]})
    pair = {"imdb_id": FIRST, "rank": 1, "recommended_imdb_id": SECOND, "similarity": 0.5, "because": "both"}
    publish_files("gold", {"movies": [films.to_parquet()]}, build_id=build_id)
    lake.put("gold", keys.gold_table("recommendations"), pd.DataFrame([pair]).to_parquet())


def test_a_replaced_table_is_read_after_a_few_seconds_and_not_before(lake: Lake) -> None:
    put(lake, "One")
    clock = Clock()
    catalogue = GoldCatalogue("gold", clock)
    first = catalogue()
    assert first.similar(FIRST)["title"] == "One"

    put(lake, "Two", BUILD_ID.replace("24T", "25T"))
    clock.now += LOOK_SECONDS - 0.1
    assert catalogue() is first
    clock.now += 0.1
    assert catalogue().similar(FIRST)["title"] == "Two"


def test_what_was_not_replaced_is_not_read_again(lake: Lake) -> None:
    put(lake, "One")
    clock = Clock()
    catalogue = GoldCatalogue("gold", clock)
    first = catalogue()
    clock.now += LOOK_SECONDS

    assert catalogue() is first


def test_before_the_first_table_every_call_looks(lake: Lake) -> None:
    catalogue = GoldCatalogue("gold", Clock())
    with pytest.raises(InvalidInput, match="movies"):
        catalogue()
    put(lake, "One")

    assert catalogue().similar(FIRST)["title"] == "One"


@pytest.mark.parametrize("damage", [b"<html>", b"", "without its columns"])
def test_a_damaged_table_is_named_with_its_cure(lake: Lake, damage: bytes | str) -> None:
    put(lake, "One")
    body = damage if isinstance(damage, bytes) else pd.DataFrame({"title": ["One"]}).to_parquet()
    # The record's ETag stays that of the whole table: the damage is met when the table is read.
    rewrite("gold", "movies", body)

    with pytest.raises(StorageFailed, match=r"Gold's movies: cannot be read \(DuckDB: \w+\); `reelhouse replay --all`"):
        GoldCatalogue("gold")()


def test_a_folder_named_like_a_partition_changes_no_column(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(lake, "One")
    folder = tmp_path / "year=1850"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))

    assert GoldCatalogue("gold")().similar(FIRST)["year"] == 1999


def test_an_answer_is_the_similar_films_or_the_films_to_choose_from(lake: Lake) -> None:
    put(lake, "Other")

    assert [film["imdb_id"] for film in similar_films("gold", FIRST, 1)["similar"]] == [SECOND]
    assert [film["imdb_id"] for film in similar_films("gold", "Other", 1)["films"]] == [FIRST, SECOND]
    with pytest.raises(InvalidInput, match=rf"several films have this title; choose one of: Other \(1999, {FIRST}\), "):
        similar_to_one("gold", "Other", 1)
    with pytest.raises(InvalidInput, match="no such film in the catalogue; the closest titles are: Other"):
        similar_films("gold", "the other side of the wind", 1)
