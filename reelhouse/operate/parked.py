"""Parked messages: what is in the dead-letter queues, why, since when and for which films.

Reads the dead-letter queues and the functions' logs; takes no message out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from pipeline import aws, keys, messages
from pipeline.errors import InvalidInput
from pipeline.process_bronze_to_silver import announced
from reelhouse.stack import QUEUES, Stack

# The function that failed at a queue's messages.
FUNCTIONS = dict(zip(QUEUES, ("EnrichAndStoreMovie", "ProcessBronzeToSilver", "AggregateToGold"), strict=True))
# A message is hidden for as long as it is looked at; a look that dies gives it back after this time.
LOOK_SECONDS = 60
MOST_SHOWN = 2000
_BATCH = 10
_EXCERPT = 200


@dataclass(frozen=True)
class Parked:
    """A parked message.

    Attributes
    ----------
    run_id : str or None
        None where the message names no run, or more than one.
    films : list of str
        IMDb ids it is about; none where it is not one of this pipeline's, or is about a whole part of Silver.
    why : str
        The last error that the function logged for it, or what is known without one.
    sent_at, failed_at : str or None
        When it was sent first, and when that error was; None where no error was logged (the function was killed).
    receives : int
        How often it was received, looks at it included.
    excerpt : str
        Beginning of its body.
    """

    queue: str
    message_id: str
    run_id: str | None
    films: list[str]
    why: str
    sent_at: str
    failed_at: str | None
    receives: int
    excerpt: str

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def parked(stack: Stack, queue: str | None = None) -> list[Parked]:
    """Look at the parked messages of one queue or of all; they stay where they are.

    At most 2,000 of a queue are looked at. A look counts as a receive, which a dead-letter queue does not mind.

    Raises
    ------
    InvalidInput
        For a queue that is none of the stack's.
    StorageFailed
        When SQS or the logs cannot be read.
    """
    found = []
    for name in chosen(queue):
        with aws.failures_of("redrive", name), looked_at(stack[f"{name}DeadLettersUrl"]) as held:
            if held:
                errors = _last_errors(stack, FUNCTIONS[name], min(_sent_at(message) for message in held))
                found += [_describe(name, message, errors) for message in held]
    return sorted(found, key=lambda one: (QUEUES.index(one.queue), one.sent_at, one.message_id))


def chosen(queue: str | None) -> tuple[str, ...]:
    """The queue that a person named, or all.

    Raises
    ------
    InvalidInput
        For a queue that is none of the stack's.
    """
    if queue is not None and queue not in QUEUES:
        raise InvalidInput(f"is not one of {', '.join(QUEUES)}", subject=f"--queue {queue[:80]}")
    return (queue,) if queue else QUEUES


@contextmanager
def looked_at(queue_url: str) -> Iterator[list[dict[str, Any]]]:
    """Hold a queue's messages inside the block, and show them to others again after it."""
    sqs = aws.client("sqs")
    held: dict[str, dict[str, Any]] = {}
    try:
        while len(held) < MOST_SHOWN:
            answer = sqs.receive_message(
                QueueUrl=queue_url, MaxNumberOfMessages=_BATCH, VisibilityTimeout=LOOK_SECONDS,
                AttributeNames=["All"], WaitTimeSeconds=1,
            )  # fmt: skip
            if not answer.get("Messages"):
                break
            held.update({message["MessageId"]: dict(message) for message in answer["Messages"]})
        yield list(held.values())
    finally:
        handles = [message["ReceiptHandle"] for message in held.values()]
        for start in range(0, len(handles), _BATCH):
            sqs.change_message_visibility_batch(
                QueueUrl=queue_url,
                Entries=[
                    {"Id": str(place), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                    for place, handle in enumerate(handles[start : start + _BATCH])
                ],
            )


def about(queue: str, body: str) -> tuple[str | None, list[str]]:
    """Run and films that a message of a queue is about; None and none where it is not one of this pipeline's."""
    try:
        if queue == "MovieQueue":
            batch = messages.read(body)
            return batch.run_id, [movie["id"] for movie in batch.movies]
        paths = announced(body)
    except InvalidInput:
        return None, []
    run_ids = {run_id for path in paths if (run_id := keys.run_of(path))}
    return run_ids.pop() if len(run_ids) == 1 else None, [film for path in paths if (film := keys.film_of(path))]


def _describe(queue: str, message: dict[str, Any], errors: dict[str, tuple[str, str]]) -> Parked:
    run_id, films = about(queue, message["Body"])
    receives = int(message["Attributes"]["ApproximateReceiveCount"])
    unknown = f"{FUNCTIONS[queue]} logged no error for it: received {receives} times, ended without an answer each time"
    why, failed_at = errors.get(message["MessageId"]) or errors.get("") or (unknown, None)
    return Parked(
        queue, message["MessageId"], run_id, films, why, _sent_at(message).isoformat(), failed_at, receives,
        message["Body"][:_EXCERPT],
    )  # fmt: skip


def _sent_at(message: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC)


def _last_errors(stack: Stack, function: str, since: datetime) -> dict[str, tuple[str, str]]:
    """Last error that a function logged for each message, and its time; "" stands for its last failure as a whole."""
    found: dict[str, tuple[str, str]] = {}
    for line in stack.errors_since(function, since):
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("level") == "ERROR":
            found[str(entry.get("message_id", ""))] = (str(entry.get("message")), str(entry.get("timestamp")))
    return found
