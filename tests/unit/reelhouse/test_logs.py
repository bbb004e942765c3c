"""The functions' logs: errors by name; other lines are ignored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipeline import aws
from reelhouse import logs
from reelhouse.logs import LoggedError
from reelhouse.stack import Stack

STACK = Stack("films", {"EnrichAndStoreMovieName": "films-enrich"})
SINCE = datetime(2026, 11, 24, tzinfo=UTC)


class FakeLogs:
    """CloudWatch Logs with these lines, or none of the function's group."""

    def __init__(self, lines: list[str] | None) -> None:
        self.lines, self.asked = lines, dict[str, Any]()

    def get_paginator(self, _: str) -> FakeLogs:
        return self

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        self.asked = asked
        if self.lines is None:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "-"}}, "FilterLogEvents")
        yield {"events": [{"message": line} for line in self.lines]}
        yield {}


def test_errors_are_read_by_name_and_other_lines_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = {"level": "ERROR", "error": "OmdbUnavailable", "message": "no answer", "message_id": "m", "timestamp": "t"}
    lines = ["ERROR of Lambda", "[]", "null", "[" * 99_999, json.dumps({"level": "INFO", "message": "ERROR"})]
    fake = FakeLogs([*lines, json.dumps(entry), '{"level": "ERROR"}'])
    monkeypatch.setattr(aws, "client", lambda _: fake)

    errors = logs.errors(STACK, "EnrichAndStoreMovie", SINCE)

    assert errors == [LoggedError("OmdbUnavailable", "no answer", "m", "t"), LoggedError("", "", "", "")]
    assert fake.asked["logGroupName"] == "/aws/lambda/films-enrich"
    assert fake.asked["startTime"] == 1_795_478_400_000


def test_a_function_that_never_ran_has_no_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "client", lambda _: FakeLogs(None))

    assert logs.errors(STACK, "EnrichAndStoreMovie", SINCE) == []
