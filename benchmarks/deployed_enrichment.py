"""Enrichment of 250 films on the deployed local stack, from the start of the run to the last film in Bronze.

The first run after the deployment stands alone: it also starts GetMoviesAndSendToQueue for the first time. The baseline
fetches one film after another from the same server.
"""

from __future__ import annotations

import time

from benchmarks import deployed
from benchmarks.enrichment import FASTER, FILMS, LATENCY_MS, one_by_one, set_latency
from benchmarks.measure import Case, Plan, Result, Run, compared, interleaved
from pipeline import keys
from reelhouse.commands.run import start
from reelhouse.local import processes, state
from reelhouse.local.omdb import films as sample_films
from reelhouse.run.watch import watch
from reelhouse.stack import Stack

ROW = "Enrichment on the local stack"
POLL_SECONDS = 0.05


def run(plan: Plan) -> list[Result]:
    """Measure the first run of a fresh stack, then runs of a warm one."""
    plan.say("deploying")
    stack, omdb = deployed.stack(), state.load().omdb
    assert omdb
    url = f"http://{processes.HOST}:{omdb.port}/"
    films = 50 if plan.quick else FILMS
    ids = [item["id"] for item in sample_films.source_list()["items"][:films]]
    results = []
    set_latency(url, LATENCY_MS)
    try:
        for name, runs in (("first run of a fresh stack", 1), ("warm", plan.runs())):
            plan.say(name)
            pairs = interleaved(lambda: _timed(stack, films), lambda: one_by_one(url, ids), runs)
            results.append(compared(Case(f"{films} films at {LATENCY_MS} ms, {name}", FASTER), pairs))
    finally:
        set_latency(url, 0)
    return results


def _timed(stack: Stack, films: int) -> Run:
    """Start a run, wait until Bronze has all its films, then until it is in Gold, so that the next one is alone."""
    started = time.perf_counter()
    reply = start(stack, films, None)
    while stack.count("Bronze", keys.MOVIES, reply.run_id) < films:
        assert time.perf_counter() < started + deployed.LONGEST_RUN_SECONDS, reply
        time.sleep(POLL_SECONDS)
    seconds = time.perf_counter() - started
    watch(stack, reply, lambda _: None, deployed.LONGEST_RUN_SECONDS)
    return Run(seconds)
