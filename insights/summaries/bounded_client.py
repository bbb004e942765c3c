"""The HTTP client that a language model is asked with: answers of bounded size, no redirects, no proxy's password.

Used by :mod:`.language_model`; reads and writes nothing itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx2
import openai

# A thousand answers of the size that is asked for; a service may say much besides.
MAX_BODY_BYTES = 1024 * 1024


class AnswerTooLarge(httpx2.ReadError):
    """An answer does not end, or is packed so that its size cannot be known before it is unpacked."""


class _BoundedStream(httpx2.AsyncByteStream):
    """A body that fails when it is longer than the limit."""

    def __init__(self, body: httpx2.AsyncByteStream) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Pass the body on, chunk by chunk."""
        left = MAX_BODY_BYTES
        async for chunk in self._body:
            left -= len(chunk)
            if left < 0:
                raise AnswerTooLarge("the answer is too large")
            yield chunk

    async def aclose(self) -> None:
        """Let go of the connection."""
        await self._body.aclose()


class _BoundedTransport(httpx2.AsyncHTTPTransport):
    """Asks for an unpacked answer, and gives it as a bounded stream."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request.

        Raises
        ------
        AnswerTooLarge
            When the answer is packed, though it was asked not to be.
        """
        request.headers["Accept-Encoding"] = "identity"
        answer = await super().handle_async_request(request)
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            await answer.aclose()
            raise AnswerTooLarge("the answer is packed")
        body = answer.stream
        assert isinstance(body, httpx2.AsyncByteStream)  # noqa: S101 (what an asynchronous transport gives)
        answer.stream = _BoundedStream(body)
        return answer


def client(note_status: Callable[[int], None]) -> httpx2.AsyncClient:
    """Return a client that tells each answer's status.

    A redirect is an answer like any other: the question, and with it the key, goes to no other address.
    """

    async def note(answer: httpx2.Response) -> None:
        note_status(answer.status_code)

    made: httpx2.AsyncClient = openai.DefaultAsyncHttpxClient(
        transport=_BoundedTransport(), follow_redirects=False, event_hooks={"response": [note]}
    )
    return made
