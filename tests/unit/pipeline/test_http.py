"""Bodies are read up to a limit of bytes and of seconds; addresses hold no password."""

from __future__ import annotations

from io import BytesIO
from itertools import count
from typing import Any, cast

import pytest
import requests

from pipeline import http
from pipeline.errors import InvalidInput


def test_an_address_with_a_password_is_refused_without_showing_it() -> None:
    """Addresses stand in errors, logs and each run's manifest."""
    for address in (
        "https://user:hidden@example.org/",
        "http://user:hidden@example.org/",
        "https://hidden@example.org",
        "https://:hidden@example.org",
    ):
        with pytest.raises(InvalidInput, match=r"holds a user or password.*; use one without") as refused:
            http.check_url(address, "SourceListUri")
        assert "hidden" not in str(refused.value)


class Raw(BytesIO):
    """A body that arrives four bytes at a time."""

    def read1(self, _size: int | None = -1, /, **_: Any) -> bytes:
        """Return the next bytes."""
        return self.read(4)


def read(body: bytes, limit: int = 10, seconds: float = 60) -> bytes:
    response = requests.Response()
    response.raw = Raw(body)
    return http.read_body(response, limit, seconds)


def test_a_body_as_long_as_the_limit_is_read() -> None:
    assert read(b"0123456789") == b"0123456789"


def test_of_a_longer_body_the_start_is_kept() -> None:
    with pytest.raises(http.BodyTooLarge) as caught:
        read(b"0123456789x")

    assert caught.value.start == b"01234567"


def test_a_body_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = count()
    monkeypatch.setattr(cast("Any", http).time, "monotonic", lambda: float(next(clock)))

    assert read(b"0123456789", seconds=4) == b"0123456789"
    with pytest.raises(requests.Timeout):
        read(b"0123456789", seconds=2)
