"""Messages of MovieQueue: made and sent by step 1, read by step 2; and what every queue function gets as its input.

A message is ``{"schema": 1, "run_id", "batch", "batches", "movies": [<verbatim list items>]}``, ASCII JSON, because
SQS refuses some characters that a title may hold.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline import aws, keys
from pipeline.documents import is_too_deep
from pipeline.errors import InvalidInput, StorageFailed

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

SCHEMA = 1
# SQS takes 1 MiB since 2025; 256 KiB is taken by every queue and every service behind one.
MAX_MESSAGE_BYTES = 256 * 1024
_ENVELOPE_BYTES = 512
_MESSAGES_A_CALL = 10
_SEND_ATTEMPTS = 5
_SENDERS = 8
# Films that an error names.
_NAMED = 100

Item = dict[str, Any]


@dataclass(frozen=True)
class QueueMessage:
    """A message as a queue function receives it; ``receives`` counts deliveries, this one included."""

    id: str
    body: str
    receipt_handle: str = ""
    receives: int = 1


@dataclass(frozen=True)
class MovieBatch:
    """The films of one message."""

    run_id: str
    movies: list[Item]


def fault(item: Item) -> str | None:
    """Why a list item cannot be sent even alone, or None."""
    if is_too_deep(item):
        return "the entry is nested too deeply"
    try:
        size = len(json.dumps(item, allow_nan=False))
    except ValueError:
        return "the entry holds NaN or Infinity, which no JSON has"
    return None if size <= MAX_MESSAGE_BYTES - _ENVELOPE_BYTES else "the entry is too large for a message"


def make(run_id: str, items: Iterable[Item], batch_size: int) -> list[dict[str, Any]]:
    """Cut items into messages of ``batch_size`` films, or fewer where a message would exceed the size limit."""
    batches: list[list[Item]] = []
    size = 0
    for item in items:
        item_size = _size(item) + 2
        if not batches or len(batches[-1]) == batch_size or size + item_size > MAX_MESSAGE_BYTES:
            batches.append([])
            size = _ENVELOPE_BYTES
        batches[-1].append(item)
        size += item_size
    return [
        {"schema": SCHEMA, "run_id": run_id, "batch": number, "batches": len(batches), "movies": movies}
        for number, movies in enumerate(batches, start=1)
    ]


def read(body: str) -> MovieBatch:
    """Read a message.

    Raises
    ------
    InvalidInput
        When it is not one of ours: such a message can never succeed and ends in the dead-letter queue alone.
    """
    try:
        data = json.loads(body)
        run_id, movies = data["run_id"], data["movies"]
        good = data["schema"] == SCHEMA and isinstance(movies, list) and keys.is_run_id(run_id)
        good = good and all(isinstance(movie, dict) and keys.is_imdb_id(movie.get("id")) for movie in movies)
        good = good and not any(map(fault, movies))
    except (ValueError, KeyError, TypeError, RecursionError):
        good = False
    if not good:
        raise InvalidInput("not a message of this pipeline", subject=repr(body[:80]))
    return MovieBatch(run_id, movies)


def send_all(messages: list[dict[str, Any]], queue_url: str, sqs: SQSClient) -> None:
    """Send messages in calls of ten, several calls at once; what SQS reports as failed is sent again.

    Raises
    ------
    StorageFailed
        When some message could not be sent; it names their films. All others are sent before.
    """
    with ThreadPoolExecutor(_SENDERS) as pool:
        results = list(pool.map(lambda call: _send(call, queue_url, sqs), _calls(messages)))
    if unsent := [message for lost, _ in results for message in lost]:
        ids = [movie["id"] for message in unsent for movie in message["movies"]]
        more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
        run_id, causes = unsent[0]["run_id"], sorted({cause for lost, cause in results if lost})
        raise StorageFailed(
            f"{len(unsent)} of {len(messages)} messages could not be sent ({', '.join(causes)})",
            subject=f"{run_id} ({', '.join(ids[:_NAMED])}{more})",
            step="GetMoviesAndSendToQueue",
            next_step=f"the run lacks these films; `reelhouse run --resume {run_id}` asks for them again",
        )


def _size(value: Any) -> int:
    return len(json.dumps(value))


def _calls(messages: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Group messages into SendMessageBatch calls: at most ten, and together within the size limit."""
    call: list[dict[str, Any]] = []
    size = 0
    for message in messages:
        message_size = _size(message)
        if call and (len(call) == _MESSAGES_A_CALL or size + message_size > MAX_MESSAGE_BYTES):
            yield call
            call, size = [], 0
        call.append(message)
        size += message_size
    if call:
        yield call


def _send(messages: list[dict[str, Any]], queue_url: str, sqs: SQSClient) -> tuple[list[dict[str, Any]], str]:
    """Send one call's messages; returns those that could not be sent, and why."""
    cause = ""
    waiting = {str(place): message for place, message in enumerate(messages)}
    for attempt in range(_SEND_ATTEMPTS):
        if attempt:
            time.sleep(0.1 * 2**attempt)
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {"Id": place, "MessageBody": json.dumps(message)} for place, message in waiting.items()
        ]
        try:
            with aws.failures_of("GetMoviesAndSendToQueue", queue_url):
                failed = sqs.send_message_batch(QueueUrl=queue_url, Entries=entries).get("Failed", [])
        except StorageFailed as error:
            # boto3 has tried again already. What other calls hold is sent all the same.
            return list(waiting.values()), error.cause
        waiting = {entry["Id"]: waiting[entry["Id"]] for entry in failed}
        if not waiting:
            break
        cause = failed[0]["Code"]
    return list(waiting.values()), cause
