"""Recommendations: the top 20 of all pairs, beside scikit-learn's brute force on the same features.

Ours is the search as notebook 03 runs it, from features to chosen films: similarity and prior of all pairs, a pool, and
variety. The baseline has neither prior nor variety. The whole table, from Gold's films as parquet to recommendations
with their reasons as parquet, is measured beside it, in memory too; S3 is left out.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from benchmarks.measure import Case, Plan, Result, Target, compared, fresh, interleaved, measured, peak_of

ROW = "Recommendations"
FILMS = 17_470
K = 20
SPARSE = ("rare", "same_director", "people")
FASTER, SMALL = Target("gain", 2.5), Target("most", 600)


def search(folder: str) -> dict[str, Any]:
    """Choose films for every film, from stored features."""
    from insights.similar.choice import Options, choose  # noqa: PLC0415 (counted: this process's own)
    from insights.similar.features import Features, Standing  # noqa: PLC0415

    stored = np.load(Path(folder, "films.npz"))
    sparse = {name: sp.csr_array(sp.load_npz(Path(folder, f"{name}.npz"))) for name in SPARSE}
    features = Features(common=stored["common"], years=stored["years"], **sparse)
    standing = Standing(stored["notice"], stored["rating"])
    started = time.perf_counter()
    choose(features, standing, Options(k=K))
    return {"seconds": time.perf_counter() - started}


def table(folder: str) -> dict[str, Any]:
    """Make the whole table, from films to rows with their reasons, parquet to parquet."""
    import pandas as pd  # noqa: PLC0415

    from insights.similar import recommendations  # noqa: PLC0415

    started = time.perf_counter()
    made = recommendations.build(pd.read_parquet(Path(folder, "movies.parquet")))
    made.to_parquet(Path(folder, "recommendations.parquet"), compression="zstd")
    return {"seconds": time.perf_counter() - started}


def store(folder: str, films: int) -> dict[str, Any]:
    """Write films, and their features as both sides read them."""
    import pandas as pd  # noqa: PLC0415

    from benchmarks import bronze_objects  # noqa: PLC0415
    from insights.similar import features, recommendations  # noqa: PLC0415

    started = time.perf_counter()
    movies = pd.DataFrame(bronze_objects.silver_rows()).drop_duplicates("imdb_id", ignore_index=True).head(films)
    movies.to_parquet(Path(folder, "movies.parquet"))
    years = features.numbers(movies, "year").astype(np.float32)
    made = features.build(features.read(movies), years, recommendations.DEFAULT.weights)
    standing = features.standing(movies)
    np.savez(
        Path(folder, "films.npz"),
        common=made.common, years=made.years, notice=standing.notice, rating=standing.rating,
    )  # fmt: skip
    for name in SPARSE:
        sp.save_npz(Path(folder, f"{name}.npz"), sp.csr_matrix(getattr(made, name)))
    sp.save_npz(Path(folder, "features.npz"), sp.csr_matrix(sp.hstack([sp.csr_array(made.common), made.rare])))
    return {"seconds": time.perf_counter() - started}


def run(plan: Plan) -> list[Result]:
    """Measure the search beside the baseline, then the whole table."""
    films = 1_000 if plan.quick else FILMS
    with tempfile.TemporaryDirectory(prefix="reelhouse-bench-") as folder:
        fresh("recommendations", "store", folder=folder, films=films)
        plan.say(f"{films:,} films")
        pairs = interleaved(
            lambda: fresh("recommendations", "search", folder=folder),
            lambda: fresh("baselines.neighbours_by_scikit_learn", "run", folder=folder),
            plan.runs(),
        )
        plan.say("the whole table")
        whole = [fresh("recommendations", "table", folder=folder) for _ in pairs.ours]
    note = "Whole table: from Gold's films to recommendations with reasons, parquet to parquet."
    name = f"{films:,} films, the whole table"
    return [
        compared(Case(f"{films:,} films", FASTER, note), pairs),
        peak_of(Case(f"{films:,} films, memory", SMALL), pairs.ours),
        measured(Case(name), "s", [run.seconds for run in whole], whole),
        peak_of(Case(f"{name}, memory", SMALL), whole),
    ]
