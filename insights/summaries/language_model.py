"""Asks a language model over the OpenAI-compatible chat API, within limits of time, size and attempts.

Reads the service's answers; writes nothing. What goes wrong out there is no error here but an outcome: a reply
without content and with a fault in fixed words. The service's own messages are not passed on, since they may repeat
the key or hold anything else.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

import openai
from openai import AsyncOpenAI

from insights.summaries import bounded_client, chat_completion
from pipeline import http
from pipeline.errors import InvalidInput
from pipeline.omdb.key import without_key

REQUEST_TIMEOUT_SECONDS = 30.0
QUESTION_TIMEOUT_SECONDS = 60.0
REPORT_TIMEOUT_SECONDS = 240.0
MAX_RETRIES = 2
TOO_MANY_REQUESTS = 429
MAX_ANSWER_TOKENS = 4000

NO_KEY = "no key for a language model is set"
KEY_REFUSED = "the service does not accept the key"
LIMIT_REACHED = "the service's limit is reached"
TOO_SLOW = "the service did not answer in time"
NOT_REACHED = "the service cannot be reached"
SERVICE_FAILED = "the service failed"
REQUEST_REFUSED = "the service refused the request"
NONSENSE = "the service's answer cannot be read"
CUT_OFF = "the service's answer was cut off"
NOTHING_SAID = "the service did not want to answer"

Message = Mapping[str, str]


@dataclass(frozen=True)
class ModelSettings:
    """How a language model is reached.

    Attributes
    ----------
    api_key : str or None
        None or "": there is no model. Never shown by ``repr``.
    model : str
        Name of the model at the service.
    base_url : str or None
        Address of an OpenAI-compatible service, with ``/v1``; None is the SDK's own.
    timeout_seconds, max_retries :
        For one request, and how often it is sent again after a time-out, a limit or a failure.
    question_seconds, report_seconds : float
        Hard limits for one question with all its retries, and for all questions of a report together.
    """

    api_key: str | None = field(default=None, repr=False)
    model: str = ""
    base_url: str | None = None
    timeout_seconds: float = REQUEST_TIMEOUT_SECONDS
    max_retries: int = MAX_RETRIES
    question_seconds: float = QUESTION_TIMEOUT_SECONDS
    report_seconds: float = REPORT_TIMEOUT_SECONDS


@dataclass(frozen=True)
class Reply:
    """What came of asking.

    Attributes
    ----------
    content : str
        The model's text, unchecked; "" when there is none.
    fault : str
        Why there is none, in fixed words; "" when there is.
    ask_again : bool
        False when the next question would meet the same fault.
    tokens_in, tokens_out : int or None
        As the service counts them; None when it does not say.
    """

    content: str = ""
    fault: str = ""
    ask_again: bool = True
    tokens_in: int | None = None
    tokens_out: int | None = None


class LanguageModel(Protocol):
    """What a summary needs of a model."""

    @property
    def name(self) -> str:
        """Names model and service; two that may answer differently have different names."""

    @property
    def label(self) -> str:
        """Name of the model as a reader is told it."""

    def ask(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> Reply:
        """Ask for an answer in JSON after ``schema``; a service that knows no schemas gets the messages alone."""


class OpenAIModel:
    """A model behind the ``openai`` SDK.

    Parameters
    ----------
    settings : ModelSettings
        With a key.
    """

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
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
        """Ask once, within the limits of the settings; see :class:`LanguageModel`."""
        if not _can_be_sent(self._settings.api_key or ""):
            return Reply(fault=KEY_REFUSED, ask_again=False)
        if not _is_address(self._settings.base_url):
            return Reply(fault=NOT_REACHED, ask_again=False)
        seconds = min(self._settings.question_seconds, self._seconds_left)
        if seconds <= 0:
            return Reply(fault=TOO_SLOW, ask_again=False)
        began = time.monotonic()
        try:
            # In a thread of its own, since a notebook's thread already runs an event loop. Only an event loop can
            # stop a service that sends a byte now and then: the SDK's time-out starts anew with each.
            with ThreadPoolExecutor(max_workers=1) as worker:
                return worker.submit(asyncio.run, self._ask_within(seconds, messages, schema)).result()
        finally:
            self._seconds_left -= time.monotonic() - began

    async def _ask_within(self, seconds: float, messages: Sequence[Message], schema: Mapping[str, Any]) -> Reply:
        statuses: list[int] = []
        try:
            async with asyncio.timeout(seconds):
                return await self._ask(messages, schema, statuses)
        except TimeoutError:
            # The time may have been spent on waiting as the service told us to.
            limited = statuses[-1:] == [TOO_MANY_REQUESTS]
            return Reply(fault=LIMIT_REACHED if limited else TOO_SLOW, ask_again=False)
        except openai.OpenAIError as error:
            return Reply(fault=_fault(error), ask_again=False)

    async def _ask(self, messages: Sequence[Message], schema: Mapping[str, Any], statuses: list[int]) -> Reply:
        settings = self._settings
        async with AsyncOpenAI(
            api_key=settings.api_key,
            base_url=settings.base_url,
            timeout=settings.timeout_seconds,
            max_retries=settings.max_retries,
            http_client=bounded_client.client(statuses.append),
        ) as client:
            create: Any = client.chat.completions.with_raw_response.create  # its overloads do not take mappings
            request = {"model": settings.model, "messages": list(messages)}
            if self._knows_schemas:
                answer_format = {"name": "summary", "strict": True, "schema": schema}
                try:
                    answer = await create(
                        **request,
                        max_completion_tokens=MAX_ANSWER_TOKENS,
                        response_format={"type": "json_schema", "json_schema": answer_format},
                    )
                    return _reply(without_key(answer.http_response.text, settings.api_key or ""))
                except (openai.BadRequestError, openai.UnprocessableEntityError):
                    self._knows_schemas = False
            answer = await create(**request, max_tokens=MAX_ANSWER_TOKENS)
            return _reply(without_key(answer.http_response.text, settings.api_key or ""))


def _can_be_sent(key: str) -> bool:
    """Whether a key fits into a header; the HTTP library's own error would show it."""
    return key.isascii() and key.isprintable() and key == key.strip()


