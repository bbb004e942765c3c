"""Objects that are missing in Bronze and Silver, by their listings and the record of the published build.

No object of Bronze and Silver is read, so a damaged one is not noticed here: ``reelhouse verify`` reads them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline import aggregate_to_gold, aws, keys
from pipeline.aws import StoredObject
from pipeline.gold.build import Build
from pipeline.gold.publication import Pointer
from reelhouse.console import counted
from reelhouse.stack import Stack

# Bronze is listed run by run: two requests a run.
NEWEST_RUNS = 20
_RESTORE = '`reelhouse verify` names every object; see docs/operations.md, "Integrity"'


@dataclass(frozen=True)
class Loss:
    """What is missing, and how to repair it."""

    what: str
    repair: str


def losses(stack: Stack, pointer: Pointer) -> list[Loss]:
    """Return what is missing, the oldest run first; films and rows of the newest 20 runs only.

    Silver is not compared while messages wait, are in flight or are parked: it is not finished then.
    """
    settled = not any(counts.busy or counts.parked for counts in stack.queues().values())
    silver = aws.list_objects(aws.client("s3"), stack["SilverBucketName"])
    manifests, outcomes = set(stack.run_ids()), _outcomes(silver)
    runs = sorted({*manifests, *outcomes, *(pointer.build.runs if pointer.build else ())})
    missing = [
        Loss(f"{keys.manifest(run_id)} is missing in Bronze", _RESTORE) for run_id in runs if run_id not in manifests
    ]
    for run_id in runs[-NEWEST_RUNS:]:
        stored = sum(stack.count("Bronze", kind, run_id) for kind in (keys.MOVIES, keys.REJECTED))
        missing += _of_bronze(pointer.build, run_id, stored)
        if settled and run_id in manifests and outcomes[run_id] < stored:
            what = f"{counted(stored - outcomes[run_id], 'Bronze object')} of run {run_id} without an outcome in Silver"
            missing.append(Loss(what, f"`reelhouse run --resume {run_id}`"))
    if settled and not missing:
        missing += _of_gold(pointer, silver, runs)
    return missing


def _outcomes(silver: list[StoredObject]) -> Counter[str]:
    """Return the number of outcomes of each run, by the names of Silver's objects.

    Rows that were merged, and those they replace for an hour, count twice: a loss may then be overlooked here.
    """
    outcomes: Counter[str] = Counter()
    for entry in silver:
        run_id = keys.run_of(entry.key)
        if run_id:
            outcomes[run_id] += keys.rows_of(entry.key) or (keys.film_of(entry.key) is not None)
    return outcomes


def _of_bronze(build: Build | None, run_id: str, stored: int) -> Iterator[Loss]:
    """Nothing deletes from Bronze, so it has all films that a build counted."""
    counts = build.runs.get(run_id) if build else None
    missing = counts.stored + counts.rejected - stored if counts else 0
    if missing > 0:
        yield Loss(f"{counted(missing, 'film')} of run {run_id} missing in Bronze that Gold has", _RESTORE)


def _of_gold(pointer: Pointer, silver: list[StoredObject], runs: list[str]) -> Iterator[Loss]:
    """Compare Silver with the one that the newest build, published or held, was made from."""
    if pointer.build and not pointer.newest_basis.endswith(aggregate_to_gold.fingerprint(silver)):
        what = f"Silver ({counted(len(silver), 'object')}) is not the one that Gold was built from"
        builds = f"; `reelhouse run --resume {runs[-1]}` builds Gold" if runs else ""
        yield Loss(what, f"`reelhouse verify` says what differs{builds}")
