"""OMDb: fetch one film by its IMDb id, classify the answers, and record the calls.

The key travels in the query, so no address and no text of an HTTP library's error is ever shown or chained.
"""

from __future__ import annotations

import json
import logging
import math
import re
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, stop_before_delay, wait_random_exponential

from pipeline import http, keys
from pipeline.api_key import without_key
from pipeline.documents import is_too_deep
from pipeline.errors import (
    InvalidInput,
    OmdbError,
    OmdbKeyInvalid,
    OmdbQuotaSpent,
    OmdbUnavailable,
    ReelhouseError,
    UnexpectedFailure,
)

logger = logging.getLogger(__name__)

STEP = "EnrichAndStoreMovie"
# The longest real answer known has 8 kB; a body over 1 MiB is not a film.
MAX_BODY_BYTES = 1024 * 1024
_KEPT_OF_LARGE_BODY_BYTES = 64 * 1024
# Length of an unknown error's text in a reason; the body keeps all of it.
_SHOWN_CHARACTERS = 200
ATTEMPTS = 4
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.2, 5.0
# OMDb's wordings of "no such film", which differ for the same id from day to day.
_NO_SUCH_FILM = {"incorrect imdb id.", "error getting data.", "movie not found!", "series or episode not found!"}
_BAD_ESCAPE = re.compile(r'\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})|(\\.)', re.DOTALL)


@dataclass(frozen=True)
class Found:
    """A film's record. ``raw`` is the body when it was invalid JSON and had to be read leniently, else None."""

    record: dict[str, Any]
    raw: str | None = None


@dataclass(frozen=True)
class Refused:
    """OMDb gave no film; ``raw`` is the body, verbatim."""

    reason: str
    raw: str


@dataclass(frozen=True)
class Unclear:
    """A body that may be a transient fault; the same body twice makes it a :class:`Refused`."""

    reason: str
    raw: str


def read_answer(status: int, body: bytes) -> Found | Refused | Unclear:
    r"""Classify an answer. Pure.

    Raises
    ------
    OmdbQuotaSpent, OmdbKeyInvalid
        By the error's text, since both have status 401.
    OmdbUnavailable
        For HTML, an empty body, and any other status.
    """
    text = body.decode("utf-8-sig", "backslashreplace")
    record, raw = _read_json(text)
    if isinstance(record, dict) and str(record.get("Response", "")).lower() == "false":
        return _read_error(status, str(record.get("Error") or ""), text)
    if status != 200 or not text.strip() or text.lstrip().startswith("<"):
        raise OmdbUnavailable(f"OMDb answered {status} with no JSON of its own", step=STEP)
    if not isinstance(record, dict) or str(record.get("Response", "")).lower() != "true":
        return Unclear("the body is not a film's JSON", text)
    return Found(record, raw)


def _read_json(text: str) -> tuple[Any, str | None]:
    r"""Return the parsed JSON, and the text when it had to be read leniently.

    Raw control characters and escapes such as ``\s`` are read literally; NaN and numbers beyond a float become null,
    so that Bronze holds nothing that other JSON readers refuse.
    """
    try:
        record, raw = _STRICT.decode(text), None
    except (ValueError, RecursionError):
        try:
            record, raw = _LENIENT.decode(_BAD_ESCAPE.sub(lambda match: match[1] or r"\\", text)), text
        except (ValueError, RecursionError):
            return None, text
    return (None, text) if is_too_deep(record) else (record, raw)


def _finite(digits: str) -> float | None:
    return number if math.isfinite(number := float(digits)) else None


def _only_finite(digits: str) -> float:
    if (number := _finite(digits)) is None:
        raise ValueError("not a JSON number")
    return number


# Python's parser accepts "NaN" and "Infinity"; they follow the same rule as 1e999.
_STRICT = json.JSONDecoder(parse_float=_only_finite, parse_constant=_only_finite)
_LENIENT = json.JSONDecoder(parse_float=_finite, parse_constant=_finite, strict=False)


def _read_error(status: int, error: str, text: str) -> Refused | Unclear:
    wording = error.lower()
    if "limit" in wording:
        raise OmdbQuotaSpent("OMDb's daily request limit is reached", step=STEP)
    if "api key" in wording or status == 401:
        raise OmdbKeyInvalid("OMDb does not accept the API key", step=STEP)
    if is_final(error):
        return Refused(error, text)
    if status != 200:
        raise OmdbUnavailable(f"OMDb answered {status}", step=STEP)
    return Unclear(error[:_SHOWN_CHARACTERS] or "an error without text", text)


def _hidden(body: bytes, key: str) -> bytes:
    """Remove the key from a body that repeats it, since bodies are stored; all other bytes are kept."""
    return without_key(body.decode("utf-8", "surrogateescape"), key).encode("utf-8", "surrogateescape")


@dataclass(frozen=True)
class _Request:
    """A film to fetch, its deadline (``time.monotonic``), and where its calls are recorded."""

    imdb_id: str
    deadline: float
    calls: Calls


