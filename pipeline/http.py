"""HTTP for the two places that need it: the source list and OMDb. Sessions keep connections alive."""

from __future__ import annotations

import logging
import time
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
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


def session(connections: int = 1) -> requests.Session:
    """Make a session that keeps up to ``connections`` connections to one host, and reads no proxy or netrc settings."""
    made = requests.Session()
    made.trust_env = False
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=connections)
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

    A read time-out alone bounds only the wait for the next bytes: a body that drips would be waited for without end.

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
