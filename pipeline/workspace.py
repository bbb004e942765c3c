"""Temporary folders that do not outlive their process for long.

A function that is killed cannot remove its files, and its environment may keep ``/tmp`` for the next one. So all
folders have one parent, and each new process removes those whose process has ended: a running one holds a lock.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path
from typing import IO

from pipeline.errors import InvalidInput

_LOCK = "lock"


def private_folder() -> Path:
    """Return this user's folder for temporary files, created if missing; other users can neither read nor write it.

    Raises
    ------
    InvalidInput
        When another user took its name: that user could replace every file in it.
    """
    folder = Path(tempfile.gettempdir(), f"reelhouse-{os.getuid()}")
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    existing = folder.lstat()
    if not stat.S_ISDIR(existing.st_mode) or existing.st_uid != os.getuid():
        next_step = "remove it, or set TMPDIR to a folder of your own"
        raise InvalidInput("is not a folder of this user", subject=str(folder), next_step=next_step)
    folder.chmod(0o700)
    return folder


class Workspace:
    """A temporary ``folder`` of this process, removed at the end of a ``with`` or with this object.

    A later process removes it if this one is killed.
    """

    def __init__(self) -> None:
        parent = private_folder()
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
