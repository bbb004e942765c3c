"""Planted keys are used by a run and a report with every fault, then searched for in everything the stack stores."""

from __future__ import annotations

import json
import secrets
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from insights.reports import notebooks, publish
from insights.reports.store import BucketStore, FolderStore, Store
from pipeline import aws
from pipeline.api_key import HIDDEN
from reelhouse.local import stack as local_stack
from reelhouse.stack import Stack
from tests import everywhere
from tests.fake_omdb import FakeOmdb, Query
from tests.openai_server import Answer, Request, answer_text, chat_server, completion, failing
from tests.running import run_to_the_end, wait_until

FILMS = 8
MODEL_SECRET = "planted-language-model-key"


def put_key(stack: Stack, value: str) -> None:
    aws.client("secretsmanager").put_secret_value(SecretId=stack["OmdbSecretName"], SecretString=value)


@contextmanager
def asking(stack: Stack, url: str) -> Iterator[None]:
    """Let EnrichAndStoreMovie ask another OMDb for the length of a block."""
    client, name = aws.client("lambda"), stack["EnrichAndStoreMovieName"]
    before = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]

    def point_at(address: str) -> None:
        client.update_function_configuration(
            FunctionName=name, Environment={"Variables": before | {"OMDB_URL": address}}
        )
        wait_until(lambda: client.get_function_configuration(FunctionName=name)["LastUpdateStatus"] == "Successful")

    point_at(url)
    try:
        yield
    finally:
        point_at(before["OMDB_URL"])


class EchoingOmdb(FakeOmdb):
    """Repeats the key in every answer: in faults first, each film another, and then in what is final."""

    def __init__(self, stack: Stack, old: str, new: str) -> None:
        super().__init__()
        self.stack, self.old, self.new = stack, old, new
        self.asked_for: Counter[str] = Counter()
        self.places: dict[str, int] = {}
        self.lock = threading.Lock()
        self.reply = lambda query, nth: self.answer(query)

    def answer(self, query: Query) -> tuple[int, bytes]:
        key, film = query["apikey"], query["i"]
        if key == self.old:
            # Later than the moment within which threads share one look at the secret.
            self.over.wait(2.5)
            put_key(self.stack, self.new)
            return 401, json.dumps({"Response": "False", "Error": f"Invalid API key! {key}"}).encode()
        with self.lock:
            self.asked_for[film] += 1
            nth, number = self.asked_for[film], self.places.setdefault(film, len(self.places))
        if nth == 1:
            return self.fault(number, key)
        return 200, self.last(number, film, key)

    def fault(self, number: int, key: str) -> tuple[int, bytes]:
        page = f"<html>apikey={key}</html>".encode()
        if number % 4 == 0:
            self.over.wait(16)  # longer than anybody waits for an answer
        return [(200, page), (503, page), (302, page), (200, f"GET /?apikey={key}".encode())][number % 4]

    def last(self, number: int, film: str, key: str) -> bytes:
        record = {"Response": "True", "imdbID": film, "Title": f"Film {number}", "Type": "movie", "Year": "1994"}
        return [
            json.dumps(
                record | {"Plot": f"A film that was asked for with {key}.", "Poster": f"https://x/?apikey={key}"}
            ),
            json.dumps({"Response": "False", "Error": f"No such film for {key}"}),
            f'{{"Response": "True", apikey={key}',
            json.dumps(record | {key: key}),
        ][number % 4].encode()


@pytest.fixture
def planted(stack: Stack) -> Iterator[tuple[str, str]]:
    """Two keys, the first of which is replaced by the second during the run; its films are fetched anew afterwards."""
    yield secrets.token_hex(8), secrets.token_hex(8)
    put_key(stack, local_stack.SAMPLE_KEY)
    assert run_to_the_end(stack, FILMS, FILMS).status == "complete"


