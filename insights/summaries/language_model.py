"""Ask a language model through the OpenAI SDK, at any compatible service, within limits of time, size and attempts.

A fault of the service is an outcome, not an exception: :meth:`LanguageModel.ask` returns a reply without content and
with a reason in fixed words. The service's own messages are never passed on, since they may repeat the key.

The environment names the model: ``OPENAI_API_KEY``, ``OPENAI_BASE_URL``, ``OPENAI_ORG_ID`` and ``SUMMARY_MODEL``, and,
without a key, ``OPENAI_SECRET_ID``, the secret that has it. All who run the report on a stack share its cache of
answers.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import httpx2
import requests

from insights.summaries.completion import UNREADABLE, Reply, as_object, error_in, read_completion, status_in
from pipeline import aws, http, keys, settings
from pipeline.api_key import without_key
from pipeline.documents import to_json

if TYPE_CHECKING:  # imported late elsewhere: it takes half a second, and most reports have no model
    from openai import OpenAI

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
    """An HTTP answer: its status, or that of an error in its body; its body; and how long to wait before a retry.

    ``fault`` says why there is none, and ``retry`` whether another try may help.
    """

    status: int = 0
    body: str = ""
    wait_seconds: float = 0.0
    fault: str = ""
    retry: bool = False


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

    @property
    def name(self) -> str:
        """Model and address."""
        return f"{self._settings.model} at {self._settings.base_url or 'the default service'}"

    @property
    def label(self) -> str:
        """Model."""
        return self._settings.model

    def ask(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> Reply:
        """Ask once, within the limits of the settings; see :class:`LanguageModel`. Never raises.

        A service that refuses the request with a schema gets it without, from then on at once.
        """
        request: dict[str, Any] = {"model": self._settings.model, "messages": list(messages)}
        answer_format = {"type": "json_schema", "json_schema": {"name": "summary", "strict": True, "schema": schema}}
        with_schema = {**request, "max_completion_tokens": MAX_ANSWER_TOKENS, "response_format": answer_format}
        import openai  # noqa: F401, PLC0415 (before the clock starts)

        began = time.monotonic()
        deadline = began + min(self._settings.question_seconds, self._seconds_left)
        answer = self._with_retries(with_schema, deadline, SCHEMA_REFUSALS) if self._knows_schemas else None
        if answer is None or answer.status in SCHEMA_REFUSALS:
            answer = self._with_retries(request, deadline)
            self._knows_schemas &= not _is_success(answer.status)
        self._seconds_left -= time.monotonic() - began
        return self._reply(answer)

    def shutdown_date(self) -> str:
        """Return the date after which the service's model list says that the model is gone; "" if it says none."""
        deadline = time.monotonic() + self._settings.question_seconds
        answer = self._exchange(lambda client: client.models.with_raw_response.list(), deadline)
        models = as_object(answer.body).get("data")
        entries = [one for one in models if isinstance(one, dict)] if isinstance(models, list) else []
        own = next((one for one in entries if one.get("id") == self._settings.model), {})
        match = re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(own.get("shutdown_date")))
        return match.group() if match else ""

    def _with_retries(
        self, request: Mapping[str, Any], deadline: float, refusals: Container[int] = frozenset()
    ) -> _Answer:
        """Ask again after a limit or a failure, unless the wait would be too long; ``refusals`` are final.

        The SDK's own retries do not know errors inside bodies.
        """
        wait = FIRST_WAIT_SECONDS
        for retries_left in range(self._settings.max_retries, -1, -1):
            answer = self._exchange(
                lambda client: client.chat.completions.with_raw_response.create(**request), deadline
            )
            wait = max(wait, answer.wait_seconds)
            final = answer.status in refusals or not answer.retry
            if final or not retries_left or time.monotonic() + wait >= deadline:
                break
            time.sleep(wait)
            wait *= 2
        return answer

    def _exchange(self, ask: Callable[[OpenAI], Any], deadline: float) -> _Answer:
        """Send one request and read its whole answer."""
        seconds = min(self._settings.timeout_seconds, deadline - time.monotonic())
        key = self._settings.api_key
        # A key that fits no header cannot be right; the HTTP library's own error would show it.
        fault = KEY_REFUSED if key and not _fits_a_header(key) else _fault_of_address(self._address)
        if fault or seconds <= 0:
            return _Answer(fault=fault or TOO_SLOW)
        try:
            return http.within(seconds, lambda: self._send(ask, seconds))
        except (requests.Timeout, httpx2.TimeoutException):
            return _Answer(fault=TOO_SLOW, retry=True)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            may_pass = isinstance(error, httpx2.NetworkError | httpx2.RemoteProtocolError)
            return _Answer(fault=NOT_REACHED, retry=may_pass)
        except (OSError, ValueError):  # when the client reads its environment
            return _Answer(fault=BAD_ENVIRONMENT)

    def _send(self, ask: Callable[[OpenAI], Any], seconds: float) -> _Answer:
        """Return a raw response of the SDK, whatever its status; raise httpx2's errors instead of the SDK's."""
        import openai  # noqa: PLC0415

        try:
            with self._client(seconds) as client:
                answer = ask(client).http_response
        except openai.APIStatusError as error:
            answer = error.response
        except openai.APIConnectionError as error:
            cause = error.__cause__
            raise (cause if isinstance(cause, httpx2.HTTPError) else httpx2.ReadError(str(cause))) from None
        body = without_key(answer.content.decode("utf-8", "replace"), self._settings.api_key or "").lstrip("\ufeff")
        status, wait = status_in(body) or answer.status_code, answer.headers.get("Retry-After", "")
        retry = status == HTTPStatus.TOO_MANY_REQUESTS or status >= FIRST_SERVER_ERROR
        return _Answer(status, body, float(wait) if wait.isdecimal() else 0.0, retry=retry)

    def _client(self, seconds: float) -> OpenAI:
        """Return an SDK client that follows no redirect, does not retry, and takes nothing from the environment.

        Only the proxy and the certificates for https are the environment's: a proxy for http would read the key.
        """
        import openai  # noqa: PLC0415

        headers = {"Accept-Encoding": "identity", "Content-Type": "application/json"}
        if self._settings.api_key:
            headers["Authorization"] = f"Bearer {self._settings.api_key}"
        if _fits_a_header(self._settings.organization):
            headers["OpenAI-Organization"] = self._settings.organization
        return openai.OpenAI(
            base_url=self._address,
            api_key=self._settings.api_key or "none",  # the SDK needs one, a model on this machine does not
            organization="",
            project="",
            max_retries=0,
            timeout=seconds,
            http_client=BoundedClient(
                headers=headers,
                timeout=seconds,
                follow_redirects=False,
                trust_env=urlsplit(self._address).scheme == "https",
            ),
        )

    def _reply(self, answer: _Answer) -> Reply:
        """Turn an answer into an outcome; nothing in its body is trusted."""
        status = answer.status
        has_version = re.search(r"/v\d+\w*$", self._address) is not None
        if answer.fault:
            fault = answer.fault
        elif _is_success(status) and error_in(answer.body) is not None:
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


