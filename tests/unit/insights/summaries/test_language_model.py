import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from insights.summaries import language_model as lm
from insights.summaries.completion import CUT_OFF, NOTHING_SAID, UNREADABLE, Reply
from insights.summaries.language_model import HttpModel, ModelSettings
from insights.summaries.prompt import SCHEMA
from pipeline import aws
from pipeline.api_key import HIDDEN
from tests.openai_server import Answer, Behaviour, ChatServer, Request, chat_server, completion, failing

KEY = "sk-secret-of-the-test"
MESSAGES = [{"role": "user", "content": json.dumps({"question": "?", "facts": []})}]
GOOD = completion("fine")


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with chat_server(lambda _: GOOD) as running:
        yield running


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lm, "FIRST_WAIT_SECONDS", 0.001)


def settings(server: ChatServer) -> ModelSettings:
    return ModelSettings(KEY, "fake-1", server.url, timeout_seconds=5, max_retries=1)


def ask(server: ChatServer) -> Reply:
    return HttpModel(settings(server)).ask(MESSAGES, SCHEMA)


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """Behave one way after the other, a request each; the last one stays."""
    left = list(behaviours)

    def behave(request: Request) -> Answer:
        behaviour = left.pop(0) if len(left) > 1 else left[0]
        return behaviour(request)

    return behave


def test_an_answer_comes_with_the_tokens_the_service_counts(server: ChatServer) -> None:
    assert ask(server) == Reply("fine", tokens_in=1000, tokens_out=100)
    (request,) = server.requests
    assert request["model"] == "fake-1"
    assert request["response_format"]["json_schema"]["schema"] == SCHEMA
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"


def test_no_proxy_gets_the_key_of_a_model_on_this_machine(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with chat_server(lambda _: GOOD) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url.removesuffix("/v1"))

        assert ask(server).content == "fine"
        assert (len(server.requests), proxy.requests) == (1, [])


@pytest.mark.parametrize(
    ("behaviour", "fault", "ask_again", "requests"),
    [
        (failing(401, f"Incorrect API key provided: {KEY}"), lm.KEY_REFUSED, False, 1),
        (failing(403), lm.KEY_REFUSED, False, 1),
        (failing(404), lm.NOT_FOUND, False, 2),
        (failing(429, retry_after="0"), lm.LIMIT_REACHED, False, 2),
        (failing(500), lm.SERVICE_FAILED, False, 3),
        (failing(400), lm.REQUEST_REFUSED, False, 2),
        (lambda _: Answer("<html>busy</html>", 503, "text/html", {}), lm.SERVICE_FAILED, False, 2),
        (lambda _: Answer("no", 400, "text/plain; charset=hex", {}), lm.REQUEST_REFUSED, False, 2),
        (lambda _: replace(GOOD, announced=10), lm.NOT_REACHED, False, 2),
        (lambda _: Answer("<html>hello</html>", media_type="text/html"), UNREADABLE, True, 1),
        (lambda _: Answer(GOOD.body[:40]), UNREADABLE, True, 1),
        (lambda _: Answer("", 204), UNREADABLE, True, 1),
        (lambda _: Answer("[1, 2]"), UNREADABLE, True, 1),
        (lambda _: Answer('{"choices": []}'), UNREADABLE, True, 1),
        (lambda _: Answer('{"choices": [{"message": {"content": [1]}}]}'), UNREADABLE, True, 1),
        (lambda _: completion(None), UNREADABLE, True, 1),
        (lambda _: completion("x" * lm.MAX_BODY_BYTES), lm.NOT_REACHED, False, 1),
        (lambda _: completion('{"sent', "length"), CUT_OFF, True, 1),
        (lambda _: completion("", "content_filter"), NOTHING_SAID, True, 1),
        (lambda _: completion("x", refusal="I cannot help with that."), NOTHING_SAID, True, 1),
    ],
)
def test_errors_have_fixed_messages(
    server: ChatServer, behaviour: Behaviour, fault: str, ask_again: bool, requests: int
) -> None:
    server.behaviour = behaviour

    reply = ask(server)

    assert (reply.content, reply.fault, reply.ask_again) == ("", fault, ask_again)
    assert len(server.requests) == requests


def test_a_short_rate_limit_is_waited_for(server: ChatServer) -> None:
    server.behaviour = in_turn(failing(429, retry_after="0"), lambda _: GOOD)
    assert ask(server).content == "fine"


def test_a_rate_limit_longer_than_the_questions_time_is_reported_as_one(server: ChatServer) -> None:
    server.behaviour = failing(429, retry_after="100")
    model = HttpModel(replace(settings(server), question_seconds=3))
    assert model.ask(MESSAGES, SCHEMA) == Reply(fault=lm.LIMIT_REACHED, ask_again=False)


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": None, "completion_tokens": None}])
def test_tokens_are_null_when_the_service_reports_none(server: ChatServer, usage: object) -> None:
    server.behaviour = lambda _: Answer(json.dumps({**json.loads(GOOD.body), "usage": usage}))
    assert ask(server) == Reply("fine")


