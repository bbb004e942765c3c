"""Read what a chat service answered: the model's text, the tokens, or the error inside a body. Pure.

Services that people run themselves put right answers into odd places: parts, tool calls, streams, other fields.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

UNREADABLE = "the service's answer cannot be read"
CUT_OFF = "the service's answer was cut off"
NOTHING_SAID = "the service declined to answer"

_MOST_TOKENS = 10**12
_LIMITS = ("rate limit", "quota", "too many requests", "resource exhausted")


@dataclass(frozen=True)
class Reply:
    """The outcome of a question.

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


def read_completion(body: str) -> Reply:
    """Read the body of a chat completion."""
    completion = as_object(body) or _streamed(body)
    choices = completion.get("choices") or ([completion] if "message" in completion else [])
    choices = [choice for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []
    if not choices:
        return Reply(fault=UNREADABLE)
    content = next((text for choice in choices if (text := _text(choice)).strip()), "")
    content = content.encode("utf-8", "replace").decode()  # half a character could not be stored
    end = choices[0].get("finish_reason")
    if end in {"length", "max_tokens"}:
        fault = CUT_OFF
    elif _object(choices[0].get("message")).get("refusal") or end == "content_filter":
        fault = NOTHING_SAID
    else:
        fault = "" if content else UNREADABLE
    usage = _object(completion.get("usage"))
    tokens = [_tokens(usage.get(name)) for name in ("prompt_tokens", "completion_tokens")]
    return Reply("" if fault else content, fault, tokens_in=tokens[0], tokens_out=tokens[1])


def status_in(body: str) -> int | None:
    """Return the status of an error that a service answers inside a body, whatever the answer's own status is."""
    error = error_in(body)
    if error is None:
        return None
    fields = [error.get(name) for name in ("code", "type", "status")] if isinstance(error, dict) else [error]
    code = " ".join(str(field) for field in fields if field)
    if status := re.match(r"[45]\d\d(?=\d{2}\b|\b)", code):
        return int(status[0])
    words = re.sub(r"[\W_]+", " ", code.lower())
    if any(limit in words for limit in _LIMITS):
        return int(HTTPStatus.TOO_MANY_REQUESTS)
    return int(HTTPStatus.UNAUTHORIZED) if "api key" in words else None


def error_in(body: str) -> Any:
    """Return the error that a body holds in place of an answer; None when it holds none."""
    document = as_object(body)
    choices = document.get("choices")
    if isinstance(choices, list) and choices:
        first = _object(choices[0])
        return None if _text(first).strip() else first.get("error") or None
    return document.get("error") or (document if document.get("object") == "error" else None)


def as_object(body: str) -> dict[str, Any]:
    """Return a JSON object, or the first of a list of them; an empty one for anything else."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return _object(value[0] if isinstance(value, list) and value else value)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _streamed(body: str) -> dict[str, Any]:
    """Join the pieces that a service streams although nobody asked it to."""
    lines = [line.removeprefix("data:") for line in body.splitlines() if line.startswith("data:")]
    pieces = [_object(choice) for line in lines for choice in as_object(line).get("choices") or []]
    if not pieces:
        return {}
    text = "".join(_text({"message": piece.get("delta")}) for piece in pieces)
    ends = [piece.get("finish_reason") for piece in pieces if piece.get("finish_reason")]
    return {"choices": [{"message": {"content": text}, "finish_reason": ends[-1] if ends else None}]}


def _text(choice: dict[str, Any]) -> str:
    """Return a choice's text: its content, else a tool's arguments, else the thoughts or the old field ``text``."""
    return next((text for text in _texts(choice) if isinstance(text, str) and text.strip()), "")


def _texts(choice: dict[str, Any]) -> Iterator[Any]:
    message = _object(choice.get("message"))
    content = message.get("content")
    if isinstance(content, list):
        spoken = [part for part in content if _object(part).get("type") not in {"reasoning", "thinking"}]
        parts = [part.get("text") if isinstance(part, dict) else part for part in spoken]
        content = "".join(part for part in parts if isinstance(part, str))
    yield content
    tools = message.get("tool_calls")
    for tool in tools if isinstance(tools, list) else []:
        yield _object(_object(tool).get("function")).get("arguments")
    yield from (message.get("reasoning_content"), message.get("reasoning"), choice.get("text"))


def _tokens(count: object) -> int | None:
    """Return a count of tokens; None where the service does not count in whole numbers."""
    if isinstance(count, str) and count.isdecimal():
        count = int(count[:20])
    is_whole = isinstance(count, int | float) and not isinstance(count, bool) and 0 <= count <= _MOST_TOKENS
    return int(count) if is_whole and int(count) == count else None  # type: ignore[call-overload]
