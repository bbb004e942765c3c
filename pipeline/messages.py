"""Messages of MovieQueue: made and sent by step 1, read by step 2; and what a queue function receives and counts.

A message is ``{"schema": 1, "run_id", "batch", "batches", "movies": [<list items>]}`` in ASCII JSON, since SQS refuses
some characters that a title may contain.
"""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline import aws, keys
from pipeline.aws import batches
from pipeline.documents import is_too_deep
from pipeline.errors import InvalidInput, StorageFailed

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

SCHEMA = 1
STEP = "GetMoviesAndSendToQueue"
# SQS accepts 1 MiB since 2025; every queue and every service behind one accepts 256 KiB.
MAX_MESSAGE_BYTES = 256 * 1024
_ENVELOPE_BYTES = 512
_MESSAGES_PER_CALL = 10
_SEND_ATTEMPTS = 5
RESEND_AFTER_SECONDS = 0.2
_SENDERS = 8
PARKED = "the message is parked in the dead-letter queue"
# Ids that an error lists.
_MAX_LISTED_IDS = 100

Item = dict[str, Any]
Message = dict[str, Any]
# The run of a message that names none.
UNKNOWN_RUN = "unknown"


@dataclass(frozen=True)
class QueueMessage:
    """A message as a queue function receives it; ``receives`` counts its deliveries, including this one."""

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
    """Return why a list item cannot be sent even in a message of its own, or None."""
    if is_too_deep(item):
        return "the entry is nested too deeply"
    try:
        size = len(json.dumps(item, allow_nan=False))
    except ValueError:
        return "the entry holds NaN or Infinity, which is not JSON"
    return None if size <= MAX_MESSAGE_BYTES - _ENVELOPE_BYTES else "the entry is too large for a message"


def make(run_id: str, items: Iterable[Item], batch_size: int) -> list[Message]:
    """Return messages of ``batch_size`` films, or fewer where a message would exceed the size limit."""
    limit = MAX_MESSAGE_BYTES - _ENVELOPE_BYTES
    groups = list(batches(items, batch_size, size=lambda item: _size(item) + 2, limit=limit))
    return [
        {"schema": SCHEMA, "run_id": run_id, "batch": number, "batches": len(groups), "movies": movies}
        for number, movies in enumerate(groups, start=1)
    ]


def read(body: str) -> MovieBatch:
    """Read a message; raise InvalidInput for a foreign one, which is parked without affecting other messages."""
    try:
        data = json.loads(body)
        run_id, movies = data["run_id"], data["movies"]
        valid = data["schema"] == SCHEMA and isinstance(movies, list) and keys.is_run_id(run_id)
        valid = valid and all(isinstance(movie, dict) and keys.is_imdb_id(movie.get("id")) for movie in movies)
        valid = valid and not any(map(fault, movies))
    except (ValueError, KeyError, TypeError, RecursionError):
        valid = False
    if not valid:
        cause, subject = "not a message of this pipeline", repr(body[:80])
        raise InvalidInput(cause, subject=subject, step="EnrichAndStoreMovie", next_step=PARKED)
    return MovieBatch(run_id, movies)


def send_all(messages: list[Message], queue_url: str, sqs: SQSClient) -> None:
    """Send messages of films, as :func:`send` does.

    Raises
    ------
    StorageFailed
        When some messages could not be sent, with the ids of their films. All others have been sent.
    """
    unsent, causes = send(messages, queue_url, sqs)
    if unsent:
        ids = [movie["id"] for message in unsent for movie in message["movies"]]
        more = f" and {len(ids) - _MAX_LISTED_IDS} more" if len(ids) > _MAX_LISTED_IDS else ""
        run_id = unsent[0]["run_id"]
        raise StorageFailed(
            f"{len(unsent)} of {len(messages)} messages could not be sent ({causes})",
            subject=f"{run_id} ({', '.join(ids[:_MAX_LISTED_IDS])}{more})",
            step=STEP,
            next_step=f"the run lacks these films; `reelhouse run --resume {run_id}` sends them",
        )


