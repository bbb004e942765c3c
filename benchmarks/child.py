"""One run in a process of its own: ``python -m benchmarks.child MODULE FUNCTION '{"argument": …}'`` prints JSON.

The peak of memory is VmHWM of /proc/self/status. ``getrusage``'s maximum is of no use on Linux: it is inherited, so
that a child of a large process begins with its parent's peak.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_mb() -> float:
    """Highest resident memory of this process so far, in MB, interpreter and imports included."""
    if _STATUS.exists():
        (line,) = (line for line in _STATUS.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main(module: str, function: str, arguments: str) -> None:
    """Call the function, and print what it returns with this process's peak."""
    found = getattr(importlib.import_module(module), function)(**json.loads(arguments))
    print(json.dumps({"peak_mb": peak_mb(), **found}))


if __name__ == "__main__":
    main(*sys.argv[1:])
