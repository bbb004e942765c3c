"""A web server on this machine that stands in for OMDb; a test decides each of its answers, byte by byte if need be."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

CASES = Path(__file__).parent / "cases" / "omdb"
Query = dict[str, str]


def case(name: str) -> bytes:
    """A body that OMDb answered."""
    return (CASES / name).read_bytes()


class FakeOmdb:
    """A web server on this machine whose answers a test decides; it remembers every query and connection."""

    def __init__(self) -> None:
        self.reply: Callable[[Query, int], tuple[int, bytes]] = lambda query, nth: (200, case("movie.json"))
        self.headers: dict[str, str] = {}
        self.raw: Callable[[BufferedIOBase], None] | None = None
        self.asked: list[Query] = []
        self.paths: set[str] = set()
        self.connections: set[Any] = set()
        self.over = threading.Event()
        omdb = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                omdb.asked.append(query)
                omdb.paths.add(parts.path)
                omdb.connections.add(self.client_address)
                if omdb.raw:
                    self.close_connection = True
                    omdb.raw(self.wfile)
                    return
                status, body = omdb.reply(query, len(omdb.asked))
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **omdb.headers}.items():
                    self.send_header(name, value)
                with suppress(BrokenPipeError, ConnectionResetError):  # the client would not wait
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Keep quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"

    def bodies(self, *names: str, status: int = 200) -> None:
        """Answer the first request with the first case, the second with the second, all others with the last."""
        self.reply = lambda query, nth: (status, case(names[min(nth, len(names)) - 1]))

    def drip(self, out: BufferedIOBase) -> None:
        """Send a body that never ends, a byte now and then, until the test is over."""
        self.drip_after(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", out)

    def drip_after(self, start: bytes, out: BufferedIOBase) -> None:
        """Send a start at once, and then a character now and then, until the test is over."""
        out.write(start)
        with suppress(OSError):
            while not self.over.wait(0.02):
                out.write(b"0")
