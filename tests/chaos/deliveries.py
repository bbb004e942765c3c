"""Duplicate, reordered and late messages; repeated events; concurrent runs and builds."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from pipeline import aws, keys, messages, source_list
from reelhouse.run import resume
from tests.chaos.harness import Harness, Result, Scenario, wait_until

COPIES = 3
AT_ONCE = 3


def scenarios() -> Iterator[Scenario]:
    """Yield one scenario for each kind of disorder."""
    yield Scenario("messages duplicated and reordered", duplicated)
    yield Scenario("messages of an old run come late", late)
    yield Scenario("events of S3 repeated and reordered", events_repeated)
    yield Scenario("two runs at once", two_runs)
    yield Scenario("builds of Gold at once", builds_at_once)


def bodies(harness: Harness, run_id: str) -> list[str]:
    """Return the messages of a run as the first step sent them."""
    stored, _ = aws.get(aws.client("s3"), harness.stack["BronzeBucketName"], keys.source_list(run_id))
    chosen = source_list.read_list(stored, "list").items[: harness.films]
    return [json.dumps(one) for one in messages.make(run_id, chosen, harness.batch_size)]


def send(harness: Harness, queue: str, texts: list[str], most_delay_seconds: int = 0) -> int:
    """Send messages in random order, each after a random delay; return their number."""
    chance = random.Random(7)
    for body in chance.sample(texts, len(texts)):
        aws.client("sqs").send_message(
            QueueUrl=harness.stack[f"{queue}Url"],
            MessageBody=body,
            DelaySeconds=chance.randint(0, most_delay_seconds),
        )
    return len(texts)


def duplicated(harness: Harness) -> Result:
    """Send each message of a run several times, in random order, during the run."""
    harness.omdb.faults(latency_ms=200)
    run_id = harness.start()
    sent = send(harness, "MovieQueue", bodies(harness, run_id) * COPIES, most_delay_seconds=4)
    harness.settle(run_id)
    harness.omdb.no_faults()
    return harness.judge(sent, run_id)


def late(harness: Harness) -> Result:
    """Send the messages of an old run again during a new one."""
    old = harness.first.run_id
    sent = send(harness, "MovieQueue", bodies(harness, old))
    run_id = harness.start()
    harness.settle(run_id)
    return harness.judge(sent, old, run_id)


def events_repeated(harness: Harness) -> Result:
    """Send events of all objects of a run several times, in random order, during the run and after it."""
    run_id = harness.start()
    wait_until(lambda: harness.stack.count("Bronze", keys.MOVIES, run_id) > 0)
    sent = repeat_events(harness, run_id)
    harness.settle(run_id)
    sent += repeat_events(harness, run_id)
    harness.settle(run_id)
    return harness.judge(sent, run_id)


def repeat_events(harness: Harness, run_id: str) -> int:
    """Announce a run's objects of Bronze one by one, and of Silver by some."""
    stored = resume.stored(harness.stack, run_id)
    for key in random.Random(7).sample(stored, len(stored)):
        resume.announce(harness.stack, [key], "chaos")
    silver = aws.list_objects(aws.client("s3"), harness.stack["SilverBucketName"])
    events = [json.dumps({"Records": [{"s3": {"object": {"key": entry.key}}}]}) for entry in silver[:10]]
    return len(stored) + send(harness, "SilverEvents", events)


def two_runs(harness: Harness) -> Result:
    """Two runs of the same films at the same time."""
    with ThreadPoolExecutor(2) as pool:
        run_ids = sorted(pool.map(lambda _: harness.start(), range(2)))
    harness.settle(*run_ids)
    return harness.judge(2, *run_ids)


def builds_at_once(harness: Harness) -> Result:
    """Several builds of Gold at the same time as those of a run."""
    run_id = harness.start()
    wait_until(lambda: harness.stack.count("Silver", keys.MOVIES, run_id) > 0)
    name, event = harness.stack["AggregateToGoldName"], json.dumps({"Records": []}).encode()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(
            pool.map(lambda _: aws.client("lambda").invoke(FunctionName=name, Payload=event), range(AT_ONCE))
        )
    harness.settle(run_id)
    result = harness.judge(AT_ONCE, run_id)
    failed = sum("FunctionError" in answer for answer in answers)
    return result.broken(f"{failed} builds failed") if failed else result
