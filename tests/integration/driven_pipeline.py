"""Drive the whole pipeline on moto as SQS, S3 and Lambda do: queues, notifications, redelivery, dead-letter queues."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import pyarrow.parquet as pq  # type: ignore[import-untyped]

from pipeline import aws, keys
from pipeline.columns import GOLD_TABLES, Table
from pipeline.errors import ReelhouseError
from pipeline.gold.publication import published_build
from reelhouse.run.resume import resume
from reelhouse.stack import Stack
from tests.integration.faulty_aws import FaultyAws, Killed
from tests.integration.moto_lake import REGION, Cold, Handler, Lake, s3_event, sqs_event

STEPS = FIRST, ENRICH, TO_SILVER, TO_GOLD = (
    "get_movies_and_send_to_queue",
    "enrich_and_store_movie",
    "process_bronze_to_silver",
    "aggregate_to_gold",
)
# Each queue's function, batch size, and receives before a message moves to the DLQ, as in template.yaml.
QUEUES = {"MovieQueue": (ENRICH, 10, 10), "BronzeEvents": (TO_SILVER, 100, 5), "SilverEvents": (TO_GOLD, 1000, 5)}
BUCKETS = ("bronze", "silver", "gold")
# More rounds than all queues' receives together.
MOST_ROUNDS = 40
# Columns whose values depend on the clock or on S3.
OF_THE_MOMENT = {"processed_at", "fetched_at", "started_at", "finished_at", "bronze_version"}
Rows = dict[str, list[tuple[Any, ...]]]
Message = dict[str, Any]
# Rows of Gold's objects, by table and ETag: with the same ETag an object has the same content.
_READ: dict[tuple[str, str], list[tuple[Any, ...]]] = {}


@dataclass
class Pipeline:
    """Functions, queues and buckets together; creating it empties them.

    Attributes
    ----------
    faulty : dict of str to FaultyAws
        Fault injection by step.
    arrange : callable
        Selects and orders the messages of an event; if it selects none, nothing is delivered.
    queues : tuple of str
        Queues whose messages are delivered; without ``SilverEvents`` no Gold is built.
    errors : list of (str, BaseException)
        Step and error of each failed invocation.
    """

    lake: Lake
    cold: Cold
    faulty: dict[str, FaultyAws] = field(default_factory=dict)
    arrange: Callable[[list[Message]], list[Message]] = list
    queues: tuple[str, ...] = tuple(QUEUES)
    errors: list[tuple[str, BaseException]] = field(default_factory=list)
    urls: dict[str, str] = field(default_factory=dict)
    _warm: dict[str, Handler] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._clear()
        for name, (_, _, receives) in QUEUES.items():
            self._make_queue(name, receives)
        self._announce("bronze", "BronzeEvents", ("movies/", "rejected/", "runs/"))
        self._announce("silver", "SilverEvents", ("",))

    def _clear(self) -> None:
        for bucket in BUCKETS:
            self.lake.s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
            listing = self.lake.s3.list_object_versions(Bucket=bucket)
            objects = [
                {"Key": entry["Key"], "VersionId": entry["VersionId"]}
                for entry in listing.get("Versions", []) + listing.get("DeleteMarkers", [])
            ]
            if objects:
                self.lake.s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})
        for url in self.lake.sqs.list_queues().get("QueueUrls", []):
            self.lake.sqs.delete_queue(QueueUrl=url)

    def _make_queue(self, name: str, receives: int) -> None:
        sqs = self.lake.sqs
        parked = sqs.create_queue(QueueName=f"{name}DeadLetters")["QueueUrl"]
        policy = json.dumps({"deadLetterTargetArn": _arn(parked), "maxReceiveCount": str(receives)})
        attributes = {"RedrivePolicy": policy, "VisibilityTimeout": "3600"}
        self.urls |= {
            name: sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"],
            f"{name}DeadLetters": parked,
        }

    def _announce(self, bucket: str, queue: str, prefixes: tuple[str, ...]) -> None:
        """Send S3 notifications of new objects to a queue, as the template does."""
        about = {"QueueArn": _arn(self.urls[queue]), "Events": ["s3:ObjectCreated:*"]}
        configurations = [
            about | ({"Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": prefix}]}}} if prefix else {})
            for prefix in prefixes
        ]
        self.lake.s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"QueueConfigurations": configurations}
        )

    @property
    def stack(self) -> Stack:
        """The equivalent of a deployed stack, for the operator's commands."""
        outputs = {f"{bucket.title()}BucketName": bucket for bucket in BUCKETS} | {"GoldDatabaseName": "gold"}
        outputs |= {f"{name}Url": url for name, url in self.urls.items()}
        return Stack("moto", outputs | {"AggregateToGoldName": TO_GOLD})

    # ── Driving ──────────────────────────────────────────────────────────────────────────────────────────────────

    def run(self, **event: int) -> None:
        """Complete a run despite failures, as the schedule, SQS and an operator would."""
        while not self.invoke(FIRST, event):
            # A run with a manifest raised an alarm: resuming it sends the messages that were not sent.
            if begun := self.lake.keys("bronze", f"{keys.RUNS}/"):
                resume(self.stack, str(keys.run_of(begun[0])))
                break
        self.until_quiet()

    def until_quiet(self) -> None:
        """Deliver messages until each is processed or parked."""
        for _ in range(MOST_ROUNDS):
            if not sum(self.deliver(queue) for queue in self.queues):
                return
        raise AssertionError(f"not quiet after {MOST_ROUNDS} rounds; the last errors: {self.errors[-3:]}")

    def begin_gold_anew(self, faulty: dict[str, FaultyAws]) -> None:
        """Delete Gold and notify a cold function of Silver; ``faulty`` sets the faults of its calls."""
        self.faulty, self.errors = faulty, []
        self._warm.pop(TO_GOLD, None)
        for key in self.lake.keys("gold"):
            self.lake.s3.delete_object(Bucket="gold", Key=key)
        self.lake.sqs.send_message(QueueUrl=self.urls["SilverEvents"], MessageBody=s3_event("movies/part"))

    def deliver(self, queue: str) -> int:
        """Deliver a queue's waiting messages as one event; return their number."""
        step, limit, _ = QUEUES[queue]
        messages = self.receive(queue, limit)
        if messages:
            chosen = self.arrange(messages)
            self.settle(queue, messages, self.invoke(step, event_of(chosen)) if chosen else None, chosen)
        return len(messages)

    def receive(self, queue: str, limit: int = 1000) -> list[Message]:
        """Receive waiting messages from a queue; SQS parks those received too often."""
        taken: list[Message] = []
        while len(taken) < limit:
            answer = self.lake.sqs.receive_message(
                QueueUrl=self.urls[queue], MaxNumberOfMessages=min(10, limit - len(taken)), AttributeNames=["All"]
            )
            taken += answer.get("Messages", [])
            if len(answer.get("Messages", [])) < 10:
                break
        return taken

    def settle(
        self, queue: str, received: list[Message], reply: dict[str, Any] | None, delivered: list[Message]
    ) -> None:
        """Delete processed messages, and make all others visible again at once."""
        done = {message["MessageId"] for message in delivered} if reply else set()
        done -= {failure["itemIdentifier"] for failure in (reply or {}).get("batchItemFailures", [])}
        for message in received:
            about = {"QueueUrl": self.urls[queue], "ReceiptHandle": message["ReceiptHandle"]}
            if message["MessageId"] in done:
                self.lake.sqs.delete_message(**about)
            else:
                self.lake.sqs.change_message_visibility(**about, VisibilityTimeout=0)

    def invoke(self, step: str, event: dict[str, Any]) -> dict[str, Any] | None:
        """Invoke a function once; return None if it failed. A killed function starts cold the next time."""
        faulty = self.faulty.get(step)
        try:
            with faulty.watching() if faulty else nullcontext():
                return self.function(step)(event)
        except (ReelhouseError, Killed) as error:
            self.errors.append((step, error))
            if faulty and isinstance(error, Killed):
                del self._warm[step]
                faulty.revive()
            return None

    def function(self, step: str) -> Handler:
        """Return a step's function, warm unless it was killed."""
        if step not in self._warm:
            self._warm[step] = self.cold(step)
        return self._warm[step]

    # ── Results ────────────────────────────────────────────────────────────────────────────────────────────

    def gold(self) -> Rows:
        """Return the rows of all built tables without clock columns; run ids become ``run 1``, ``run 2`` and so on.

        Every object must be there with its recorded ETag; one with an ETag that was read before is not read again.
        """
        build = published_build("gold")
        assert build, "nothing is published"
        etags = {entry.key: entry.etag for entry in aws.list_objects(self.lake.s3, "gold")}
        tables = {}
        for name, built in build.tables.items():
            (stored,) = built.objects
            assert etags[stored.key] == stored.etag, stored.key
            read = name, stored.etag
            if read not in _READ:
                _READ[read] = _rows(GOLD_TABLES[name], self.lake.get("gold", stored.key))
            tables[name] = _READ[read]
        runs = {str(row[0]): f"run {number}" for number, row in enumerate(tables["pipeline_runs"], start=1)}
        return {name: [tuple(_placed(value, runs) for value in row) for row in rows] for name, rows in tables.items()}

    def silver(self) -> set[tuple[str, str]]:
        """Return Silver's rows by table, without clock columns; a run id becomes ``run``. A row may be stored twice."""
        contents = set()
        for key in self.lake.keys("silver"):
            name, body = key.partition("/")[0], self.lake.get("silver", key)
            rows = [json.loads(body)] if key.endswith(".json") else pq.read_table(io.BytesIO(body)).to_pylist()
            for row in rows:
                kept = str({column: value for column, value in row.items() if column not in OF_THE_MOMENT})
                contents.add((name, kept.replace(str(keys.run_of(key)), "run")))
        return contents

    def lost(self) -> set[str]:
        """Return the films that a run expected and that are neither stored nor rejected."""
        missing = set()
        for key in self.lake.keys("bronze", f"{keys.RUNS}/"):
            prefixes = (keys.run_prefix(kind, str(keys.run_of(key))) for kind in (keys.MOVIES, keys.REJECTED))
            settled = {keys.film_of(each) for prefix in prefixes for each in self.lake.keys("bronze", prefix)}
            missing |= set(json.loads(self.lake.get("bronze", key))["expected"]) - settled
        return missing

    def doubled(self) -> set[str]:
        """Return Bronze objects written more than once, and films with more than one outcome in Silver."""
        versions = [entry["Key"] for entry in self.lake.s3.list_object_versions(Bucket="bronze").get("Versions", [])]
        outcomes = [key for kind in (keys.QUARANTINE, keys.REJECTED) for key in self.lake.keys("silver", f"{kind}/")]
        films = [(keys.run_of(key), keys.film_of(key)) for key in outcomes]
        return {key for key in versions if versions.count(key) > 1} | {str(f) for f in films if films.count(f) > 1}

    def parked(self) -> dict[str, list[str]]:
        """Return the bodies of parked messages by queue, without deleting them."""
        bodies_by_queue = {}
        for queue in QUEUES:
            bodies = [message["Body"] for message in self.receive(f"{queue}DeadLetters")]
            if bodies:
                bodies_by_queue[queue] = bodies
        return bodies_by_queue


