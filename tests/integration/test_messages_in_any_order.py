"""Messages arrive in any order, late, twice, or after the run is complete: Gold is the same."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tests.integration.driven_pipeline import QUEUES, Message, Pipeline
from tests.integration.moto_lake import Cold, Lake, Omdb, Top

# A message that waits counts a receive, and BronzeEvents parks after five.
MOST_WAITS = 2


class Disorder:
    """Arranges deliveries by chance: some wait, some come twice in one event, all in any order."""

    def __init__(self, chance: random.Random) -> None:
        self.chance, self.waits = chance, Counter[str]()
        self.bodies: set[str] = set()

    def __call__(self, messages: list[Message]) -> list[Message]:
        """Choose the messages of one event."""
        waiting = [m for m in messages if self.waits[m["MessageId"]] < MOST_WAITS and self.chance.random() < 0.4]
        self.waits.update(message["MessageId"] for message in waiting)
        now = [message for message in messages if message not in waiting]
        now += self.chance.sample(now, self.chance.randint(0, len(now)))
        self.chance.shuffle(now)
        self.bodies.update(message["Body"] for message in now)
        return now


@pytest.fixture
def undisturbed(lake: Lake, omdb: Omdb, handler: Cold, top: Top) -> Pipeline:
    """A pipeline after two runs: five films, one rejected, one quarantined, in messages of two."""
    ids = top(5)
    omdb.error(ids[1], "Incorrect IMDb ID.")
    omdb.film(ids[2], Year="3994")
    pipeline = Pipeline(lake, handler)
    pipeline.run(top_n=5, batch_size=2)
    return pipeline


def any_order_will_do(undisturbed: Pipeline, chance: random.Random) -> None:
    expected = undisturbed.gold()
    disorder = Disorder(chance)
    pipeline = Pipeline(undisturbed.lake, undisturbed.cold, arrange=disorder)
    pipeline.run(top_n=5, batch_size=2)
    assert (pipeline.errors, pipeline.lost(), pipeline.doubled(), pipeline.parked()) == ([], set(), set(), {})
    assert pipeline.gold() == expected

    for queue in QUEUES:
        known = sorted(body for body in disorder.bodies if is_of(queue, body))
        for body in chance.sample(known, chance.randint(0, len(known))):
            pipeline.lake.sqs.send_message(QueueUrl=pipeline.urls[queue], MessageBody=body)
    pipeline.until_quiet()
    assert (pipeline.errors, pipeline.lost(), pipeline.doubled(), pipeline.parked()) == ([], set(), set(), {})
    assert pipeline.gold() == expected


def is_of(queue: str, body: str) -> bool:
    """Whether a body came from this queue."""
    if queue == "MovieQueue":
        return '"movies"' in body
    return f'"name": "{queue.removesuffix("Events").lower()}"' in body


def test_any_order_gives_the_same_gold(undisturbed: Pipeline) -> None:
    any_order_will_do(undisturbed, random.Random(0))


@pytest.mark.chaos
@pytest.mark.timeout(3600)
def test_each_of_many_orders_gives_the_same_gold(undisturbed: Pipeline) -> None:
    for seed in range(1, 150):
        print(f"seed {seed}")
        any_order_will_do(undisturbed, random.Random(seed))
