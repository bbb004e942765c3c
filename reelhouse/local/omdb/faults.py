"""Faults of the OMDb-compatible server: the switches, and how each changes an answer.

Pure. :mod:`reelhouse.local.omdb.server` waits and closes connections accordingly.
"""

from __future__ import annotations

import random
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

JSON = "application/json"
HTML = "text/html"
Malformed = Literal["escape", "control", "truncated"]
Failure = Literal["unavailable", "html", "reset", "truncated"]
_PLOT = b'"Plot":"'


class Reply(NamedTuple):
    """An answer."""

    body: bytes
    status: int = 200
    media_type: str = JSON


class Faults(BaseModel):
    """All switches. By default there is no fault and any key is accepted.

    When several apply to one request, the first in this order that ends it wins: ``latency_ms``, ``reset``, ``status``,
    ``fail_rate``, ``html``, ``keys``, ``quota``, ``wrong_film``, ``malformed``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    latency_ms: float = Field(default=0, ge=0, le=600_000, description="wait this long before each answer")
    jitter_ms: float = Field(default=0, ge=0, le=600_000, description="wait up to this much longer, at random")
    fail_rate: float = Field(default=0, ge=0, le=1, description="share of requests answered with status 503 and HTML")
    fail_with: list[Failure] | None = Field(
        default=None,
        description="kind of failure in that share (several: at random): unavailable, html, reset, truncated",
    )
    status: int | None = Field(
        default=None, ge=400, le=599, description="answer every request with this status and HTML"
    )
    html: bool = Field(default=False, description="answer with status 200 and HTML")
    malformed: Malformed | None = Field(default=None, description="invalid JSON: escape, control or truncated")
    quota: int | None = Field(default=None, ge=0, description="calls still allowed")
    keys: list[Annotated[SecretStr, Field(min_length=1)]] | None = Field(default=None, description="an accepted key")
    reset: bool = Field(default=False, description="close the connection without an answer")
    only: list[str] | None = Field(
        default=None, description="a film that the faults apply to; keys and quota apply to all"
    )
    first: int | None = Field(
        default=None,
        ge=0,
        description="requests for each film that the faults apply to; keys and quota apply to all",
    )
    wrong_film: bool = Field(default=False, description="answer with the record of another film")
    seed: int = Field(default=0, description="chooses which requests fail")

    def of_request(self, imdb_id: str, nth: int) -> Faults:
        """Return these faults, or none when ``only`` excludes the film or ``first`` its nth request."""
        applies = (self.only is None or imdb_id in self.only) and (self.first is None or nth <= self.first)
        return self if applies else NO_FAULTS

    def drawn(self, draw: float) -> Faults:
        """Return these faults with the failure of ``fail_with`` that a request drew."""
        if not self.fail_with or draw >= self.fail_rate:
            return self
        kind = self.fail_with[int(draw / self.fail_rate * len(self.fail_with))]
        return self.model_copy(update={"fail_with": None, **_DRAWN.get(kind, {})})

    def accepts(self, key: str) -> bool:
        """Whether ``key`` is one of ``keys``; every key is accepted when ``keys`` is None."""
        return self.keys is None or any(key == accepted.get_secret_value() for accepted in self.keys)

    def draws(self, imdb_id: str, nth: int) -> tuple[float, float]:
        """Return two numbers in [0, 1), for the failure and the jitter of the nth request for a film.

        They depend only on seed, film and ``nth``, so the same requests fail in any order of arrival.
        """
        numbers = random.Random(f"{self.seed} {imdb_id} {nth}")  # noqa: S311
        return numbers.random(), numbers.random()

    def delay_seconds(self, draw: float) -> float:
        """Return the delay of the answer, in seconds."""
        return (self.latency_ms + draw * self.jitter_ms) / 1000

    def outage(self, draw: float) -> Reply | None:
        """Return the answer of a server that is down, or None when it handles the request."""
        if self.reset:
            return Reply(b"", 500, HTML)
        if self.status is not None:
            return Reply(html_page(self.status), self.status, HTML)
        if draw < self.fail_rate and not self.fail_with:
            return Reply(html_page(503), 503, HTML)
        return Reply(html_page(200), 200, HTML) if self.html else None


NO_FAULTS = Faults()
# The remaining kind, "unavailable", is what ``fail_rate`` alone causes.
_DRAWN: dict[str, dict[str, object]] = {
    "html": {"html": True, "fail_rate": 0},
    "reset": {"reset": True},
    "truncated": {"malformed": "truncated", "fail_rate": 0},
}


def html_page(status: int) -> bytes:
    """Return an error page such as a proxy sends when its upstream does not answer."""
    return f"<!DOCTYPE html>\n<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>".encode()


def spoil(body: bytes, how: Malformed) -> bytes:
    r"""Make a film's JSON invalid.

    Parameters
    ----------
    how : {"escape", "control", "truncated"}
        An invalid escape (``\s``) in the plot, raw control characters at its start, or the first half
        of the body.
    """
    if how == "truncated":
        return body[: len(body) // 2]
    return body.replace(_PLOT, _PLOT + {"escape": rb"\s", "control": b"\n\t"}[how], 1)


def complaint(error: ValidationError) -> str:
    """Describe invalid switches in one line, without their values."""
    faults = []
    for fault in error.errors(include_url=False, include_input=False, include_context=False):
        name = ".".join(str(part) for part in fault["loc"])[:80] or "switches"
        unknown = fault["type"] == "extra_forbidden"
        faults.append(f"{name}: " + (f"there are only {', '.join(Faults.model_fields)}" if unknown else fault["msg"]))
    return "; ".join(faults)
