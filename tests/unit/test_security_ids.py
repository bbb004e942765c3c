"""Invalid ids never become part of a key or URL, wherever they enter."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from insights import find_similar_movies
from pipeline import keys, messages, source_list
from pipeline.errors import InvalidInput

RUN = "20261124T030000Z-1a2b3c4d"
FILM = "tt0111161"
NO_IDS = [
    "", "tt", "tt1", "tt00000000001", "TT0111161", "tt0111161 ", " tt0111161", "tt0111161\n", "tt0111161\x00",
    "tt０１１１１６１",
    "tt0111161/../../runs", "../tt0111161", "tt0111161?x=1", "tt0111161&apikey=x", "tt0111161%2f",
    "tt01\u202e11161", "nm0111161",
]  # fmt: skip
NO_RUNS = [
    "", "..", f"{RUN}/", f"{RUN}\n", f"../{RUN}", RUN.upper(), "20261399T030000Z-1a2b3c4d", "20261124T030000Z-1a2b3c4",
    "latest", f"{RUN}/imdb_id={FILM}",
]  # fmt: skip
NO_NAMES = ["", "..", "Movies", "movies/", "movies\n", "movies;drop", "mövies", "movies table", "m" * 64]


@pytest.mark.parametrize("imdb_id", NO_IDS)
def test_invalid_film_ids_are_rejected_everywhere(imdb_id: str) -> None:
    good = {"id": FILM, "rank": "1"}
    message = {"schema": 1, "run_id": RUN, "batch": 1, "batches": 1, "movies": [good, {"id": imdb_id}]}

    with pytest.raises(InvalidInput):
        keys.film(keys.MOVIES, RUN, imdb_id)
    with pytest.raises(InvalidInput):
        messages.read(json.dumps(message))
    films = source_list.read_list(json.dumps([good, {"id": imdb_id, "rank": "2"}]).encode())
    assert (films.items, len(films.skipped)) == ([good], 1)
    assert keys.parse_bronze(f"movies/run_id={RUN}/imdb_id={imdb_id}.json") is None


@pytest.mark.parametrize(
    "imdb_id", [one for one in NO_IDS if one and one.upper() != FILM.upper() and one[-3:] != "%2f"]
)
def test_the_function_url_rejects_invalid_film_ids(imdb_id: str) -> None:
    with pytest.raises(InvalidInput):
        find_similar_movies.parsed(f"/similar/{imdb_id}", {})


@pytest.mark.parametrize("run_id", NO_RUNS)
def test_invalid_run_ids_are_rejected_everywhere(run_id: str) -> None:
    makers: list[Callable[[str], str]] = [
        keys.manifest,
        keys.source_list,
        keys.silver_run,
        lambda given: keys.run_prefix(keys.MOVIES, given),
        lambda given: keys.film(keys.REJECTED, given, FILM),
        lambda given: keys.silver_part(given, "0", 1),
    ]
    for make in makers:
        with pytest.raises(InvalidInput):
            make(run_id)
    assert keys.parse_bronze(f"runs/run_id={run_id}/manifest.json") is None


@pytest.mark.parametrize("name", NO_NAMES)
def test_invalid_names_of_tables_reports_and_builds_are_rejected(name: str) -> None:
    for make in (
        keys.gold_table,
        keys.summary_answer,
        lambda given: keys.report(given, keys.LATEST, "report.html"),
        lambda given: keys.report("06_dashboard", given, "report.html"),
        lambda given: keys.report("06_dashboard", keys.LATEST, given),
        keys.build_record,
        lambda given: keys.build_table("20261124T030000.000000Z", given),
    ):
        with pytest.raises(InvalidInput):
            make(name)
