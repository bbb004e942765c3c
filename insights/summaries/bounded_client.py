"""An HTTP client for the OpenAI SDK that limits what is read and what is sent."""

from __future__ import annotations

from typing import Any

import httpx2

MAX_BODY_BYTES = 1024 * 1024


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
