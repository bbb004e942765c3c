"""HTTP for the two places that need it: the source list and OMDb. Sessions keep connections alive.

A socket's time-out bounds only the wait for its next bytes. Answers are bounded as a whole: status and headers by the
read time-out of the request, the body by :func:`read_body`, so that a server that drips holds no function.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from pipeline.errors import InvalidInput

CONNECT_TIMEOUT_SECONDS = 5.0
READ_TIMEOUT_SECONDS = 15.0
TIMEOUT = (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS)
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_CHUNK_BYTES = 64 * 1024
# Its warnings (of a broken header, say) and debug lines quote the address, and with it the key.
logging.getLogger("urllib3").setLevel(logging.ERROR)


class BodyTooLarge(Exception):
    """A body is longer than its limit; ``start`` is what was read of it."""

    def __init__(self, start: bytes) -> None:
        super().__init__(f"more than {len(start):,} bytes")
        self.start = start


@contextmanager
def _cut_off(connected: socket.socket | None, seconds: float) -> Iterator[None]:
    """Shut a socket down when the block takes longer; ``TimeoutError`` where the block took its end for an answer's."""
    late = threading.Event()

    def shut_down() -> None:
        late.set()
        # By the plain socket's own method: that of a TLS socket would take its state from under the waiting reader.
        with suppress(OSError):
            socket.socket.shutdown(connected, socket.SHUT_RDWR)  # type: ignore[arg-type]

    timer = threading.Timer(max(seconds, 0.0), shut_down)
    timer.daemon = True
    if connected is not None:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()
    if late.is_set():
        raise TimeoutError


class _Bounded(HTTPConnection):
    # The socket of the newest answer: the connection itself lets go of one that ends with its answer.
    answering: socket.socket | None = None

    def getresponse(self) -> Any:
        """Read status and headers, all of them within the read time-out."""
        self.answering = self.sock
        with _cut_off(self.answering, float(self.timeout or READ_TIMEOUT_SECONDS)):
            return super().getresponse()


class _BoundedTls(_Bounded, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Bounded


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _BoundedTls


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Let the pools make connections of ours."""
        super().init_poolmanager(*args, **options)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


def session(connections: int = 1) -> requests.Session:
    """Make a session that keeps up to ``connections`` connections to one host, and reads no proxy or netrc settings."""
    made = requests.Session()
    made.trust_env = False
    adapter = _Adapter(pool_connections=1, pool_maxsize=connections)
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    return made


def check_url(url: str, subject: str) -> str:
    """Return ``url`` if it is https, or http to this machine.

    Raises
    ------
    InvalidInput
        For any other address: the OMDb key travels in the query and must not cross a network in the clear.
    """
    parts = urlsplit(url)
    if (parts.scheme == "https" and parts.hostname) or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return url
    raise InvalidInput("must be an https:// address (http:// only to 127.0.0.1)", subject=f"{subject} {url[:200]!r}")


def read_body(response: requests.Response, limit: int, seconds: float) -> bytes:
    """Read a streamed response of at most ``limit`` bytes after decompression, within ``seconds``.

    Raises
    ------
    BodyTooLarge
        When there is more.
    requests.RequestException
        When the body breaks off, cannot be decompressed, or is not complete in time.
    """
    deadline = time.monotonic() + seconds
    body = bytearray()
    try:
        with _cut_off(getattr(response.raw.connection, "answering", None), seconds):
            while time.monotonic() <= deadline and (chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True)):
                if len(body) + len(chunk) > limit:
                    raise BodyTooLarge(bytes(body))
                body += chunk
    except TimeoutError as error:
        raise requests.Timeout("the body is not complete in time") from error
    except HTTPError as error:
        raise requests.ConnectionError(type(error).__name__) from error
    if time.monotonic() > deadline:
        raise requests.Timeout("the body is not complete in time")
    return bytes(body)