@pytest.fixture
def model_key(stack: Stack) -> Iterator[str]:
    """A language model's key, where RunReports reads its own."""
    key = f"sk-{secrets.token_hex(12)}"
    aws.client("secretsmanager").create_secret(Name=MODEL_SECRET, SecretString=key)
    yield key
    aws.client("secretsmanager").delete_secret(SecretId=MODEL_SECRET, ForceDeleteWithoutRecovery=True)


def run_with_an_omdb_that_tells(stack: Stack, planted: tuple[str, str]) -> EchoingOmdb:
    omdb = EchoingOmdb(stack, *planted)
    threading.Thread(target=omdb.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    put_key(stack, planted[0])
    omdb.headers = {"Location": f"{omdb.url}elsewhere?apikey={planted[1]}"}
    try:
        with asking(stack, omdb.url):
            report = run_to_the_end(stack, FILMS, 4)
    finally:
        omdb.over.set()
        omdb.server.shutdown()
    assert (report.status, report.stored, report.rejected) == ("complete", FILMS // 2, FILMS // 2)
    return omdb


def report_with_a_model_that_tells(key: str, folder: Path, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run notebook 04 with a service that repeats the key in answers and errors; gives how often it was asked."""
    asked: list[str] = []

    def behave(request: Request) -> Answer:
        asked.append(json.dumps(request))
        answers: list[Any] = [
            completion(f"The key is {key}."),
            completion(answer_text(f"{{f1.mean}} by {key}")),
            Answer(f"<html>{key}</html>", 200, "text/html"),
            failing(500, f"failed for {key}", retry_after_ms="1")(request),
        ]
        return (
            answers[len(asked) - 1]
            if len(asked) <= len(answers)
            else failing(401, f"Incorrect API key: {key}")(request)
        )

    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("OPENAI_SECRET_ID", MODEL_SECRET)
    with chat_server(behave) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        chosen = notebooks.choose(notebooks.discover(), ["04_summaries"])
        stores: list[Store] = [FolderStore(folder), BucketStore(stack["GoldBucketName"])]
        (published,) = publish.run(chosen, {}, stack.lake(), stores)
        assert published.succeeded, published.report["error"]
        assert all(headers["authorization"] == f"Bearer {key}" for headers in server.headers)
    return len(asked)


def test_planted_keys_are_found_nowhere(
    stack: Stack, planted: tuple[str, str], model_key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = datetime.now(UTC)
    omdb = run_with_an_omdb_that_tells(stack, planted)
    assert report_with_a_model_that_tells(model_key, tmp_path, stack, monkeypatch) > 4

    films = sorted(omdb.places, key=lambda film: omdb.places[film])
    searched: Counter[str] = Counter()
    hidden = 0
    pieces = {
        "objects": everywhere.objects(since),
        "log lines": everywhere.log_lines(since),
        "files": everywhere.files(tmp_path),
        "messages": everywhere.messages(stack),
        "configuration": everywhere.configuration(),
        "processes": everywhere.processes(),
        "commands": everywhere.output(
            "status",
            "doctor --json",
            "redrive --peek",
            "table movies --json",
            "status --json",
            *(f"trace {film}" for film in films[:3]),
        ),
    }
    for kind, contents in pieces.items():
        for where, content in contents:
            searched[kind] += 1
            hidden += HIDDEN.encode() in content
            assert not [key for key in (*planted, model_key) if key.encode() in content], where

    assert all(searched[kind] > 5 for kind in searched), searched
    # What was taken out left its mark: the answers did hold the key.
    assert hidden > FILMS // 2
    # The search would find them: they are where they belong, and were used.
    assert {query["apikey"] for query in omdb.asked} == set(planted)
    assert omdb.paths == {"/"}, "a redirect was followed"
    assert read_secret(stack["OmdbSecretName"]) == planted[1]
    assert read_secret(MODEL_SECRET) == model_key


def read_secret(name: str) -> Any:
    return aws.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
