"""Redriving messages with SQS's move task, against botocore's stub, which validates parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from pipeline.errors import InvalidInput, StorageFailed
from reelhouse.operate.parked import about, chosen
from reelhouse.operate.redrive import by_move_task

ARN = "arn:aws:sqs:eu-central-1:123456789012:parked"


@pytest.fixture
def sqs() -> Any:
    return boto3.client("sqs", "eu-central-1", aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture
def stub(sqs: Any) -> Iterator[Stubber]:
    with Stubber(sqs) as stubber:
        stubber.add_response("start_message_move_task", {"TaskHandle": "handle"}, {"SourceArn": ARN})
        yield stubber
        stubber.assert_no_pending_responses()


def tasks(stub: Stubber, *listed: dict[str, Any]) -> None:
    stub.add_response("list_message_move_tasks", {"Results": list(listed)}, {"SourceArn": ARN, "MaxResults": 10})


def test_the_task_is_watched_to_its_end(sqs: Any, stub: Stubber) -> None:
    older = {"Status": "COMPLETED", "ApproximateNumberOfMessagesMoved": 99}
    tasks(stub, {"TaskHandle": "handle", "Status": "RUNNING", "ApproximateNumberOfMessagesMoved": 4}, older)
    tasks(stub, {"Status": "COMPLETED", "ApproximateNumberOfMessagesMoved": 7}, older)
    seen: list[int] = []

    assert by_move_task(sqs, ARN, seen.append, wait=0) == 7
    assert seen == [4, 7]


@pytest.mark.parametrize("status", ["FAILED", "CANCELLED"])
def test_a_task_that_fails_says_why_and_how_far_it_came(sqs: Any, stub: Stubber, status: str) -> None:
    tasks(stub, {"Status": status, "ApproximateNumberOfMessagesMoved": 3, "FailureReason": "QueueDoesNotExist"})

    with pytest.raises(StorageFailed, match="3 messages: QueueDoesNotExist"):
        by_move_task(sqs, ARN, lambda _: None, wait=0)


def test_only_the_stacks_queues_can_be_named() -> None:
    assert chosen("BronzeEvents") == ("BronzeEvents",)
    assert len(chosen(None)) == 3
    with pytest.raises(InvalidInput, match="MovieQueue"):
        chosen("../queue")


RUN = "20261124T030000Z-1a2b3c4d"
EVENT = '{"Records": [{"s3": {"object": {"key": "movies/run_id%3D' + RUN + '/imdb_id%3Dtt0068646.json"}}}]}'
MESSAGE = '{"schema": 1, "run_id": "' + RUN + '", "batch": 1, "batches": 1, "movies": [{"id": "tt0068646"}]}'


@pytest.mark.parametrize(("queue", "body"), [("MovieQueue", MESSAGE), ("BronzeEvents", EVENT)])
def test_a_message_names_its_run_and_films(queue: str, body: str) -> None:
    assert about(queue, body) == (RUN, ["tt0068646"])


@pytest.mark.parametrize("queue", ["MovieQueue", "BronzeEvents", "SilverEvents"])
@pytest.mark.parametrize("body", ["", "<b>poison</b>", "[]", '{"Records": 3}', "null", "[" * 100_000])
def test_a_message_that_is_not_ours_is_about_no_film(queue: str, body: str) -> None:
    assert about(queue, body) == (None, [])
