"""MiniStack, saving its memory on demand and not only when it is stopped, and without access to files from SQL.

``python -m reelhouse.local.emulator --home FOLDER`` is ``python -m ministack``, with two differences. On SIGUSR1 it
saves queues, functions, roles and everything else to ``STATE_DIR`` and then creates the file ``saved``; MiniStack
itself saves S3 objects at once. Its stand-in for Athena, a DuckDB, reads only the tables that a query names.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

from reelhouse.local import lifeline

MODULE = "reelhouse.local.emulator"
SAVED = "saved"
# Folders to which MiniStack copies the tables of a query before it connects.
_TABLES_OF_QUERIES = "ministack-athena-*"

Connect = Callable[..., duckdb.DuckDBPyConnection]


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}")
    parser.add_argument("--home", required=True, help="state folder, by which `reelhouse down` finds the process")
    parser.add_argument("--lifeline", type=int, help="file descriptor of a pipe; the process ends when it is closed")
    lifeline.watch(parser.parse_args(arguments).lifeline)
    sys.argv = sys.argv[:1]  # MiniStack reads it too
    from ministack import app  # noqa: PLC0415 (other users of this module need not load the emulator)

    duckdb.connect = without_files(duckdb.connect)
    signal.signal(signal.SIGUSR1, lambda *_: threading.Thread(target=save).start())
    app.main()
    return 0


def without_files(connect: Connect) -> Connect:
    """Return a function that connects to DuckDB and gives it no files but MiniStack's copies of tables.

    Real Athena has no files either. A query cannot undo this: DuckDB refuses to change these settings once they are on.
    """

    def guarded(*arguments: object, **options: object) -> duckdb.DuckDBPyConnection:
        connection = connect(*arguments, **options)
        tables = [str(folder) for folder in Path(tempfile.gettempdir()).glob(_TABLES_OF_QUERIES)]
        connection.execute("SET allowed_directories = $1", [tables])
        connection.execute("SET enable_external_access = false")
        connection.execute("SET python_enable_replacements = false")
        return connection

    return guarded


def save() -> None:
    """Save the emulator's memory, as on its exit, then create the file :data:`SAVED`."""
    from ministack import app  # noqa: PLC0415
    from ministack.core import persistence  # noqa: PLC0415

    persistence.save_all(app._build_persistence_save_dict())
    Path(persistence.STATE_DIR, SAVED).touch()


if __name__ == "__main__":
    sys.exit(main())
