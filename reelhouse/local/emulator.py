"""MiniStack, for its owner only, saving its memory on demand, without files in SQL, and with complete logs.

``python -m reelhouse.local.emulator --home FOLDER`` is ``python -m ministack``, with five differences. It refuses web
pages and everybody who does not have its keys. On SIGUSR1 it saves queues, functions, roles and everything else to
``STATE_DIR`` and then creates the file ``saved``; MiniStack itself saves S3 objects at once. Its stand-in for Athena, a
DuckDB, reads only the tables that a query names. The log of an invocation ends with its summary, on a busy machine too.
Workers with the same code share its files.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb

from pipeline import settings
from reelhouse.local import lifeline

MODULE = "reelhouse.local.emulator"
SAVED = "saved"
# Folders to which MiniStack copies the tables of a query before it connects.
_TABLES_OF_QUERIES = "ministack-athena-*"
# In the last line that each function logs for an invocation; see lambdas/telemetry.py.
SUMMARY = '"message": "invocation"'
_SUMMARY_SECONDS = 2.0

# What `reelhouse up` asks for before it has a client.
_READINESS = {"/_ministack/health", "/_ministack/ready"}

_SIGNATURE = re.compile(rb"AWS4-HMAC-SHA256 Credential=[^/]+/")
_QUEUE_PORT = re.compile(r"http://localhost:\d+/(?=\d{12}/)")

Connect = Callable[..., duckdb.DuckDBPyConnection]
Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}")
    parser.add_argument("--home", required=True, help="state folder, by which `reelhouse down` finds the process")
    parser.add_argument("--lifeline", type=int, help="file descriptor of a pipe; the process ends when it is closed")
    options = parser.parse_args(arguments)
    lifeline.watch(options.lifeline)
    move_queues(Path(options.home, "ministack", "state", "sqs.json"), settings.variable("GATEWAY_PORT"))
    sys.argv = sys.argv[:1]  # MiniStack reads it too
    from ministack import app  # noqa: PLC0415 (other users of this module need not load the emulator)
    from ministack.core import iam_evaluator, lambda_runtime  # noqa: PLC0415

    # MiniStack checks no signature of its root user, and takes a request whose `Authorization` it cannot read for that
    # user's. Keys of the root user are ours, "test", any 12 digits and none at all.
    iam_evaluator._is_root_key = lambda _: False
    iam_evaluator.is_root_access_key = settings.variable("AWS_ACCESS_KEY_ID").__eq__
    app.app = for_owner_only(app.app)
    lambda_runtime.zipfile = SimpleNamespace(**vars(zipfile) | {"ZipFile": SharedArchive})
    worker = lambda_runtime.Worker
    worker._drain_stderr_bounded = with_summary(worker._drain_stderr_bounded)
    duckdb.connect = without_files(duckdb.connect)
    signal.signal(signal.SIGUSR1, lambda *_: threading.Thread(target=save).start())
    app.main()
    return 0


def move_queues(saved: Path, port: str) -> None:
    """Give the queues that MiniStack saved the port that it has now, by which it looks up a function's queue.

    ``reelhouse up`` takes another port when the one before is in use; functions would then never receive a message.
    """
    if saved.is_file():
        text = saved.read_text(encoding="utf-8")
        saved.write_text(_QUEUE_PORT.sub(f"http://localhost:{port}/", text), encoding="utf-8")


def for_owner_only(application: Application) -> Application:
    """Return an ASGI application that refuses web pages and what is not signed; MiniStack checks the signatures.

    Any web page may send requests to 127.0.0.1, and MiniStack lets it read the answers; browsers name its origin.
    MiniStack's own administration needs no signature, and erases everything on request.
    """

    async def guarded(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan" or _is_allowed(scope):
            await application(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await send({"type": "http.response.start", "status": 403, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})

    return guarded


def _is_allowed(scope: dict[str, Any]) -> bool:
    names = [name.lower() for name, _ in scope["headers"]]
    headers = {name.lower(): value for name, value in scope["headers"]}
    if b"origin" in headers or names.count(b"authorization") > 1:
        return False
    if scope["path"].startswith("/_ministack/"):
        return scope["path"] in _READINESS
    if b"authorization" in headers:
        return _SIGNATURE.match(headers[b"authorization"]) is not None
    # A request to a function's URL need not be signed here: MiniStack refuses it by the URL's own rule.
    return b"X-Amz-Signature=" in scope["query_string"] or b".lambda-url." in headers.get(b"host", b"")


class SharedArchive(zipfile.ZipFile):
    """An archive whose files are unpacked once: later copies are hard links to them.

    MiniStack unpacks 115 MB for each worker that it starts. As on AWS, functions only read their code.
    """

    _unpacking = threading.Lock()

    def extractall(
        self, path: str | os.PathLike[str] | None = None, members: object = None, pwd: bytes | None = None
    ) -> None:
        """Put all files into a folder; ``members`` and ``pwd`` are not supported."""
        if path is None or members or pwd:
            raise NotImplementedError
        content = repr(sorted((member.filename, member.CRC, member.file_size) for member in self.infolist()))
        folder = Path(tempfile.gettempdir(), f"unpacked-{hashlib.sha256(content.encode()).hexdigest()}")
        with self._unpacking:
            if not folder.exists():
                unfinished = folder.with_suffix(".unfinished")
                super().extractall(unfinished)
                unfinished.rename(folder)
        shutil.copytree(folder, path, copy_function=os.link, dirs_exist_ok=True)


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


def with_summary(read_log: Callable[..., str]) -> Callable[..., str]:
    """Return a function that reads a worker's log up to the summary of the invocation, for at most two seconds.

    MiniStack stops reading when there was no line for 5 ms. On a busy machine the summary was then missing from the log
    until the same worker was invoked again, and `reelhouse status` counted too little.
    """

    def read_to_summary(worker: object, **options: float) -> str:
        deadline = time.monotonic() + _SUMMARY_SECONDS
        parts = [read_log(worker, **options)]
        while SUMMARY not in parts[-1] and time.monotonic() < deadline:
            parts.append(read_log(worker, **options))
        return "\n".join(filter(None, parts))

    return read_to_summary


def save() -> None:
    """Save the emulator's memory, as on its exit, then create the file :data:`SAVED`."""
    from ministack import app  # noqa: PLC0415
    from ministack.core import persistence  # noqa: PLC0415

    persistence.save_all(app._build_persistence_save_dict())
    Path(persistence.STATE_DIR, SAVED).touch()


if __name__ == "__main__":
    sys.exit(main())
