"""Parked messages: what is in the dead-letter queues, why, since when and for which films.

Reads the dead-letter queues and the functions' logs; takes no message out.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.markup import escape

from pipeline import aws, keys, messages
from pipeline.aws import batches
from pipeline.errors import InvalidInput
from pipeline.process_bronze_to_silver import announced
from reelhouse import logs
from reelhouse.console import counted, out, print_fields
from reelhouse.logs import LoggedError
from reelhouse.stack import QUEUES, Stack

# The function that failed on a queue's messages.
FUNCTIONS = dict(zip(QUEUES, ("EnrichAndStoreMovie", "ProcessBronzeToSilver", "AggregateToGold"), strict=True))
# A received message is hidden from others for this time. Receiving ends well before the first ones come back, and
# leaves time to release them.
HIDDEN_SECONDS = 60
RECEIVE_SECONDS = 40.0
MOST_SHOWN = 2000
_BATCH = 10
_EXCERPT = 200
_FILMS_SHOWN = 12


@dataclass(frozen=True)
class Parked:
    """A parked message.

    ``run_id`` is None where it names no run, or more than one; ``films`` is empty for a foreign message, and for one
    about a whole Silver part. ``why`` is the last error that the function logged for it, or what is known without one;
    ``failed_at`` is None where none was logged, since the function was killed. ``receives`` includes this command's.
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


def parked(stack: Stack, queue: str | None = None) -> list[Parked]:
    """Return the parked messages of one queue or of all; they stay where they are.

    Reads for 40 seconds and 2,000 messages at most a queue. Each look counts as a receive, which is harmless: a
    dead-letter queue has no redrive policy.

    Raises
    ------
    StorageFailed
        When SQS or the logs cannot be read.
    """
    parked_messages = []
    for name in [queue] if queue else QUEUES:
        with aws.failures_of("redrive", name), received(stack[f"{name}DeadLettersUrl"]) as held:
            if held:
                logged = logs.errors(stack, FUNCTIONS[name], min(map(_sent_at, held)))
                # The last error by message; one with a class but no message id is of a whole invocation. Any other is
                # about a film, whose message has an error of its own.
                errors = {one.message_id: one for one in logged if one.message_id or one.error}
                parked_messages += [_describe(name, message, errors) for message in held]
    return sorted(parked_messages, key=lambda one: (QUEUES.index(one.queue), one.sent_at, one.message_id))


@contextmanager
def received(queue_url: str) -> Iterator[list[dict[str, Any]]]:
    """Hold a queue's messages inside the block, and make them visible to others again after it."""
    sqs = aws.client("sqs")
    held: dict[str, dict[str, Any]] = {}
    deadline = time.monotonic() + RECEIVE_SECONDS
    try:
        while len(held) < MOST_SHOWN and time.monotonic() < deadline:
            batch = sqs.receive_message(
                QueueUrl=queue_url, MaxNumberOfMessages=_BATCH, VisibilityTimeout=HIDDEN_SECONDS,
                AttributeNames=["All"], WaitTimeSeconds=1,
            ).get("Messages", [])  # fmt: skip
            known = held.keys() >= {message["MessageId"] for message in batch}
            held.update({message["MessageId"]: dict(message) for message in batch})
            # Nothing, or only messages that became visible again: that was all.
            if known:
                break
        yield list(held.values())
    finally:
        handles = [message["ReceiptHandle"] for message in held.values()]
        for some in batches(handles, _BATCH):
            sqs.change_message_visibility_batch(
                QueueUrl=queue_url,
                Entries=[
                    {"Id": str(index), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                    for index, handle in enumerate(some)
                ],
            )


def about(queue: str, body: str) -> tuple[str | None, list[str]]:
    """Return the run and the films that a message is about; None and [] for a foreign message."""
    try:
        if queue == "MovieQueue":
            batch = messages.read(body)
            return batch.run_id, [movie["id"] for movie in batch.movies]
        paths = announced(body)
    except InvalidInput:
        return None, []
    run_ids = {run_id for path in paths if (run_id := keys.run_of(path))}
    return run_ids.pop() if len(run_ids) == 1 else None, [film for path in paths if (film := keys.film_of(path))]


def _describe(queue: str, message: dict[str, Any], errors: dict[str, LoggedError]) -> Parked:
    run_id, films = about(queue, message["Body"])
    receives = int(message["Attributes"]["ApproximateReceiveCount"])
    error = errors.get(message["MessageId"]) or errors.get("")
    no_answer = f"{FUNCTIONS[queue]} logged no error for it and gave no answer; received {counted(receives, 'time')}"
    why = error.message if error else no_answer
    return Parked(
        queue, message["MessageId"], run_id, films, why, _sent_at(message).isoformat(),
        error.at if error else None, receives,
        message["Body"][:_EXCERPT],
    )  # fmt: skip


def _sent_at(message: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC)


def print_parked(parked_messages: list[Parked]) -> None:
    """Print parked messages below each other, since their reasons are sentences."""
    if not parked_messages:
        out.print("Nothing is parked.")
        return
    for one in parked_messages:
        receives = counted(one.receives, "receive")
        out.print(f"[bold]{one.queue}[/] {escape(one.message_id)}, sent {one.sent_at[:19]} UTC, {receives}")
        films = ", ".join(one.films[:_FILMS_SHOWN]) or "none named"
        more = f" and {len(one.films) - _FILMS_SHOWN} more" if len(one.films) > _FILMS_SHOWN else ""
        fields = [
            ("films", f"{films}{more}" + (f" of run {one.run_id}" if one.run_id else "")),
            ("why", escape(one.why)),
        ]
        print_fields([*fields, *([] if one.films else [("body", escape(repr(one.excerpt)))])], width=5)
    out.print(f"{len(parked_messages):,} parked. When the cause is removed: [bold]reelhouse redrive[/]")
