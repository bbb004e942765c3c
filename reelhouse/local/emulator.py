"""MiniStack, started so that it writes its memory when it is asked to, and not only when it is stopped.

``python -m reelhouse.local.emulator`` is ``python -m ministack``; on SIGUSR1 it writes queues, functions, roles and
all else to ``STATE_DIR``, then the file ``saved``. Objects of S3 it writes at once by itself.
"""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

MODULE = "reelhouse.local.emulator"
SAVED = "saved"


def main() -> int:
    """Serve until SIGTERM."""
    from ministack import app  # noqa: PLC0415 (whoever wants a name of this module need not load the emulator)

    signal.signal(signal.SIGUSR1, lambda *_: threading.Thread(target=save).start())
    app.main()
    return 0


def save() -> None:
    """Write the emulator's memory, as it does when it is stopped; then say so."""
    from ministack import app  # noqa: PLC0415
    from ministack.core import persistence  # noqa: PLC0415

    persistence.save_all(app._build_persistence_save_dict())
    Path(persistence.STATE_DIR, SAVED).touch()


if __name__ == "__main__":
    sys.exit(main())
