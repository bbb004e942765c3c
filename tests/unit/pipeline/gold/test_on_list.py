"""Films that left the list: what Gold's movies says of them, by examples that a person can follow."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import pytest

from tests.silver_rows import LINEAGE, RUNS, Row, engine_of, film, movies_of

DAYS = [f"202611{day:02}T030000Z-aaaaaaaa" for day in range(1, 29)]
A, B, C = DAYS[:3]
Ranks = dict[int, int]


def silver(runs: Iterable[Mapping[str, Any]]) -> dict[str, list[Row]]:
    """Silver's rows of runs.

    Each run has ``run_id``, ``films`` (ranks by film), and optionally ``top_n`` (default: as many as it lists),
    ``quarantined``, ``rejected`` and ``lost`` (films without an outcome).
    """
    rows: dict[str, list[Row]] = {"movies": [], "quarantine": [], "rejected": [], "runs": []}
    for run in runs:
        run_id, outcomes = run["run_id"], {name: run.get(name, ()) for name in ("quarantined", "rejected", "lost")}
        other = {number for numbers in outcomes.values() for number in numbers}
        rows["movies"] += [film(number, run_id, rank=rank) for number, rank in run["films"].items()]
        lineage = LINEAGE | {"run_id": run_id}
        for table, name in (("quarantine", "quarantined"), ("rejected", "rejected")):
            why = {"reasons": ["year: 3994"]} if table == "quarantine" else {"reason": "Movie not found!"}
            rows[table] += [{"imdb_id": f"tt{number:07}", **why, **lineage} for number in outcomes[name]]
        expected = len(run["films"].keys() | other)
        settings = {"top_n": run.get("top_n", expected), "expected": expected}
        rows["runs"].append({**RUNS[0], "run_id": run_id, **settings})
    return rows


def movies(*runs: Mapping[str, Any]) -> pd.DataFrame:
    """Gold's movies, built from runs."""
    return movies_of(engine_of(**silver(runs)))


def ranks(*runs: Mapping[str, Any]) -> dict[int, int | str | None]:
    """Rank of each film in Gold; None where it is unknown, "left" where the film has left the list."""
    by_film = {}
    for row in movies(*runs).to_dict("records"):
        rank = None if pd.isna(row["rank"]) else int(row["rank"])
        assert row["on_list"] or rank is None
        by_film[int(row["imdb_id"][2:])] = rank if row["on_list"] else "left"
    return by_film


def run(run_id: str, films: Ranks, **more: Any) -> dict[str, Any]:
    """Return a run as :func:`silver` takes it."""
    return {"run_id": run_id, "films": films, **more}


def test_a_film_that_a_run_of_the_same_depth_does_not_list_has_left() -> None:
    assert ranks(run(A, {1: 1, 2: 2, 3: 3}), run(B, {4: 1, 2: 2, 1: 3})) == {1: 3, 2: 2, 3: "left", 4: 1}


def test_a_shorter_run_removes_only_films_within_its_depth() -> None:
    first = run(A, {number: number for number in range(1, 8)})

    # Film 3 fell out of the first three. Nobody looked at the places of films 4 to 7.
    assert ranks(first, run(B, {1: 1, 2: 2, 8: 3})) == {1: 1, 2: 2, 3: "left", 4: 4, 5: 5, 6: 6, 7: 7, 8: 3}
    assert ranks(first, run(B, {1: 1, 2: 2, 3: 3})) == {number: number for number in range(1, 8)}


def test_a_deeper_run_removes_what_it_does_not_list() -> None:
    assert ranks(run(A, {1: 1, 2: 2}), run(B, {1: 1, 3: 2, 4: 3})) == {1: 1, 2: "left", 3: 2, 4: 3}


def test_a_runs_depth_is_its_top_n() -> None:
    """The later list has two films only."""
    first = run(A, {1: 1, 2: 2, 3: 3, 4: 4})

    assert ranks(first, run(B, {1: 1, 2: 2}, top_n=2)) == {1: 1, 2: 2, 3: 3, 4: 4}
    assert ranks(first, run(B, {1: 1, 2: 2}, top_n=3)) == {1: 1, 2: 2, 3: "left", 4: 4}


def test_a_runs_depth_is_the_rank_of_its_last_film() -> None:
    """The entry of rank 2 could not be used, so the run took ranks 1, 3 and 4."""
    assert ranks(run(A, {1: 1, 2: 3, 3: 4}), run(B, {1: 1, 2: 3, 4: 4})) == {1: 1, 2: 3, 3: "left", 4: 4}


@pytest.mark.parametrize("outcome", ["quarantined", "rejected"])
def test_a_film_that_a_later_run_listed_but_could_not_store_is_still_on_the_list(outcome: str) -> None:
    first = run(A, {1: 1, 2: 2, 3: 3})

    assert ranks(first, run(B, {1: 1, 3: 3}, **{outcome: [2]})) == {1: 1, 2: 2, 3: 3}
    # Film 3 has rank 2 now; that of film 2 is not known.
    assert ranks(first, run(B, {1: 1, 3: 2}, **{outcome: [2]})) == {1: 1, 2: None, 3: 2}
    # Run C is the first that does not list it.
    assert ranks(first, run(B, {1: 1, 3: 3}, **{outcome: [2]}), run(C, {1: 1, 3: 2})) == {1: 1, 2: "left", 3: 2}


