"""Ask a language model through the OpenAI SDK, at any compatible service, within limits of time, size and attempts.

A fault of the service is an outcome, not an exception: :meth:`LanguageModel.ask` returns a reply without content and
with a reason in fixed words. The service's own messages are never passed on, since they may repeat the key.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import httpx2

from insights.summaries.completion import UNREADABLE, Reply, as_object, error_in, read_completion, status_in
from pipeline.http import LOOPBACK
from pipeline.omdb.key import without_key

if TYPE_CHECKING:  # imported late elsewhere: it takes half a second, and most reports have no model
    from openai import AsyncOpenAI

# The one home of the default's name. It takes the two parameters that are sent, as models without reasoning do.
DEFAULT_MODEL = "gpt-6-luna"
DEFAULT_ADDRESS = "https://api.openai.com/v1"

REQUEST_TIMEOUT_SECONDS = 60.0
QUESTION_TIMEOUT_SECONDS = 90.0
REPORT_TIMEOUT_SECONDS = 300.0
MAX_RETRIES = 2
FIRST_WAIT_SECONDS = 0.5
MAX_BODY_BYTES = 1024 * 1024
# Reasoning counts as output, and an answer that is cut off is paid for and useless.
MAX_ANSWER_TOKENS = 16_000
FIRST_SERVER_ERROR = 500
# Statuses by which services say that they do not know answer formats.
SCHEMA_REFUSALS = {400, 404, 415, 422, 500, 501}

NO_KEY = "no key for a language model is set"
KEY_REFUSED = "the service does not accept the key"
LIMIT_REACHED = "the service's limit is reached"
TOO_SLOW = "the service did not answer in time"
NOT_REACHED = "the service cannot be reached"
NO_ADDRESS = "OPENAI_BASE_URL is not an https address"
PLAIN_HTTP = "OPENAI_BASE_URL is plain http to another machine, which would show the key: use https"
NO_VERSION = "nothing answers at OPENAI_BASE_URL, which does not end in /v1 as most services' addresses do"
BAD_ENVIRONMENT = "no connection is possible: check SSL_CERT_FILE, SSL_CERT_DIR and the proxy variables"
SERVICE_FAILED = "the service failed"
NOT_FOUND = "the service does not know the model or the address"
REQUEST_REFUSED = "the service refused the request"

Message = Mapping[str, str]


@dataclass(frozen=True)
class ModelSettings:
    """How a language model is reached.

    Attributes
    ----------
    api_key : str or None
        None or "": there is no model, except at an address on this machine. Never shown by ``repr``.
    base_url : str or None
        Address of an OpenAI-compatible service, with ``/v1``; None is OpenAI's own.
    organization : str
        Sent as ``OpenAI-Organization`` unless empty.
    timeout_seconds, max_retries :
        For one request, and how often it is repeated after a time-out, a limit or a failure.
    question_seconds, report_seconds : float
        Hard limits for one question with all its retries, and for all questions of a report together.
    """

    api_key: str | None = field(default=None, repr=False)
    model: str = ""
    base_url: str | None = None
    organization: str = ""
    timeout_seconds: float = REQUEST_TIMEOUT_SECONDS
    max_retries: int = MAX_RETRIES
    question_seconds: float = QUESTION_TIMEOUT_SECONDS
    report_seconds: float = REPORT_TIMEOUT_SECONDS


@dataclass(frozen=True)
class _Answer:
    """An HTTP answer: its status, or that of an error in its body; the body; and how long to wait before a retry."""

    status: int
    body: str
    wait_seconds: float


class LanguageModel(Protocol):
    """What a summary needs of a model."""

    @property
    def name(self) -> str:
        """Model and service; two that may answer differently have different names."""

    @property
    def label(self) -> str:
        """Name of the model for readers."""

    def ask(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> Reply:
        """Ask for JSON that fits ``schema``; a service that knows no schemas gets the messages alone."""


class HttpModel:
    """A model behind an OpenAI-compatible HTTP service."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._address = (settings.base_url or DEFAULT_ADDRESS).rstrip("/")
        self._seconds_left = settings.report_seconds
        self._knows_schemas = True
        self._limited = False

    @property
    def name(self) -> str:
        """Model and address."""
        return f"{self._settings.model} at {self._settings.base_url or 'the default service'}"

    @property
    def label(self) -> str:
        """Model."""
        return self._settings.model

    def ask(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> Reply:
        """Ask once, within the limits of the settings; see :class:`LanguageModel`. Never raises."""
        request: dict[str, Any] = {"model": self._settings.model, "messages": list(messages)}
        answer_format = {"type": "json_schema", "json_schema": {"name": "summary", "strict": True, "schema": schema}}
        with_schema = {**request, "max_completion_tokens": MAX_ANSWER_TOKENS, "response_format": answer_format}
        requests = [with_schema, request] if self._knows_schemas else [request]
        return self._within_limits(self._first_that_is_taken(requests))

    def shutdown_date(self) -> str:
        """Return the date after which the service's model list says that the model is gone; "" if it says none."""
        reply = self._within_limits(self._read_shutdown_date())
        return reply.content

    def _within_limits(self, asking: Coroutine[Any, Any, Reply]) -> Reply:
        """Run a request in a thread of its own, since a notebook's thread already runs an event loop."""
        fault = _fault_of_key(self._settings.api_key or "") or _fault_of_address(self._address)
        seconds = min(self._settings.question_seconds, self._seconds_left)
        if fault or seconds <= 0:
            asking.close()
            return Reply(fault=fault or TOO_SLOW, ask_again=False)
        import openai  # noqa: F401, PLC0415 (before the clock starts)

        began = time.monotonic()
        try:
            with ThreadPoolExecutor(max_workers=1) as worker:
                return worker.submit(asyncio.run, asyncio.wait_for(asking, seconds)).result()
        except (TimeoutError, httpx2.TimeoutException):
            # The time may have been spent on waiting as the service asked.
            return Reply(fault=LIMIT_REACHED if self._limited else TOO_SLOW, ask_again=False)
        except (httpx2.HTTPError, httpx2.InvalidURL):
            return Reply(fault=NOT_REACHED, ask_again=False)
        except (OSError, ValueError):  # when the client reads its environment
            return Reply(fault=BAD_ENVIRONMENT, ask_again=False)
        finally:
            self._seconds_left -= time.monotonic() - began

    async def _first_that_is_taken(self, requests: Sequence[Mapping[str, Any]]) -> Reply:
        """Send the richest request first; a service that refuses it gets the next, from then on at once."""
        async with self._client() as client:
            for request in requests:
                last = request is requests[-1]
                answer = await self._with_retries(client, request, last=last)
                if last or answer.status not in SCHEMA_REFUSALS:
                    break
        if _is_success(answer.status) and last:
            self._knows_schemas = False
        return self._reply(answer)

    async def _read_shutdown_date(self) -> Reply:
        async with self._client() as client:
            answer = await self._answer(client.models.with_raw_response.list())
        found = re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(_shutdown_dates(answer.body).get(self._settings.model) or ""))
        return Reply(found.group() if found else "")

    def _client(self) -> AsyncOpenAI:
        """Return an SDK client that follows no redirect and does not retry: :meth:`_with_retries` also reads bodies."""
        import openai  # noqa: PLC0415

        headers = {"Accept-Encoding": "identity", "Content-Type": "application/json"}
        if self._settings.api_key:
            headers["Authorization"] = f"Bearer {self._settings.api_key}"
        if _fits_a_header(self._settings.organization):
            headers["OpenAI-Organization"] = self._settings.organization
        timeout = self._settings.timeout_seconds
        return openai.AsyncOpenAI(
            base_url=self._address,
            api_key=self._settings.api_key or "none",  # the SDK needs one, a model on this machine does not
            organization="",
            project="",
            max_retries=0,
            timeout=timeout,
            http_client=BoundedClient(headers=headers, timeout=timeout, follow_redirects=False),
        )

    async def _with_retries(self, client: AsyncOpenAI, request: Mapping[str, Any], *, last: bool) -> _Answer:
        wait = FIRST_WAIT_SECONDS
        for retries_left in range(self._settings.max_retries, -1, -1):
            try:
                answer = await self._answer(client.chat.completions.with_raw_response.create(**request))
            except (httpx2.TimeoutException, httpx2.NetworkError, httpx2.RemoteProtocolError):
                if not retries_left:
                    raise
            else:
                self._limited = answer.status == HTTPStatus.TOO_MANY_REQUESTS
                refused = not last and answer.status in SCHEMA_REFUSALS
                if refused or not retries_left or not (self._limited or answer.status >= FIRST_SERVER_ERROR):
                    break
                wait = max(wait, answer.wait_seconds)
            await asyncio.sleep(wait)
            wait *= 2
        return answer

    async def _answer(self, asking: Awaitable[Any]) -> _Answer:
        """Await a raw response of the SDK, whatever its status; raise httpx2's errors instead of the SDK's."""
        import openai  # noqa: PLC0415

        try:
            answer = (await asking).http_response
        except openai.APIStatusError as error:
            answer = error.response
        except openai.APIConnectionError as error:
            cause = error.__cause__
            raise (cause if isinstance(cause, httpx2.HTTPError) else httpx2.ReadError(str(cause))) from None
        body = without_key(answer.content.decode("utf-8", "replace"), self._settings.api_key or "").lstrip("\ufeff")
        wait = answer.headers.get("Retry-After", "")
        return _Answer(status_in(body) or answer.status_code, body, float(wait) if wait.isdecimal() else 0.0)

    def _reply(self, answer: _Answer) -> Reply:
        """Turn an answer into an outcome; nothing in its body is trusted."""
        status = answer.status
        has_version = re.search(r"/v\d+\w*$", self._address) is not None
        if _is_success(status) and error_in(answer.body) is not None:
            fault = SERVICE_FAILED if has_version else NO_VERSION
        elif _is_success(status):
            reply = read_completion(answer.body)
            return replace(reply, fault=NO_VERSION) if reply.fault == UNREADABLE and not has_version else reply
        elif status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            fault = KEY_REFUSED
        elif status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.PAYMENT_REQUIRED}:
            fault = LIMIT_REACHED
        elif status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
            fault = NOT_FOUND if has_version else NO_VERSION
        else:
            fault = SERVICE_FAILED if status >= FIRST_SERVER_ERROR else REQUEST_REFUSED
        return Reply(fault=fault, ask_again=False)


