"""Processes that end with the command that started them, even when that command is killed.

The command holds the write end of a pipe, its processes the read end. The system closes the pipe when the command ends,
however it ends, and the processes then end themselves and their children. A command that succeeded and whose servers
stay, such as ``reelhouse up``, releases them first.

``python -m reelhouse.local.lifeline FD COMMAND …`` runs a program that knows nothing of this, such as SAM.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from types import TracebackType

_RELEASED = b"+"
# More than there are processes on one pipe; each reads one byte.
_MOST_PROCESSES = 64
_LOOK_SECONDS = 0.5


class Lifeline:
    """A pipe that ends processes when this process ends or :meth:`close` is called."""

    def __init__(self) -> None:
        self.read_end, self._write_end = os.pipe()

    def __enter__(self) -> Lifeline:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End the processes after an error."""
        if kind is not None:
            self.close()

    def release(self) -> None:
        """Let the processes outlive this one."""
        os.write(self._write_end, _RELEASED * _MOST_PROCESSES)
        self.close()

    def close(self) -> None:
        """End the processes that were not released. Doing it twice changes nothing."""
        if self._write_end >= 0:
            os.close(self._write_end)
            os.close(self.read_end)
            self._write_end = -1


def watch(read_end: int | None) -> None:
    """End this process and its children, without saving anything, when the other end of the pipe is closed.

    Parameters
    ----------
    read_end : int or None
        File descriptor inherited from the parent. None watches nothing.
    """
    if read_end is not None:
        threading.Thread(target=_wait_for_end, args=(read_end,), name="lifeline", daemon=True).start()


def _wait_for_end(read_end: int) -> None:
    released = os.read(read_end, 1) == _RELEASED
    os.close(read_end)
    if not released:
        # Servers lead a process group of their own, with all their children in it.
        os.killpg(0, signal.SIGKILL)


def end_with_parent() -> None:
    """End this process when its parent process ends, such as `make` being killed."""
    parent = os.getppid()

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=look, name="parent", daemon=True).start()


def main(arguments: list[str]) -> int:
    """Run a program until it ends or the pipe is closed; return its exit code."""
    read_end, *command = arguments
    watch(int(read_end))
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
