"""A deployed stack, here or in AWS: its outputs, and what the commands read of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError

from pipeline import aws, keys, settings
from pipeline.errors import InvalidInput, LocalStackError, StorageFailed
from pipeline.gold.build import Build, build_in_use
from pipeline.runs import Manifest
from reelhouse.local import stack as local_stack
from reelhouse.local import state

QUEUES = ("MovieQueue", "BronzeEvents", "SilverEvents")


@dataclass(frozen=True)
class Stack:
    """A stack's name and outputs."""

    name: str
    outputs: dict[str, str]

    def __getitem__(self, output: str) -> str:
        """An output by its name, such as ``GoldBucketName``."""
        return self.outputs[output]

    def count(self, bucket: str, kind: str, run_id: str) -> int:
        """Number of objects of one kind of one run, such as Bronze's ``movies``."""
        return len(self.films(bucket, kind, run_id))

    def films(self, bucket: str, kind: str, run_id: str) -> set[str]:
        """Keys of one kind of object of one run; those of films as their IMDb ids."""
        listed = aws.list_objects(aws.client("s3"), self[f"{bucket}BucketName"], keys.run_prefix(kind, run_id))
        return {keys.film_of(entry.key) or entry.key for entry in listed}

    def build(self) -> Build | None:
        """Return Gold's build in use; None before the first build, or when its record is damaged."""
        return build_in_use(self["GoldBucketName"])

    def manifest(self, run_id: str) -> Manifest:
        """Read a run's manifest.

        Raises
        ------
        InvalidInput
            When there is no such run.
        StorageFailed
            When its manifest cannot be read.
        DocumentInvalid
            When its manifest is damaged.
        """
        key = keys.manifest(run_id)
        with aws.failures_of("manifest", run_id):
            body = aws.get_if_exists(aws.client("s3"), self["BronzeBucketName"], key)
        if body is None:
            raise InvalidInput("there is no such run", subject=run_id, next_step="`reelhouse status` lists them")
        return Manifest.from_json(body, key)

    def run_ids(self) -> list[str]:
        """All runs, oldest first."""
        listed = aws.list_objects(aws.client("s3"), self["BronzeBucketName"], f"{keys.RUNS}/")
        return sorted(run_id for entry in listed if (run_id := keys.run_of(entry.key)))

    def queues(self) -> dict[str, dict[str, int]]:
        """For each queue its messages waiting (for their turn or a retry), in flight, and parked."""
        return {name: self._queue(name) for name in QUEUES}

    def not_started(self) -> int:
        """Invocations that no schedule could make, kept in ScheduleDeadLetters; 0 in stacks without that queue."""
        return sum(self._depth("ScheduleDeadLettersUrl")) if "ScheduleDeadLettersUrl" in self.outputs else 0

    def _queue(self, name: str) -> dict[str, int]:
        waiting, in_flight = self._depth(f"{name}Url")
        parked, looked_at = self._depth(f"{name}DeadLettersUrl")
        return {"waiting": waiting, "in_flight": in_flight, "parked": parked + looked_at}

    def _depth(self, output: str) -> tuple[int, int]:
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        answer = aws.client("sqs").get_queue_attributes(QueueUrl=self[output], AttributeNames=list(names))  # type: ignore[arg-type]
        return int(answer["Attributes"][names[0]]), int(answer["Attributes"][names[1]])  # type: ignore[index]

    def errors_since(self, function: str, since: datetime) -> Iterator[str]:
        """Messages of a function's log lines of level ERROR, newest last."""
        yield from self.log_lines(function, since, "ERROR")

    def log_lines(self, function: str, since: datetime, phrase: str) -> Iterator[str]:
        """Messages of a function's log lines that hold a phrase, newest last; none where it has never run."""
        logs = aws.client("logs")
        try:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=f"/aws/lambda/{self[f'{function}Name']}",
                startTime=int(since.timestamp() * 1000),
                filterPattern=f'"{phrase}"',
            )
            for page in pages:
                yield from (event["message"] for event in page.get("events", []))
        except ClientError as error:
            if aws.error_code(error) != "ResourceNotFoundException":
                raise


def find(name: str | None) -> Stack:
    """Find a stack.

    Parameters
    ----------
    name : str or None
        A CloudFormation stack of the AWS account that the environment names; None means the local stack.

    Raises
    ------
    LocalStackError
        When the local stack does not run.
    InvalidInput
        When AWS has no such stack.
    """
    if name is None:
        current = state.load()
        if not local_stack.healthy(current.ministack):
            raise LocalStackError("it does not run", subject="local stack", next_step="`reelhouse up` starts it")
        local_stack.use(current)
    wanted = name or state.STACK_NAME
    try:
        answer = aws.client("cloudformation").describe_stacks(StackName=wanted)
    except ClientError as error:
        hint = "check the name, region and credentials" if name else "`reelhouse up` deploys it"
        raise InvalidInput(f"not found ({aws.error_code(error)})", subject=f"stack {wanted}", next_step=hint) from error
    except BotoCoreError as error:
        raise StorageFailed(
            str(error), subject=f"stack {wanted}", next_step="set up AWS credentials and a region"
        ) from error
    outputs = {o["OutputKey"]: o["OutputValue"] for o in answer["Stacks"][0].get("Outputs", [])}
    if "GoldBucketName" not in outputs:
        raise InvalidInput("is no Reelhouse stack, or its deployment failed", subject=f"stack {wanted}")
    settings.set_variables({"GOLD_BUCKET": outputs["GoldBucketName"], "GOLD_DATABASE": outputs["GoldDatabaseName"]})
    return Stack(wanted, outputs)
