"""Recommendations: the top 20 of all pairs, beside scikit-learn's brute force on the same features.

Ours is the search as notebook 03 runs it, from features to chosen films: similarity and prior of all pairs, a pool, and
variety. The baseline has neither prior nor variety. At 100 thousand films it would take many minutes: it is asked for
some of the films only, and its time for all is reckoned from that. The whole table, from films to rows with their
reasons, is measured beside it, in memory too.
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
FILMS, MANY_FILMS = 17_470, 100_000
# Films that the baseline is asked for at 100 thousand: a matter of minutes, else.
SAMPLE = 2_000
K = 20
# Of each side at 17 thousand: the baseline takes its time.
RUNS = 3
FASTER, SMALL, SMALL_OF_MANY, IN_TIME = Target("gain", 4), Target("most", 200), Target("most", 500), Target("most", 120)


def search(folder: str) -> dict[str, Any]:
    """Choose films for every film, from stored features; imports neither pandas nor scikit-learn."""
    from insights.similar.catalogue_prior import Standing  # noqa: PLC0415 (counted: this process's own)
    from insights.similar.film_choice import Options, choose  # noqa: PLC0415
    from insights.similar.film_content import Content  # noqa: PLC0415

    stored = np.load(Path(folder, "films.npz"))
    content = Content(stored["common"], sp.csr_array(sp.load_npz(Path(folder, "rare.npz"))), stored["years"])
    standing = Standing(stored["notice"], stored["rating"])
    started = time.perf_counter()
    asked, _, _ = choose(content, standing, Options(k=K))
    return {"seconds": time.perf_counter() - started, "rows": len(asked)}


def table(folder: str) -> dict[str, Any]:
    """Make the whole table, from films to rows with their reasons."""
    import pandas as pd  # noqa: PLC0415

    from benchmarks.child import peak_mb  # noqa: PLC0415
    from insights.similar import recommendations  # noqa: PLC0415

    movies, before = pd.read_parquet(Path(folder, "movies.parquet")), peak_mb()
    started = time.perf_counter()
    rows = len(recommendations.build(movies))
    return {"seconds": time.perf_counter() - started, "rows": rows, "before_mb": before}


def store(folder: str, films: int) -> dict[str, Any]:
    """Write films, and their features as both sides read them."""
    from benchmarks import film_catalogue  # noqa: PLC0415
    from insights.similar import film_features, recommendations  # noqa: PLC0415

    started = time.perf_counter()
    movies = film_catalogue.movies(films)
    movies.to_parquet(Path(folder, "movies.parquet"))
    content, standing = recommendations.prepared(movies, film_features.tokens(movies), recommendations.DEFAULT)
    np.savez(
        Path(folder, "films.npz"),
        common=content.common, years=content.years, notice=standing.notice, rating=standing.rating,
    )  # fmt: skip
    sp.save_npz(Path(folder, "rare.npz"), sp.csr_matrix(content.rare))
    sp.save_npz(Path(folder, "features.npz"), sp.csr_matrix(sp.hstack([sp.csr_array(content.common), content.rare])))
    return {"seconds": time.perf_counter() - started}


def run(plan: Plan) -> list[Result]:
    """Measure both sizes."""
    few, many = (1_000, 2_000) if plan.quick else (FILMS, MANY_FILMS)
    with tempfile.TemporaryDirectory(prefix="reelhouse-bench-") as folder:
        return [*_few(plan, folder, few), *_many(plan, folder, many)]


def _few(plan: Plan, folder: str, films: int) -> list[Result]:
    fresh("recommendations", "store", folder=folder, films=films)
    plan.say(f"{films:,} films")
    pairs = interleaved(lambda: _ours(folder), lambda: _baseline(folder, films, films), plan.runs(RUNS))
    whole = [_whole(folder)]
    note = (
        f"{RUNS} runs of each side. Whole table: from films to rows with reasons, one run; of its memory "
        f"{_before(whole):,.0f} MB are pandas, scikit-learn and the films before it begins."
    )
    return [
        compared(Case(ROW, f"{films:,} films", FASTER, size=films), pairs),
        peak_of(Case(ROW, f"{films:,} films, memory", SMALL), pairs.ours),
        measured(Case(ROW, f"{films:,} films, the whole table", None, notes=note), "s", [whole[0].seconds], whole),
    ]


def _many(plan: Plan, folder: str, films: int) -> list[Result]:
    """Measure one run of each side: the baseline for some films, and reckoned up to all."""
    fresh("recommendations", "store", folder=folder, films=films)
    plan.say(f"{films:,} films")
    pairs = Pairs([_ours(folder)], [_baseline(folder, films, min(SAMPLE, films))])
    note = f"At {films:,} films the baseline's time is reckoned from {min(SAMPLE, films):,} of them."
    return [
        compared(Case(ROW, f"{films:,} films", FASTER, size=films, notes=note), pairs),
        measured(Case(ROW, f"{films:,} films, time", IN_TIME), "s", [pairs.ours[0].seconds]),
        peak_of(Case(ROW, f"{films:,} films, memory", SMALL_OF_MANY), pairs.ours),
    ]


def _ours(folder: str) -> Run:
    return fresh("recommendations", "search", folder=folder)


def _whole(folder: str) -> Run:
    return fresh("recommendations", "table", folder=folder)


def _before(runs: list[Run]) -> float:
    return float(max(one.values["before_mb"] for one in runs))


def _baseline(folder: str, films: int, asked: int) -> Run:
    ran = fresh("baselines.neighbours_by_scikit_learn", "run", folder=folder, asked=asked)
    return replace(ran, seconds=ran.seconds * films / asked)
