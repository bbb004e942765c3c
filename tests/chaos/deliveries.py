"""Messages twice, out of order and late; events repeated; runs and builds at the same time."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from pipeline import aws, keys, messages, source_list
from reelhouse.operate import bronze_events
from tests.chaos.ground import Ground, Result, Scenario, wait_until

COPIES = 3
AT_ONCE = 3


def scenarios() -> Iterator[Scenario]:
    """Every disorder, one run or two each."""
    yield Scenario("messages duplicated and reordered", duplicated)
    yield Scenario("messages of an old run come late", late)
    yield Scenario("events of S3 repeated and reordered", events_repeated)
    yield Scenario("two runs at once", two_runs)
    yield Scenario("builds of Gold at once", builds_at_once)


def bodies(ground: Ground, run_id: str) -> list[str]:
    """The messages of a run, as step 1 sent them."""
    stored, _ = aws.get(aws.client("s3"), ground.stack["BronzeBucketName"], keys.source_list(run_id))
    chosen = source_list.read_list(stored, "list").items[: ground.films]
    return [json.dumps(one) for one in messages.make(run_id, chosen, ground.batch_size)]


def send(ground: Ground, queue: str, texts: list[str], most_delay_seconds: int = 0) -> int:
    """Send messages in a random order, each after a random delay; returns their number."""
    chance = random.Random(7)
    for body in chance.sample(texts, len(texts)):
        aws.client("sqs").send_message(
            QueueUrl=ground.stack[f"{queue}Url"],
            MessageBody=body,
            DelaySeconds=chance.randint(0, most_delay_seconds),
        )
    return len(texts)


def duplicated(ground: Ground) -> Result:
    """Each message of a run several times, in any order, while the run is under way."""
    ground.omdb.faults(latency_ms=200)
    run_id = ground.start()
    sent = send(ground, "MovieQueue", bodies(ground, run_id) * COPIES, most_delay_seconds=4)
    ground.settle(run_id)
    ground.omdb.no_faults()
    return ground.judge(sent, run_id)


def late(ground: Ground) -> Result:
    """The messages of an old run once more, among those of a new one."""
    old = ground.first.run_id
    sent = send(ground, "MovieQueue", bodies(ground, old))
    run_id = ground.start()
    ground.settle(run_id)
    return ground.judge(sent, old, run_id)


def events_repeated(ground: Ground) -> Result:
    """Events of all objects of a run several times, in any order, while the run is under way and after it."""
    run_id = ground.start()
    wait_until(lambda: ground.stack.count("Bronze", keys.MOVIES, run_id) > 0)
    sent = repeat_events(ground, run_id)
    ground.settle(run_id)
    sent += repeat_events(ground, run_id)
    ground.settle(run_id)
    return ground.judge(sent, run_id)


def repeat_events(ground: Ground, run_id: str) -> int:
    """Announce a run's objects of Bronze one by one, and of Silver by some."""
    stored = bronze_events.stored(ground.stack, run_id)
    for key in random.Random(7).sample(stored, len(stored)):
        bronze_events.announce(ground.stack, [key], "chaos")
    silver = aws.list_objects(aws.client("s3"), ground.stack["SilverBucketName"])
    events = [json.dumps({"Records": [{"s3": {"object": {"key": entry.key}}}]}) for entry in silver[:10]]
    return len(stored) + send(ground, "SilverEvents", events)


def two_runs(ground: Ground) -> Result:
    """Two runs of the same films at the same time."""
    with ThreadPoolExecutor(2) as pool:
        run_ids = sorted(pool.map(lambda _: ground.start(), range(2)))
    ground.settle(*run_ids)
    return ground.judge(2, *run_ids)


def builds_at_once(ground: Ground) -> Result:
    """Several builds of Gold at the same time as those of a run."""
    run_id = ground.start()
    wait_until(lambda: ground.stack.count("Silver", keys.MOVIES, run_id) > 0)
    name, event = ground.stack["AggregateToGoldName"], json.dumps({"Records": []}).encode()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(
            pool.map(lambda _: aws.client("lambda").invoke(FunctionName=name, Payload=event), range(AT_ONCE))
        )
    ground.settle(run_id)
    result = ground.judge(AT_ONCE, run_id)
    failed = sum("FunctionError" in answer for answer in answers)
    return result.broken(f"{failed} builds failed") if failed else result
