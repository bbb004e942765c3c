"""HTTP for the two places that need it: the source list and OMDb. Sessions keep connections alive.

A socket's time-out bounds only the wait for its next bytes. Answers are bounded as a whole: status and headers by the
read time-out of the request, the body by :func:`read_body`, so that a server that drips holds no function.
"""

from __future__ import annotations

import logging
import math
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


class _Watch:
    """One thread that shuts down the sockets of late answers: a timer for each would be a thread for each."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._ends: dict[_Answer, float] = {}
        self._looks_at = math.inf
        self._thread: threading.Thread | None = None

    def begin(self, answer: _Answer, end: float) -> None:
        """Shut the answer's socket down at ``end`` (``time.monotonic``), unless it is taken back before."""
        with self._changed:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="late-answers", daemon=True)
                self._thread.start()
            self._ends[answer] = end
            if end < self._looks_at:
                self._changed.notify()

    def take_back(self, answer: _Answer) -> None:
        """Leave the answer's socket alone from now on."""
        with self._changed:
            self._ends.pop(answer, None)

    def _run(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for answer in [answer for answer, end in self._ends.items() if end <= now]:
                    del self._ends[answer]
                    answer.shut_down()
                self._looks_at = min(self._ends.values(), default=math.inf)
                self._changed.wait(None if self._looks_at == math.inf else self._looks_at - now)


class _Answer:
    """An answer that is waited for on a socket."""

    def __init__(self, connected: socket.socket) -> None:
        self._connected, self.late = connected, False

    def shut_down(self) -> None:
        self.late = True
        # By the plain socket's own method: that of a TLS socket would take its state from under the waiting reader.
        with suppress(OSError):
            socket.socket.shutdown(self._connected, socket.SHUT_RDWR)


_watch = _Watch()


@contextmanager
def _cut_off(connected: socket.socket | None, seconds: float) -> Iterator[None]:
    """Shut a socket down when the block takes longer; ``TimeoutError`` where the block took its end for an answer's."""
    if connected is None:
        yield
        return
    answer = _Answer(connected)
    _watch.begin(answer, time.monotonic() + seconds)
    try:
        yield
    finally:
        _watch.take_back(answer)
    if answer.late:
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


def ask(web: requests.Session, url: str, query: dict[str, str], timeout: tuple[float, float]) -> requests.Response:
    """Send a GET whose body is still to be read: no redirect is followed, no cookie is kept.

    It goes to the session's adapter: what the session itself does for redirects, cookies and settings takes a third of
    a request's processor time.
    """
    asked = requests.PreparedRequest()
    asked.prepare_method("GET")
    asked.prepare_url(url, query)
    asked.prepare_headers(web.headers)
    return web.get_adapter(url).send(asked, stream=True, timeout=timeout)


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
