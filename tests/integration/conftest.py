"""Fixtures of the pipeline on moto: buckets, queues, a secret, a fake OMDb at HTTP level, and the real handlers."""

from __future__ import annotations

import importlib
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import moto.s3.urls
import pytest
import responses
from moto import backend_index, mock_aws
from moto.s3.models import S3Backend

from pipeline import aggregate_to_gold, aws
from pipeline.gold import duckdb_engine
from reelhouse.commands import verify
from tests.integration.moto_lake import (
    FEW_TABLES,
    KEY,
    LIST_KEY,
    OMDB_URL,
    REGION,
    Cold,
    Context,
    Handler,
    Lake,
    Omdb,
    Top,
)

# Services by how often they are asked; the others follow.
OFTEN = ("s3", "sqs", "glue", "secretsmanager")
PATTERNS = sorted(backend_index.backend_url_patterns, key=lambda entry: entry[0] not in OFTEN)


@pytest.fixture(scope="package")
def clients() -> Iterator[None]:
    """Share boto3 clients among the tests of this folder: creating one takes longer than a test."""
    with pytest.MonkeyPatch.context() as environment:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            environment.setenv(name, "testing")
        environment.setenv("AWS_DEFAULT_REGION", REGION)
        environment.delenv("AWS_ENDPOINT_URL", raising=False)
        environment.delenv("AWS_PROFILE", raising=False)
        # moto compares the address of each request with those of all services, one after the other.
        environment.setattr(backend_index, "backend_url_patterns", PATTERNS)
        # It imports this module again for each request to S3, in case the environment changed.
        environment.setattr(S3Backend, "_url_module", moto.s3.urls)
        aws.forget_clients()
        yield
    aws.forget_clients()


@pytest.fixture
def cloud(clients: None) -> Iterator[None]:
    """Start an empty AWS in this process, before the fake OMDb: both patch ``requests``."""
    with mock_aws():
        yield


@pytest.fixture
def omdb(cloud: None) -> Iterator[Omdb]:
    """Fake OMDb; requests to any other address fail."""
    fake = Omdb()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add_callback(responses.GET, OMDB_URL, fake.reply)
        yield fake


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch, cloud: None) -> Lake:
    """Create the buckets, the queue and the secret, and set the environment of all functions.

    Nothing arrives in Silver while it is listed, so AggregateToGold waits for no quiet second.
    """
    monkeypatch.setattr(aggregate_to_gold, "QUIET_SECONDS", 0)
    s3, sqs = aws.client("s3"), aws.client("sqs")
    for bucket in ("bronze", "silver", "gold", "lists"):
        aws.ensure_bucket(s3, bucket, REGION)
    s3.put_bucket_versioning(Bucket="bronze", VersioningConfiguration={"Status": "Enabled"})
    queue_url = sqs.create_queue(QueueName="MovieQueue")["QueueUrl"]
    aws.client("secretsmanager").create_secret(Name="omdb-api-key", SecretString=KEY)
    for name, value in {
        "BRONZE_BUCKET": "bronze",
        "SILVER_BUCKET": "silver",
        "GOLD_BUCKET": "gold",
        "MOVIE_QUEUE_URL": queue_url,
        "SOURCE_LIST_URI": f"s3://lists/{LIST_KEY}",
        "TOP_N": "250",
        "BATCH_SIZE": "10",
        "OMDB_URL": OMDB_URL,
        "OMDB_SECRET_ID": "omdb-api-key",
        "DUCKDB_MEMORY_MB": "256",
        "POWERTOOLS_SERVICE_NAME": "reelhouse",
    }.items():
        monkeypatch.setenv(name, value)
    return Lake(s3, sqs, queue_url)


@pytest.fixture
def few_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Gold have :data:`FEW_TABLES` only, also for `verify`; a build of all takes twice as long."""
    for module in (duckdb_engine, verify):
        monkeypatch.setattr(module, "GOLD", FEW_TABLES)


@pytest.fixture
def handler(lake: Lake) -> Iterator[Cold]:
    """Import a handler as a cold start does: it reads its settings at import."""
    pipeline = logging.getLogger("pipeline")
    before = pipeline.handlers, pipeline.propagate, pipeline.level

    def cold(name: str) -> Handler:
        sys.modules.pop(f"lambdas.{name}", None)
        module = importlib.import_module(f"lambdas.{name}")

        def invoke(event: dict[str, Any], milliseconds_left: int = 60_000, invocation_id: str = "") -> dict[str, Any]:
            context = Context(milliseconds=milliseconds_left)
            context.aws_request_id = invocation_id or context.aws_request_id
            reply: dict[str, Any] = module.handler(event, context)
            return reply

        return invoke

    yield cold
    pipeline.handlers, pipeline.propagate = before[:2]
    pipeline.setLevel(before[2])
    for name in [name for name in sys.modules if name.startswith("lambdas.")]:
        del sys.modules[name]
    # Powertools' logger writes to the standard output that it met first, which is gone with this test.
    logging.Logger.manager.loggerDict.pop("reelhouse", None)


@pytest.fixture
def top(lake: Lake, omdb: Omdb) -> Top:
    """Publish a list of n films, worst rank first, all known to OMDb; return their ids, best rank first."""

    def publish(count: int) -> list[str]:
        ids = [f"tt{number:07}" for number in range(1, count + 1)]
        items = [
            {"id": imdb_id, "rank": str(rank), "title": imdb_id, "imDbRating": "8.0", "imDbRatingCount": "100"}
            for rank, imdb_id in enumerate(ids, start=1)
        ]
        lake.put("lists", LIST_KEY, json.dumps({"items": items[::-1]}).encode())
        for rank, imdb_id in enumerate(ids, start=1):
            omdb.film(imdb_id, imdbRating=f"{rank % 100 / 10}", imdbVotes=f"{rank * 1000:,}", BoxOffice=f"${rank},000")
        return ids

    return publish
