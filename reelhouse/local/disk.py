"""Disk space for the local stack. An emulator that cannot write loses objects without an error."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import LocalStackError

# A build takes 0.4 GB, each worker of a function 0.15 GB.
NEEDED_BYTES = 1024**3
_GIGABYTE = 1024**3


@dataclass(frozen=True)
class DiskSpace:
    """Free and total space, in bytes, of the file system of a folder."""

    folder: Path
    free_bytes: int
    total_bytes: int

    @property
    def enough(self) -> bool:
        """Whether the local stack can run."""
        return self.free_bytes >= NEEDED_BYTES

    def __str__(self) -> str:
        """Free and total gigabytes, for people."""
        free, total = self.free_bytes / _GIGABYTE, self.total_bytes / _GIGABYTE
        return f"{free:.1f} of {total:.1f} GB free at {self.folder}"


def space(folder: Path) -> DiskSpace:
    """Measure the file system that holds a folder, or would hold it."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    usage = shutil.disk_usage(existing)
    return DiskSpace(folder, usage.free, usage.total)


def require_space(folder: Path) -> None:
    """Check that there is room for the local stack.

    Raises
    ------
    LocalStackError
        When less than 1 GB is free.
    """
    found = space(folder)
    if not found.enough:
        needed = NEEDED_BYTES // _GIGABYTE
        raise LocalStackError(
            f"the disk is nearly full: {found}, {needed} GB is needed",
            subject="local stack",
            next_step="free some space, or set REELHOUSE_HOME to a folder on another disk",
        )
