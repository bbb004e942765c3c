"""Reads the body of an OpenAI-compatible chat service's answer, of which nothing is trusted.

Pure: reads and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

MAX_BODY_CHARACTERS = 200_000

Tokens = Annotated[int, Field(ge=0, le=10**12)]


@dataclass(frozen=True)
class Completion:
    """What a service answered.

    Attributes
    ----------
    content : str
        The model's text; "" when there is none.
    finish_reason : str
        Why it ended: "stop", "length" and others.
    refused : bool
        Model or service did not want to answer.
    tokens_in, tokens_out : int or None
        None when the service does not say.
    """

    content: str
    finish_reason: str
    refused: bool
    tokens_in: int | None
    tokens_out: int | None


class _Said(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Said
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: Tokens | None = None
    completion_tokens: Tokens | None = None


class _Body(BaseModel):
    choices: Annotated[list[_Choice], Field(min_length=1)]
    usage: _Usage | None = None


def read(body: str) -> Completion | None:
    """Read a body; None when it is too long or no chat completion."""
    if len(body) > MAX_BODY_CHARACTERS:
        return None
    try:
        read_body = _Body.model_validate_json(body)
    except ValidationError:
        return None
    choice, usage = read_body.choices[0], read_body.usage or _Usage()
    return Completion(
        content=choice.message.content or "",
        finish_reason=choice.finish_reason or "",
        refused=bool(choice.message.refusal) or choice.finish_reason == "content_filter",
        tokens_in=usage.prompt_tokens,
        tokens_out=usage.completion_tokens,
    )
