"""A warm lookup of similar films, as FindSimilarMovies and ``reelhouse similar`` answer, in a catalogue of all films.

The tables lie in a bucket of the emulator's. Ours has them in memory, and looks every few seconds whether one was
replaced: the time is that of all calls over several such looks. Both sides must name the same films.
"""

from __future__ import annotations

import time
from itertools import cycle, islice
from typing import Any

import pandas as pd

from benchmarks import deployed, film_catalogue
from benchmarks.baselines import lookup_by_pandas
from benchmarks.measure import Case, Plan, Result, Run, Target, compared, interleaved
from insights.find_similar_movies import LOOK_SECONDS, GoldCatalogue
from insights.similar import recommendations
from pipeline import aws, keys
from reelhouse.local import state

ROW = "Warm lookup"
BUCKET = "reelhouse-bench-lookup"
FILMS, K = 17_470, 10
# One look at the least falls into each of our runs.
SECONDS, BASELINE_CALLS = 1.2 * LOOK_SECONDS, 3
FASTER = Target("gain", 50)


def run(plan: Plan) -> list[Result]:
    """Measure calls by id, every one for another film."""
    deployed.stack()
    plan.say("writing the tables")
    movies = film_catalogue.movies(1_000 if plan.quick else FILMS)
    _write(movies)
    ids = movies["imdb_id"].tolist()
    catalogue = GoldCatalogue(BUCKET)
    _demand_equal_answers(catalogue, ids[:5])
    plan.say("calls")
    pairs = interleaved(lambda: _ours(catalogue, ids), lambda: _baseline(ids), plan.runs())
    calls = min(run.values["calls"] for run in pairs.ours)
    note = f"The time of a call: of {calls:,} or more of ours, looks at S3 included, and of {BASELINE_CALLS} by pandas."
    return [compared(Case(ROW, f"{len(ids):,} films", FASTER, notes=note), pairs)]


def _write(movies: pd.DataFrame) -> None:
    s3 = aws.client("s3")
    aws.ensure_bucket(s3, BUCKET, state.REGION)
    for name, table in (("movies", movies), ("recommendations", recommendations.build(movies))):
        s3.put_object(Bucket=BUCKET, Key=keys.gold_table(name), Body=table.to_parquet(compression="zstd"))


def _demand_equal_answers(catalogue: GoldCatalogue, ids: list[str]) -> None:
    for imdb_id in ids:
        ours = [film["imdb_id"] for film in _answer(catalogue, imdb_id)]
        theirs = [film["recommended_imdb_id"] for film in lookup_by_pandas.similar(BUCKET, imdb_id, K)]
        assert ours == theirs, (imdb_id, ours, theirs)


def _answer(catalogue: GoldCatalogue, imdb_id: str) -> list[dict[str, Any]]:
    known = catalogue()
    found: list[dict[str, Any]] = known.similar(known.find(imdb_id).films[0].imdb_id, K)["similar"]
    return found


def _ours(catalogue: GoldCatalogue, ids: list[str]) -> Run:
    started, calls = time.perf_counter(), 0
    for imdb_id in cycle(ids):
        _answer(catalogue, imdb_id)
        calls += 1
        if time.perf_counter() - started > SECONDS:
            break
    return Run((time.perf_counter() - started) / calls, values={"calls": calls})


def _baseline(ids: list[str]) -> Run:
    started = time.perf_counter()
    for imdb_id in islice(ids, BASELINE_CALLS):
        lookup_by_pandas.similar(BUCKET, imdb_id, K)
    return Run((time.perf_counter() - started) / BASELINE_CALLS)
