"""An S3 that answers at once, inside the process: boto3 makes and signs each request, and nothing is sent."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from pipeline import aws, settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def client(stored: bytes = b"") -> S3Client:
    """Return the process's S3 client: what it puts is taken, and what it gets is ``stored``."""
    settings.set_variables(
        {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_DEFAULT_REGION": "eu-central-1"}
    )
    s3 = aws.client("s3")
    events: Any = s3.meta.events  # its type does not know that an answer ends the sending
    events.register("before-send.s3.PutObject", lambda request, **_: _answer(request, b""))
    events.register("before-send.s3.GetObject", lambda request, **_: _answer(request, stored))
    return s3


def _answer(request: Any, body: bytes) -> AWSResponse:
    return AWSResponse(request.url, 200, _HEADERS, _Body(body))


_HEADERS = HTTPHeaders()
_HEADERS["ETag"] = '"none"'


class _Body(io.BytesIO):
    """A body as urllib3 returns it."""

    def stream(self) -> list[bytes]:
        return [self.read()]
