"""The command line: ``reelhouse COMMAND``. Exit 0 done, 1 failed, 2 wrong usage.

Each command is a function of a module in ``reelhouse/commands``, which registers it by being imported.
"""

from __future__ import annotations

from reelhouse.commands import stack  # isort: skip (help lists the commands in this order)
from reelhouse.commands import gold, operation
from reelhouse.commands.base import app

__all__ = ["app", "gold", "main", "operation", "stack"]


def main() -> None:
    """Run the command line."""
    app()
