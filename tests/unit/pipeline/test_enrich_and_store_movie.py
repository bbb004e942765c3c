"""Step 2 without AWS: an exception in one film or message does not stop the others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline import aws, keys, messages
from pipeline import enrich_and_store_movie as step
from pipeline.errors import OmdbQuotaSpent, OmdbUnavailable, UnexpectedFailure
from pipeline.omdb import Found, OmdbClient
from pipeline.runs import Manifest
from pipeline.settings import EnrichAndStoreMovieSettings
from tests.exceptions import EXCEPTIONS, an_instance

GOOD_RUN, BAD_RUN = "20261124T030000Z-1a2b3c4d", "20261124T040000Z-1a2b3c4d"
A, B, C = "tt0000001", "tt0000002", "tt0000003"
SETTINGS = EnrichAndStoreMovieSettings("bronze", "queue", "https://omdb", "secret")


def manifest(run_id: str, *ids: str) -> bytes:
    return Manifest(
        run_id=run_id,
        started_at="2026-11-24T03:00:00Z",
        source_uri="",
        source_etag=None,
        source_sha256="",
        top_n=1,
        batch_size=1,
        messages=1,
        expected=dict.fromkeys(ids, 1),
        skipped=[],
        code_version="",
    ).to_json()


def message(run_id: str, imdb_id: str) -> messages.QueueMessage:
    body = json.dumps(messages.make(run_id, [{"id": imdb_id, "rank": "1"}], 1)[0])
    return messages.QueueMessage(imdb_id, body, receives=2)


class Bronze:
    """Bronze in memory, behind the functions of :mod:`pipeline.aws`."""

    def __init__(self) -> None:
        self.objects = {
            keys.manifest(GOOD_RUN): manifest(GOOD_RUN, A, C),
            keys.manifest(BAD_RUN): manifest(BAD_RUN, B),
        }

    def put_once(self, _s3: Any, _bucket: str, key: str, body: bytes) -> bool:
        return self.objects.setdefault(key, body) is body

    def exists(self, _s3: Any, _bucket: str, key: str) -> bool:
        return key in self.objects

    def get_if_exists(self, _s3: Any, _bucket: str, key: str) -> bytes | None:
        return self.objects.get(key)


class Omdb(OmdbClient):
    """OMDb that knows every film."""

    def __init__(self) -> None:
        super().__init__("https://omdb", lambda _: "")

    def film(self, imdb_id: str, *_: Any) -> Found:
        return Found({"Response": "True", "imdbID": imdb_id})


class Queue:
    """MovieQueue that takes every call."""

    def change_message_visibility(self, **_: Any) -> None:
        pass


def test_a_message_waits_for_the_quota_even_when_another_of_its_films_failed_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bronze, omdb, waits = Bronze(), Omdb(), list[int]()
    errors = {A: OmdbUnavailable("OMDb answered 500"), C: OmdbQuotaSpent("the limit is reached")}

    def film(imdb_id: str, *_: Any) -> Found:
        raise errors[imdb_id]

    def hide(self: Queue, **asked: Any) -> None:
        waits.append(asked["VisibilityTimeout"])

    monkeypatch.setattr(omdb, "film", film)
    monkeypatch.setattr(Queue, "change_message_visibility", hide)
    monkeypatch.setattr(aws, "client", lambda _service: Queue())
    for name in ("put_once", "exists", "get_if_exists"):
        monkeypatch.setattr(aws, name, getattr(bronze, name))
    body = json.dumps(messages.make(GOOD_RUN, [{"id": A, "rank": "1"}, {"id": C, "rank": "2"}], 2)[0])

    result = step.run([messages.QueueMessage("m", body, receives=1)], SETTINGS, omdb, 60)

    assert isinstance(result.failed["m"], OmdbQuotaSpent)
    assert waits[0] > 15, "longer than after one failed call"


@pytest.mark.parametrize("boundary", ["film", "put_once", "exists", "get_if_exists", "read"])
@pytest.mark.parametrize("kind", EXCEPTIONS)
def test_any_exception_at_any_boundary_fails_one_message(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, kind: type[Exception], boundary: str
) -> None:
    """Of three messages the one with film B is retried; an unexpected error is logged with its traceback."""
    bronze, omdb = Bronze(), Omdb()
    monkeypatch.setattr(aws, "client", lambda _service: Queue())
    for name in ("put_once", "exists", "get_if_exists"):
        monkeypatch.setattr(aws, name, getattr(bronze, name))
    owner: Any = {"film": omdb, "read": messages}.get(boundary, aws)
    original = getattr(owner, boundary)

    def failing(*arguments: Any) -> Any:
        if any(BAD_RUN in text or text == B for text in arguments if isinstance(text, str)):
            raise an_instance(kind)
        return original(*arguments)

    monkeypatch.setattr(owner, boundary, failing)
    incoming = [message(GOOD_RUN, A), message(BAD_RUN, B), message(GOOD_RUN, C)]

    result = step.run(incoming, SETTINGS, omdb, 60)

    assert list(result.failed) == [B]
    assert result.failed[B].retryable
    assert [count for errors in result.tally.put_back.values() for count in errors.values()] == [1]
    assert result.tally.outcomes[GOOD_RUN] == {step.STORED: 2}
    if isinstance(result.failed[B], UnexpectedFailure):
        assert kind.__name__ in result.failed[B].cause
        assert any(record.exc_info for record in caplog.records)
