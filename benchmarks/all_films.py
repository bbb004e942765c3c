"""The whole local stack with all films of the sample, beside the emulator's floor: it takes eleven minutes alone.

Not part of ``make bench``; ``make bench-all-films`` measures it.
"""

from __future__ import annotations

from benchmarks import local_stack
from benchmarks.measure import Plan, Result

ROW = "The whole local stack, all films"
SIZES = ((1_000, 1), (17_472, 1))


def run(plan: Plan) -> list[Result]:
    """Measure a thousand films and all of them, and how the time a film grows from the one to the other."""
    return local_stack.beside_the_floor(ROW, ((20, 1), (40, 1)) if plan.quick else SIZES, plan)