def test_a_film_that_was_never_stored_is_not_in_movies() -> None:
    assert ranks(run(A, {1: 1}, rejected=[2], quarantined=[3])) == {1: 1}


def test_a_later_run_that_is_incomplete_removes_nothing() -> None:
    first = run(A, {1: 1, 2: 2, 3: 3})
    incomplete = run(B, {4: 1, 1: 2}, lost=[9])

    # Films 1 and 4 have ranks of the newer list; film 2 cannot have rank 2 any more.
    assert ranks(first, incomplete) == {1: 2, 2: None, 3: 3, 4: 1}
    assert ranks(first, incomplete, run(C, {4: 1, 1: 2, 5: 3})) == {1: 2, 2: "left", 3: "left", 4: 1, 5: 3}


def test_a_run_without_a_manifest_in_silver_removes_nothing() -> None:
    rows = silver([run(A, {1: 1, 2: 2}), run(B, {1: 1})])
    rows["runs"] = rows["runs"][:1]

    assert movies_of(engine_of(**rows))["on_list"].all()


def test_an_earlier_run_removes_nothing() -> None:
    assert ranks(run(A, {3: 1, 4: 2}, top_n=9), run(B, {1: 1})) == {1: 1, 3: "left", 4: 2}


def test_a_film_that_comes_back_is_on_the_list_again() -> None:
    gone = run(A, {1: 1, 2: 2}), run(B, {1: 1, 3: 2})

    assert ranks(*gone)[2] == "left"
    assert ranks(*gone, run(C, {1: 1, 2: 2})) == {1: 1, 2: 2, 3: "left"}


def test_films_of_one_list_may_share_a_rank() -> None:
    assert ranks(run(A, {1: 1, 2: 2, 3: 2})) == {1: 1, 2: 2, 3: 2}


@pytest.mark.parametrize("seed", range(5))
def test_films_of_one_rank_on_the_list_are_of_one_run(seed: int) -> None:
    """Lists that drift, runs of any depth, films that are lost, rejected or quarantined."""
    chance = random.Random(seed)
    order, runs = list(range(1, 41)), []
    for run_id in DAYS[:12]:
        for _ in range(6):
            order.insert(chance.randrange(30), order.pop(chance.randrange(40)))
        taken = order[: chance.choice([5, 10, 20, 30])]
        fates = {name: [n for n in taken if chance.random() < 0.04] for name in ("quarantined", "rejected", "lost")}
        failed = {number for numbers in fates.values() for number in numbers}
        listed: Ranks = {number: rank for rank, number in enumerate(taken, start=1) if number not in failed}
        runs.append(run(run_id, listed, **fates))

    actual = ranks(*runs)

    assert actual == recomputed(runs)
    known = [rank for rank in actual.values() if isinstance(rank, int)]
    assert len(known) == len(set(known))


def recomputed(runs: list[dict[str, Any]]) -> dict[int, int | str | None]:
    """Return what :func:`ranks` should, by going through the runs one by one."""
    last: dict[int, tuple[int, int]] = {}
    left: set[int] = set()
    for index, one in enumerate(runs):
        listed = {*one["films"], *one["quarantined"], *one["rejected"]}
        left -= listed
        if not one["lost"]:
            left |= {number for number, (_, rank) in last.items() if rank <= len(listed) and number not in listed}
        last |= {number: (index, rank) for number, rank in one["films"].items()}
    newest: dict[int, int] = {}
    for number, (index, rank) in last.items():
        if number not in left:
            newest[rank] = max(index, newest.get(rank, 0))
    return {
        number: "left" if number in left else rank if newest[rank] == index else None
        for number, (index, rank) in last.items()
    }


def test_aggregates_use_films_on_the_list_and_rank_history_uses_all() -> None:
    values = {"year": 1994, "genres": ["Drama"], "directors": ["Ann"], "languages": ["English"]}
    values |= {"countries": ["Italy"], "imdb_rating": 5.0, "box_office_usd": 7, "unreadable": ["awards: odd"]}
    rows = [film(1, A, **values), film(2, A, **values), film(2, B, **values, rank=1)]
    runs = [{**RUNS[0], "run_id": run_id, "top_n": 2, "expected": 2 if run_id == A else 1} for run_id in (A, B)]
    engine = engine_of(movies=rows, runs=runs)
    gold = {name: pd.read_parquet(engine.path(name)) for name in engine.build()}

    for name in ("ratings_by_genre", "box_office_by_decade", "genre_share_by_year"):
        assert gold[name]["films"].tolist() == [1], name
    for column in ("director", "language", "country", "year"):
        assert gold[f"films_by_{column}"]["films"].tolist() == [1], column
    assert gold["movie_ratings"]["imdb_id"].tolist() == ["tt0000002"]
    quality = gold["data_quality"].set_index("column_name")
    assert (quality["rows"] == 1).all()
    assert quality.loc["rank", "filled"] == quality.loc["awards", "unreadable"] == 1
    assert len(gold["movies"]) == 2
    assert len(gold["rank_history"]) == 3
    assert gold["pipeline_runs"]["in_gold"].tolist() == [1, 1]
