"""``reelhouse report`` a second time with nothing changed, beside the first time, on the local stack.

Each reports all six notebooks in a process of its own, as a person starts it. The first time is
measured with ``--fresh``, which runs every notebook as if there were no earlier report; it is the baseline.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from typing import Any

from benchmarks import deployed
from benchmarks.measure import Case, Plan, Result, Run, Target, compared, interleaved

ROW = "Second report"
FILMS, BATCH_SIZE = 250, 20
RUNS = 2
FASTER = Target("gain", 3)


def run(plan: Plan) -> list[Result]:
    """Measure the command."""
    films = 100 if plan.quick else FILMS
    plan.say(f"{films:,} films to Gold")
    deployed.stack()
    deployed.ingest(films, BATCH_SIZE)
    with tempfile.TemporaryDirectory(prefix="reelhouse-bench-") as folder:
        plan.say("the first report")
        _report(folder, "--fresh")
        plan.say("second and first in turn")
        pairs = interleaved(lambda: _second(folder), lambda: _report(folder, "--fresh"), plan.runs(RUNS))
    note = f"{RUNS} runs of each side, after a report that does not count."
    return [compared(Case(ROW, f"{films:,} films in Gold, six reports", FASTER, notes=note), pairs)]


def _second(folder: str) -> Run:
    ran = _report(folder)
    assert all(report["reused_from"] for report in ran.values["reports"]), "a notebook ran again"
    return ran


def _report(folder: str, *options: str) -> Run:
    command = [sys.executable, "-m", "reelhouse", "report", "--output", folder, "--json", *options]
    started = time.perf_counter()
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=600, check=False)
    seconds = time.perf_counter() - started
    answer: dict[str, Any] = json.loads(ran.stdout)
    assert ran.returncode == 0, [report["error"] for report in answer["reports"]]
    return Run(seconds, values={"reports": answer["reports"]})
