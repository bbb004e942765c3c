"""Moving parked messages back to the queue that they came from."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from pipeline import aws
from pipeline.errors import StorageFailed
from reelhouse.operate.parked import chosen
from reelhouse.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

Seen = Callable[[str, int, int], None]
LOOK_SECONDS = 1.0
LONGEST_MOVE_SECONDS = 900.0
# What an endpoint answers that has no move task: the emulator, and SQS's compatibles.
_NO_SUCH_ACTION = {"InvalidAction", "UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation"}
_NEXT = "nothing is lost: what was not moved is still parked; run it again"


def redrive(stack: Stack, queue: str | None, seen: Seen) -> dict[str, int]:
    """Move the parked messages of one queue, or of all, back.

    Parameters
    ----------
    seen : callable
        Is given the queue, the messages moved, and how many there are to move.

    Returns
    -------
    dict of str to int
        Messages moved, by queue.

    Raises
    ------
    InvalidInput
        For a queue that is none of the stack's.
    StorageFailed
        When SQS does not move them.
    """
    moved = {}
    for name in chosen(queue):
        with aws.failures_of("redrive", name, _NEXT):
            moved[name] = _move(name, stack[f"{name}DeadLettersUrl"], stack[f"{name}Url"], seen)
    return moved


def _move(name: str, source_url: str, target_url: str, seen: Seen) -> int:
    sqs = aws.client("sqs")
    total = count(sqs, source_url)
    if not total:
        return 0
    seen(name, 0, total)
    try:
        return by_move_task(sqs, arn_of(sqs, source_url), lambda moved: seen(name, moved, total))
    except ClientError as error:
        if aws.error_code(error) not in _NO_SUCH_ACTION:
            raise
    return by_hand(sqs, source_url, target_url, total, lambda moved: seen(name, moved, total))


def count(sqs: SQSClient, queue_url: str) -> int:
    """Messages in a queue, visible or being looked at."""
    names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    answer = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=list(names))  # type: ignore[arg-type]
    return sum(int(answer["Attributes"][name]) for name in names)  # type: ignore[index,misc]


def arn_of(sqs: SQSClient, queue_url: str) -> str:
    """A queue's ARN."""
    return sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def by_move_task(sqs: SQSClient, source_arn: str, moved: Callable[[int], None], wait: float = LOOK_SECONDS) -> int:
    """Let SQS move a dead-letter queue's messages to where they came from, and watch it.

    SQS gives a redriven message a new id and its full number of receives.

    Raises
    ------
    StorageFailed
        When the task fails, is cancelled, or takes longer than a quarter of an hour.
    """
    handle = sqs.start_message_move_task(SourceArn=source_arn)["TaskHandle"]
    deadline = time.monotonic() + LONGEST_MOVE_SECONDS
    while time.monotonic() < deadline:
        task = _task(sqs.list_message_move_tasks(SourceArn=source_arn, MaxResults=10)["Results"], handle)
        done = int(task.get("ApproximateNumberOfMessagesMoved", 0))
        moved(done)
        if task.get("Status") == "COMPLETED":
            return done
        if task.get("Status") in {"FAILED", "CANCELLED"}:
            cause = f"the move task ended as {task['Status']} after {done} messages: {task.get('FailureReason', '')}"
            raise StorageFailed(cause, subject=source_arn, step="redrive", next_step=_NEXT)
        time.sleep(wait)
    raise StorageFailed("the move task still runs", subject=source_arn, step="redrive", next_step="SQS goes on with it")


def _task(tasks: Any, handle: str) -> dict[str, Any]:
    """The task that was started; a finished task is listed without its handle, newest first."""
    running = [dict(task) for task in tasks if task.get("TaskHandle") == handle]
    return (running or [dict(task) for task in tasks[:1]] or [{}])[0]


def by_hand(sqs: SQSClient, source_url: str, target_url: str, most: int, moved: Callable[[int], None]) -> int:
    """Move messages one batch after the other, where the endpoint has no move task.

    A message is removed only after it was sent: dying in between delivers it twice, which stores nothing twice. No
    more than ``most`` are moved, since one that can never succeed is soon parked again.
    """
    done = 0
    while done < most and (batch := sqs.receive_message(QueueUrl=source_url, WaitTimeSeconds=1).get("Messages")):
        for message in batch:
            sqs.send_message(QueueUrl=target_url, MessageBody=message["Body"])
            sqs.delete_message(QueueUrl=source_url, ReceiptHandle=message["ReceiptHandle"])
            done += 1
        moved(done)
    return done
