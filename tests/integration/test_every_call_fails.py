"""Whichever AWS call of a step fails, no film is lost or duplicated, and Gold is the same as without the fault.

A run without faults gives the expected Gold. Then the n-th call of each step fails, for n from 1 until no step has an
n-th call, and messages are redelivered until all queues are empty. AggregateToGold has the most calls and is tested
alone, on one Silver. `make test` lets the process die at each call and injects faults of rotating kinds; ``-m chaos``
injects every fault into every call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from pipeline import aggregate_to_gold, aws
from pipeline.columns import GOLD_TABLES
from pipeline.errors import ReelhouseError
from tests.fake_athena import make_catalogue
from tests.gold_builds import keys_of
from tests.integration.driven_pipeline import STEPS, TO_GOLD, Pipeline, Rows
from tests.integration.faulty_aws import FAULTS, KILLED, Fault, FaultyAws, Killed
from tests.integration.moto_lake import Cold, Lake, Omdb, Top

FILMS, BATCH_SIZE = 4, 2
DATABASE = "reelhouse_gold"
# Two tables are enough to see that the catalogue's tables move one after the other.
CATALOGUED = (GOLD_TABLES["movies"], GOLD_TABLES["pipeline_runs"])
UPSTREAM = STEPS[:-1]
# Calls of a run without faults; with fewer, faults would no longer reach them.
LEAST_CALLS = dict(zip(STEPS, (4, 5, 9, 20), strict=True))
Choose = Callable[[int, int], Fault]
Survives = Callable[[Pipeline, Choose, int], None]


@pytest.fixture
def undisturbed(lake: Lake, omdb: Omdb, handler: Cold, top: Top, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """Return a pipeline after a run: two films in Gold, one rejected and one quarantined."""
    monkeypatch.setattr(aggregate_to_gold, "QUIET_SECONDS", 0.001)
    monkeypatch.setenv("GOLD_DATABASE", DATABASE)
    make_catalogue(aws.client("glue"), tables=CATALOGUED)
    ids = top(FILMS)
    omdb.error(ids[1], "Incorrect IMDb ID.")
    omdb.film(ids[2], Year="3994")
    omdb.film(ids[3], Runtime="34S min", Genre="Drama, Crime", Director="Ann, Bob", Country="USA, France")
    pipeline = Pipeline(lake, handler, {step: FaultyAws() for step in STEPS})
    pipeline.run(top_n=FILMS, batch_size=BATCH_SIZE)
    assert (pipeline.errors, pipeline.gold()["pipeline_runs"]) == ([], [("run 1", 4, 3, 1, 1, 2, "complete")])
    assert all(len(pipeline.faulty[step].calls) >= least for step, least in LEAST_CALLS.items())
    return pipeline


def is_whole(pipeline: Pipeline, expected: Rows) -> None:
    """Assert that no film is lost, duplicated or parked, and that Gold is as expected."""
    met = [(step, each.n, each.struck, each.fault.name) for step, each in pipeline.faulty.items()]
    said = f"{met}: {pipeline.errors}"
    assert all(isinstance(error, ReelhouseError | Killed) for _, error in pipeline.errors), said
    assert (pipeline.lost(), pipeline.doubled(), pipeline.parked()) == (set(), set(), {}), said
    assert pipeline.gold() == expected, said
    folders = {table.name: keys_of("gold", table.name)[0].rpartition("/")[0] for table in CATALOGUED}
    found = aws.client("glue").get_tables(DatabaseName=DATABASE)["TableList"]
    there = {table["Name"]: table["StorageDescriptor"]["Location"] for table in found}
    assert there == {name: f"s3://gold/{folder}/" for name, folder in folders.items()}, said


def each_call(steps: tuple[str, ...], choose: Choose, stride: int) -> Iterator[dict[str, FaultyAws]]:
    """Yield fault injections into every ``stride``-th call of some steps; ``choose`` selects the fault."""
    for n in count(1, stride):
        faulty = {step: FaultyAws(n, choose(n, place)) for place, step in enumerate(steps)}
        yield faulty
        if not any(each.struck for each in faulty.values()):
            assert n > max(LEAST_CALLS[step] for step in steps)
            return


def upstream_survives(undisturbed: Pipeline, choose: Choose, stride: int) -> None:
    expected = undisturbed.gold()
    for faulty in each_call(UPSTREAM, choose, stride):
        pipeline = Pipeline(undisturbed.lake, undisturbed.cold, faulty)
        pipeline.run(top_n=FILMS, batch_size=BATCH_SIZE)
        is_whole(pipeline, expected)


def gold_survives(undisturbed: Pipeline, choose: Choose, stride: int) -> None:
    expected = undisturbed.gold()
    for faulty in each_call((TO_GOLD,), choose, stride):
        undisturbed.begin_gold_anew(faulty)
        undisturbed.until_quiet()
        is_whole(undisturbed, expected)


def one_fault_each(n: int, place: int) -> Fault:
    # 5 and the number of faults have no common divisor, so all kinds take their turn.
    return FAULTS[(5 * n + 8 * place) % len(FAULTS)]


def one_death_each(n: int, place: int) -> Fault:
    return KILLED[(n + place) % len(KILLED)]


@pytest.mark.parametrize(
    ("survives", "choose", "stride"),
    [
        (upstream_survives, one_fault_each, 1),
        (upstream_survives, one_death_each, 1),
        (gold_survives, one_fault_each, 2),
        (gold_survives, one_death_each, 1),
    ],
)
def test_each_call_fails(undisturbed: Pipeline, survives: Survives, choose: Choose, stride: int) -> None:
    survives(undisturbed, choose, stride)


@pytest.mark.chaos
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("fault", [*FAULTS, *KILLED], ids=lambda fault: fault.name)
@pytest.mark.parametrize("survives", [upstream_survives, gold_survives])
def test_each_call_fails_in_each_way(undisturbed: Pipeline, survives: Survives, fault: Fault) -> None:
    survives(undisturbed, lambda n, place: fault, 1)
