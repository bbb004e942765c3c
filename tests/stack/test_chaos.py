"""The fault suite in short: functions killed, answers lost, days without quota. `make chaos` has all of it."""

from __future__ import annotations

from functools import partial

import pytest

from pipeline import aws
from reelhouse.local import stack as local_stack
from reelhouse.local.state import State
from reelhouse.stack import Stack
from tests.chaos import aws_calls, killed, omdb_kinds
from tests.chaos.ground import Scenario, prepared

SHORT = [
    Scenario("killed in the middle of each step", partial(killed.killed, calls=killed.MIDDLE, how="killed after")),
    Scenario("every third call takes effect without an answer", partial(aws_calls.passing, kind="answer lost")),
    Scenario("days without quota", partial(omdb_kinds.without_quota, days=6)),
]


@pytest.mark.timeout(600)
def test_nothing_is_lost_and_nothing_is_there_twice(stack: Stack, local: State) -> None:
    # Messages that tests before left waiting for hours would be waited for here.
    aws.client("sqs").purge_queue(QueueUrl=stack["MovieQueueUrl"])
    with prepared(local, local_stack.Options(), films=12, batch_size=4) as ground:
        broken = {scenario.name: result for scenario in SHORT if not (result := scenario.played(ground)).held}

    assert broken == {}
