"""A deployed stack, local or in AWS: its outputs, and what several commands read from it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from botocore.exceptions import BotoCoreError, ClientError

from pipeline import aws, documents, keys, messages, settings
from pipeline.errors import DocumentInvalid, InvalidInput, LocalStackError, SourceListInvalid, StorageFailed
from pipeline.gold.build import Build
from pipeline.gold.publication import Pointer, read_pointer, records
from pipeline.runs import Manifest
from reelhouse.local import processes, state
from reelhouse.local.state import State

if TYPE_CHECKING:
    from insights.lake import Lake

_ERROR_CHARACTERS = 500
# The last is how the emulator names every error that a handler raises; a time-out has a name of its own there too.
_INPUT_ERRORS = {InvalidInput.__name__, SourceListInvalid.__name__, "Runtime.HandlerError"}
QueueName = Literal["MovieQueue", "BronzeEvents", "SilverEvents"]
QUEUES: tuple[str, ...] = get_args(QueueName)


@dataclass(frozen=True)
class QueueCounts:
    """Messages of a queue: waiting, in flight (being processed, or hidden until their retry), and parked."""

    waiting: int
    in_flight: int
    parked: int

    @property
    def busy(self) -> bool:
        """Whether messages wait or are in flight."""
        return self.waiting + self.in_flight > 0


@dataclass(frozen=True)
class Stack:
    """A stack's name and outputs."""

    name: str
    outputs: dict[str, str]

    def __getitem__(self, output: str) -> str:
        """Return an output by its name, such as ``GoldBucketName``.

        Raises
        ------
        InvalidInput
            When the stack has no such output: another version of the template made it.
        """
        if output not in self.outputs:
            hint = "deploy it with this version's template"
            raise InvalidInput(f"it has no output {output}", subject=f"stack {self.name}", next_step=hint)
        return self.outputs[output]

    def lake(self) -> Lake:
        """Return the stack's tables."""
        from insights.lake import Lake  # noqa: PLC0415 (pandas takes a second to import)

        work_group = self.outputs.get("AthenaWorkGroupName", "")
        return Lake(self["GoldBucketName"], self["GoldDatabaseName"], self["SilverBucketName"], work_group)

    def count(self, bucket: str, kind: str, run_id: str) -> int:
        """Return the number of objects of one kind of one run, such as Bronze's ``movies``."""
        return len(self.films(bucket, kind, run_id))

    def films(self, bucket: str, kind: str, run_id: str) -> set[str]:
        """Return the IMDb ids of one kind of object of one run; objects that are not one film's are named by key."""
        listed = aws.list_objects(aws.client("s3"), self[f"{bucket}BucketName"], keys.run_prefix(kind, run_id))
        return {keys.film_of(entry.key) or entry.key for entry in listed}

    def pointer(self) -> Pointer:
        """Return which build of Gold is published, and which is held."""
        return read_pointer(self["GoldBucketName"])

    def build(self) -> Build | None:
        """Return Gold's published build; None before the first, or when its record is damaged."""
        return self.pointer().build

    def held_build(self, pointer: Pointer) -> Build | None:
        """Return the record of the build that is held; None when there is none."""
        held = pointer.held
        return records(self["GoldBucketName"], [held.build_id]).get(held.build_id) if held else None

    def manifest(self, run_id: str) -> Manifest:
        """Return a run's manifest.

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
            raise InvalidInput("there is no such run", subject=run_id, next_step="`reelhouse status` lists the runs")
        return Manifest.from_json(body, key)

    def run_ids(self) -> list[str]:
        """Return the ids of all runs, oldest first."""
        listed = aws.list_objects(aws.client("s3"), self["BronzeBucketName"], f"{keys.RUNS}/")
        return sorted(run_id for entry in listed if (run_id := keys.run_of(entry.key)))

    def queues(self) -> dict[str, QueueCounts]:
        """Return the number of messages of each queue."""
        return {name: self._queue(name) for name in QUEUES}

    def not_started(self) -> int:
        """Return the number of scheduled invocations that failed to start; 0 in stacks without that queue."""
        return sum(self.depth("ScheduleDeadLettersUrl")) if "ScheduleDeadLettersUrl" in self.outputs else 0

    def _queue(self, name: str) -> QueueCounts:
        waiting, in_flight = self.depth(f"{name}Url")
        parked, received = self.depth(f"{name}DeadLettersUrl")
        return QueueCounts(waiting, in_flight, parked + received)

    def invoke(self, function: str, event: dict[str, Any], next_step: str) -> bytes:
        """Invoke a function and return its reply.

        Raises
        ------
        InvalidInput
            With the function's own message, when it refused its input.
        StorageFailed
            With the function's own message, when it failed otherwise, for example by a time-out.
        """
        name = self[f"{function}Name"]
        with aws.failures_of(function, name, next_step):
            answer = aws.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
            body = bytes(answer["Payload"].read())
        if "FunctionError" in answer:
            error = _function_error(body)
            kind = InvalidInput if error.get("errorType") in _INPUT_ERRORS else StorageFailed
            message = str(error.get("errorMessage") or "it failed without a message")
            raise kind(message[:_ERROR_CHARACTERS], step=function)
        return body

    def build_gold(self) -> str:
        """Have AggregateToGold build Gold and move the catalogue to the published build; return that build's version.

        Nothing is built if Gold is up to date. S3 announces only new objects, so a build must be requested after
        objects were removed. Raises as :meth:`invoke` does.
        """
        self.invoke("AggregateToGold", {"Records": []}, "the next run, or `reelhouse replay`, brings Gold up to date")
        build = self.build()
        return build.code_version if build else ""

    def depth(self, output: str) -> tuple[int, int]:
        """Return :func:`pipeline.messages.depth` of the queue whose URL is an output."""
        return messages.depth(self[output])


def _function_error(body: bytes) -> dict[str, Any]:
    """Return the fields of a function's error reply; {} for anything else."""
    try:
        reply = documents.parse(body, "reply")
    except DocumentInvalid:
        return {}
    return reply if isinstance(reply, dict) else {}


