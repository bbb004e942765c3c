"""Disk space for the local stack. An emulator that cannot write loses objects without an error."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import LocalStackError

# A build takes 0.12 GB, and so does the archive that each worker of a function is unpacked from.
NEEDED_BYTES = 1024**3


class DiskSpace(NamedTuple):
    """Whether the local stack can run, and the free space for people."""

    enough: bool
    text: str


def space(folder: Path) -> DiskSpace:
    """Measure the file system that holds a folder, or would hold it."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    usage = shutil.disk_usage(existing)
    text = f"{usage.free / 1024**3:.1f} of {usage.total / 1024**3:.1f} GB free at {folder}"
    return DiskSpace(usage.free >= NEEDED_BYTES, text)


def require_space(folder: Path) -> None:
    """Raise :class:`LocalStackError` when less than 1 GB is free."""
    free_space = space(folder)
    if not free_space.enough:
        hint = "free some space, or set REELHOUSE_HOME to a folder on another disk"
        raise LocalStackError(f"the disk is nearly full: {free_space.text}", subject="local stack", next_step=hint)
