"""Announcements that SQS does not confirm are sent again, and reported in the end."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline import aws, messages
from pipeline.errors import StorageFailed
from reelhouse.run import resume
from reelhouse.stack import Stack

STACK = Stack("reelhouse", {"BronzeEventsUrl": "https://sqs.example/BronzeEvents"})


class Sqs:
    """A queue that confirms nothing in its first answers, as a proxy's empty answer does."""

    def __init__(self, lost: int) -> None:
        self.lost, self.calls = lost, 0

    def send_message_batch(self, Entries: list[dict[str, str]], **_: Any) -> dict[str, Any]:  # noqa: N803 (boto3's)
        self.calls += 1
        return {} if self.calls <= self.lost else {"Successful": [{"Id": entry["Id"]} for entry in Entries]}


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "RESEND_AFTER_SECONDS", 0)


def test_an_event_that_is_not_confirmed_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    sqs = Sqs(lost=1)
    monkeypatch.setattr(aws, "client", lambda _: sqs)

    resume.announce(STACK, ["a", "b"], "replay")

    assert sqs.calls == 2


def test_events_that_are_never_confirmed_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "client", lambda _: Sqs(lost=100))

    with pytest.raises(StorageFailed, match=r"did not accept all messages \(SQS did not confirm them\)"):
        resume.announce(STACK, ["a", "b"], "replay")
