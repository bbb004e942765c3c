"""Clients of the local stack reach it whatever the user's environment and AWS files contain."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipeline import aws, settings
from reelhouse import stack
from reelhouse.local import deploy, state
from reelhouse.local import stack as local_stack
from reelhouse.local.state import Process, State

PERSONAL = {
    "AWS_PROFILE": "work", "AWS_DEFAULT_PROFILE": "work", "AWS_SESSION_TOKEN": "token", "AWS_REGION": "us-east-1",
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9", "AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:9",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_CA_BUNDLE": "/nowhere", "AWS_STS_REGIONAL_ENDPOINTS": "nonsense", "AWS_RETRY_MODE": "nonsense",
    "AWS_MAX_ATTEMPTS": "0", "AWS_DATA_PATH": "/nowhere", "AWS_ROLE_ARN": "arn:aws:iam::1:role/x",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere",
    "HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9",
}  # fmt: skip
CONFIGURATION = ["[profile work]\nregion = us-east-1\nendpoint_url = http://127.0.0.1:9\n", "[default\nbroken", "\0"]


class Answers(BaseHTTPRequestHandler):
    """An endpoint that has no buckets, and notes who asked."""

    credentials: list[str]

    def do_GET(self) -> None:
        self.credentials.append(self.headers["Authorization"])
        body = b"<ListAllMyBucketsResult><Buckets></Buckets></ListAllMyBucketsResult>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def endpoint() -> Iterator[ThreadingHTTPServer]:
    Answers.credentials = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def current(endpoint: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[State]:
    """A state whose emulator is the endpoint; the environment is a person's with everything set."""
    state = State(ministack=Process(1, 0.0, endpoint.server_port))
    for name in {*state.connection(), *stack.without_proxy()}:
        monkeypatch.setenv(name, "to be restored")
    for name, value in PERSONAL.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "internal.example")
    (tmp_path / ".aws").mkdir()
    yield state
    aws.forget_clients()


@pytest.mark.parametrize("configuration", CONFIGURATION, ids=["profile", "broken", "binary"])
def test_clients_reach_the_local_stack_as_its_user(current: State, tmp_path: Path, configuration: str) -> None:
    for name in ("config", "credentials"):
        (tmp_path / ".aws" / name).write_text(configuration)

    stack.use(current)

    s3 = aws.client("s3")
    assert s3.list_buckets()["Buckets"] == []
    assert s3.meta.region_name == "eu-central-1"
    assert f"Credential={current.access_key_id}/" in Answers.credentials[0]
    assert aws.client("sqs").meta.endpoint_url == current.connection()["AWS_ENDPOINT_URL"]


def test_clients_are_kept_until_the_environment_points_elsewhere(
    current: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.use(current)
    s3 = aws.client("s3")

    stack.use(current)
    assert aws.client("s3") is s3

    monkeypatch.setenv("AWS_PROFILE", "another")
    stack.use(current)
    assert aws.client("s3") is not s3


def test_what_children_inherit_is_the_local_stack_alone(current: State) -> None:
    stack.use(current)

    aws_names = set(settings.names_starting_with("AWS_"))
    assert aws_names == {name for name in current.connection() if name.startswith("AWS_")}
    assert settings.variable("NO_PROXY") == settings.variable("no_proxy") == "internal.example,127.0.0.1,localhost"
    assert settings.variable("HTTP_PROXY"), "other hosts may need the proxy"


def test_sam_gets_no_setting_of_a_persons_own(current: State, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SAM_CLI_CONTAINER_CONNECTION_TIMEOUT", "PYTHONPATH", "PYTHONHOME", "MAKEFLAGS", "OMDB_API_KEY"):
        monkeypatch.setenv(name, "mine")
    stack.use(current)

    environment = deploy._environment()

    assert environment["__SAM_CLI_APP_DIR"] == str(state.home() / "sam"), "SAM writes into it, else into ~/.aws-sam"
    assert "mine" not in environment.values()
    assert environment["AWS_ENDPOINT_URL"] == current.connection()["AWS_ENDPOINT_URL"]
    assert not PERSONAL.keys() & environment.keys() - {"AWS_REGION", "HTTP_PROXY", "http_proxy", "ALL_PROXY"}


def test_functions_get_no_setting_of_a_persons_own(current: State) -> None:
    environment = local_stack._environment()

    assert not PERSONAL.keys() & environment.keys()
    assert environment["AWS_CONFIG_FILE"] == environment["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
