"""OMDb that is slow, refuses, breaks off, fails, or answers what is no film of ours; a key revoked, a quota spent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from pipeline import aws
from pipeline.omdb.key import FRESH_SECONDS
from reelhouse.local import processes, stack
from reelhouse.operate.redrive import redrive
from reelhouse.run import resume
from tests.chaos.ground import Ground, Result, Scenario, wait_until

# Each film's first requests fail so, and then no more: nothing may be missing.
PASSING: dict[str, dict[str, Any]] = {
    "slow": {"latency_ms": 800, "jitter_ms": 800},
    "no answer for 16 s": {"latency_ms": 16_000, "first": 1},
    "connections reset": {"reset": True, "first": 2},
    "522 with HTML": {"status": 522, "first": 4},
    "200 with HTML": {"html": True, "first": 2},
    "truncated JSON": {"malformed": "truncated", "first": 1},
    "a mix, half of all": {"fail_rate": 0.5, "fail_with": ["unavailable", "html", "reset"], "seed": 6, "first": 3},
}
DAYS = 13


def scenarios() -> Iterator[Scenario]:
    """Every fault of OMDb's, one run each."""
    for name, switches in PASSING.items():
        yield Scenario(f"OMDb: {name}", partial(passing, switches=switches))
    truncated, wrong = {"malformed": "truncated"}, {"wrong_film": True}
    yield Scenario("OMDb: truncated JSON, always", partial(final, switches=truncated, outcome="rejected"))
    yield Scenario("OMDb: another film's record", partial(final, switches=wrong, outcome="quarantined"))
    yield Scenario("OMDb: refuses connections", refusing)
    yield Scenario("OMDb: an outage that parks, redriven", parked_and_redriven)
    yield Scenario("OMDb: key rotated while films are fetched", rotated)
    yield Scenario("OMDb: key revoked, then rotated, run resumed", revoked)
    yield Scenario(f"OMDb: quota spent for {DAYS} days", without_quota)


def passing(ground: Ground, switches: dict[str, Any]) -> Result:
    """One run through a fault that passes."""
    ground.omdb.reset_calls()
    ground.omdb.faults(**switches)
    run_id = ground.start()
    ground.settle(run_id)
    ground.omdb.no_faults()
    return ground.judge(_failures(ground), run_id)


def final(ground: Ground, switches: dict[str, Any], outcome: str) -> Result:
    """Two films stay bad: put aside with their reasons, in Gold as they were before; the next run has both."""
    bad = sorted(ground.expected())[-2:]
    ground.omdb.faults(**switches, only=bad)
    run_id = ground.start()
    ground.settle(run_id)
    ground.omdb.no_faults()
    result = ground.judge(len(bad), run_id, by_run=False)
    put_aside = getattr(result.accounts[0], outcome) - getattr(ground.first, outcome)
    ground.settle(ground.start())
    return result if put_aside == len(bad) else result.broken(f"{put_aside} films {outcome}, not {len(bad)}")


def refusing(ground: Ground) -> Result:
    """The server is gone when the run begins, and comes back."""
    processes.stop(ground.state.omdb)
    run_id = ground.start()
    wait_until(lambda: ground.stack.queues()["MovieQueue"]["in_flight"] > 0)
    ground.bring_up()
    ground.settle(run_id)
    return ground.judge(1, run_id)


def parked_and_redriven(ground: Ground) -> Result:
    """An outage that outlasts a message's receives (here one) parks it; a redrive brings it back."""
    ground.omdb.faults(status=522)
    with ground.receives(1):
        run_id = ground.start()
        wait_until(lambda: ground.stack.queues()["MovieQueue"]["parked"] == ground.messages)
        before = ground.judge(1, run_id)
    ground.omdb.no_faults()
    redrive(ground.stack, "MovieQueue", lambda *_: None)
    ground.settle(run_id)
    result = ground.judge(ground.messages, run_id)
    parked = before.accounts[0].parked
    return result if parked == len(ground.expected()) else result.broken(f"only {parked} films were parked")


def rotated(ground: Ground) -> Result:
    """The key is rotated, then the old one revoked, while films are being fetched: nobody notices."""
    ground.omdb.reset_calls()
    ground.omdb.faults(latency_ms=400)
    run_id = ground.start()
    wait_until(lambda: sum(ground.omdb.calls().values()) > 0)
    ground.put_key("rotated")
    ground.omdb.faults(keys=["rotated"], latency_ms=100)
    ground.settle(run_id)
    refused = ground.omdb.outcomes().get("invalid_key", 0)
    ground.omdb.no_faults()
    ground.put_key(stack.SAMPLE_KEY)
    return ground.judge(refused, run_id)


def revoked(ground: Ground) -> Result:
    """The key is revoked before it is rotated: messages wait; a resumed run need not wait for them."""
    ground.omdb.reset_calls()
    ground.omdb.faults(latency_ms=400)
    run_id = ground.start()
    wait_until(lambda: sum(ground.omdb.calls().values()) > 0)
    ground.omdb.faults(keys=["new"])
    wait_until(lambda: ground.omdb.outcomes().get("invalid_key", 0) > 0)
    ground.put_key("new")
    # Within this time a function does not look at a key again that was just refused.
    time.sleep(FRESH_SECONDS)
    resume.resume(ground.stack, run_id)
    wait_until(lambda: ground.is_complete(run_id))
    refused = ground.omdb.outcomes()["invalid_key"]
    ground.omdb.no_faults()
    ground.put_key(stack.SAMPLE_KEY)
    # What was refused comes again after a quarter of an hour, and is stored by then: nobody waits for it here.
    aws.client("sqs").purge_queue(QueueUrl=ground.stack["MovieQueueUrl"])
    ground.settle(run_id)
    return ground.judge(refused, run_id)


def without_quota(ground: Ground, days: int = DAYS) -> Result:
    """The quota is spent in the middle of a run and stays so for days: messages ask twice a day, none is parked."""
    ground.omdb.reset_calls()
    ground.omdb.faults(quota=5)
    run_id = ground.start()
    asked = days * 2 * ground.messages
    wait_until(lambda: ground.omdb.outcomes().get("quota_spent", 0) > asked)
    parked = ground.stack.queues()["MovieQueue"]["parked"]
    spent = ground.omdb.outcomes()["quota_spent"]
    ground.omdb.no_faults()
    ground.settle(run_id)
    result = ground.judge(spent, run_id)
    return result if not parked else result.broken(f"{parked} messages were parked")


def _failures(ground: Ground) -> int:
    """Requests that got no film: by their count beyond one a film, or all where OMDb is only slow."""
    return max(sum(ground.omdb.calls().values()) - len(ground.expected()), 0) or len(ground.expected())
