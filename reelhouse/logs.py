"""The functions' logs: JSON lines in CloudWatch Logs, kept for the stack's ``LogRetentionDays``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from pipeline import aws
from reelhouse.stack import Stack


@dataclass(frozen=True)
class LoggedError:
    """A line of level ERROR: the error's class, such as ``OmdbQuotaSpent``, what the function said, and when.

    ``message_id`` is the SQS message that it was about. Each is "" where the line has none, as ``message_id`` is for an
    invocation that failed as a whole.
    """

    error: str
    message: str
    message_id: str
    at: str


def read(stack: Stack, function: str, since: datetime, phrase: str) -> Iterator[dict[str, Any]]:
    """Yield a function's log lines that hold a phrase, oldest first; none where the function has never run.

    Lines that are not JSON objects, such as those of Lambda itself, are skipped.
    """
    for line in _lines(stack, function, since, phrase):
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(entry, dict):
            yield entry


def errors(stack: Stack, function: str, since: datetime) -> list[LoggedError]:
    """Return the errors that a function logged, oldest first."""
    names = ("error", "message", "message_id", "timestamp")
    entries = (entry for entry in read(stack, function, since, "ERROR") if entry.get("level") == "ERROR")
    return [LoggedError(*(str(entry.get(name) or "") for name in names)) for entry in entries]


def moment(timestamp: object) -> datetime | None:
    """Parse the time of a log line, in UTC; None if it is not a time."""
    try:
        return datetime.fromisoformat(str(timestamp)).astimezone(UTC)
    except ValueError:
        return None


def _lines(stack: Stack, function: str, since: datetime, phrase: str) -> Iterator[str]:
    paginator = aws.client("logs").get_paginator("filter_log_events")
    try:
        for page in paginator.paginate(
            logGroupName=f"/aws/lambda/{stack[f'{function}Name']}",
            startTime=int(since.timestamp() * 1000),
            filterPattern=f'"{phrase}"',
        ):
            yield from (event["message"] for event in page.get("events", []))
    except ClientError as error:
        if aws.error_code(error) != "ResourceNotFoundException":
            raise