@dataclass
class Calls:
    """Calls by any number of threads, every retry one of its own: duration of each, length of each body that was read.

    ``errors`` has the error's name of each call that gave no usable answer, or ``Unclear``.
    """

    seconds: list[float] = field(default_factory=list)
    bytes_read: list[int] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Record the call made inside the block."""
        started = time.monotonic()
        try:
            yield
        except ReelhouseError as error:
            self.errors.append(type(error).__name__)
            raise
        finally:
            self.seconds.append(time.monotonic() - started)

    def latency_ms(self, share: float) -> float | None:
        """Return a percentile of the latency in milliseconds (nearest rank), or None without calls.

        ``share`` is the percentile as a fraction, such as 0.95.
        """
        ordered = sorted(self.seconds)
        return round(ordered[math.ceil(share * len(ordered)) - 1] * 1000, 1) if ordered else None


class OmdbClient:
    """Client for films by id, with one keep-alive session shared by all threads, a connection per concurrent request.

    ``key`` returns the API key; it is called with True after OMDb refused it or its quota was spent, in case it was
    rotated.
    """

    def __init__(self, url: str, key: Callable[[bool], str], connections: int = 1) -> None:
        self._url = http.check_url(url, "OmdbUrl")
        self._key = key
        self._session = http.session(connections)

    def film(self, imdb_id: str, seconds: float, calls: Calls | None = None) -> Found | Refused:
        """Fetch one film.

        Transient faults are retried up to three times with exponential backoff and jitter, within ``seconds``. Each
        call is recorded in ``calls``.

        Raises
        ------
        OmdbUnavailable
            When no attempt gave an answer.
        OmdbQuotaSpent, OmdbKeyInvalid
            Without a retry, unless the key was rotated.
        """
        if not keys.is_imdb_id(imdb_id):
            raise InvalidInput("an IMDb id is tt and 7 to 10 digits", subject=repr(imdb_id)[:80], step=STEP)
        deadline = time.monotonic() + seconds
        unclear: set[str] = set()
        retrying = Retrying(
            retry=retry_if_exception_type(OmdbUnavailable),
            stop=stop_after_attempt(ATTEMPTS) | stop_before_delay(seconds),
            wait=wait_random_exponential(_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS),
            reraise=True,
        )
        return retrying(self._settle, _Request(imdb_id, deadline, calls or Calls()), unclear)

    def _settle(self, request: _Request, unclear: set[str]) -> Found | Refused:
        answer = self._ask(request)
        if not isinstance(answer, Unclear):
            return answer
        if answer.raw in unclear:
            return Refused(answer.reason, answer.raw)
        unclear.add(answer.raw)
        request.calls.errors.append(Unclear.__name__)
        raise OmdbUnavailable(answer.reason, subject=request.imdb_id, step=STEP)

    def _ask(self, request: _Request) -> Found | Refused | Unclear:
        key = self._key(False)
        try:
            return self._get(request, key)
        except (OmdbKeyInvalid, OmdbQuotaSpent):
            rotated = self._key(True)
            if rotated == key:
                raise
            return self._get(request, rotated)

    def _get(self, request: _Request, key: str) -> Found | Refused | Unclear:
        left = request.deadline - time.monotonic()
        if left <= 0:
            raise OmdbUnavailable("the time budget is used up", subject=request.imdb_id, step=STEP)
        with request.calls.one():
            try:
                status, body = http.within(left, lambda: self._download(request.imdb_id, key, left))
                request.calls.bytes_read.append(len(body))
                return read_answer(status, _hidden(body, key))
            except http.BodyTooLarge as error:
                start = _hidden(error.start, key)[:_KEPT_OF_LARGE_BODY_BYTES].decode("utf-8", "backslashreplace")
                return Unclear(f"the body is larger than {MAX_BODY_BYTES:,} bytes; its start is kept", start)
            except Exception as error:
                failure = _failure(error, request.imdb_id, key)
            # Outside the except block: the library's error quotes the address, and so the key, and must not be chained.
            raise failure

    def _download(self, imdb_id: str, key: str, seconds: float) -> tuple[int, bytes]:
        # tomatoes=true adds the number of reviews behind the Tomatometer.
        query = {"i": imdb_id, "tomatoes": "true", "apikey": key}
        timeout = (min(http.CONNECT_TIMEOUT_SECONDS, seconds), min(http.READ_TIMEOUT_SECONDS, seconds))
        with http.get(self._session, self._url, query, timeout) as response:
            return response.status_code, http.read_body(response, MAX_BODY_BYTES, seconds)


def _failure(error: Exception, imdb_id: str, key: str) -> ReelhouseError:
    """Return our error for an exception of one call, without the key."""
    if isinstance(error, OmdbError):
        error.subject = imdb_id
        return error
    if isinstance(error, requests.RequestException):
        return OmdbUnavailable(f"no answer ({type(error).__name__})", subject=imdb_id, step=STEP)
    logger.error("unexpected: %s", without_key(traceback.format_exc(), key), extra={"imdb_id": imdb_id})
    return UnexpectedFailure(type(error).__name__, subject=imdb_id, step=STEP, next_step="its message is retried")


def is_final(reason: str) -> bool:
    """Whether a refusal is OMDb's own "no such film"."""
    return reason.strip().lower() in _NO_SUCH_FILM


def is_final_rejection(body: bytes) -> bool:
    """Whether a Bronze object of ``rejected/`` is final.

    False for a damaged object, too. The film may then be requested again, and is stored beside its rejection.
    """
    try:
        return is_final(str(json.loads(body)["reason"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return False
