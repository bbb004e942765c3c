"""Everything that the stack stores, logs or prints, as pieces to search: each with where it is and its bytes.

Pieces older than ``since`` are omitted, since a key planted later cannot be in them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import psutil

from pipeline import aws
from reelhouse.local import state
from reelhouse.stack import QUEUES, Stack
from tests.running import reelhouse

Piece = tuple[str, bytes]
MEBIBYTE = 1024 * 1024


def objects(since: datetime) -> Iterator[Piece]:
    """Yield every version of every object of every bucket, except packages of code."""
    s3 = aws.client("s3")
    for bucket in (one["Name"] for one in s3.list_buckets()["Buckets"] if "artifacts" not in one["Name"]):
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for version in page.get("Versions", []):
                if version["LastModified"] < since.replace(microsecond=0):
                    continue
                answer = s3.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
                yield f"{bucket}/{version['Key']}", json.dumps(answer["Metadata"]).encode() + answer["Body"].read()
                yield f"key of {bucket}/{version['Key']}", version["Key"].encode()


def log_lines(since: datetime) -> Iterator[Piece]:
    """Yield every line of every log group."""
    logs = aws.client("logs")
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            for events in logs.get_paginator("filter_log_events").paginate(
                logGroupName=group["logGroupName"], startTime=int(since.timestamp() * 1000)
            ):
                for event in events["events"]:
                    yield group["logGroupName"], event["message"].encode()


def files(*more: Path) -> Iterator[Piece]:
    """Yield the files of the local stack and of these folders, except the emulator's data, which holds the secret."""
    for folder in (state.home(), *more):
        for path in folder.rglob("*"):
            is_data = "ministack" in path.parts
            if path.is_file() and not is_data and path.stat().st_size < 50 * MEBIBYTE:
                yield str(path), path.read_bytes()


def messages(stack: Stack) -> Iterator[Piece]:
    """Yield what can be received from each queue now, parked or waiting."""
    sqs = aws.client("sqs")
    for queue in QUEUES:
        for name in (queue, f"{queue}DeadLetters"):
            yield (
                name,
                json.dumps(sqs.get_queue_attributes(QueueUrl=stack[f"{name}Url"], AttributeNames=["All"])).encode(),
            )
            answer = sqs.receive_message(QueueUrl=stack[f"{name}Url"], MaxNumberOfMessages=10, VisibilityTimeout=0)
            for message in answer.get("Messages", []):
                yield f"{name}: {message['MessageId']}", message["Body"].encode()


def configuration() -> Iterator[Piece]:
    """Yield functions with their environments, stacks with their parameters and events, schedules and alarms."""
    asked = {
        "lambda": ["list_functions", "list_event_source_mappings"],
        "cloudformation": ["describe_stacks"],
        "scheduler": ["list_schedules"],
        "cloudwatch": ["describe_alarms", "list_metrics"],
        "secretsmanager": ["list_secrets"],
    }
    for service, calls in asked.items():
        for call in calls:
            yield f"{service} {call}", json.dumps(getattr(aws.client(service), call)(), default=str).encode()
    for stack in aws.client("cloudformation").describe_stacks()["Stacks"]:
        for call in ("describe_stack_events", "get_template"):
            response = getattr(aws.client("cloudformation"), call)(StackName=stack["StackName"])
            yield f"{call} of {stack['StackName']}", json.dumps(response, default=str).encode()


def processes() -> Iterator[Piece]:
    """Yield command line and environment of every process that this user may inspect."""
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            shown = [*process.cmdline(), *(f"{name}={value}" for name, value in process.environ().items())]
            yield f"process {process.pid}", "\n".join(shown).encode("utf-8", "surrogateescape")


def output(*commands: str) -> Iterator[Piece]:
    """Yield what commands print."""
    for arguments in commands:
        done = reelhouse(*arguments.split())
        yield arguments, f"{done.stdout}{done.stderr}".encode()
