"""A server that answers like OMDb, with the sample films, on 127.0.0.1 only.

``python -m reelhouse.local.omdb.server --port N`` prints its address and logs no request. It serves the films of
:mod:`reelhouse.local.omdb.films`. ``GET /?i=tt…&apikey=…[&tomatoes=true]`` is OMDb's,
``GET /Top250Movies.json`` the source list. ``/faults`` shows (GET), sets (PUT) and clears (DELETE) the switches of
:class:`~reelhouse.local.omdb.faults.Faults`; ``/stats`` counts (``?calls=1`` by film; DELETE resets them).
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import hashlib
import json
import re
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Any

import uvicorn
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reelhouse.local import lifeline
from reelhouse.local.omdb import films as sample_films
from reelhouse.local.omdb.faults import NO_FAULTS, Faults, Reply, complaint, spoil
from reelhouse.local.omdb.stats import Connections, Stats

HOST = "127.0.0.1"
SHUTDOWN_SECONDS = 1
# Longer than any client of ours keeps an idle connection, so that the server never closes one just as it is used.
KEEP_ALIVE_SECONDS = 75
_IMDB_ID = re.compile(r"tt[0-9]{7,10}")
_ID_WITH_LETTERS = re.compile(r"tt[0-9A-Za-z]{1,20}")


class OmdbServer:
    """The routes and their state: the active faults and the counts."""

    def __init__(self, started: Faults = NO_FAULTS) -> None:
        self.started = self.faults = started
        self.connections = Connections()
        self.stats = Stats(self.connections)

    def app(self) -> Starlette:
        """Return the ASGI application."""
        return Starlette(
            routes=[
                Route("/", self.film),
                Route("/Top250Movies.json", self.source_list),
                Route("/health", self.health),
                Route("/faults", self.switches, methods=["GET", "PUT", "DELETE"]),
                Route("/stats", self.counts, methods=["GET", "DELETE"]),
            ]
        )

    async def film(self, request: Request) -> Response:
        """Answer a request for one film as OMDb does, with the faults active at its arrival."""
        imdb_id = request.query_params.get("i", "")
        self.connections.use(request.client)
        with self.stats.request(imdb_id) as nth:
            faults = self.faults.of_request(imdb_id, nth)
            failure, jitter = faults.draws(imdb_id, nth)
            faults = faults.drawn(failure)
            try:
                await asyncio.sleep(faults.delay_seconds(jitter))
            except asyncio.CancelledError:  # the server is stopping
                faults = Faults(reset=True)
            if faults.reset:
                self.connections.break_off(request.client)
            reply = (
                faults.outage(failure) or self._refusal(request.query_params) or answer(request.query_params, faults)
            )
        self.stats.outcomes[reply.outcome] += 1
        return Response(reply.body, reply.status, media_type=reply.media_type)

    def _refusal(self, query: QueryParams) -> Reply | None:
        """Return one of OMDb's three refusals with status 401, or None; an accepted call uses the quota."""
        key = query.get("apikey", "")
        if not key:
            return Reply("no_key", error_body("No API key provided."), 401)
        if not self.faults.accepts(key):
            return Reply("invalid_key", error_body("Invalid API key!"), 401)
        if self.faults.quota == 0:
            return Reply("quota_spent", error_body("Request limit reached!"), 401)
        if self.faults.quota is not None:
            self.faults = self.faults.model_copy(update={"quota": self.faults.quota - 1})
        return None

    async def source_list(self, request: Request) -> Response:
        """Serve the sample films as a source list, or status 304 to a client that has it."""
        body, etag = source_list_body()
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers={"ETag": etag})
        return Response(body, media_type="application/json", headers={"ETag": etag})

    async def health(self, request: Request) -> Response:  # noqa: ARG002
        """Answer that the server is ready."""
        return JSONResponse({"status": "ok"})

    async def switches(self, request: Request) -> Response:
        """Show, set or clear the faults; switches that are not set keep their value from the command line."""
        if request.method == "DELETE":
            self.faults = self.started
        elif request.method == "PUT":
            try:
                given = Faults.model_validate_json(await request.body(), strict=True)
            except ValidationError as error:
                return JSONResponse({"error": complaint(error)}, 400)
            self.faults = self.started.model_copy(
                update={name: getattr(given, name) for name in given.model_fields_set}
            )
        return Response(self.faults.model_dump_json(), media_type="application/json")

    async def counts(self, request: Request) -> Response:
        """Show or reset the counts."""
        if request.method == "DELETE":
            self.stats.clear()
        return JSONResponse(self.stats.as_dict(calls=request.query_params.get("calls") == "1"))