def _arn(url: str) -> str:
    account, name = url.rsplit("/", 2)[-2:]
    return f"arn:aws:sqs:{REGION}:{account}:{name}"


def event_of(messages: list[Message]) -> dict[str, Any]:
    """Return Lambda's event for received messages."""
    event = sqs_event(*messages)
    for record, message in zip(event["Records"], messages, strict=True):
        record["attributes"]["ApproximateReceiveCount"] = message["Attributes"]["ApproximateReceiveCount"]
    return event


def _rows(table: Table, body: bytes) -> list[tuple[Any, ...]]:
    """Return a table's rows in its order, without clock columns."""
    rows = pq.read_table(io.BytesIO(body))
    if table.order:
        rows = rows.sort_by([(column, "ascending") for column in table.order])
    kept = [column for column in rows.column_names if column not in OF_THE_MOMENT]
    return [tuple(row[column] for column in kept) for row in rows.to_pylist()]


def _placed(value: Any, runs: dict[str, str]) -> Any:
    """Make a value comparable between runs of the pipeline."""
    if isinstance(value, float):
        return round(value, 9)
    if isinstance(value, list):
        return tuple(_placed(each, runs) for each in value)
    if isinstance(value, str):
        for run_id, label in runs.items():
            value = value.replace(run_id, label)
    return value