def find(name: str | None) -> Stack:
    """Find a stack.

    Parameters
    ----------
    name : str or None
        A CloudFormation stack of the AWS account that the environment names; None means the local stack.

    Raises
    ------
    LocalStackError
        When the local stack is not running.
    InvalidInput
        When AWS has no such stack.
    """
    if name is None:
        current = state.load()
        if not processes.healthy(current.ministack):
            raise LocalStackError("it is not running", subject="local stack", next_step="`reelhouse up` starts it")
        use(current)
    wanted = name or state.STACK_NAME
    try:
        answer = aws.client("cloudformation").describe_stacks(StackName=wanted)
    except ClientError as error:
        hint = "check the name, region and credentials" if name else "`reelhouse up` deploys it"
        raise InvalidInput(f"not found ({aws.error_code(error)})", subject=f"stack {wanted}", next_step=hint) from error
    except BotoCoreError as error:
        hint = "set up AWS credentials and a region"
        raise StorageFailed(str(error), subject=f"stack {wanted}", next_step=hint) from error
    outputs = {o["OutputKey"]: o["OutputValue"] for o in answer["Stacks"][0].get("Outputs", [])}
    if "GoldBucketName" not in outputs:
        raise InvalidInput("it is not a Reelhouse stack, or its deployment failed", subject=f"stack {wanted}")
    return Stack(wanted, outputs)


def find_to_write(name: str | None) -> Stack:
    """Find a stack that a command writes objects to; raises as :func:`find` does.

    Raises
    ------
    LocalStackError
        When the local stack's disk is nearly full: MiniStack would keep objects in memory only, and forget them.
    """
    if name is None:
        state.require_space(state.home())
    return find(name)


def use(current: State) -> None:
    """Point boto3, here and in child processes, at the local stack and at nothing else.

    Every AWS setting of the person's own environment is dropped, and no AWS configuration file is read.
    """
    wanted = current.connection() | without_proxy()
    names = {*settings.names_starting_with("AWS_"), *wanted}
    if {name: settings.variable(name) for name in names} == wanted:
        # The clients of this process reach it already; a new client takes 0.1 s to create.
        return
    settings.forget_variables(*names)
    settings.set_variables(wanted)
    aws.forget_clients()


def without_proxy() -> dict[str, str]:
    """Return the variables that keep requests to this machine from a proxy; other hosts keep theirs."""
    hosts = [host for host in settings.variable("NO_PROXY", settings.variable("no_proxy")).split(",") if host]
    value = ",".join(dict.fromkeys([*hosts, "127.0.0.1", "localhost"]))
    # Both spellings are read, the lower-case one first.
    return {"NO_PROXY": value, "no_proxy": value}
