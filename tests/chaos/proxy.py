"""A proxy between the deployed functions and the emulator, on this machine only, that makes chosen calls fail.

Each function has its own port, which identifies its calls. All of botocore's attempts at one call share an id; either
all of them fail, or only the first.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import psutil

HOST = "127.0.0.1"
ANSWERS = {"SlowDown": 503, "InternalError": 500, "ThrottlingException": 400}
How = Literal[
    "SlowDown", "InternalError", "ThrottlingException", "reset", "answer lost", "killed", "killed after", "stalled"
]
_S3 = {"PUT": "PutObject", "HEAD": "HeadObject", "DELETE": "DeleteObject", "POST": "PostObject"}
_HOP_BY_HOP = {"connection", "expect", "transfer-encoding", "content-length", "keep-alive"}


@dataclass(frozen=True)
class Fault:
    """A fault in some calls of a function.

    Attributes
    ----------
    nth : frozenset of int
        Which of its calls of this operation, from 1, since the faults were set.
    how : str
        An error that AWS answers; ``reset``: no answer, no effect; ``answer lost``: the effect without the answer;
        ``killed`` and ``killed after`` (its effect): the function's process ends by SIGKILL; ``stalled``: the call
        takes ``stall_seconds``.
    lasting : bool
        Whether each of botocore's attempts fails, so that the code meets it, or only the first.
    """

    function: str
    operation: str
    nth: frozenset[int]
    how: How
    lasting: bool = True
    stall_seconds: float = 0.0


@dataclass
class Proxy:
    """Servers in front of the emulator, and the active faults.

    Attributes
    ----------
    emulator_pid : int
        Only its children are ever killed.
    struck : list of str
        Every failure so far.
    """

    emulator_port: int
    emulator_pid: int
    faults: list[Fault] = field(default_factory=list)
    struck: list[str] = field(default_factory=list)
    _calls: dict[tuple[str, str], dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    _servers: list[ThreadingHTTPServer] = field(default_factory=list)
    _urls: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def url_for(self, function: str) -> str:
        """Return the address of a function's server, which is started on first use."""
        if function in self._urls:
            return self._urls[function]
        handler = type("Handler", (_Handler,), {"proxy": self, "function": function})
        server = ThreadingHTTPServer((HOST, 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self._servers.append(server)
        self._urls[function] = f"http://{HOST}:{server.server_port}"
        return self._urls[function]

    def set(self, faults: Iterable[Fault] = ()) -> None:
        """Put other faults into force, and count calls anew."""
        with self._lock:
            self.faults = list(faults)
            self._calls.clear()
            self.struck = []

    def close(self) -> None:
        """Stop all servers."""
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def meets(self, function: str, operation: str, headers: Any) -> Fault | None:
        """Return the fault of an attempt at a call, if any."""
        call, attempt = headers.get("amz-sdk-invocation-id", ""), headers.get("amz-sdk-request", "attempt=1")
        with self._lock:
            known = self._calls[function, operation]
            nth = known.setdefault(call, len(known) + 1)
            for fault in self.faults:
                if (fault.function, fault.operation) == (function, operation) and nth in fault.nth:
                    if not fault.lasting and "attempt=1" not in attempt.split(";")[0]:
                        return None
                    self.struck.append(f"{function} {operation} {nth} {fault.how}")
                    return fault
        return None

    def kill_client(self, port: int) -> None:
        """Kill the emulator's worker that a connection comes from, as the kernel does when memory runs out."""
        for child in psutil.Process(self.emulator_pid).children(recursive=True):
            if any(connection.laddr.port == port for connection in child.net_connections("tcp") if connection.laddr):
                child.kill()
                child.wait(5)
                return


class _Handler(BaseHTTPRequestHandler):
    """Forwards one request, or makes it fail."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    proxy: Proxy
    function: str

    def _any(self) -> None:
        try:
            self._pass_on()
        except (OSError, http.client.HTTPException):  # one side was killed, as intended
            self.close_connection = True

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.proxy.meets(self.function, self._operation(), self.headers)
        if fault is None:
            return self._answer(*self._forward(body))
        if fault.how in ANSWERS:
            return self._answer(*self._error(fault.how))
        if fault.how == "stalled":
            time.sleep(fault.stall_seconds)
        if fault.how in {"answer lost", "killed after", "stalled"}:
            self._forward(body)
        if fault.how in {"killed", "killed after"}:
            self.proxy.kill_client(self.client_address[1])
        self.close_connection = True
        return None

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _any  # noqa: N815 (names that http.server requires)

    def _operation(self) -> str:
        if target := self.headers.get("X-Amz-Target"):
            return str(target).rpartition(".")[2]
        if self.command == "GET":
            return "ListObjectsV2" if "list-type" in parse_qs(urlsplit(self.path).query) else "GetObject"
        return _S3[self.command]

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        upstream = http.client.HTTPConnection(HOST, self.proxy.emulator_port, timeout=60)
        try:
            # The Host header is signed, so it must not change.
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in _HOP_BY_HOP:
                    upstream.putheader(name, value)
            upstream.putheader("Content-Length", str(len(body)))
            upstream.endheaders(body)
            answer = upstream.getresponse()
            content = answer.read()
            return answer.status, answer.getheaders(), content
        finally:
            upstream.close()

    def _error(self, code: str) -> tuple[int, list[tuple[str, str]], bytes]:
        if "X-Amz-Target" in self.headers:
            return ANSWERS[code], [("Content-Type", "application/x-amz-json-1.0")], b'{"__type": "%s"}' % code.encode()
        return ANSWERS[code], [("Content-Type", "application/xml")], b"<Error><Code>%s</Code></Error>" % code.encode()

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        length = next((value for name, value in headers if name.lower() == "content-length"), str(len(content)))
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", length if self.command == "HEAD" else str(len(content)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else content)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""
