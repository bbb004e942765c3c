"""The whole local stack, from the source list to Gold, beside the emulator's floor.

The floor is the same messages and objects through functions that only copy: same triggers, same emulator, same watch.
Ours asks the OMDb-compatible server for each film besides, cleans it, and builds all tables.
"""

from __future__ import annotations

import time
from functools import partial

from benchmarks import deployed, floor
from benchmarks.measure import Case, Plan, Result, Run, Target, compared, interleaved, measured
from reelhouse.commands.run import start
from reelhouse.run.watch import watch
from reelhouse.stack import Stack

ROW = "The whole local stack"
BATCH_SIZE = 20
# Films, and runs of each side.
SIZES = ((250, 3), (1_000, 1))
NEAR, LINEAR = Target("cost", 1.5), Target("most", 1.2)


def run(plan: Plan) -> list[Result]:
    """Measure each size; then how the time a film grows from the one to the other."""
    for stack in (deployed.stack(), floor.stack()):
        plan.say("waking the functions")
        _timed(stack, 5)
    sizes = ((20, 1), (40, 1)) if plan.quick else SIZES
    results = []
    for films, runs in sizes:
        plan.say(f"{films:,} films")
        ours, baseline = partial(_timed, deployed.stack(), films), partial(_timed, floor.stack(), films)
        pairs = interleaved(ours, baseline, runs)
        results.append(compared(Case(f"{films:,} films", NEAR), pairs))
    few, many = (result.ours / films for result, (films, _) in zip(results, sizes, strict=True))
    growth = Case(f"time a film, {results[1].case.name} to {results[0].case.name}", LINEAR)
    return [*results, measured(growth, "×", [many / few])]


def _timed(stack: Stack, films: int) -> Run:
    """Run so many films, from the start of the first function to a build that has all of them."""
    started = time.perf_counter()
    reply = start(stack, films, BATCH_SIZE)
    report = watch(stack, reply, lambda _: None, deployed.LONGEST_RUN_SECONDS)
    seconds = time.perf_counter() - started
    assert report.status == "complete", report
    return Run(seconds)