def _is_address(url: str | None) -> bool:
    """Whether the key may be sent there: https, or http to this machine; without user and password, which are shown."""
    if url is None:
        return True
    try:
        parts = urlsplit(http.check_url(url, "OPENAI_BASE_URL"))
        return parts.port != 0 and parts.username is None
    except (InvalidInput, ValueError):  # brackets left open, or a port that is none
        return False


def _fault(error: openai.OpenAIError) -> str:
    """Turn an error of the SDK into fixed words; its own message may hold the key."""
    match error:
        case openai.APITimeoutError():
            return TOO_SLOW
        case openai.APIConnectionError():
            return NOT_REACHED
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            return KEY_REFUSED
        case openai.RateLimitError():
            return LIMIT_REACHED
        case openai.APIStatusError() if error.status_code < 500:
            return REQUEST_REFUSED
        case _:
            return SERVICE_FAILED


def _reply(body: str) -> Reply:
    """Read the body of an answer, of which nothing is trusted."""
    completion = chat_completion.read(body)
    if completion is None:
        return Reply(fault=NONSENSE)
    if completion.finish_reason == "length":
        fault = CUT_OFF
    elif completion.refused:
        fault = NOTHING_SAID
    else:
        fault = "" if completion.content else NONSENSE
    return Reply(
        "" if fault else completion.content, fault, tokens_in=completion.tokens_in, tokens_out=completion.tokens_out
    )


def language_model(settings: ModelSettings) -> LanguageModel | None:
    """Return the model of ``settings``; None when they hold no key or no model."""
    return OpenAIModel(settings) if settings.api_key and settings.model else None
