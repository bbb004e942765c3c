"""Whichever AWS call of a step fails, no film is lost or duplicated, and Gold is the same as without the fault.

A run without faults gives the expected Gold and each step's calls. Then calls fail one by one, and messages are
redelivered until all queues are empty. AggregateToGold has the most calls and is tested alone, on one Silver; for the
steps before it the Silver that they leave is compared.
`make test` injects each kind of fault, and lets the process die after each write; where a step repeats one operation,
AggregateToGold's first and last stand for the others. ``-m chaos`` injects every fault into every call.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from pipeline import aws
from pipeline.columns import GOLD_TABLES
from pipeline.errors import ReelhouseError
from pipeline.gold.publication import published_build
from tests.fake_athena import make_catalogue
from tests.integration.driven_pipeline import STEPS, TO_GOLD, Pipeline, Rows
from tests.integration.faulty_aws import ANSWER_LOST, FAULTS, KILLED, Fault, FaultyAws, Killed
from tests.integration.moto_lake import Cold, Lake, Omdb, Top

FILMS, BATCH_SIZE = 4, 2
DATABASE = "reelhouse_gold"
# Two tables are enough to see that the catalogue's tables move one after the other.
CATALOGUED = (GOLD_TABLES["movies"], GOLD_TABLES["pipeline_runs"])
UPSTREAM = STEPS[:-1]
# Calls of a run without faults; with fewer, faults would no longer reach them.
LEAST_CALLS = dict(zip(STEPS, (4, 5, 9, 15), strict=True))
Silver = set[tuple[str, str]]
Survives = Callable[[Pipeline, Rows, dict[str, FaultyAws]], None]


@pytest.fixture
def undisturbed(
    lake: Lake, omdb: Omdb, handler: Cold, top: Top, few_tables: None, monkeypatch: pytest.MonkeyPatch
) -> Pipeline:
    """Return a pipeline after a run: two films in Gold, one rejected and one quarantined."""
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


def nothing_is_lost(pipeline: Pipeline) -> None:
    """Assert that no film is lost, duplicated or parked, and that each error is ours."""
    assert all(isinstance(error, ReelhouseError | Killed) for _, error in pipeline.errors), injected(pipeline)
    assert (pipeline.lost(), pipeline.doubled(), pipeline.parked()) == (set(), set(), {}), injected(pipeline)


def injected(pipeline: Pipeline) -> str:
    """Return the faults that were injected, and the errors."""
    met = [(step, each.n, each.struck, each.fault.name) for step, each in pipeline.faulty.items()]
    return f"{met}: {pipeline.errors}"


def gold_is_whole(pipeline: Pipeline, expected: Rows) -> None:
    """Assert that nothing is lost, that Gold is as expected, and that the catalogue shows it."""
    nothing_is_lost(pipeline)
    assert pipeline.gold() == expected, injected(pipeline)
    build = published_build("gold")
    assert build
    folders = {table.name: build.tables[table.name].folder.rstrip("/") for table in CATALOGUED}
    tables = aws.client("glue").get_tables(DatabaseName=DATABASE)["TableList"]
    locations = {table["Name"]: table["StorageDescriptor"]["Location"] for table in tables}
    assert locations == {name: f"s3://gold/{folder}/" for name, folder in folders.items()}, injected(pipeline)


def silver_survives(undisturbed: Pipeline, expected: Silver, faulty: dict[str, FaultyAws]) -> None:
    """Run the first three steps with faults, and compare Silver, from whose rows Gold is built."""
    pipeline = Pipeline(undisturbed.lake, undisturbed.cold, faulty, queues=("MovieQueue", "BronzeEvents"))
    pipeline.run(top_n=FILMS, batch_size=BATCH_SIZE)
    nothing_is_lost(pipeline)
    assert pipeline.silver() == expected, injected(pipeline)


def upstream_survives(undisturbed: Pipeline, expected: Rows, faulty: dict[str, FaultyAws]) -> None:
    """Run the first three steps with faults, and compare Gold."""
    pipeline = Pipeline(undisturbed.lake, undisturbed.cold, faulty)
    pipeline.run(top_n=FILMS, batch_size=BATCH_SIZE)
    gold_is_whole(pipeline, expected)


def gold_survives(undisturbed: Pipeline, expected: Rows, faulty: dict[str, FaultyAws]) -> None:
    """Build Gold again with faults, and compare it."""
    undisturbed.begin_gold_anew(faulty)
    undisturbed.until_quiet()
    gold_is_whole(undisturbed, expected)


def writes(calls: list[str]) -> list[int]:
    """Return the numbers of the calls that write; the process may die before or after a read without a difference."""
    return [n for n, name in enumerate(calls, start=1) if not name.startswith(("Get", "List"))]


def test_each_upstream_call_fails_once(undisturbed: Pipeline) -> None:
    """Each step starts at another kind, so that all kinds occur, and a body is cut short where one is read."""
    expected, met, kinds = undisturbed.silver(), set(), dict(zip(UPSTREAM, (6, 12, 18), strict=True))
    for turn in range(max(len(undisturbed.faulty[step].calls) for step in UPSTREAM)):
        faulty = {step: FaultyAws(turn + 1, FAULTS[(kinds[step] + turn) % len(FAULTS)]) for step in UPSTREAM}
        silver_survives(undisturbed, expected, faulty)
        met |= {each.fault for each in faulty.values() if each.struck}
    assert met == set(FAULTS)


def test_a_process_dies_after_each_upstream_write(undisturbed: Pipeline) -> None:
    expected, numbers = undisturbed.silver(), {step: writes(undisturbed.faulty[step].calls) for step in UPSTREAM}
    assert {len(each) for each in numbers.values()} == {4}
    for turn in range(4):
        faulty = {step: FaultyAws(numbers[step][turn], KILLED[-1]) for step in UPSTREAM}
        silver_survives(undisturbed, expected, faulty)
        assert all(each.struck for each in faulty.values())


def test_each_kind_of_call_of_a_gold_build_fails(undisturbed: Pipeline) -> None:
    expected, calls = undisturbed.gold(), undisturbed.faulty[TO_GOLD].calls
    chosen = {n for n, name in enumerate(calls, start=1) if n == 1 or name != calls[n - 2]}
    chosen.add(len(calls) - calls[::-1].index("PutObject"))  # publishes the build
    for turn, n in enumerate(sorted(chosen)):
        faulty = FaultyAws(n, FAULTS[2 * turn % len(FAULTS)])
        gold_survives(undisturbed, expected, {TO_GOLD: faulty})
        assert faulty.struck == calls[n - 1]


def test_a_process_dies_after_the_writes_of_a_gold_build(undisturbed: Pipeline) -> None:
    expected, calls = undisturbed.gold(), undisturbed.faulty[TO_GOLD].calls
    numbers = writes(calls)
    before, after = KILLED
    # The first and the last table, the build's record, the pointer, and the catalogue's two tables.
    for n, death in [(numbers[0], before), (numbers[0], after), *((n, after) for n in numbers[-5:])]:
        faulty = FaultyAws(n, death)
        gold_survives(undisturbed, expected, {TO_GOLD: faulty})
        assert faulty.struck == calls[n - 1]


def test_a_run_whose_writes_lose_their_answers_is_sent(undisturbed: Pipeline) -> None:
    """boto3 writes again, and finds what it wrote before: that is not another delivery of the invocation."""
    expected, struck = undisturbed.silver(), [""]
    while len(struck) == 1 or struck[-1]:
        faulty = FaultyAws(len(struck), ANSWER_LOST)
        silver_survives(undisturbed, expected, {"get_movies_and_send_to_queue": faulty})
        struck.append(faulty.struck)
    assert struck.count("PutObject") == 3, "the claim, the list and the manifest"


@pytest.mark.chaos
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("fault", [*FAULTS, *KILLED], ids=lambda fault: fault.name)
@pytest.mark.parametrize(("steps", "survives"), [(UPSTREAM, upstream_survives), ((TO_GOLD,), gold_survives)])
def test_each_call_fails_in_each_way(
    undisturbed: Pipeline, steps: tuple[str, ...], survives: Survives, fault: Fault
) -> None:
    expected = undisturbed.gold()
    for n in count(1):
        faulty = {step: FaultyAws(n, fault) for step in steps}
        survives(undisturbed, expected, faulty)
        if not any(each.struck for each in faulty.values()):
            assert n > max(LEAST_CALLS[step] for step in steps)
            return
