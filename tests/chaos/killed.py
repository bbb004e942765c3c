"""Functions killed in the middle of their work, by SIGKILL or by their time-out."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from pipeline import aws
from tests.chaos.harness import Harness, Result, Scenario, configure
from tests.chaos.proxy import Fault, How

# A call in the middle of each function's work.
MIDDLE = {
    "GetMoviesAndSendToQueue": ("PutObject", 2),
    "EnrichAndStoreMovie": ("PutObject", 3),
    "ProcessBronzeToSilver": ("PutObject", 2),
    "AggregateToGold": ("PutObject", 6),
}
# Its last call, after which only the reply is missing.
END = {
    "GetMoviesAndSendToQueue": ("SendMessageBatch", 1),
    "EnrichAndStoreMovie": ("PutObject", 8),
    "ProcessBronzeToSilver": ("PutObject", 1),
    "AggregateToGold": ("PutObject", 13),
}
# Seconds, as short as a slow machine allows; the queue functions reserve ten of them for their reply.
TIMEOUTS = {"GetMoviesAndSendToQueue": 4, "EnrichAndStoreMovie": 14, "ProcessBronzeToSilver": 8, "AggregateToGold": 25}
LONGER_SECONDS = 3


def scenarios() -> Iterator[Scenario]:
    """Yield runs in which all four functions are killed before a call, after it, or at the end, or time out."""
    yield Scenario("SIGKILL in the middle of each step", partial(killed, calls=MIDDLE, how="killed"))
    yield Scenario("SIGKILL after a call took effect", partial(killed, calls=MIDDLE, how="killed after"))
    yield Scenario("SIGKILL at the end of each step", partial(killed, calls=END, how="killed after"))
    yield Scenario("time-out in each step", timed_out)


def killed(harness: Harness, calls: dict[str, tuple[str, int]], how: How) -> Result:
    """Run once while each function is killed once."""
    faults = [Fault(function, operation, frozenset({nth}), how) for function, (operation, nth) in calls.items()]
    return harness.run_with(*faults)


def timed_out(harness: Harness) -> Result:
    """Run once while a call of each function takes longer than its time-out."""
    client, before = aws.client("lambda"), {}
    for function in MIDDLE:
        answer = client.get_function_configuration(FunctionName=harness.stack[f"{function}Name"])
        before[function] = answer["Timeout"]
        configure(harness.stack, function, Timeout=TIMEOUTS[function])
    faults = [
        Fault(function, operation, frozenset({nth}), "stalled", stall_seconds=TIMEOUTS[function] + LONGER_SECONDS)
        for function, (operation, nth) in MIDDLE.items()
    ]
    try:
        return harness.run_with(*faults)
    finally:
        for function, seconds in before.items():
            configure(harness.stack, function, Timeout=seconds)
