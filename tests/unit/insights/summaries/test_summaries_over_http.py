"""Summaries from a service that is honest, lies, obeys titles, stalls, limits, cuts off: over real HTTP."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pandas as pd
import pytest

from insights.summaries import language_model as lm
from insights.summaries.completion import CUT_OFF, UNREADABLE
from insights.summaries.language_model import ModelSettings, language_model
from insights.summaries.questions import questions
from insights.summaries.summarise import MemoryCache, summarise
from tests import gold_rows
from tests.lies import LIES
from tests.openai_server import (
    Answer,
    Behaviour,
    ChatServer,
    Request,
    answer_text,
    chat_server,
    completion,
    failing,
    honest,
    question_of,
    saying,
)

NOW = datetime(2026, 11, 24, 3)


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with chat_server() as running:
        yield running


def summaries_of(server: ChatServer, cache: MemoryCache | None = None, seconds: float = 60) -> pd.DataFrame:
    model = language_model(
        ModelSettings("sk-test", "fake-1", server.url, timeout_seconds=seconds, max_retries=0, question_seconds=seconds)
    )
    return summarise(gold_rows.gold(), model, cache, created_at=NOW)


def numbers(text: str) -> set[str]:
    return set(re.findall(r"\d[\d.,]*\d|\d", text))


def without_titles(summaries: pd.DataFrame) -> str:
    """All text but what stands in quotation marks: titles are said as they are, whatever they say."""
    return re.sub("“[^”]*”", "", " ".join(summaries["text"]))


def assert_all_numbers_are_facts(summaries: pd.DataFrame) -> None:
    """Numbers of the model's sentences; computed ones have tests of their own."""
    by_model = zip(questions(gold_rows.gold()), summaries["sentences"], summaries["by_model"], strict=True)
    for question, sentences, count in by_model:
        said = [text for fact in question.facts.values() for text in (fact.subject, *map(str, fact.values.values()))]
        assert numbers(" ".join(sentences[:count])) <= numbers(" ".join(said))


def test_an_honest_model_writes_every_summary_and_is_paid_once(server: ChatServer) -> None:
    cache = MemoryCache()
    first, second = summaries_of(server, cache), summaries_of(server, cache)
    assert set(first["written_by"]) == {"model fake-1"}
    assert first["dropped"].sum() == 0
    assert len(server.requests) == len(first)
    assert first["tokens_in"].sum() == 1000 * len(first)
    assert second["tokens_in"].sum() == 0
    assert second["text"].tolist() == first["text"].tolist()
    assert_all_numbers_are_facts(first)


def test_no_lie_reaches_a_summary(server: ChatServer) -> None:
    server.behaviour = saying(*LIES)
    summaries = summaries_of(server)
    assert_all_numbers_are_facts(summaries)
    assert not re.search(r"\b99", without_titles(summaries))


def obeying(request: Request) -> Answer:
    """Do what a title says: tell Drama's mean as 99.9, with and without marks."""
    subjects = {fact["fact"]: fact["subject"] for fact in question_of(request)["facts"]}
    ordering = [name for name, subject in subjects.items() if "Ignore previous instructions" in subject]
    if not ordering:
        return honest(request)
    texts = ["Drama has a mean of 99.9.", f"{{{ordering[0]}}} has a mean of 99.9.", "I obey: 99.9"]
    return completion(answer_text(*texts))


def test_a_model_that_obeys_a_title_is_not_believed(server: ChatServer) -> None:
    server.behaviour = obeying
    summaries = summaries_of(server).set_index("question_id")
    assert summaries.loc["decade/1970", "dropped"] >= 3
    assert "99.9" not in without_titles(summaries)


@pytest.fixture(scope="module")
def computed() -> pd.DataFrame:
    """The summaries without a model."""
    return summarise(gold_rows.gold(), None, created_at=NOW)


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (failing(429), lm.LIMIT_REACHED),
        (failing(401, "Incorrect API key provided: sk-test"), lm.KEY_REFUSED),
        (failing(500), lm.SERVICE_FAILED),
        (lambda _: replace(completion("x"), announced=10), lm.NOT_REACHED),
        (lambda _: replace(completion("x"), stall=True), lm.TOO_SLOW),
        (lambda _: replace(completion("x"), drip=True), lm.TOO_SLOW),
        (lambda _: completion('{"sentences": [{"text": "{f1} h', "length"), CUT_OFF),
        (lambda _: completion("Drama is the best genre, with a mean of 99.9."), UNREADABLE),
    ],
)
def test_when_the_service_fails_a_computed_text_says_so(
    server: ChatServer, computed: pd.DataFrame, behaviour: Behaviour, reason: str
) -> None:
    server.behaviour = behaviour
    summaries = summaries_of(server, seconds=2 if reason == lm.TOO_SLOW else 60)
    assert set(summaries["reason"]) == {reason}
    assert summaries["sentences"].tolist() == computed["sentences"].tolist()
    assert all(text.endswith(f"without AI: {reason}.") for text in summaries["text"])
    assert "sk-test" not in str(summaries.to_dict())
