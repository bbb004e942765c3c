"""Exception types of each kind that code may raise unexpectedly, for tests of record boundaries."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError
from requests import RequestException


class Foreign(Exception):
    """An exception of an unknown library."""


# Of each family one, and those whose constructors or handling are special.
EXCEPTIONS: tuple[type[Exception], ...] = (
    ValueError, KeyError, AttributeError, RecursionError, MemoryError, OSError, StopIteration, UnicodeEncodeError,
    ExceptionGroup, Foreign, ClientError, BotoCoreError, RequestException,
)  # fmt: skip


def an_instance(kind: type[Exception]) -> Exception:
    """Return an exception of this type."""
    if kind is ClientError:
        return ClientError({"Error": {"Code": "Odd", "Message": "-"}}, "Operation")
    if issubclass(kind, UnicodeEncodeError):
        return kind("utf-8", "x", 0, 1, "-")
    if issubclass(kind, ExceptionGroup):
        return kind("group", [ValueError("-")])
    return kind() if issubclass(kind, BotoCoreError) else kind("unexpected")
