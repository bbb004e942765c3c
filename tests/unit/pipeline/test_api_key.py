"""The OMDb key: cached, fetched again on demand, and never shown."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from aws_lambda_powertools.utilities.parameters import base
from botocore.exceptions import ClientError, EndpointConnectionError

from pipeline import api_key
from pipeline.api_key import HIDDEN, ApiKey, without_key
from pipeline.errors import StorageFailed

SECRET = "s3cr3t-key"


class FakeSecrets:
    """Secrets Manager with one secret that can be rotated; it counts how often it is read."""

    def __init__(self, value: str = SECRET) -> None:
        self.value, self.reads = value, 0
        self.error: Exception | None = None

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803
        assert SecretId == "reelhouse-omdb-api-key"
        self.reads += 1
        if self.error:
            raise self.error
        return {"SecretString": self.value}


def key_of(secrets: FakeSecrets) -> ApiKey:
    return ApiKey("reelhouse-omdb-api-key", cast("Any", secrets))


def test_the_secret_is_read_once() -> None:
    secrets = FakeSecrets(f" {SECRET}\n")
    key = key_of(secrets)

    assert (key(), key(), key(False)) == (SECRET, SECRET, SECRET)
    assert secrets.reads == 1


def test_a_binary_secret_is_an_empty_key(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = FakeSecrets()
    monkeypatch.setattr(secrets, "get_secret_value", lambda SecretId: {"SecretBinary": b"x"})  # noqa: N803

    assert key_of(secrets)() == ""


def test_fresh_reads_again() -> None:
    secrets = FakeSecrets()
    key = key_of(secrets)
    key()
    secrets.value = "rotated"

    assert (key(), key(True), key()) == (SECRET, "rotated", "rotated")
    assert secrets.reads == 2


def test_a_key_is_cached_for_minutes_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = FakeSecrets()
    key = key_of(secrets)
    key()
    secrets.value = "rotated"
    now = datetime.now()

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return now + timedelta(seconds=api_key.MAX_AGE_SECONDS + 1)

    monkeypatch.setattr(base, "datetime", Later)

    assert key() == "rotated"


def test_threads_that_start_together_read_it_once() -> None:
    secrets = FakeSecrets()
    key = key_of(secrets)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: key(), range(32))) == {SECRET}
    assert secrets.reads == 1


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "InternalServiceError", "Message": SECRET}}, "GetSecretValue"),
        EndpointConnectionError(endpoint_url="https://secrets.example"),
    ],
)
def test_an_unreadable_secret_is_our_error(error: Exception) -> None:
    secrets = FakeSecrets()
    secrets.error = error

    with pytest.raises(StorageFailed) as caught:
        key_of(secrets)()

    assert caught.value.retryable
    assert SECRET not in str(caught.value)


def test_its_value_is_never_shown() -> None:
    key = key_of(FakeSecrets())
    key()

    assert SECRET not in f"{key!r} {key}"
    assert "reelhouse-omdb-api-key" in repr(key)


@pytest.mark.parametrize(
    ("key", "form"),
    [
        ("0f1e2d3c", "0f1e2d3c"),
        ('a"b&c d+é9', 'a\\"b&c d+\\u00e99'),
        ('a"b&c d+é9', "a%22b%26c+d%2B%C3%A99"),
        ('a"b&c d+é9', "a%22b%26c%20d%2B%C3%A99"),
        ('a"b&c d+é9', "a&quot;b&amp;c d+é9"),
    ],
    ids=["plain", "JSON", "form", "URL", "HTML"],
)
def test_an_escaped_key_is_removed_from_a_text(key: str, form: str) -> None:
    assert without_key(f"?apikey={form}&i=tt0000001", key) == f"?apikey={HIDDEN}&i=tt0000001"


def test_a_short_key_is_kept() -> None:
    assert without_key("a sample of films", "sample") == "a sample of films"
    assert without_key("", "") == ""
