"""Temporary folders that do not outlive their process for long.

A function that is killed cannot remove its files, and its environment may keep ``/tmp`` for the next one. So all
folders have one parent, and each new process removes those whose process has ended: a running one holds a lock.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import IO

# Each user has a parent folder of their own, which other users may not write to.
_PARENT = f"reelhouse-{os.getuid()}"
_LOCK = "lock"


class Workspace:
    """A temporary ``folder`` of this process, removed at the end of a ``with`` or with this object.

    A later process removes it if this one is killed.
    """

    def __init__(self) -> None:
        parent = Path(tempfile.gettempdir(), _PARENT)
        parent.mkdir(mode=0o700, exist_ok=True)
        with (parent / _LOCK).open("w") as starting:
            # One process at a time, so that a folder is never seen before its own lock is held.
            fcntl.flock(starting, fcntl.LOCK_EX)
            for folder in parent.iterdir():
                if folder.is_dir() and not _is_locked(folder / _LOCK):
                    shutil.rmtree(folder, ignore_errors=True)
            self.folder = Path(tempfile.mkdtemp(dir=parent))
            lock = (self.folder / _LOCK).open("w")
            fcntl.flock(lock, fcntl.LOCK_EX)
        self._remove = weakref.finalize(self, _remove, self.folder, lock)

    def __enter__(self) -> Workspace:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the folder."""
        self._remove()


def _is_locked(path: Path) -> bool:
    try:
        with path.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _remove(folder: Path, lock: IO[str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    lock.close()
