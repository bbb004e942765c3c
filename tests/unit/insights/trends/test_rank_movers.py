"""Movers between the last two runs, also of runs that took different numbers of films."""

from __future__ import annotations

import pandas as pd

from insights.columns import RANK_MOVERS
from insights.trends.rank_movers import rank_movers


def history(*runs: list[str]) -> pd.DataFrame:
    """``rank_history`` of runs given as lists of ids, best first."""
    rows = [
        {"run_id": f"run{number}", "imdb_id": film, "title": film.upper(), "rank": rank}
        for number, films in enumerate(runs)
        for rank, film in enumerate(films, 1)
    ]
    return pd.DataFrame(rows, columns=["run_id", "imdb_id", "title", "rank"])


def moved(ranks: pd.DataFrame, listed: list[str] | None = None, n: int = 10) -> pd.DataFrame:
    return rank_movers(ranks, pd.DataFrame({"imdb_id": listed or []}), n)


def moves(movers: pd.DataFrame) -> list[tuple[object, ...]]:
    return list(
        movers[["move", "imdb_id", "change"]].astype(object).where(movers.notna(), None).itertuples(index=False)
    )


def test_climbers_fallers_new_entries_and_leavers_of_the_last_two_runs() -> None:
    # given a first run that must not matter, and two with the same depth
    movers = moved(history(["z"], ["a", "b", "c", "d", "e"], ["e", "a", "x", "c", "b"]).iloc[::-1])
    # then
    assert [tuple(move) for move in moves(movers)] == [
        ("climber", "e", 4),
        ("faller", "b", -3),
        ("faller", "a", -1),
        ("faller", "c", -1),
        ("new entry", "x", None),
        ("leaver", "d", None),
    ]
    assert set(movers["run_id"]) == {"run2"}
    assert set(movers["previous_run_id"]) == {"run1"}
    assert movers.set_index("imdb_id").loc["d", ["title", "previous_rank"]].tolist() == ["D", 4]


def test_a_move_of_one_place_counts_and_so_does_the_last_rank_of_both_runs() -> None:
    movers = moved(history(["a", "b", "c", "d", "e"], ["b", "a", "d", "c", "x"]))
    assert [tuple(move) for move in moves(movers)] == [
        ("climber", "b", 1),
        ("climber", "d", 1),
        ("faller", "a", -1),
        ("faller", "c", -1),
        ("new entry", "x", None),
        ("leaver", "e", None),
    ]


def test_a_film_below_the_other_runs_depth_is_neither_new_nor_gone() -> None:
    grown = moved(history(["a", "b"], ["a", "b", "c", "d"]))
    assert len(grown) == 0
    shrunk = moved(history(["a", "b", "c", "d"], ["a", "b"]))
    assert len(shrunk) == 0


def test_at_most_n_of_each_kind() -> None:
    movers = moved(history(list("abcdef"), list("fedcba")), n=1)
    assert [tuple(move) for move in moves(movers)] == [("climber", "f", 5), ("faller", "a", -5)]


def test_one_run_or_none_has_no_movers_and_the_same_schema() -> None:
    full = moved(history(["a", "b"], ["b", "a"]))
    for movers in (moved(history()), moved(history(["a"]))):
        assert len(movers) == 0
        assert movers.columns.tolist() == RANK_MOVERS.column_names
        assert movers.dtypes.equals(full.dtypes)


def test_a_film_that_the_last_run_lists_but_could_not_store_has_not_left() -> None:
    movers = moved(history(["a", "b", "c"], ["a", "x", "y"]), listed=["a", "b", "x", "y"])
    assert movers.loc[movers["move"] == "leaver", "imdb_id"].tolist() == ["c"]