class BoundedClient(httpx2.Client):
    """An HTTP client that limits the size of a body and sends only the headers it was created with.

    The SDK adds headers that describe this machine, and headers from OPENAI_CUSTOM_HEADERS and other variables. None of
    them is sent.
    """

    def send(self, request: httpx2.Request, **_: Any) -> httpx2.Response:
        """Send a request and read its answer; of the answer's headers only ``Retry-After`` is kept.

        Raises
        ------
        httpx2.DecodingError
            When the body is compressed or larger than ``MAX_BODY_BYTES``.
        """
        own_request = self.build_request(request.method, request.url, content=request.content)
        answer = super().send(own_request, stream=True)
        try:
            if answer.headers.get("Content-Encoding", "identity") != "identity":
                raise httpx2.DecodingError("the body is compressed, though none was asked for")
            content = bytearray()
            for chunk in answer.iter_raw():
                content += chunk
                if len(content) > MAX_BODY_BYTES:
                    raise httpx2.DecodingError("the body is too large")
        finally:
            answer.close()
        headers = [(name, value) for name, value in answer.headers.raw if name.lower() == b"retry-after"]
        return httpx2.Response(answer.status_code, headers=headers, content=bytes(content), request=request)


def _is_success(status: int) -> bool:
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def _fits_a_header(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable() and text == text.strip()


def _fault_of_address(address: str) -> str:
    """The key may be sent over https, or over http to this machine; user and password would be shown."""
    try:
        parts = urlsplit(address)
        if not parts.hostname or parts.port == 0 or parts.username is not None:
            return NO_ADDRESS
    except ValueError:  # brackets left open, or a port that is none
        return NO_ADDRESS
    if parts.scheme == "http" and parts.hostname not in http.LOOPBACK:
        return PLAIN_HTTP
    return "" if parts.scheme in {"http", "https"} else NO_ADDRESS


def language_model(settings: ModelSettings) -> HttpModel | None:
    """Return the model of ``settings``; None without a name, or without a key for a service on another machine."""
    address = settings.base_url or DEFAULT_ADDRESS
    local = not _fault_of_address(address) and urlsplit(address).hostname in http.LOOPBACK
    return HttpModel(settings) if settings.model and (settings.api_key or local) else None


def model() -> HttpModel | None:
    """Return the language model that the environment names; None without a key, except for one on this machine.

    Raises
    ------
    StorageFailed
        When there is a secret and it cannot be read.
    """
    key, secret = settings.variable("OPENAI_API_KEY"), settings.variable("OPENAI_SECRET_ID")
    if not key and secret:
        with aws.failures_of("summaries", "the language model's secret"):
            answer = aws.client("secretsmanager").get_secret_value(SecretId=secret)
        key = answer["SecretString"].strip()
    address = settings.variable("OPENAI_BASE_URL") or None
    return language_model(
        ModelSettings(
            api_key=key,
            model=settings.variable("SUMMARY_MODEL", DEFAULT_MODEL),
            base_url=address,
            organization=settings.variable("OPENAI_ORG_ID"),
        )
    )


class GoldCache:
    """A cache in the Gold bucket, one object per answer.

    Raises
    ------
    StorageFailed
        When S3 refuses or fails.
    """

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def get(self, key: str) -> str | None:
        """Return the entry, or None when there is none or it is not text."""
        name = keys.summary_answer(key)
        with aws.failures_of("summaries", name):
            entry = aws.get_json(aws.client("s3"), self._bucket, name)
        return entry if isinstance(entry, str) else None

    def put(self, key: str, entry: str) -> None:
        """Store an entry, replacing an older one."""
        name = keys.summary_answer(key)
        with aws.failures_of("summaries", name):
            aws.client("s3").put_object(
                Bucket=self._bucket, Key=name, Body=to_json(entry), ContentType="application/json"
            )
