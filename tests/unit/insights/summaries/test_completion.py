"""Answers of chat services in the odd places that self-hosted ones put them."""

import json
from typing import Any

import pytest

from insights.summaries.completion import CUT_OFF, NOTHING_SAID, UNREADABLE, Reply, error_in, read_completion, status_in

TEXT = '{"sentences": []} says {f1}'


def body(**choice: Any) -> str:
    return json.dumps({"choices": [{"index": 0, "finish_reason": "stop", **choice}]})


def message(**fields: Any) -> str:
    return body(message={"role": "assistant", **fields})


def chunk(**delta: str) -> str:
    return "data: " + json.dumps({"choices": [{"index": 0, "delta": delta}]})


TOOL = {"type": "function", "function": {"name": "summary", "arguments": TEXT}}


@pytest.mark.parametrize(
    "answer",
    [
        message(content=TEXT),
        message(content=[{"type": "text", "text": TEXT}]),
        message(content=[{"type": "thinking", "text": "hm"}, {"type": "text", "text": TEXT[:9]}, TEXT[9:]]),
        message(content=None, tool_calls=[TOOL]),
        message(content="", reasoning_content=TEXT),
        message(content=None, reasoning=TEXT),
        message(content=TEXT, refusal=False),
        body(message=None, text=TEXT),
        body(message={"content": TEXT}, finish_reason=1),
        json.dumps({"model": "x", "done": True, "message": {"content": TEXT}}),
        json.dumps({"choices": [{"message": {"content": ""}}, {"message": {"content": TEXT}}]}),
        "\n\n".join(
            [": keep-alive", chunk(role="assistant", content=TEXT[:5]), chunk(content=TEXT[5:]), "data: [DONE]"]
        ),
        "\n \n" + message(content=TEXT),
    ],
)
def test_text_is_found_in_unusual_response_formats(answer: str) -> None:
    assert read_completion(answer) == Reply(TEXT)


@pytest.mark.parametrize(
    ("end", "fault"), [("length", CUT_OFF), ("max_tokens", CUT_OFF), ("content_filter", NOTHING_SAID)]
)
def test_the_text_of_an_answer_that_was_stopped_is_not_used(end: str, fault: str) -> None:
    assert read_completion(body(message={"content": TEXT}, finish_reason=end)) == Reply(fault=fault)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "null",
        "[" * 100_000,
        '{"choices": {}}',
        '{"choices": [null]}',
        '{"choices": Infinity}',
        "data: nonsense",
        message(content=[1]),
        message(content={"text": "x"}),
        message(tool_calls={}),
        body(message="x"),
    ],
)
def test_a_response_without_text_is_unreadable(answer: str) -> None:
    assert read_completion(answer) == Reply(fault=UNREADABLE)


COUNTS = [("12", 12), (7.0, 7), (-1, None), (10**30, None), ("many", None), (1.5, None), (True, None)]


@pytest.mark.parametrize(("count", "tokens"), COUNTS)
def test_only_whole_numbers_of_tokens_are_read(count: object, tokens: int | None) -> None:
    answer = {**json.loads(message(content=TEXT)), "usage": {"prompt_tokens": count}}
    assert read_completion(json.dumps(answer)) == Reply(TEXT, tokens_in=tokens)


def test_lone_surrogates_are_replaced() -> None:
    assert read_completion(message(content="x").replace('"x"', r'"Dra\ud800ma"')).content == "Dra?ma"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (body(error={"code": 429, "message": "slow down"}), 429),
        (json.dumps({"object": "error", "message": "no such model", "code": 404}), 404),
        (json.dumps({"object": "error", "message": "busy", "code": 50001}), 500),
        (json.dumps([{"error": {"code": 503}}]), 503),
        (json.dumps({"error": {"status": "RESOURCE_EXHAUSTED"}}), 429),
        (json.dumps({"error": "Rate limit exceeded, try later"}), 429),
        (json.dumps({"error": {"code": "invalid_api_key"}}), 401),
        (json.dumps({"error": {"code": 4291111}}), None),
        (json.dumps({"error": None, "choices": []}), None),
        (message(content=TEXT), None),
        (json.dumps({**json.loads(message(content=TEXT)), "error": {"code": 500}}), None),
    ],
)
def test_the_status_of_an_error_inside_a_body_is_read(answer: str, status: int | None) -> None:
    assert status_in(answer) == status


def test_an_error_without_a_status_is_an_error() -> None:
    assert error_in('{"error": "Unexpected endpoint"}') == "Unexpected endpoint"
    assert error_in(message(content=TEXT)) is None
