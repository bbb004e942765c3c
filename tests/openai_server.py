"""An OpenAI-compatible chat service on 127.0.0.1 whose behaviour the test sets: honest, lying, slow or broken.

``ChatServer`` keeps the requests it got; what it answers is a function from the request to an :class:`Answer`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from insights.summaries.check import Sentence

Request = Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """An HTTP answer.

    Attributes
    ----------
    body : str
        As it is sent.
    announced : int
        Bytes that ``Content-Length`` claims beyond those sent: the connection is closed before they came.
    stall : bool
        Send nothing before the server is stopped.
    drip : bool
        Send one byte now and then, and never finish, before the server is stopped.
    endless : bool
        Send bytes as fast as they are taken, and never finish, before the server is stopped.
    """

    body: str
    status: int = 200
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    announced: int = 0
    stall: bool = False
    drip: bool = False
    endless: bool = False


Behaviour = Callable[[Request], Answer]


def completion(content: str | None, finish_reason: str = "stop", **message: Any) -> Answer:
    """Respond as a working service does, with 1,000 tokens in and 100 out."""
    said = {"role": "assistant", "content": content, **message}
    choice = {"index": 0, "message": said, "finish_reason": finish_reason}
    usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
    fields = {"id": "c1", "object": "chat.completion", "created": 0, "model": "fake"}
    return Answer(json.dumps({**fields, "choices": [choice], "usage": usage}))


def saying(*sentences: Sentence | str) -> Behaviour:
    """Answer every question with these sentences."""
    return lambda _: completion(answer_text(*sentences))


def answer_text(*sentences: Sentence | str) -> str:
    """Write sentences as a model does."""
    return json.dumps({"sentences": [_written(one) for one in sentences]})


def _written(sentence: Sentence | str) -> dict[str, Any]:
    if isinstance(sentence, str):
        return {"text": sentence, "claims": []}
    return {"text": sentence.text, "claims": [asdict(claim) for claim in sentence.claims]}


def failing(status: int, message: str = "no", **headers: str) -> Behaviour:
    """Answer with an error in the service's format."""
    body = json.dumps({"error": {"message": message, "type": "error", "code": None}})
    return lambda _: Answer(body, status, headers={name.replace("_", "-"): value for name, value in headers.items()})


def question_of(request: Request) -> dict[str, Any]:
    """Return the question and its facts from a request."""
    question: dict[str, Any] = json.loads(request["messages"][1]["content"])
    return question


def honest(request: Request) -> Answer:
    """State the first value of the first two facts, as a model that follows its instructions does."""
    facts = question_of(request)["facts"][:2]
    sentences = [f"{{{fact['fact']}}} has {{{fact['fact']}.{next(iter(fact['values']))}}}." for fact in facts]
    return completion(answer_text(*sentences))


class ChatServer:
    """The running service; change ``behaviour`` at any time."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.requests: list[Request] = []
        self.headers: list[Mapping[str, str]] = []  # names in lower case
        self.models: list[Mapping[str, Any]] = []  # the service's model list
        self.stopping = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))

    @property
    def url(self) -> str:
        """Base address, as the SDK takes it."""
        return f"http://127.0.0.1:{self._http.server_port}/v1"

    def start(self) -> None:
        """Serve from a thread."""
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """Release stalled requests, and stop."""
        self.stopping.set()
        self._http.shutdown()
        self._http.server_close()


def _handler(server: ChatServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(Answer(json.dumps({"object": "list", "data": server.models})))

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.requests.append(request)
            server.headers.append({name.lower(): value for name, value in self.headers.items()})
            answer = server.behaviour(request)
            if answer.stall:
                server.stopping.wait()
                return
            try:
                self._send(answer)
            except (BrokenPipeError, ConnectionResetError):
                return  # the client closed the connection

        def _send(self, answer: Answer) -> None:
            body = answer.body.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.media_type)
            length = 10**12 if answer.endless else 10**6 if answer.drip else len(body) + answer.announced
            self.send_header("Content-Length", str(length))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            while answer.drip and not server.stopping.wait(0.02):
                self.wfile.write(b" ")
            while answer.endless and not server.stopping.is_set():
                self.wfile.write(b" " * 65536)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    return Handler


@contextmanager
def chat_server(behaviour: Behaviour = honest) -> Iterator[ChatServer]:
    """Run a server for the length of a block."""
    server = ChatServer(behaviour)
    server.start()
    try:
        yield server
    finally:
        server.stop()
