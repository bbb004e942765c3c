"""Everything that the stack stores, says or shows, as pieces to search: where it is, and its bytes.

What has a time is left out where it is older than ``since``: what was made up later cannot be there.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import psutil

from pipeline import aws
from reelhouse.local import state
from reelhouse.stack import QUEUES, Stack

Piece = tuple[str, bytes]
MEBIBYTE = 1024 * 1024


def objects(since: datetime) -> Iterator[Piece]:
    """Every version of every object of every bucket; packages of code are another's."""
    s3 = aws.client("s3")
    for bucket in (one["Name"] for one in s3.list_buckets()["Buckets"] if "artifacts" not in one["Name"]):
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for found in page.get("Versions", []):
                if found["LastModified"] < since.replace(microsecond=0):
                    continue
                answer = s3.get_object(Bucket=bucket, Key=found["Key"], VersionId=found["VersionId"])
                yield f"{bucket}/{found['Key']}", json.dumps(answer["Metadata"]).encode() + answer["Body"].read()
                yield f"key of {bucket}/{found['Key']}", found["Key"].encode()


def log_lines(since: datetime) -> Iterator[Piece]:
    """Every line of every log group."""
    logs = aws.client("logs")
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            for events in logs.get_paginator("filter_log_events").paginate(
                logGroupName=group["logGroupName"], startTime=int(since.timestamp() * 1000)
            ):
                for event in events["events"]:
                    yield group["logGroupName"], event["message"].encode()


def files(*more: Path) -> Iterator[Piece]:
    """What the local stack and these folders hold, but for the emulator's own memory, in which the secret is kept."""
    for folder in (state.home(), *more):
        for path in folder.rglob("*"):
            kept = "ministack" in path.parts or "build" in path.parts
            if path.is_file() and not kept and path.stat().st_size < 50 * MEBIBYTE:
                yield str(path), path.read_bytes()


def messages(stack: Stack) -> Iterator[Piece]:
    """What can be received from each queue now, parked or waiting."""
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
    """Functions with their environments, stacks with their parameters and events, schedules, state machines, alarms."""
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
            found = getattr(aws.client("cloudformation"), call)(StackName=stack["StackName"])
            yield f"{call} of {stack['StackName']}", json.dumps(found, default=str).encode()


def processes() -> Iterator[Piece]:
    """Command line and environment of every process that this user may look at."""
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            shown = [*process.cmdline(), *(f"{name}={value}" for name, value in process.environ().items())]
            yield f"process {process.pid}", "\n".join(shown).encode("utf-8", "surrogateescape")


def said(*commands: str) -> Iterator[Piece]:
    """What commands print."""
    for arguments in commands:
        command = [sys.executable, "-m", "reelhouse", *arguments.split()]
        done = subprocess.run(command, capture_output=True, check=False)
        assert b"Traceback" not in done.stderr, done.stderr.decode()
        yield arguments, done.stdout + done.stderr
