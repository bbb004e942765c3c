"""Right answers in odd wrapping, as models give them that people run themselves."""

import json
import re

import pytest

from insights.summaries.answer import _without_thoughts, read_answer
from insights.summaries.check import Sentence
from insights.summaries.facts import Claim
from insights.summaries.prompt import SCHEMA

SAID = Sentence("{f1} has {f1.mean}.", (Claim("greater", ("f1.mean",), ("f2.mean",)),))
OTHER = Sentence("{f2} has {f2.mean}.")
FIELDS = {
    "sentences": [
        {"text": SAID.text, "claims": [{"kind": "greater", "of": ["f1.mean"], "than": ["f2.mean"]}]},
        {"text": OTHER.text, "claims": []},
    ]
}
ANSWER = json.dumps(FIELDS)
DRAFT = '{"sentences": [{"text": "{f9} is a draft."}, {"text": "{f8} is a draft."}]}'


@pytest.mark.parametrize("tag", ["<think>", "[THINK]", "◁think▷"])
def test_a_model_that_only_repeats_the_beginning_of_a_thought_has_answered_nothing(tag: str) -> None:
    """A pattern with a search for each end took minutes."""
    assert read_answer(tag * 50_000) is None
    assert read_answer(f"{tag * 50_000}</thought>{ANSWER}") == [SAID, OTHER]


@pytest.mark.parametrize(
    ("content", "rest"),
    [
        ("A <think>b</think> C", ["A", "C"]),
        ("a <think>b</think> c</think> D", ["D"]),
        ("<think>a</think> B <think> C", ["B", "<think>", "C"]),
    ],
)
def test_thoughts_are_removed_and_what_stands_outside_them_is_kept_once(content: str, rest: list[str]) -> None:
    assert _without_thoughts(content).split() == rest


@pytest.mark.parametrize(
    "content",
    [
        f"```json\n{ANSWER}\n```",
        f"The user wants JSON, {DRAFT}.\n</think>\n\n{ANSWER}",
        f"Here is my answer:\n\n{ANSWER}\n\nI hope that {{helps}}!",
        f"{ANSWER}<|im_end|>",
        f"\ufeff{ANSWER}",
        json.dumps(FIELDS["sentences"]),
        f"<think>{DRAFT}</think>```JSON\n{ANSWER}",
        f"<reasoning>{DRAFT}</reasoning>{ANSWER}",
        f"[THINK]{DRAFT}[/THINK]{ANSWER}",
        f"◁think▷{DRAFT}◁/think▷{ANSWER}",
        f"{ANSWER}\n<think>Was it {DRAFT}?</think>",
        f"<|channel|>analysis<|message|>{DRAFT}<|end|><|channel|>final<|message|>{ANSWER}<|return|>",
        f'<tool_call>\n{{"name": "summary", "arguments": {ANSWER}}}\n</tool_call>',
        json.dumps({"name": "summary", "arguments": ANSWER}),
        json.dumps({"answer": FIELDS}),
        json.dumps({"type": "object", "properties": FIELDS}),
        json.dumps({"sentences": dict(enumerate(FIELDS["sentences"]))}),
        f"{json.dumps(SCHEMA)}\n{ANSWER}",
        f"{ANSWER}\n{json.dumps(SCHEMA)}",
        json.dumps(ANSWER),
        ANSWER.replace("]}", "],}").replace("}]", "},]"),
        ANSWER.replace('"', "”"),
        ANSWER.replace('"', "&quot;"),
        ANSWER.replace('"', '\\"'),
        ANSWER.replace("text", "Text").replace("claims", "Claims").replace("greater", "GREATER"),
        ANSWER.replace('"text"', '"sentence"'),
        re.sub(r"\{(f\d[.a-z]*)\}", r"{{\1}}", ANSWER),
        str(FIELDS),
        "\n".join(json.dumps(entry) for entry in FIELDS["sentences"]),
        json.dumps({"sentences": [{"claims": []}, *FIELDS["sentences"], {"text": None}, 7]}),
    ],
)
def test_json_is_found_in_any_wrapping(content: str) -> None:
    assert read_answer(content) == [SAID, OTHER]


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"text": OTHER.text}),
        json.dumps([OTHER.text]),
        json.dumps({"sentences": [OTHER.text]}),
        f'{{"sentences": [{{"text": "{OTHER.text}"}}, {{"text": "cut o',
    ],
)
def test_a_sentence_alone_or_before_a_cut_is_read(content: str) -> None:
    assert read_answer(content) == [OTHER]


@pytest.mark.parametrize("claims", [{}, "none", ["greater f1.mean"], [{"kind": "greater"}], [{"kind": 1, "of": ["x"]}]])
def test_a_sentence_keeps_none_of_its_unreadable_claims(claims: object) -> None:
    assert read_answer(json.dumps({"sentences": [{"text": OTHER.text, "claims": claims}]})) == [OTHER]


def test_a_line_break_inside_a_text_is_read() -> None:
    assert read_answer('{"sentences": [{"text": "{f1}\n has {f1.mean}."}]}') == [Sentence("{f1}\n has {f1.mean}.")]


@pytest.mark.parametrize(
    "content", ["", "null", '{"sentences": []}', "1. {f1} has {f1.mean}.", '{"a": ' * 900, "[" * 9999]
)
def test_an_answer_without_sentences_is_none(content: str) -> None:
    assert read_answer(content) is None