class BoundedClient(httpx2.AsyncClient):
    """An HTTP client that limits the size of a body and sends only the headers it was created with.

    The SDK adds headers that describe this machine, and headers from OPENAI_CUSTOM_HEADERS and other variables. None of
    them is sent.
    """

    async def send(self, request: httpx2.Request, **_: Any) -> httpx2.Response:
        """Send a request and read its answer; of the answer's headers only ``Retry-After`` is kept.

        Raises
        ------
        httpx2.DecodingError
            When the body is compressed or larger than ``MAX_BODY_BYTES``.
        """
        own_request = self.build_request(request.method, request.url, content=request.content)
        answer = await super().send(own_request, stream=True)
        try:
            if answer.headers.get("Content-Encoding", "identity") != "identity":
                raise httpx2.DecodingError("the body is compressed, though none was asked for")
            content = bytearray()
            async for chunk in answer.aiter_raw():
                content += chunk
                if len(content) > MAX_BODY_BYTES:
                    raise httpx2.DecodingError("the body is too large")
        finally:
            await answer.aclose()
        headers = [(name, value) for name, value in answer.headers.raw if name.lower() == b"retry-after"]
        return httpx2.Response(answer.status_code, headers=headers, content=bytes(content), request=request)


def _is_success(status: int) -> bool:
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def _shutdown_dates(body: str) -> dict[str, Any]:
    models = as_object(body).get("data")
    entries = models if isinstance(models, list) else []
    return {str(one.get("id")): one.get("shutdown_date") for one in entries if isinstance(one, dict)}


def _fits_a_header(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable() and text == text.strip()


def _fault_of_key(key: str) -> str:
    """A key that fits no header cannot be right; the HTTP library's own error would show it."""
    return "" if not key or _fits_a_header(key) else KEY_REFUSED


def _fault_of_address(address: str) -> str:
    """The key may be sent over https, or over http to this machine; user and password would be shown."""
    try:
        parts = urlsplit(address)
        if not parts.hostname or parts.port == 0 or parts.username is not None:
            return NO_ADDRESS
    except ValueError:  # brackets left open, or a port that is none
        return NO_ADDRESS
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        return PLAIN_HTTP
    return "" if parts.scheme in {"http", "https"} else NO_ADDRESS


def language_model(settings: ModelSettings) -> HttpModel | None:
    """Return the model of ``settings``; None without a name, or without a key for a service on another machine."""
    address = settings.base_url or DEFAULT_ADDRESS
    local = not _fault_of_address(address) and urlsplit(address).hostname in LOOPBACK
    return HttpModel(settings) if settings.model and (settings.api_key or local) else None