def test_any_2xx_status_is_a_success(server: ChatServer) -> None:
    server.behaviour = lambda _: replace(GOOD, status=201)
    assert ask(server).content == "fine"


@pytest.mark.parametrize("status", sorted(lm.SCHEMA_REFUSALS))
def test_a_service_that_rejects_schemas_is_asked_without_them_from_then_on(server: ChatServer, status: int) -> None:
    def refuses_schemas(request: Request) -> Answer:
        return failing(status)(request) if "response_format" in request else GOOD

    server.behaviour = refuses_schemas
    model = HttpModel(settings(server))

    assert [model.ask(MESSAGES, SCHEMA).content for _ in range(2)] == ["fine", "fine"]
    assert ["response_format" in request for request in server.requests] == [True, False, False]


def test_only_parameters_that_all_models_accept_are_sent(server: ChatServer) -> None:
    ask(server)
    server.behaviour = failing(400)
    ask(server)
    sent = {key for request in server.requests for key in request}
    assert sent == {"model", "messages", "max_completion_tokens", "response_format"}


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        ({"code": 429, "message": "slow down"}, lm.LIMIT_REACHED),
        ({"code": "429"}, lm.LIMIT_REACHED),
        ({"code": "rate_limit_exceeded"}, lm.LIMIT_REACHED),
        ({"type": "insufficient_quota", "code": None}, lm.LIMIT_REACHED),
        ({"code": "invalid_api_key"}, lm.KEY_REFUSED),
        ({"message": "it broke"}, lm.SERVICE_FAILED),
        ("model is loading", lm.SERVICE_FAILED),
    ],
)
def test_an_error_in_a_200_response_is_an_error(server: ChatServer, error: object, fault: str) -> None:
    server.behaviour = lambda _: Answer(json.dumps({"error": error}))
    assert ask(server) == Reply(fault=fault, ask_again=False)


@pytest.mark.parametrize("answer", [failing(404), failing(405), lambda _: Answer('{"error": "Unexpected endpoint"}')])
def test_a_base_url_without_a_version_is_named_in_the_error(server: ChatServer, answer: Behaviour) -> None:
    server.behaviour = answer
    without = replace(settings(server), base_url=server.url.removesuffix("/v1"))
    assert HttpModel(without).ask(MESSAGES, SCHEMA).fault == lm.NO_VERSION


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_missing_certificates_raise_nothing(server: ChatServer, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "/nowhere/certificates.pem")
    assert ask(server).fault in {"", lm.BAD_ENVIRONMENT}


@pytest.mark.parametrize("organization", ["", "org-é", "org\n", " ", "\x00"])
def test_an_organization_that_is_no_valid_header_is_not_sent(server: ChatServer, organization: str) -> None:
    model = HttpModel(replace(settings(server), organization=organization))
    assert model.ask(MESSAGES, SCHEMA).content == "fine"
    assert "openai-organization" not in server.headers[0]


