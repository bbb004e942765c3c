"""Redriving a queue: each message is sent before it is deleted, and one that is parked again does not keep it going."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline import aws
from reelhouse.commands.redrive import redrive
from reelhouse.stack import Stack

STACK = Stack("s", {"MovieQueueUrl": "queue", "MovieQueueDeadLettersUrl": "parked"})


class FakeSqs:
    """SQS whose dead-letter queue holds a number of messages at the start, and gets each one back at once."""

    def __init__(self, parked: int) -> None:
        self.parked, self.calls = parked, list[tuple[str, str]]()

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        counts = {"": str(self.parked), "Delayed": "0", "NotVisible": "0"}
        return {"Attributes": {f"ApproximateNumberOfMessages{state}": count for state, count in counts.items()}}

    def receive_message(self, **asked: Any) -> dict[str, Any]:
        return {"Messages": [{"Body": "{}", "ReceiptHandle": "handle"}] * asked["MaxNumberOfMessages"]}

    def send_message(self, **asked: Any) -> None:
        self.calls.append(("send", asked["QueueUrl"]))

    def delete_message(self, **asked: Any) -> None:
        self.calls.append(("delete", asked["QueueUrl"]))


def test_as_many_messages_are_moved_as_were_parked_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    sqs, progress = FakeSqs(parked=12), list[tuple[int, int]]()
    monkeypatch.setattr(aws, "client", lambda _: sqs)

    moved = redrive(STACK, "MovieQueue", lambda done, total: progress.append((done, total)))

    assert moved == 12
    assert sqs.calls == [("send", "queue"), ("delete", "parked")] * 12
    assert progress == [(10, 12), (12, 12)]
