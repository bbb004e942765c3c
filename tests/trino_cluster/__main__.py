"""``python -m tests.trino_cluster``: run the tests on Trino (``make trino``), some of them, or the measurement.

Options of pytest may follow.
"""

from __future__ import annotations

import argparse
import sys

import pytest

from tests.trino_cluster import measure, server

FOLDER = "tests/trino_cluster"
# What needs no deployed stack: every Gold table, of Silver made by hand and of the sample's films in three runs.
SHORT = ("-k", "made_by_hand or 17470")


def main(arguments: list[str]) -> int:
    """Run what the arguments ask for; return 2 if this machine lacks something, or 0 with ``--short``."""
    parser = argparse.ArgumentParser(prog="python -m tests.trino_cluster", description=__doc__)
    parser.add_argument("--short", action="store_true", help="only Gold's SQL; skipped where Java or Trino is missing")
    parser.add_argument("--measure", action="store_true", help="time and memory beside DuckDB's, into docs/scale.md")
    parser.add_argument("--heap-gb", type=int, default=3, help="memory of each of two nodes, for --measure")
    chosen, options = parser.parse_known_args(arguments)
    try:
        server.check()
    except server.Unavailable as lacking:
        print(f"Trino: {'skipped, ' if chosen.short else ''}{lacking}", file=sys.stderr)
        return 0 if chosen.short else 2
    if chosen.measure:
        measure.main(chosen.heap_gb)
        return 0
    return int(pytest.main([FOLDER, "-m", "trino", *(SHORT if chosen.short else ()), *options]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
