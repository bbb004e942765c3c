"""A fake OMDb on this machine; the test controls each response, down to its bytes."""

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
    """Return a recorded response body of OMDb."""
    return (CASES / name).read_bytes()


class FakeOmdb:
    """A web server whose responses the test controls; it records every query and connection."""

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
                with suppress(BrokenPipeError, ConnectionResetError):  # the client closed the connection
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Log nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"

    def bodies(self, *names: str, status: int = 200) -> None:
        """Respond to each request with the next recorded body, and to all later ones with the last."""
        self.reply = lambda query, nth: (status, case(names[min(nth, len(names)) - 1]))

    def drip(self, out: BufferedIOBase) -> None:
        """Send a body that never ends, one byte at a time, until the test ends."""
        self.drip_after(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", out)

    def drip_after(self, start: bytes, out: BufferedIOBase) -> None:
        """Send ``start`` at once, then one character at a time, until the test ends."""
        out.write(start)
        with suppress(OSError):
            while not self.over.wait(0.02):
                out.write(b"0")
