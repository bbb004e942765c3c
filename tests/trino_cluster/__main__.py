"""``python -m tests.trino_cluster`` (``make trino``): run the tests on Trino, or say what this machine lacks."""

from __future__ import annotations

import sys

import pytest

from tests.trino_cluster import server


def main() -> int:
    """Check for Java and Trino, then run the tests."""
    try:
        server.java_home()
        server.installed()
    except server.Unavailable as lacking:
        print(f"make trino: {lacking}", file=sys.stderr)
        return 2
    return int(pytest.main(["tests/trino_cluster", "-m", "trino", *sys.argv[1:]]))


if __name__ == "__main__":
    sys.exit(main())
