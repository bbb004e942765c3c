"""Every built-in exception type that code may raise unexpectedly, for tests of record boundaries."""

from __future__ import annotations

import builtins

from botocore.exceptions import BotoCoreError, ClientError
from requests import RequestException


class Foreign(Exception):
    """An exception of an unknown library."""


def exceptions() -> list[type[Exception]]:
    """Return all built-in exception types except warnings, and some of libraries."""
    built_in = [
        kind
        for kind in vars(builtins).values()
        if isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, Warning)
    ]
    return sorted({*built_in, Foreign, ClientError, BotoCoreError, RequestException}, key=lambda kind: kind.__name__)


def an_instance(kind: type[Exception]) -> Exception:
    """Return an exception of this type."""
    if kind is ClientError:
        return ClientError({"Error": {"Code": "Odd", "Message": "-"}}, "Operation")
    if issubclass(kind, UnicodeDecodeError):
        return kind("utf-8", b"x", 0, 1, "-")
    if issubclass(kind, UnicodeEncodeError):
        return kind("utf-8", "x", 0, 1, "-")
    if issubclass(kind, UnicodeTranslateError):
        return kind("x", 0, 1, "-")
    if issubclass(kind, ExceptionGroup):
        return kind("group", [ValueError("-")])
    return kind() if issubclass(kind, BotoCoreError) else kind("unexpected")