def answer(query: QueryParams, faults: Faults) -> Reply:
    """Return OMDb's answer to an accepted call: a film, or an error."""
    imdb_id = query.get("i", "")
    films = sample_films.films_by_id()
    if imdb_id not in films:
        return no_film(imdb_id)
    if faults.wrong_film:
        imdb_id = next(other for other in films if other != imdb_id)
    body = film_body(imdb_id, query.get("tomatoes", "").lower() == "true")
    if faults.malformed:
        return Reply("malformed", spoil(body, faults.malformed))
    return Reply("wrong_film" if faults.wrong_film else "film", body)


def no_film(imdb_id: str) -> Reply:
    """Return OMDb's error for an unknown id. For an id with letters its JSON is invalid: the quotes are not escaped."""
    if _IMDB_ID.fullmatch(imdb_id):
        return Reply("unknown_id", error_body("Error getting data."))
    if _ID_WITH_LETTERS.fullmatch(imdb_id) and not imdb_id[2:].isdigit():
        error = f"Conversion from string \"{imdb_id[2:]}\" to type 'Double' is not valid."
        return Reply("malformed_id", f'{{"Response":"False","Error":"{error}"}}'.encode())
    return Reply("malformed_id", error_body("Incorrect IMDb ID."))


def error_body(error: str) -> bytes:
    """Return OMDb's JSON for an error."""
    return _json({"Response": "False", "Error": error})


@functools.cache
def film_body(imdb_id: str, tomatoes: bool) -> bytes:
    """Return OMDb's JSON for one of the sample films, cached."""
    return _json(sample_films.omdb_answer(imdb_id, tomatoes))


@functools.cache
def source_list_body() -> tuple[bytes, str]:
    """Return the source list and its ETag, cached."""
    body = _json(sample_films.source_list())
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def port_number(text: str) -> int:
    """Parse a TCP port; argparse reports the error."""
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise argparse.ArgumentTypeError("must be a whole number from 0 to 65535")
    return int(text)


def parse(arguments: Sequence[str] | None) -> tuple[argparse.Namespace, Faults]:
    """Parse the command line; every switch is an option, and list switches can be repeated."""
    parser = argparse.ArgumentParser(
        prog="python -m reelhouse.local.omdb.server", description="Answers like OMDb, with real films."
    )
    parser.add_argument("--port", type=port_number, required=True, metavar="N", help="0: any free one")
    parser.add_argument("--host", choices=[HOST], default=HOST, help="always this machine only")
    parser.add_argument("--home", metavar="FOLDER", help="state folder, by which `reelhouse down` finds the process")
    parser.add_argument("--lifeline", type=int, metavar="FD", help="a pipe; the server ends when it is closed")
    switches = parser.add_argument_group("faults, also set by PUT /faults")
    for name, field in Faults.model_fields.items():
        lists = {"keys", "only", "fail_with"}
        action = "store_true" if field.annotation is bool else "append" if name in lists else "store"
        option = "--key" if name == "keys" else f"--{name.replace('_', '-')}"
        switches.add_argument(option, dest=name, action=action, default=argparse.SUPPRESS, help=field.description)
    options = parser.parse_args(arguments)
    given = {name: value for name, value in vars(options).items() if name in Faults.model_fields}
    try:
        return options, Faults.model_validate(given)
    except ValidationError as error:
        parser.error(complaint(error))


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
    options, faults = parse(arguments)
    lifeline.watch(options.lifeline)
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: sys.exit(0))  # uvicorn raises the signal again once it has shut down
    try:
        listener = listen(options.port)
    except OSError as error:
        print(f"cannot listen on {HOST}:{options.port}: {error.strerror}; give another --port", file=sys.stderr)
        return 1
    server = OmdbServer(faults)
    sample_films.films_by_id()
    config = uvicorn.Config(
        server.app(),
        http=server.connections.protocol(),
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
