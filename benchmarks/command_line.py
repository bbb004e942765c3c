"""Processor time of commands before they do anything: help, and the imports of a command that needs no data frame."""

from __future__ import annotations

import resource
import subprocess
import sys

from benchmarks.measure import Case, Plan, Result, Target, measured

ROW = "Command line"
# Arguments and the most processor seconds; `status --help` imports all that `status` does.
COMMANDS = ((("--help",), 0.4), (("status", "--help"), 0.8))


def run(plan: Plan) -> list[Result]:
    """Measure each command in fresh interpreters."""
    results = []
    for arguments, limit in COMMANDS:
        plan.say(" ".join(arguments))
        seconds = [_processor_seconds(arguments) for _ in range(plan.runs(7))]
        case = Case(f"reelhouse {' '.join(arguments)}, processor time", Target("most", limit))
        results.append(measured(case, "s", seconds))
    return results


def _processor_seconds(arguments: tuple[str, ...]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "reelhouse", *arguments]
    subprocess.run(command, check=True, timeout=60, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
