"""A server that answers like OMDb, with the sample films, on 127.0.0.1 only.

``python -m reelhouse.local.omdb.server --port N`` prints its address and logs no request. It serves the films of
:mod:`reelhouse.local.omdb.films` at ``GET /?i=tt…&apikey=…[&tomatoes=true]``, as OMDb does. ``/faults`` shows (GET),
sets (PUT) and clears (DELETE) the switches of :class:`~reelhouse.local.omdb.faults.Faults`; ``/stats`` counts the
requests by film, and the refused ones by OMDb's error (DELETE resets the counts).
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import json
import re
import signal
import socket
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

import uvicorn
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from reelhouse.local import lifeline
from reelhouse.local.omdb import films as sample_films
from reelhouse.local.omdb.faults import NO_FAULTS, Faults, Reply, complaint, spoil

HOST = "127.0.0.1"
SHUTDOWN_SECONDS = 1
# Longer than any client of ours keeps an idle connection, so that the server never closes one just as it is used.
KEEP_ALIVE_SECONDS = 75
_IMDB_ID = re.compile(r"tt[0-9]{7,10}")
_ID_WITH_LETTERS = re.compile(r"tt[0-9A-Za-z]{1,20}")


class OmdbServer:
    """The routes and their state: the active faults, counts of requests and refusals, and the open connections."""

    def __init__(self) -> None:
        self.faults = NO_FAULTS
        self.calls: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.connections: dict[tuple[str, int] | None, asyncio.Transport] = {}

    def app(self) -> Starlette:
        """Return the ASGI application."""
        return Starlette(
            routes=[
                Route("/", self.film),
                Route("/faults", self.switches, methods=["GET", "PUT", "DELETE"]),
                Route("/stats", self.counts, methods=["GET", "DELETE"]),
            ]
        )

    def protocol(self) -> type[H11Protocol]:
        """Return a protocol class for uvicorn that notes its connections, which an application cannot see."""
        connections = self.connections

        class NotedProtocol(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                connections[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                connections.pop(self.client, None)
                super().connection_lost(exc)

        return NotedProtocol

    async def film(self, request: Request) -> Response:
        """Answer a request for one film as OMDb does, with the faults active at its arrival."""
        imdb_id = request.query_params.get("i", "")
        self.calls[imdb_id] += 1
        nth = self.calls[imdb_id]
        faults = self.faults.of_request(imdb_id, nth)
        failure, jitter = faults.draws(imdb_id, nth)
        faults = faults.drawn(failure)
        try:
            await asyncio.sleep(faults.delay_seconds(jitter))
        except asyncio.CancelledError:  # the server is stopping
            faults = Faults(reset=True)
        if faults.reset and (transport := self.connections.get(request.client)):
            transport.abort()
        reply = faults.outage(failure) or self._refusal(request.query_params) or answer(request.query_params, faults)
        return Response(reply.body, reply.status, media_type=reply.media_type)

    def _refusal(self, query: QueryParams) -> Reply | None:
        """Return one of OMDb's three refusals with status 401, or None; an accepted call uses the quota."""
        key = query.get("apikey", "")
        if not key:
            error = "No API key provided."
        elif not self.faults.accepts(key):
            error = "Invalid API key!"
        elif self.faults.quota == 0:
            error = "Request limit reached!"
        else:
            if self.faults.quota is not None:
                self.faults = self.faults.model_copy(update={"quota": self.faults.quota - 1})
            return None
        self.refused[error] += 1
        return Reply(error_body(error), 401)

    async def switches(self, request: Request) -> Response:
        """Show, replace or clear the faults."""
        if request.method == "DELETE":
            self.faults = NO_FAULTS
        elif request.method == "PUT":
            try:
                self.faults = Faults.model_validate_json(await request.body(), strict=True)
            except ValidationError as error:
                return JSONResponse({"error": complaint(error)}, 400)
        return Response(self.faults.model_dump_json(), media_type="application/json")

    async def counts(self, request: Request) -> Response:
        """Show or reset the counts."""
        if request.method == "DELETE":
            self.calls.clear()
            self.refused.clear()
        return JSONResponse({"calls": self.calls, "refused": self.refused})


def answer(query: QueryParams, faults: Faults) -> Reply:
    """Return OMDb's answer to an accepted call: a film, or an error."""
    imdb_id = query.get("i", "")
    films = sample_films.films_by_id()
    if imdb_id not in films:
        return no_film(imdb_id)
    if faults.wrong_film:
        imdb_id = next(other for other in films if other != imdb_id)
    body = film_body(imdb_id, query.get("tomatoes", "").lower() == "true")
    return Reply(spoil(body, faults.malformed) if faults.malformed else body)


def no_film(imdb_id: str) -> Reply:
    """Return OMDb's error for an unknown id. For an id with letters its JSON is invalid: the quotes are not escaped."""
    if _IMDB_ID.fullmatch(imdb_id):
        return Reply(error_body("Error getting data."))
    if _ID_WITH_LETTERS.fullmatch(imdb_id) and not imdb_id[2:].isdigit():
        error = f"Conversion from string \"{imdb_id[2:]}\" to type 'Double' is not valid."
        return Reply(f'{{"Response":"False","Error":"{error}"}}'.encode())
    return Reply(error_body("Incorrect IMDb ID."))


def error_body(error: str) -> bytes:
    """Return OMDb's JSON for an error."""
    return _json({"Response": "False", "Error": error})


@functools.cache
def film_body(imdb_id: str, tomatoes: bool) -> bytes:
    """Return OMDb's JSON for one of the sample films, cached."""
    return _json(sample_films.omdb_record(sample_films.films_by_id()[imdb_id], tomatoes=tomatoes))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def port_number(text: str) -> int:
    """Parse a TCP port; argparse reports the error."""
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise argparse.ArgumentTypeError("must be a whole number from 0 to 65535")
    return int(text)


def listen(port: int) -> socket.socket:
    """Bind a port of 127.0.0.1 before anything slow is done; 0 means any free one.

    Raises
    ------
    OSError
        When it is in use or may not be bound.
    """
    # asyncio sets TCP_NODELAY only on a socket that names its protocol; without it each answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen()  # until then another process can bind the same port
    return listener


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT, then exit with 0; exit with 1 when the port cannot be bound."""
    parser = argparse.ArgumentParser(
        prog="python -m reelhouse.local.omdb.server", description="Answers like OMDb, with real films."
    )
    parser.add_argument("--port", type=port_number, required=True, metavar="N", help="0: any free one")
    parser.add_argument("--home", metavar="FOLDER", help="state folder, by which `reelhouse down` finds the process")
    parser.add_argument("--lifeline", type=int, metavar="FD", help="a pipe; the server ends when it is closed")
    options = parser.parse_args(arguments)
    lifeline.watch(options.lifeline)
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: sys.exit(0))  # uvicorn raises the signal again once it has shut down
    try:
        listener = listen(options.port)
    except OSError as error:
        print(f"cannot listen on {HOST}:{options.port}: {error.strerror}; give another --port", file=sys.stderr)
        return 1
    server = OmdbServer()
    sample_films.films_by_id()
    config = uvicorn.Config(
        server.app(),
        http=server.protocol(),
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    print(f"listening on http://{HOST}:{listener.getsockname()[1]}", flush=True)
    uvicorn.Server(config).run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())
