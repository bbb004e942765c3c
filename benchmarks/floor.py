"""The emulator's floor: buckets, queues and triggers as the template has them, with functions that only copy.

Made by calls, in the emulator that the stack runs in; the same batch sizes, windows and numbers at once.
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks import deployed
from pipeline import aws
from reelhouse.local import stack as local_stack
from reelhouse.local import state
from reelhouse.stack import Stack

NAME = "reelhouse-bench-floor"
_ANYONE = {"Effect": "Allow", "Action": ["s3:*", "sqs:*", "logs:*"], "Resource": "*"}
_S3 = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "*"}
_LAMBDA = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


@dataclass(frozen=True)
class Trigger:
    """A function's queue, the step in whose place it stands, and how it is read: as in template.yaml."""

    function: str
    queue: str
    step: str
    batch_size: int
    window_seconds: int


TRIGGERS = (
    Trigger("films", "MovieQueue", "EnrichAndStoreMovie", 10, 0),
    Trigger("parts", "BronzeEvents", "ProcessBronzeToSilver", 100, 5),
    Trigger("tables", "SilverEvents", "AggregateToGold", 1000, 10),
)


@cache
def stack() -> Stack:
    """Make it in the emulator of the deployed stack; outputs are named as the template's."""
    deployed.stack()
    outputs: dict[str, str] = {}
    for layer in ("Bronze", "Silver", "Gold"):
        outputs[f"{layer}BucketName"] = bucket = f"{NAME}-{layer.lower()}"
        aws.ensure_bucket(aws.client("s3"), bucket, state.REGION)
    aws.client("s3").put_bucket_versioning(
        Bucket=outputs["BronzeBucketName"], VersioningConfiguration={"Status": "Enabled"}
    )
    for trigger in TRIGGERS:
        for name in (trigger.queue, f"{trigger.queue}DeadLetters"):
            attributes = {
                "VisibilityTimeout": "720",
                "Policy": json.dumps({"Version": "2012-10-17", "Statement": [_S3]}),
            }
            answer = aws.client("sqs").create_queue(QueueName=f"{NAME}-{name}", Attributes=attributes)  # type: ignore[arg-type]
            outputs[f"{name}Url"] = answer["QueueUrl"]
    _notify(outputs["BronzeBucketName"], outputs["BronzeEventsUrl"], ["movies/", "runs/"])
    _notify(outputs["SilverBucketName"], outputs["SilverEventsUrl"], [""])
    _functions(outputs)
    return Stack(NAME, outputs)


def _arn(url: str) -> str:
    answer = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return answer["Attributes"]["QueueArn"]


def _notify(bucket: str, url: str, prefixes: list[str]) -> None:
    rules = [[{"Name": "prefix", "Value": prefix}] if prefix else [] for prefix in prefixes]
    configurations: Any = [
        {"QueueArn": _arn(url), "Events": ["s3:ObjectCreated:*"], "Filter": {"Key": {"FilterRules": rule}}}
        for rule in rules
    ]
    aws.client("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": configurations}
    )


def _functions(outputs: dict[str, str]) -> None:
    role, code, functions = _role(), _code(), aws.client("lambda")
    variables = {
        "BRONZE_BUCKET": outputs["BronzeBucketName"],
        "SILVER_BUCKET": outputs["SilverBucketName"],
        "GOLD_BUCKET": outputs["GoldBucketName"],
        "MOVIE_QUEUE_URL": outputs["MovieQueueUrl"],
        "SOURCE_BUCKET": local_stack.SOURCE_BUCKET,
        "SOURCE_KEY": local_stack.SOURCE_KEY,
    }
    for name in ("start", *(trigger.function for trigger in TRIGGERS)):
        functions.create_function(
            FunctionName=f"{NAME}-{name}",
            Runtime=f"python{sys.version_info.major}.{sys.version_info.minor}",
            Role=role,
            Handler=f"copying.{name}",
            Code={"ZipFile": code},
            Timeout=300,
            MemorySize=1024,
            Environment={"Variables": variables},
        )
    outputs["GetMoviesAndSendToQueueName"] = f"{NAME}-start"
    for trigger in TRIGGERS:
        outputs[f"{trigger.step}Name"] = f"{NAME}-{trigger.function}"
        functions.create_event_source_mapping(
            EventSourceArn=_arn(outputs[f"{trigger.queue}Url"]),
            FunctionName=f"{NAME}-{trigger.function}",
            BatchSize=trigger.batch_size,
            MaximumBatchingWindowInSeconds=trigger.window_seconds,
            ScalingConfig={"MaximumConcurrency": 2},
        )


def _role() -> str:
    iam = aws.client("iam")
    trust = json.dumps({"Version": "2012-10-17", "Statement": [_LAMBDA]})
    arn = iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    allowed = json.dumps({"Version": "2012-10-17", "Statement": [_ANYONE]})
    iam.put_role_policy(RoleName=NAME, PolicyName="Copy", PolicyDocument=allowed)
    return str(arn)


def _code() -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.write(Path(__file__).parent / "baselines" / "copying.py", "copying.py")
    return body.getvalue()
