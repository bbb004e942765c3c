"""The whole local stack, from the source list to Gold, beside the emulator's floor.

The floor is the same messages and objects through functions that only copy: same triggers, same emulator, same watch.
Ours asks the OMDb-compatible server for each film besides, cleans it, and builds all tables.
"""

from __future__ import annotations

import time

from benchmarks import deployed, floor
from benchmarks.measure import Case, Plan, Result, Run, Target, compared, interleaved, measured
from reelhouse.run.start import start
from reelhouse.run.watch import watch
from reelhouse.stack import Stack

ROW = "The whole local stack"
BATCH_SIZE = 20
# Films, and runs of each side.
SIZES = ((250, 3), (1_000, 1))
NEAR, LINEAR = Target("cost", 1.5), Target("most", 1.2)


def run(plan: Plan) -> list[Result]:
    """Measure each size; then how the time a film grows from the one to the other."""
    return beside_the_floor(ROW, ((20, 1), (40, 1)) if plan.quick else SIZES, plan)


def beside_the_floor(row: str, sizes: tuple[tuple[int, int], ...], plan: Plan) -> list[Result]:
    """Measure each size, of films and runs, beside the floor; then how the time a film grows up to the last."""
    for one in (deployed.stack(), floor.stack()):
        plan.say("waking the functions")
        _timed(one, 5)
    results = []
    for films, times in sizes:
        plan.say(f"{films:,} films")
        pairs = interleaved(
            lambda films=films: _timed(deployed.stack(), films),  # type: ignore[misc]
            lambda films=films: _timed(floor.stack(), films),  # type: ignore[misc]
            plan.runs(times),
        )
        notes = f"{films:,} films: {times} run{'s' if times > 1 else ''} of each side."
        results.append(compared(Case(row, f"{films:,} films", NEAR, size=films, notes=notes), pairs))
    few, many = results[-2:]
    assert few.case.size
    assert many.case.size
    growth = (many.ours / many.case.size) / (few.ours / few.case.size)
    return [*results, measured(Case(row, f"time a film, {many.case.name} to {few.case.name}", LINEAR), "×", [growth])]


def _timed(stack: Stack, films: int) -> Run:
    """Run so many films, from the start of the first function to a build that has all of them."""
    started = time.perf_counter()
    reply = start(stack, films, BATCH_SIZE)
    report = watch(stack, reply, lambda _: None, deployed.LONGEST_RUN_SECONDS)
    seconds = time.perf_counter() - started
    assert report.status == "complete", report
    return Run(seconds, values=report.seconds)
