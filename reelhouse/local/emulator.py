"""MiniStack, saving its memory on demand and not only when it is stopped.

``python -m reelhouse.local.emulator --home FOLDER`` is ``python -m ministack``, except that on SIGUSR1 it saves queues,
functions, roles and everything else to ``STATE_DIR`` and then creates the file ``saved``. MiniStack itself saves S3
objects at once.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from reelhouse.local import lifeline

MODULE = "reelhouse.local.emulator"
SAVED = "saved"


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}")
    parser.add_argument("--home", required=True, help="state folder, by which `reelhouse down` finds the process")
    parser.add_argument("--lifeline", type=int, help="file descriptor of a pipe; the process ends when it is closed")
    lifeline.watch(parser.parse_args(arguments).lifeline)
    sys.argv = sys.argv[:1]  # MiniStack reads it too
    from ministack import app  # noqa: PLC0415 (other users of this module need not load the emulator)

    signal.signal(signal.SIGUSR1, lambda *_: threading.Thread(target=save).start())
    app.main()
    return 0


def save() -> None:
    """Save the emulator's memory, as on its exit, then create the file :data:`SAVED`."""
    from ministack import app  # noqa: PLC0415
    from ministack.core import persistence  # noqa: PLC0415

    persistence.save_all(app._build_persistence_save_dict())
    Path(persistence.STATE_DIR, SAVED).touch()


if __name__ == "__main__":
    sys.exit(main())
