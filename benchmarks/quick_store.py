"""An S3 that answers at once, inside the process: boto3 makes and signs each request, and nothing is sent."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from pipeline import aws, settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def client() -> S3Client:
    """Return the process's S3 client; whatever it puts is taken."""
    settings.set_variables(
        {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_DEFAULT_REGION": "eu-central-1"}
    )
    s3 = aws.client("s3")
    events: Any = s3.meta.events  # its type does not know that an answer ends the sending
    events.register("before-send.s3.PutObject", _taken)
    return s3


def serve(body: bytes) -> None:
    """Answer every GetObject of the process's S3 client with this body."""
    events: Any = aws.client("s3").meta.events

    def answer(request: Any, **_: Any) -> AWSResponse:
        return AWSResponse(request.url, 200, _HEADERS, _Body(body))

    events.register("before-send.s3.GetObject", answer)


def _taken(request: Any, **_: Any) -> AWSResponse:
    return AWSResponse(request.url, 200, _HEADERS, _Empty())


_HEADERS = HTTPHeaders()
_HEADERS["ETag"] = '"none"'


class _Body(io.BytesIO):
    """A body as urllib3 returns it."""


class _Empty(io.BytesIO):
    def stream(self) -> list[bytes]:
        return []
