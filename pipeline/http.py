"""HTTP for the source list and OMDb: sessions, and limits on the size and time of a whole answer.

A socket's time-out limits the wait for the next bytes only. :func:`within` limits a whole exchange, so that a server
that sends a byte now and then cannot hold a function.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from threading import Thread
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from pipeline.errors import InvalidInput

T = TypeVar("T")

CONNECT_TIMEOUT_SECONDS = 5.0
READ_TIMEOUT_SECONDS = 15.0
TIMEOUT = (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS)
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_CHUNK_BYTES = 64 * 1024
# urllib3's warnings (of a broken header, say) and debug lines quote the address, and with it the key.
logging.getLogger("urllib3").setLevel(logging.ERROR)


class BodyTooLarge(Exception):
    """A body is longer than its limit; ``start`` is the part that was read."""

    def __init__(self, start: bytes) -> None:
        super().__init__(f"more than {len(start):,} bytes")
        self.start = start


def session(connections: int = 1) -> requests.Session:
    """Return a session that keeps ``connections`` connections to one host, and reads no proxy or netrc settings."""
    web = requests.Session()
    web.trust_env = False
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=connections)
    web.mount("https://", adapter)
    web.mount("http://", adapter)
    return web


def get(
    web: requests.Session, url: str, query: Mapping[str, str] | None = None, timeout: tuple[float, float] = TIMEOUT
) -> requests.Response:
    """Send a GET request without following redirects, and return the response with its body still unread.

    Raises
    ------
    requests.RequestException
        When there is no answer, or its redirect does not point at an address.
    """
    try:
        return web.get(url, params=query, timeout=timeout, stream=True, allow_redirects=False)
    except requests.RequestException:
        raise
    except (ValueError, HTTPError) as error:
        # requests parses the Location of a redirect even when it does not follow it.
        raise requests.exceptions.InvalidURL(type(error).__name__) from error


def within(seconds: float, exchange: Callable[[], T]) -> T:
    """Return what ``exchange`` returns, or give up after ``seconds``.

    It runs in a thread of its own, which is abandoned when it takes longer and ends with its connection.

    Raises
    ------
    requests.Timeout
        When it takes longer.
    """
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(exchange())
        except Exception as error:
            outcome.set_exception(error)

    Thread(target=run, name="http-exchange", daemon=True).start()
    try:
        return outcome.result(timeout=seconds)
    except FutureTimeout as error:
        raise requests.Timeout("the answer is not complete in time") from error


def split_url(url: str, subject: str) -> SplitResult:
    """Return the parts of an address.

    Raises
    ------
    InvalidInput
        When it cannot be split, such as ``http://[::1``.
    """
    try:
        parts = urlsplit(url)
        _ = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidInput(f"is not an address ({error})", subject=f"{subject} {url[:200]!r}") from error
    return parts


def check_url(url: str, subject: str) -> str:
    """Return ``url`` if it is https, or http to this machine.

    Raises
    ------
    InvalidInput
        For any other address: the OMDb key travels in the query and must not cross a network unencrypted. For one with
        a user or password too: it would be shown in errors, logs and manifests.
    """
    parts = split_url(url, subject)
    if parts.username is not None:
        cause = "the address holds a user or password, which logs would show"
        raise InvalidInput(cause, subject=subject, next_step="use one without")
    if (parts.scheme == "https" and parts.hostname) or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return url
    raise InvalidInput("must be an https:// address (http:// only to 127.0.0.1)", subject=f"{subject} {url[:200]!r}")


def read_body(response: requests.Response, limit: int, seconds: float) -> bytes:
    """Read a streamed response of at most ``limit`` bytes after decompression, within about ``seconds``.

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
        while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
            if len(body) + len(chunk) > limit:
                raise BodyTooLarge(bytes(body))
            body += chunk
            if time.monotonic() > deadline:
                raise requests.Timeout("the body is not complete in time")
    except HTTPError as error:
        raise requests.ConnectionError(type(error).__name__) from error
    return bytes(body)
