"""Whichever AWS call of redrive, resume or replay fails, running the command again completes its work."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from moto.sqs.models import sqs_backends

from pipeline import aws, keys
from pipeline.errors import ReelhouseError
from reelhouse.commands import redrive, replay
from reelhouse.commands.verify import verify
from reelhouse.run.resume import resume
from tests.integration.driven_pipeline import FIRST, QUEUES, TO_GOLD, Pipeline
from tests.integration.faulty_aws import FAULTS, KILLED, FaultyAws, Killed
from tests.integration.moto_lake import REGION, Cold, Lake, Omdb, Top

FILMS, BATCH_SIZE = 4, 2
WAYS = (*FAULTS, *KILLED)
Operation = Callable[[Pipeline, FaultyAws], None]


@dataclass
class Answer:
    """The part of a response that boto3 reads besides its body."""

    status_code: int


@pytest.fixture
def pipeline(
    lake: Lake, omdb: Omdb, handler: Cold, top: Top, few_tables: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Pipeline]:
    """Return a pipeline whose last function an operator can invoke, without waits."""
    monkeypatch.setattr(replay, "POLL_SECONDS", 0.001)
    ids = top(FILMS)
    omdb.error(ids[1], "Incorrect IMDb ID.")
    omdb.film(ids[2], Year="3994")
    made = Pipeline(lake, handler)

    def invoked(**_: Any) -> tuple[Any, dict[str, Any]]:
        """Run the function for Lambda's Invoke."""
        reply = made.invoke(TO_GOLD, {"Records": []})
        payload = io.BytesIO(json.dumps(reply or {"errorMessage": "-"}).encode())
        answer = {"Payload": payload} | ({} if reply else {"FunctionError": "Unhandled"})
        return Answer(200), answer

    events = aws.client("lambda").meta.events
    events.register("before-call.lambda.Invoke", invoked)
    yield made
    events.unregister("before-call.lambda.Invoke", invoked)


def parked(pipeline: Pipeline) -> None:
    """Move every message of a run to the dead-letter queues."""
    pipeline.invoke(FIRST, {"top_n": FILMS, "batch_size": BATCH_SIZE})
    for queue in QUEUES:
        for message in pipeline.receive(queue):
            pipeline.lake.sqs.send_message(QueueUrl=pipeline.urls[f"{queue}DeadLetters"], MessageBody=message["Body"])
            pipeline.lake.sqs.delete_message(QueueUrl=pipeline.urls[queue], ReceiptHandle=message["ReceiptHandle"])


def forgotten(pipeline: Pipeline) -> None:
    """Delete every message of a run."""
    pipeline.invoke(FIRST, {"top_n": FILMS, "batch_size": BATCH_SIZE})
    for queue in QUEUES:
        for message in pipeline.receive(queue):
            pipeline.lake.sqs.delete_message(QueueUrl=pipeline.urls[queue], ReceiptHandle=message["ReceiptHandle"])


def damaged(pipeline: Pipeline) -> None:
    """Damage a run's Silver after Gold was built from it."""
    pipeline.run(top_n=FILMS, batch_size=BATCH_SIZE)
    (part,) = pipeline.lake.keys("silver", f"{keys.MOVIES}/")
    pipeline.lake.put("silver", part, b"PAR1")
    for message in pipeline.receive("SilverEvents"):
        pipeline.lake.sqs.delete_message(QueueUrl=pipeline.urls["SilverEvents"], ReceiptHandle=message["ReceiptHandle"])


def half_a_minute_passes() -> None:
    """Make parked messages visible again that a dead process had received."""
    for account in sqs_backends.values():
        for name in QUEUES:
            for message in account[REGION].queues[f"{name}DeadLetters"]._messages:
                message.change_visibility(0)


def redriving(pipeline: Pipeline, faulty: FaultyAws) -> None:
    for queue in QUEUES:
        redrive.redrive(pipeline.stack, queue, lambda *_: None)


def resuming(pipeline: Pipeline, faulty: FaultyAws) -> None:
    for run_id in pipeline.stack.run_ids():
        resume(pipeline.stack, run_id)


def replaying(pipeline: Pipeline, faulty: FaultyAws) -> None:
    def meanwhile(*_: int) -> None:
        """Run the functions while the operator's process waits."""
        with faulty.rest():
            pipeline.until_quiet()

    replay.replay(pipeline.stack, pipeline.stack.run_ids(), meanwhile, patience=0.0)


def again_finishes(pipeline: Pipeline, prepare: Callable[[Pipeline], None], operation: Operation, step: int) -> None:
    """Make the n-th call of a command fail, for every ``step``-th n; then run the command again."""
    for n in count(1, step):
        pipeline = Pipeline(pipeline.lake, pipeline.cold)
        prepare(pipeline)
        faulty = FaultyAws(n, WAYS[(5 * n) % len(WAYS)])
        said = f"{n}: {faulty.fault.name}"
        with suppress(ReelhouseError, Killed), faulty.watching():
            operation(pipeline, faulty)
        faulty.revive()
        half_a_minute_passes()
        pipeline.until_quiet()
        operation(pipeline, FaultyAws())
        pipeline.until_quiet()
        verified = verify(pipeline.stack)
        assert (verified.differences, verified.waiting, verified.parked, pipeline.parked()) == ([], 0, 0, {}), said
        assert pipeline.gold()["pipeline_runs"] == [("run 1", 4, 3, 1, 1, 2, "complete")], said
        if not faulty.struck:
            return


COMMANDS = pytest.mark.parametrize(
    ("prepare", "operation"), [(parked, redriving), (forgotten, resuming), (damaged, replaying)]
)


@COMMANDS
def test_the_same_command_again_finishes(
    pipeline: Pipeline, prepare: Callable[[Pipeline], None], operation: Operation
) -> None:
    again_finishes(pipeline, prepare, operation, step=61)


@pytest.mark.chaos
@pytest.mark.timeout(3600)
@COMMANDS
def test_the_same_command_again_finishes_after_each_call(
    pipeline: Pipeline, prepare: Callable[[Pipeline], None], operation: Operation
) -> None:
    again_finishes(pipeline, prepare, operation, step=1)