def send(messages: list[Message], queue_url: str, sqs: SQSClient) -> tuple[list[Message], str]:
    """Send messages in batches of ten, several at once; resend every message that SQS does not confirm.

    Returns the messages that could not be sent, and why. All others have been sent.
    """
    with ThreadPoolExecutor(_SENDERS) as pool:
        calls = batches(messages, _MESSAGES_PER_CALL, size=_size, limit=MAX_MESSAGE_BYTES)
        results = list(pool.map(lambda call: _send(call, queue_url, sqs), calls))
    unsent = [message for remaining, _ in results for message in remaining]
    return unsent, ", ".join(sorted({cause for remaining, cause in results if remaining}))


def depth(queue_url: str) -> tuple[int, int]:
    """Return the approximate number of a queue's messages: visible or delayed; in flight or hidden until a retry."""
    names = ["ApproximateNumberOfMessages" + state for state in ("", "Delayed", "NotVisible")]
    answer = aws.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)  # type: ignore[arg-type]
    visible, delayed, in_flight = (int(answer["Attributes"][name]) for name in names)  # type: ignore[index]
    return visible + delayed, in_flight


def _size(value: Any) -> int:
    return len(json.dumps(value))


def _send(messages: list[Message], queue_url: str, sqs: SQSClient) -> tuple[list[Message], str]:
    """Send one batch; return the messages that SQS did not confirm, and why."""
    cause = ""
    unsent = {str(index): message for index, message in enumerate(messages)}
    for attempt in range(_SEND_ATTEMPTS):
        if attempt:
            time.sleep(RESEND_AFTER_SECONDS * 2 ** (attempt - 1))
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {"Id": index, "MessageBody": json.dumps(message)} for index, message in unsent.items()
        ]
        try:
            with aws.failures_of(STEP, queue_url):
                answer = sqs.send_message_batch(QueueUrl=queue_url, Entries=entries)
        except StorageFailed as error:
            # boto3 has retried already. The other batches are sent all the same.
            return list(unsent.values()), error.cause
        # An answer without an entry's id, such as {} from a proxy, does not say that it was sent.
        confirmed = {entry["Id"] for entry in answer.get("Successful", [])}
        unsent = {index: message for index, message in unsent.items() if index not in confirmed}
        if not unsent:
            break
        failed = answer.get("Failed", [])
        cause = failed[0]["Code"] if failed else "SQS did not confirm them"
    return list(unsent.values()), cause


@dataclass
class Tally:
    """Counts of one invocation: messages received, IMDb ids in them, and bytes.

    By run id, ``outcomes`` counts films or objects by outcome, and ``put_back`` messages that are delivered again (or
    replaced by a copy) by the error's name.
    """

    messages: int = 0
    outcomes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    put_back: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    films: set[str] = field(default_factory=set)
    bytes_read: int = 0
    bytes_written: int = 0

    @property
    def total(self) -> Counter[str]:
        """Outcomes of all runs."""
        return sum(self.outcomes.values(), Counter())

    @property
    def errors(self) -> Counter[str]:
        """Messages of all runs that return to the queue, by the error's name."""
        return sum(self.put_back.values(), Counter())

    def as_dict(self) -> dict[str, Any]:
        """Return the counts for the log: total and by run; ``run_id`` and ``imdb_id`` when there is only one."""
        runs = sorted({*self.outcomes, *self.put_back})
        single = {"run_id": runs[0]} if len(runs) == 1 else {}
        if len(self.films) == 1:
            single["imdb_id"] = next(iter(self.films))
        return {
            **single,
            "received": {"messages": self.messages, "films": len(self.films)},
            "outcomes": dict(self.total),
            "put_back": dict(self.errors),
            "by_run": {
                run_id: {
                    "outcomes": dict(self.outcomes.get(run_id, {})),
                    "put_back": dict(self.put_back.get(run_id, {})),
                }
                for run_id in runs
            },
            "bytes": {"read": self.bytes_read, "written": self.bytes_written},
        }
