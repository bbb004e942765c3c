"""Recommendations: the top 20 of all pairs, beside scikit-learn's brute force on the same features.

Ours is the search as notebook 03 runs it, from features to chosen films: similarity and prior of all pairs, a pool, and
variety. The baseline has neither prior nor variety. It takes its films in blocks, one after the other, so that it is
asked for some of them only, spread over the catalogue, and its time for all is reckoned from that; once it is asked for
all, so that one can see how well that agrees. The whole table, from Gold's films as parquet to recommendations with
their reasons as parquet, is measured beside it, in memory too; S3 is left out.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from benchmarks.measure import Case, Pairs, Plan, Result, Run, Target, compared, fresh, interleaved, measured, peak_of

ROW = "Recommendations"
FILMS = 17_470
# Films that the baseline is asked for: all would take minutes.
SAMPLE = 4_000
K = 20
SPARSE = ("rare", "same_director", "people")
FASTER, SMALL = Target("gain", 2.5), Target("most", 600)


def search(folder: str) -> dict[str, Any]:
    """Choose films for every film, from stored features."""
    from insights.similar.choice import Options, choose  # noqa: PLC0415 (counted: this process's own)
    from insights.similar.features import Features  # noqa: PLC0415
    from insights.similar.prior import Standing  # noqa: PLC0415

    stored = np.load(Path(folder, "films.npz"))
    sparse = {name: sp.csr_array(sp.load_npz(Path(folder, f"{name}.npz"))) for name in SPARSE}
    features = Features(common=stored["common"], years=stored["years"], **sparse)
    standing = Standing(stored["notice"], stored["rating"])
    started = time.perf_counter()
    films, _ = choose(features, standing, Options(k=K))
    return {"seconds": time.perf_counter() - started, "rows": int((films >= 0).sum())}


def table(folder: str) -> dict[str, Any]:
    """Make the whole table, from films to rows with their reasons, parquet to parquet."""
    import pandas as pd  # noqa: PLC0415

    from insights.similar import recommendations  # noqa: PLC0415

    started = time.perf_counter()
    made = recommendations.build(pd.read_parquet(Path(folder, "movies.parquet")))
    made.to_parquet(Path(folder, "recommendations.parquet"), compression="zstd")
    return {"seconds": time.perf_counter() - started, "rows": len(made)}


def store(folder: str, films: int) -> dict[str, Any]:
    """Write films, and their features as both sides read them."""
    from benchmarks import film_catalogue  # noqa: PLC0415
    from insights.similar import features, prior, recommendations  # noqa: PLC0415

    started = time.perf_counter()
    movies = film_catalogue.movies(films)
    movies.to_parquet(Path(folder, "movies.parquet"))
    years = features.numbers(movies, "year").astype(np.float32)
    made = features.build(features.read(movies), years, recommendations.DEFAULT.weights)
    standing = prior.standing(movies)
    np.savez(
        Path(folder, "films.npz"),
        common=made.common, years=made.years, notice=standing.notice, rating=standing.rating,
    )  # fmt: skip
    for name in SPARSE:
        sp.save_npz(Path(folder, f"{name}.npz"), sp.csr_matrix(getattr(made, name)))
    sp.save_npz(Path(folder, "features.npz"), sp.csr_matrix(sp.hstack([sp.csr_array(made.common), made.rare])))
    return {"seconds": time.perf_counter() - started}


def run(plan: Plan) -> list[Result]:
    """Measure the search and the whole table."""
    with tempfile.TemporaryDirectory(prefix="reelhouse-bench-") as folder:
        return _few(plan, folder, 1_000 if plan.quick else FILMS)


def _few(plan: Plan, folder: str, films: int) -> list[Result]:
    """Measure several runs of each side, and the reckoning by one run of the baseline for all films."""
    fresh("recommendations", "store", folder=folder, films=films)
    plan.say(f"{films:,} films")
    asked = min(SAMPLE, films)
    pairs = interleaved(lambda: _ours(folder), lambda: _baseline(folder, films, asked), plan.runs())
    all_of_them = Pairs([_ours(folder)], [_baseline(folder, films, films)])
    whole = [_whole(folder) for _ in pairs.ours]
    note = (
        f"The baseline's time is reckoned from {asked:,} films, spread over the catalogue, but where it was asked for "
        "all of them. Whole table: from Gold's films to recommendations with reasons, parquet to parquet."
    )
    return [
        compared(Case(ROW, f"{films:,} films", FASTER, size=films, notes=note), pairs),
        compared(Case(ROW, f"{films:,} films, baseline asked for all", FASTER), all_of_them),
        peak_of(Case(ROW, f"{films:,} films, memory", SMALL), pairs.ours),
        *_of_whole(films, whole, SMALL),
    ]


def _of_whole(films: int, runs: list[Run], small: Target) -> list[Result]:
    name = f"{films:,} films, the whole table"
    return [
        measured(Case(ROW, name), "s", [run.seconds for run in runs], runs),
        peak_of(Case(ROW, f"{name}, memory", small), runs),
    ]


def _ours(folder: str) -> Run:
    return fresh("recommendations", "search", folder=folder)


def _whole(folder: str) -> Run:
    return fresh("recommendations", "table", folder=folder)


def _baseline(folder: str, films: int, asked: int) -> Run:
    ran = fresh("baselines.neighbours_by_scikit_learn", "run", folder=folder, asked=asked)
    return replace(ran, seconds=ran.seconds * films / asked)
