"""Helpers of the integration tests: moto's buckets and queues, a fake OMDb, and events."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, quote_plus, urlsplit
from uuid import uuid4

from pipeline import aws, keys
from pipeline.columns import GOLD_TABLES
from pipeline.runs import Manifest, started_at, utc
from reelhouse.stack import QUEUES, Stack

REGION = "eu-central-1"
OMDB_URL = "https://omdb.example/"
KEY = "s3cr3t-key"
LIST_KEY = "lists/top.json"
# Tables made of Silver and of another table, of films and of runs.
FEW_TABLES = tuple(GOLD_TABLES[name] for name in ("movies", "films_by_year", "rank_history", "pipeline_runs"))
EVENTS = Path(__file__).parents[1] / "events"


@dataclass
class Context:
    """The context that Lambda passes to a handler."""

    function_name: str = "function"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:function"
    aws_request_id: str = field(default_factory=lambda: str(uuid4()))
    milliseconds: int = 60_000

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds before the time-out."""
        return self.milliseconds


@dataclass
class Omdb:
    """A fake OMDb at HTTP level: responses by IMDb id as (status, body), and every id requested."""

    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def film(self, imdb_id: str, **fields: Any) -> None:
        """Respond with a film."""
        body = {"Title": imdb_id, "Year": "1994", "Genre": "Drama", "imdbID": imdb_id, "Type": "movie"} | fields
        self.answers[imdb_id] = (200, json.dumps(body | {"Response": "True"}).encode())

    def error(self, imdb_id: str, text: str, status: int = 200) -> None:
        """Respond with one of OMDb's errors."""
        self.answers[imdb_id] = (status, json.dumps({"Response": "False", "Error": text}).encode())

    def reply(self, request: Any) -> tuple[int, dict[str, str], bytes]:
        """Respond to a request, as a callback of ``responses``."""
        query = parse_qs(urlsplit(request.url).query)
        assert query["apikey"] == [KEY]
        self.asked.append(query["i"][0])
        status, body = self.answers[query["i"][0]]
        return status, {}, body


@dataclass
class Lake:
    """The buckets and queues, with shortcuts to read and write them."""

    s3: Any
    sqs: Any
    queue_url: str

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Write an object."""
        self.s3.put_object(Bucket=bucket, Key=key, Body=body)

    def get(self, bucket: str, key: str) -> bytes:
        """Read an object."""
        content: bytes = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return content

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """Return the keys below a prefix, sorted."""
        return [entry.key for entry in aws.list_objects(self.s3, bucket, prefix)]

    def expect(self, run_id: str, *ids: str) -> None:
        """Write the manifest of a run that expects these films."""
        manifest = Manifest(
            run_id=run_id,
            started_at=utc(started_at(run_id)),
            source_uri=f"s3://lists/{LIST_KEY}",
            source_etag=None,
            source_sha256="0" * 64,
            top_n=len(ids),
            batch_size=10,
            messages=1,
            expected={imdb_id: rank for rank, imdb_id in enumerate(ids, start=1)},
            skipped=[],
            code_version="test",
        )
        self.put("bronze", keys.manifest(run_id), manifest.to_json())

    def receive(self) -> list[dict[str, Any]]:
        """Receive all visible messages of MovieQueue."""
        taken: list[dict[str, Any]] = []
        while more := self.sqs.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10, AttributeNames=["All"]
        ).get("Messages"):
            taken += more
        return taken


class Handler(Protocol):
    """A handler called without a context."""

    def __call__(
        self, event: dict[str, Any], milliseconds_left: int = 60_000, invocation_id: str = ""
    ) -> dict[str, Any]:
        """Invoke it; an empty ``invocation_id`` means a new one."""


Cold = Callable[[str], Handler]
Top = Callable[[int], list[str]]


def sqs_event(*messages: dict[str, Any] | str, receives: int = 1) -> dict[str, Any]:
    """Return Lambda's event for messages as SQS returns them, or for bodies alone."""
    records = []
    for index, message in enumerate(messages):
        given = {"Body": message} if isinstance(message, str) else message
        record = json.loads((EVENTS / "sqs.json").read_text(encoding="utf-8"))["Records"][0]
        record["messageId"] = given.get("MessageId", f"message-{index}")
        record["receiptHandle"] = given.get("ReceiptHandle", record["receiptHandle"])
        record["attributes"]["ApproximateReceiveCount"] = str(receives)
        records.append(record | {"body": given["Body"]})
    return {"Records": records}


def s3_event(*keys: str) -> str:
    """Return S3's event for new objects, with keys encoded as S3 does."""
    records = []
    for key in keys:
        record = json.loads((EVENTS / "s3_object_created.json").read_text(encoding="utf-8"))["Records"][0]
        record["s3"]["object"]["key"] = quote_plus(key, safe="/")
        records.append(record)
    return json.dumps({"Records": records})


def as_stack(lake: Lake) -> Stack:
    """Return the lake with all queues, as the commands see a stack; its functions have no logs."""
    outputs = {f"{bucket}BucketName": bucket.lower() for bucket in ("Bronze", "Silver", "Gold")}
    outputs["GoldDatabaseName"] = "gold"
    for queue in [*QUEUES, *(f"{queue}DeadLetters" for queue in QUEUES)]:
        outputs[f"{queue}Url"] = lake.sqs.create_queue(QueueName=queue)["QueueUrl"]
    names = ("GetMoviesAndSendToQueue", "EnrichAndStoreMovie", "ProcessBronzeToSilver", "AggregateToGold")
    return Stack("moto", outputs | {f"{name}Name": name for name in names})
