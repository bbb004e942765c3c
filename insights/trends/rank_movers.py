"""Rank movers: films that climbed, fell, entered or left the list between the last two runs. Pure.

Reads Gold's ``rank_history`` and ``movies`` as data frames; makes Gold's ``rank_movers``.
"""

from __future__ import annotations

import pandas as pd

from insights.columns import RANK_MOVERS
from insights.frames import typed

CLIMBER, FALLER, NEW_ENTRY, LEAVER = "climber", "faller", "new entry", "leaver"


def rank_movers(rank_history: pd.DataFrame, listed: pd.DataFrame, n: int = 10) -> pd.DataFrame:
    """Return the biggest moves between the last run and the run before it.

    Runs may take different numbers of films. A film is a new entry or a leaver only within the ranks that both runs
    took: a film at rank 60 is not new if the run before took the first 50.

    Parameters
    ----------
    rank_history : DataFrame
        Gold's ``rank_history``: one row per film and run.
    listed : DataFrame
        Rows of Gold's ``movies`` that are on the list. A film that the last run lists but could not store, since OMDb
        rejected it or it is in quarantine, has not left.
    n : int
        Most films of each kind.

    Returns
    -------
    DataFrame
        Columns of ``RANK_MOVERS``: at most ``n`` climbers, fallers, new entries and leavers, in this order, biggest
        moves or best ranks first; ties by rank, then id. No rows if there are fewer than two runs.
    """
    runs = sorted(rank_history["run_id"].unique()) if len(rank_history) else []
    if len(runs) < 2:
        return typed(pd.DataFrame(), RANK_MOVERS)
    both = _last_two(rank_history, runs[-2], runs[-1])
    depth = min(both["rank"].max(), both["previous_rank"].max())
    gone = both["rank"].isna() & ~both["imdb_id"].isin(listed["imdb_id"])
    kinds = {
        CLIMBER: both[both["change"] > 0].sort_values(["change", "rank", "imdb_id"], ascending=[False, True, True]),
        FALLER: both[both["change"] < 0].sort_values(["change", "rank", "imdb_id"]),
        NEW_ENTRY: both[both["previous_rank"].isna() & (both["rank"] <= depth)].sort_values(["rank", "imdb_id"]),
        LEAVER: both[gone & (both["previous_rank"] <= depth)].sort_values(["previous_rank", "imdb_id"]),
    }
    movers = pd.concat([films.head(n).assign(move=move) for move, films in kinds.items()])
    return typed(movers.assign(run_id=runs[-1], previous_run_id=runs[-2]), RANK_MOVERS)


def _last_two(rank_history: pd.DataFrame, previous_run: str, last_run: str) -> pd.DataFrame:
    """Return one row per film of either run, with both ranks as floats so that a missing one is NaN."""
    columns = ["imdb_id", "title", "rank"]
    last = rank_history.loc[rank_history["run_id"] == last_run, columns]
    previous = rank_history.loc[rank_history["run_id"] == previous_run, columns]
    both = last.merge(previous, on="imdb_id", how="outer", suffixes=("", "_before"))
    return both.assign(
        title=both["title"].fillna(both["title_before"]),
        rank=both["rank"].astype(float),
        previous_rank=both["rank_before"].astype(float),
        change=both["rank_before"].astype(float) - both["rank"].astype(float),
    )