def test_the_sdk_takes_nothing_from_the_environment(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_KEY", "ADMIN_KEY", "ORG_ID", "PROJECT_ID", "WEBHOOK_SECRET"):
        monkeypatch.setenv(f"OPENAI_{name}", "from-the-environment-é")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: from-the-environment\nX-Other: from-the-environment")

    model = HttpModel(replace(settings(server), api_key=None, organization="org-1"))

    assert model.ask(MESSAGES, SCHEMA).content == "fine"
    assert server.headers[0]["openai-organization"] == "org-1"
    assert "from-the-environment" not in str(server.headers)


def test_reports_without_a_model_do_not_load_the_sdk() -> None:
    code = "import sys, insights.summaries.language_model, insights.summaries.summarise; print('openai' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "False"


def test_a_model_on_this_machine_needs_no_key(server: ChatServer) -> None:
    model = lm.language_model(ModelSettings(None, "llama", server.url))
    assert model is not None
    assert model.ask(MESSAGES, SCHEMA).content == "fine"
    assert "authorization" not in server.headers[0]


@pytest.mark.parametrize(
    ("models", "date"),
    [
        ([{"id": "fake-1", "shutdown_date": "2027-01-14"}], "2027-01-14"),
        ([{"id": "fake-1", "shutdown_date": None}], ""),
        ([{"id": "fake-1"}, {"id": "other", "shutdown_date": "2027-01-14"}], ""),
        ([{"id": "fake-1", "shutdown_date": "soon <b>"}, "odd"], ""),
    ],
)
def test_a_models_shutdown_date_is_read_from_the_service(server: ChatServer, models: list[Any], date: str) -> None:
    server.models = models
    assert HttpModel(settings(server)).shutdown_date() == date


@pytest.mark.parametrize("answer", [replace(GOOD, stall=True), replace(GOOD, drip=True)], ids=["stalls", "drips"])
def test_a_service_that_never_finishes_times_out_and_is_not_asked_again(server: ChatServer, answer: Answer) -> None:
    server.behaviour = lambda _: answer
    model = HttpModel(replace(settings(server), question_seconds=2, report_seconds=2))

    assert model.ask(MESSAGES, SCHEMA) == Reply(fault=lm.TOO_SLOW, ask_again=False)
    assert model.ask(MESSAGES, SCHEMA) == Reply(fault=lm.TOO_SLOW, ask_again=False)
    assert len(server.requests) == 1


def test_a_request_that_times_out_is_retried_a_limited_number_of_times(server: ChatServer) -> None:
    server.behaviour = lambda _: replace(GOOD, stall=True)
    model = HttpModel(replace(settings(server), timeout_seconds=1))

    assert model.ask(MESSAGES, SCHEMA).fault == lm.TOO_SLOW
    assert len(server.requests) == 2


def test_an_unreachable_service_is_reported_as_a_reason() -> None:
    with chat_server() as server:
        gone = replace(settings(server), max_retries=0)
    assert HttpModel(gone).ask(MESSAGES, SCHEMA).fault == lm.NOT_REACHED


def test_the_key_is_never_shown(server: ChatServer, caplog: pytest.LogCaptureFixture) -> None:
    server.behaviour = failing(401, f"Incorrect API key provided: {KEY}")
    with caplog.at_level(logging.DEBUG):
        reply = ask(server)

    assert KEY not in repr(reply) + repr(settings(server)) + caplog.text


@pytest.mark.parametrize("key", ["sk-é", "sk-\nx", "sk ", "\x00"])
def test_a_key_that_is_no_valid_header_is_rejected_before_it_is_sent(server: ChatServer, key: str) -> None:
    model = HttpModel(replace(settings(server), api_key=key))
    assert model.ask(MESSAGES, SCHEMA) == Reply(fault=lm.KEY_REFUSED, ask_again=False)
    assert server.requests == []


@pytest.mark.parametrize("address", ["no address", "http://[::1", "ftp://127.0.0.1/v1", "http://127.0.0.1:99999/v1"])
def test_an_invalid_address_is_reported_as_a_reason(address: str) -> None:
    model = HttpModel(ModelSettings(KEY, "fake-1", address, max_retries=0))
    assert model.ask(MESSAGES, SCHEMA).fault == lm.NO_ADDRESS


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("http://model.example/v1", lm.PLAIN_HTTP),
        ("http://10.0.0.1/v1", lm.PLAIN_HTTP),
        ("https://user:word@model.example/v1", lm.NO_ADDRESS),
    ],
)
def test_the_key_travels_to_https_only_and_shows_no_password(address: str, fault: str) -> None:
    model = HttpModel(ModelSettings(KEY, "fake-1", address, max_retries=0))
    assert model.ask(MESSAGES, SCHEMA) == Reply(fault=fault, ask_again=False)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_neither_key_nor_question_follows_a_redirect(server: ChatServer, status: int) -> None:
    with chat_server(lambda _: GOOD) as elsewhere:
        server.behaviour = lambda _: Answer("", status, headers={"Location": f"{elsewhere.url}/chat/completions"})

        reply = ask(server)

        assert (reply.content, reply.ask_again) == ("", False)
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    "answer",
    [replace(GOOD, endless=True), replace(GOOD, headers={"Content-Encoding": "gzip"})],
    ids=["without an end", "packed, though asked not to be"],
)
def test_a_response_without_a_known_size_is_not_read(server: ChatServer, answer: Answer) -> None:
    server.behaviour = lambda _: answer

    assert ask(server).fault == lm.NOT_REACHED
    assert server.headers[0]["accept-encoding"] == "identity"


def test_a_key_echoed_by_the_service_is_removed(server: ChatServer) -> None:
    server.behaviour = lambda request: completion(f"You asked with {KEY}.")

    assert ask(server).content == f"You asked with {HIDDEN}."


@pytest.mark.parametrize("given", [ModelSettings(), ModelSettings("", "m"), ModelSettings("k", "")])
def test_without_key_or_name_there_is_no_model(given: ModelSettings) -> None:
    assert lm.language_model(given) is None


@pytest.mark.parametrize(("own", "expected"), [(KEY, KEY), ("", "sk-of-the-secret")])
def test_the_secret_has_the_key_where_the_environment_has_none(
    own: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = SimpleNamespace(get_secret_value=lambda SecretId: {"SecretString": f" {SecretId}\n"})  # noqa: N803
    monkeypatch.setattr(aws, "client", lambda _: secrets)
    monkeypatch.setenv("OPENAI_API_KEY", own)
    monkeypatch.setenv("OPENAI_SECRET_ID", "sk-of-the-secret")

    model = lm.model()

    assert model
    assert model._settings.api_key == expected


@pytest.mark.parametrize(("entry", "answer"), [("text", "text"), ({"a": 1}, None), (None, None)])
def test_a_cached_entry_is_text_or_none(entry: object, answer: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "client", lambda _: None)
    monkeypatch.setattr(aws, "get_json", lambda *_: entry)

    assert lm.GoldCache("gold").get("0a" * 32) == answer
