"""Counts of the OMDb-compatible server: requests by outcome, by film and at a time, and connections.

:mod:`reelhouse.local.omdb.server` reports here and serves the counts at ``/stats``.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.datastructures import Address
from uvicorn.protocols.http.h11_impl import H11Protocol


class Connections:
    """The open connections of one running server, counted, and aborted on demand."""

    def __init__(self) -> None:
        self.used = 0
        self._open: dict[tuple[str, int] | None, asyncio.Transport] = {}
        self._unused: set[tuple[str, int] | None] = set()

    def protocol(self) -> type[H11Protocol]:
        """Return a protocol class for uvicorn that reports its connections here; applications cannot see them."""
        connections = self

        class ReportingProtocol(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                connections._open[self.client] = transport
                connections._unused.add(self.client)

            def connection_lost(self, exc: Exception | None) -> None:
                connections._open.pop(self.client, None)
                connections._unused.discard(self.client)
                super().connection_lost(exc)

        return ReportingProtocol

    def use(self, client: Address | None) -> None:
        """Count the connection of ``client`` on its first request for a film."""
        if client in self._unused:
            self._unused.remove(client)
            self.used += 1

    def break_off(self, client: Address | None) -> None:
        """Close the connection of ``client`` at once, without an answer."""
        if transport := self._open.get(client):
            transport.abort()


class Stats:
    """Counts since the start or since :meth:`clear`."""

    def __init__(self, connections: Connections) -> None:
        self.connections = connections
        self.outcomes: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.under_way = self.most_under_way = 0

    def clear(self) -> None:
        """Reset the counts; requests in progress are counted when they end, connections when they are used again."""
        self.outcomes.clear()
        self.calls.clear()
        self.connections.used = 0
        self.most_under_way = self.under_way

    @contextmanager
    def request(self, imdb_id: str) -> Iterator[int]:
        """Count a request while it is in progress; yield how often the film has been requested, from 1."""
        self.calls[imdb_id] += 1
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            yield self.calls[imdb_id]
        finally:
            self.under_way -= 1

    def as_dict(self, *, calls: bool) -> dict[str, Any]:
        """Return the counts for JSON; ``calls`` adds those by film.

        ``connections`` counts those used to request a film. ``requests`` is the sum of ``outcomes``, without requests
        in progress.
        """
        return {
            "requests": self.outcomes.total(),
            "outcomes": dict(self.outcomes),
            "under_way": self.under_way,
            "most_under_way": self.most_under_way,
            "connections": self.connections.used,
            **({"calls": dict(self.calls)} if calls else {}),
        }
