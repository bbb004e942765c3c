"""``reelhouse redrive``: move parked messages back to their queue, once the cause of their failure is removed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pipeline import aws
from reelhouse import console, stack
from reelhouse.console import OnProgress, bar
from reelhouse.operate.parked import parked, print_parked
from reelhouse.options import Json, StackName
from reelhouse.stack import QUEUES, QueueName, Stack


def command(
    peek: Annotated[bool, typer.Option("--peek", help="Only show what is parked, and why.")] = False,
    queue: Annotated[
        QueueName | None, typer.Option(help=f"{', '.join(QUEUES)}; without it, all.", metavar="QUEUE")
    ] = None,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Show parked messages, or move them back to their queue.

    A message that fails again is parked again.

    Example: [bold]reelhouse redrive --peek[/], then [bold]reelhouse redrive --queue MovieQueue[/]
    """
    deployed = stack.find(stack_name)
    if peek:
        messages = parked(deployed, queue)
        console.print_json([asdict(one) for one in messages]) if json_output else print_parked(messages)
        return
    moved = {}
    for name in [queue] if queue else QUEUES:
        with bar(name) as on_progress:
            moved[name] = redrive(deployed, name, on_progress)
    if json_output:
        console.print_json({"moved": moved})
    else:
        console.out.print(
            f"{console.counted(sum(moved.values()), 'message')} moved back. Next: [bold]reelhouse status[/]"
        )


def redrive(stack: Stack, queue: str, on_progress: OnProgress) -> int:
    """Move the parked messages of one queue back to it; return their number.

    A message is deleted only after it was sent, so that a crash in between delivers it twice, which stores nothing
    twice. It gets a new id, and is received as often as a new message before it is parked again. No more messages are
    moved than were parked at the start, because one that can never succeed is soon parked again.

    Raises
    ------
    StorageFailed
        When SQS does not move them.
    """
    sqs, source_url, target_url = aws.client("sqs"), stack[f"{queue}DeadLettersUrl"], stack[f"{queue}Url"]
    with aws.failures_of("redrive", queue, "nothing is lost: what was not moved is still parked; run it again"):
        done, total = 0, sum(stack.depth(f"{queue}DeadLettersUrl"))
        while done < total:
            limit = min(10, total - done)
            answer = sqs.receive_message(QueueUrl=source_url, MaxNumberOfMessages=limit, WaitTimeSeconds=1)
            if not answer.get("Messages"):
                break
            for message in answer["Messages"]:
                sqs.send_message(QueueUrl=target_url, MessageBody=message["Body"])
                sqs.delete_message(QueueUrl=source_url, ReceiptHandle=message["ReceiptHandle"])
                done += 1
            on_progress(done, total)
    return done
