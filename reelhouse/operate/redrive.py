"""``reelhouse redrive``: move parked messages back to their queue, once the cause of their failure is removed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from botocore.exceptions import ClientError

from pipeline import aws
from pipeline.errors import StorageFailed
from reelhouse import console, stack
from reelhouse.operate.parked import chosen, parked, print_parked
from reelhouse.options import Json, StackName, usage_errors
from reelhouse.progress import Bars
from reelhouse.stack import QUEUES, Stack

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

POLL_SECONDS = 1.0
LONGEST_MOVE_SECONDS = 900.0
# What an endpoint without move tasks answers: the emulator, and SQS-compatible services.
_NO_SUCH_ACTION = {"InvalidAction", "UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation"}
_NEXT = "nothing is lost: what was not moved is still parked; run it again"

OnProgress = Callable[[str, int, int], None]


def command(
    peek: Annotated[bool, typer.Option("--peek", help="Only show what is parked, and why.")] = False,
    queue: Annotated[
        str | None,
        typer.Option(help=f"{', '.join(QUEUES)}; without it, all.", metavar="QUEUE"),
    ] = None,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Show parked messages, or move them back to their queue.

    A message that fails again is parked again.

    Example: [bold]reelhouse redrive --peek[/], then [bold]reelhouse redrive --queue MovieQueue[/]
    """
    with usage_errors():
        chosen(queue)
    found = stack.find(stack_name)
    if peek:
        messages = parked(found, queue)
        console.print_json([asdict(one) for one in messages]) if json_output else print_parked(messages)
        return
    with Bars() as bars:
        moved = redrive(found, queue, bars.update_named)
    if json_output:
        console.print_json({"moved": moved})
    else:
        console.out.print(f"{sum(moved.values()):,} messages moved back. Next: [bold]reelhouse status[/]")


def redrive(stack: Stack, queue: str | None, on_progress: OnProgress) -> dict[str, int]:
    """Move the parked messages of one queue, or of all.

    Parameters
    ----------
    queue : str or None
        None means all.
    on_progress : callable
        Called with a queue's name, the messages moved and their total.

    Returns
    -------
    dict of str to int
        Messages moved, by queue.

    Raises
    ------
    InvalidInput
        For a queue that the stack does not have.
    StorageFailed
        When SQS does not move them.
    """
    moved = {}
    for name in chosen(queue):
        with aws.failures_of("redrive", name, _NEXT):
            moved[name] = _move(stack, name, on_progress)
    return moved


def _move(stack: Stack, name: str, on_progress: OnProgress) -> int:
    sqs, source_url = aws.client("sqs"), stack[f"{name}DeadLettersUrl"]
    total = sum(stack.depth(f"{name}DeadLettersUrl"))
    if not total:
        return 0
    on_progress(name, 0, total)
    try:
        return by_move_task(sqs, arn_of(sqs, source_url), lambda moved: on_progress(name, moved, total))
    except ClientError as error:
        if aws.error_code(error) not in _NO_SUCH_ACTION:
            raise
    return one_by_one(sqs, source_url, stack[f"{name}Url"], total, lambda moved: on_progress(name, moved, total))


def arn_of(sqs: SQSClient, queue_url: str) -> str:
    """Return a queue's ARN."""
    return sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def by_move_task(sqs: SQSClient, source_arn: str, moved: Callable[[int], None], wait: float = POLL_SECONDS) -> int:
    """Let SQS move a dead-letter queue's messages back to their source, and watch the task.

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
    raise StorageFailed(
        "the move task is still running", subject=source_arn, step="redrive", next_step="SQS continues it"
    )


def _task(tasks: Any, handle: str) -> dict[str, Any]:
    """Return the task that was started; a finished task is listed without its handle, newest first."""
    running = [dict(task) for task in tasks if task.get("TaskHandle") == handle]
    return (running or [dict(task) for task in tasks[:1]] or [{}])[0]


def one_by_one(sqs: SQSClient, source_url: str, target_url: str, limit: int, moved: Callable[[int], None]) -> int:
    """Move messages where the endpoint has no move task.

    A message is deleted only after it was sent, so that a crash in between delivers it twice, which stores nothing
    twice. At most ``limit`` are moved, because one that can never succeed is soon parked again.
    """
    done = 0
    while done < limit and (batch := sqs.receive_message(QueueUrl=source_url, WaitTimeSeconds=1).get("Messages")):
        for message in batch:
            sqs.send_message(QueueUrl=target_url, MessageBody=message["Body"])
            sqs.delete_message(QueueUrl=source_url, ReceiptHandle=message["ReceiptHandle"])
            done += 1
        moved(done)
    return done
