"""One local stack of the benchmarks' own, deployed when a row first needs it, and deleted when all rows are done."""

from __future__ import annotations

import atexit
import tempfile
from functools import cache

from pipeline import settings
from reelhouse import stack as deployed_stack
from reelhouse.local import stack as local_stack
from reelhouse.stack import Stack

LONGEST_RUN_SECONDS = 1800


@cache
def stack() -> Stack:
    """Return the stack, with this process's environment pointing at it."""
    home = tempfile.TemporaryDirectory(prefix="reelhouse-bench-", ignore_cleanup_errors=True)
    atexit.register(home.cleanup)
    settings.set_variables({"REELHOUSE_HOME": f"{home.name}/stack"})  # its lock lies beside it
    settings.forget_variables("OMDB_API_KEY", "OPENAI_API_KEY")
    atexit.register(local_stack.down, delete=True)
    local_stack.up(local_stack.Options(stays=False), lambda _: None)
    return deployed_stack.find(None)
