"""OMDb that is slow, unreachable, breaks off, fails or answers wrongly; a revoked key, a spent quota."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from pipeline import aws
from reelhouse.commands.redrive import redrive
from reelhouse.local import processes, stack
from reelhouse.run import resume
from tests.chaos.harness import Harness, Result, Scenario, wait_until

# Only the first requests for each film fail, so nothing may be missing.
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
# As OMDb says it.
BAD_KEY, NO_QUOTA = "Invalid API key!", "Request limit reached!"


def scenarios() -> Iterator[Scenario]:
    """Yield one run for each fault of OMDb."""
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


def passing(harness: Harness, switches: dict[str, Any]) -> Result:
    """Run once with a transient fault."""
    harness.omdb.reset_calls()
    harness.omdb.faults(**switches)
    run_id = harness.start()
    harness.settle(run_id)
    harness.omdb.no_faults()
    return harness.judge(_failures(harness), run_id)


def final(harness: Harness, switches: dict[str, Any], outcome: str) -> Result:
    """Two films keep failing: they are rejected or quarantined, Gold keeps their old rows, the next run has both."""
    bad = sorted(harness.expected())[-2:]
    harness.omdb.faults(**switches, only=bad)
    run_id = harness.start()
    harness.settle(run_id)
    harness.omdb.no_faults()
    result = harness.judge(len(bad), run_id, by_run=False)
    put_aside = getattr(result.accounts[0], outcome) - getattr(harness.first, outcome)
    harness.settle(harness.start())
    return result if put_aside == len(bad) else result.broken(f"{put_aside} films {outcome}, not {len(bad)}")


def refusing(harness: Harness) -> Result:
    """The server is down when the run starts, and comes back."""
    processes.stop(harness.state.omdb)
    run_id = harness.start()
    wait_until(lambda: harness.stack.queues()["MovieQueue"].in_flight > 0)
    harness.bring_up()
    harness.settle(run_id)
    return harness.judge(1, run_id)


def parked_and_redriven(harness: Harness) -> Result:
    """An outage longer than a message's receives (here one) parks it; a redrive recovers it."""
    harness.omdb.faults(status=522)
    with harness.receives(1):
        run_id = harness.start()
        wait_until(lambda: harness.stack.queues()["MovieQueue"].parked == harness.messages)
        before = harness.judge(1, run_id)
    harness.omdb.no_faults()
    redrive(harness.stack, "MovieQueue", lambda *_: None)
    harness.settle(run_id)
    result = harness.judge(harness.messages, run_id)
    parked = before.accounts[0].parked
    return result if parked == len(harness.expected()) else result.broken(f"only {parked} films were parked")


def rotated(harness: Harness) -> Result:
    """The key is rotated and the old one revoked during a run, without any failure."""
    harness.omdb.reset_calls()
    harness.omdb.faults(latency_ms=400)
    run_id = harness.start()
    wait_until(lambda: sum(harness.omdb.calls().values()) > 0)
    harness.put_key("rotated")
    harness.omdb.faults(keys=["rotated"], latency_ms=100)
    harness.settle(run_id)
    refused = harness.omdb.refused(BAD_KEY)
    harness.omdb.no_faults()
    harness.put_key(stack.SAMPLE_KEY)
    return harness.judge(refused, run_id)


def revoked(harness: Harness) -> Result:
    """The key is revoked before it is rotated: messages wait; a resumed run does not wait for them."""
    harness.omdb.reset_calls()
    harness.omdb.faults(latency_ms=400)
    run_id = harness.start()
    wait_until(lambda: sum(harness.omdb.calls().values()) > 0)
    harness.omdb.faults(keys=["new"])
    wait_until(lambda: harness.omdb.refused(BAD_KEY) > 0)
    harness.put_key("new")
    resume.resume(harness.stack, run_id)
    wait_until(lambda: harness.is_complete(run_id))
    refused = harness.omdb.refused(BAD_KEY)
    harness.omdb.no_faults()
    harness.put_key(stack.SAMPLE_KEY)
    # Refused messages return after 15 minutes, when their films are already stored; there is no need to wait.
    aws.client("sqs").purge_queue(QueueUrl=harness.stack["MovieQueueUrl"])
    harness.settle(run_id)
    return harness.judge(refused, run_id)


def without_quota(harness: Harness, days: int = DAYS) -> Result:
    """The quota is spent during a run and stays spent for days: messages retry twice a day, none is parked."""
    harness.omdb.reset_calls()
    harness.omdb.faults(quota=5)
    run_id = harness.start()
    asked = days * 2 * harness.messages
    wait_until(lambda: harness.omdb.refused(NO_QUOTA) > asked)
    parked = harness.stack.queues()["MovieQueue"].parked
    spent = harness.omdb.refused(NO_QUOTA)
    harness.omdb.no_faults()
    harness.settle(run_id)
    result = harness.judge(spent, run_id)
    return result if not parked else result.broken(f"{parked} messages were parked")


def _failures(harness: Harness) -> int:
    """Return the number of requests without a film: those beyond one a film, or all if OMDb is only slow."""
    return max(sum(harness.omdb.calls().values()) - len(harness.expected()), 0) or len(harness.expected())
