"""JSON documents with a fixed shape: one reader and one writer for manifests, builds, replies and local state.

A document's shape is a frozen dataclass. :func:`read` turns bytes into it, and raises one error for anything else, so
that a damaged document never ends in a traceback far from its cause.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, Literal, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

from pipeline.errors import DocumentInvalid, InvalidInput

T = TypeVar("T")

# Real documents have five levels. Deeper ones can be read but not written again inside another document.
MAX_DEPTH = 32
_JSON_NAMES = {dict: "an object", list: "an array", str: "text", bool: "true or false", int: "a whole number"}
_JSON_NAMES |= {float: "a number", type(None): "null"}


def to_json(value: Any, default: Callable[[Any], Any] | None = None) -> bytes:
    r"""Return UTF-8 JSON. A lone surrogate, which UTF-8 cannot encode, is kept as its escape ``\ud800``.

    Parameters
    ----------
    default : callable, optional
        Converts values that JSON cannot represent. None means that there are none.
    """
    return json.dumps(value, ensure_ascii=False, default=default).encode("utf-8", "backslashreplace")


def is_too_deep(value: Any) -> bool:
    """Whether a JSON value nests arrays and objects more than :data:`MAX_DEPTH` levels deep."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        containers = [item for item in level if isinstance(item, dict | list)]
        if not containers:
            return False
        level = [
            item
            for container in containers
            for item in (container.values() if isinstance(container, dict) else container)
        ]
    return True


def parse(body: bytes | str, subject: str, next_step: str = "") -> Any:
    """Return the value of a JSON text: UTF-8, with or without a byte order mark.

    Raises
    ------
    DocumentInvalid
        About ``subject``, its key or path, when it is not JSON, holds NaN or Infinity, or is nested too deeply.
    """
    try:
        text = body.decode("utf-8-sig") if isinstance(body, bytes) else body
        value = json.loads(text, parse_constant=_reject_constant)
    except (ValueError, RecursionError, InvalidInput) as error:
        raise DocumentInvalid("is not JSON", subject=subject, next_step=next_step) from error
    if is_too_deep(value):
        raise DocumentInvalid("is nested too deeply", subject=subject, next_step=next_step)
    return value


def read(kind: type[T], body: bytes | str, subject: str, next_step: str = "") -> T:
    """Read a JSON object into a frozen dataclass.

    Fields are checked against their annotations: ``str``, ``int``, ``float``, ``bool``, ``None``, ``Any``, ``Literal``,
    unions, ``list[T]``, ``tuple[T, ...]``, ``dict[str, T]``, and other dataclasses. Unknown fields are ignored, so that
    older code reads newer documents; missing fields take their defaults.

    Parameters
    ----------
    kind : type
        A dataclass. Its ``__post_init__`` may raise :class:`InvalidInput` for values that cannot be true.

    Raises
    ------
    DocumentInvalid
        About ``subject``, its key or path: it names the first field that is wrong.
    """
    value = parse(body, subject, next_step)
    try:
        document: T = _convert(kind, value, "")
    except InvalidInput as error:
        cause = f"{error.subject}: {error.cause}" if error.subject else error.cause
        raise DocumentInvalid(cause, subject=subject, next_step=next_step) from error
    return document


def _reject_constant(name: str) -> NoReturn:
    raise InvalidInput(f"{name} is not JSON")


def _convert(kind: Any, value: Any, path: str) -> Any:
    """Return ``value`` as an instance of the annotation ``kind``; ``path`` is the field's name for the error."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _first_match(arguments, value, path)
    if origin is Literal:
        if any(type(value) is type(choice) and value == choice for choice in arguments):
            return value
        raise _mismatch(" or ".join(map(repr, arguments)), value, path)
    if kind is float and type(value) is int:
        try:
            return float(value)
        except OverflowError:
            raise InvalidInput("is too large", subject=path) from None
    container = dict if is_dataclass(kind) or origin is dict else list if origin in (list, tuple) else kind
    if container is not Any and type(value) is not container:
        raise _mismatch(_JSON_NAMES[container], value, path)
    if is_dataclass(kind):
        return _convert_object(kind, value, path)
    if origin is dict:
        value = {name: _convert(arguments[1], item, f"{path}.{name[:80]}") for name, item in value.items()}
    elif container is list:
        value = origin(_convert(arguments[0], item, f"{path}[{index}]") for index, item in enumerate(value))
    return value


def _first_match(kinds: tuple[Any, ...], value: Any, path: str) -> Any:
    """Return ``value`` as the first of ``kinds`` that fits; the error is that of the last."""
    *others, last = sorted(kinds, key=lambda kind: kind is not type(None))
    for kind in others:
        try:
            return _convert(kind, value, path)
        except InvalidInput:
            continue
    return _convert(last, value, path)


def _convert_object(kind: Any, value: dict[str, Any], path: str) -> Any:
    values = {}
    for field, annotation in _annotations(kind):
        name = f"{path}.{field.name}" if path else field.name
        if field.name in value:
            values[field.name] = _convert(annotation, value[field.name], name)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise InvalidInput("is missing", subject=name)
    return kind(**values)


@cache
def _annotations(kind: Any) -> tuple[tuple[Any, Any], ...]:
    hints = get_type_hints(kind)
    return tuple((field, hints[field.name]) for field in fields(kind) if field.init)


def _mismatch(expected: str, value: Any, path: str) -> InvalidInput:
    actual = _JSON_NAMES.get(type(value), type(value).__name__)
    return InvalidInput(f"expected {expected}, found {actual}", subject=path)
