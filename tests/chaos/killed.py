"""Functions that are killed in the middle of their work, by SIGKILL or by their time-out."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from pipeline import aws
from tests.chaos.ground import Ground, Result, Scenario, configure
from tests.chaos.proxy import Fault, How

# For each function calls in the middle of its work.
MIDDLE = {
    "GetMoviesAndSendToQueue": ("PutObject", 2),
    "EnrichAndStoreMovie": ("PutObject", 3),
    "ProcessBronzeToSilver": ("PutObject", 2),
    "AggregateToGold": ("PutObject", 6),
}
# Its last call, where the work is done and only the answer is missing.
END = {
    "GetMoviesAndSendToQueue": ("SendMessageBatch", 1),
    "EnrichAndStoreMovie": ("PutObject", 8),
    "ProcessBronzeToSilver": ("PutObject", 1),
    "AggregateToGold": ("PutObject", 13),
}
# Seconds, as short as a slow machine allows; the queue functions keep ten of them back for their answer.
TIMEOUTS = {"GetMoviesAndSendToQueue": 4, "EnrichAndStoreMovie": 14, "ProcessBronzeToSilver": 8, "AggregateToGold": 25}
LONGER_SECONDS = 3


def scenarios() -> Iterator[Scenario]:
    """All four functions in each run: killed before a call, after its effect, at the end of their work; timed out."""
    yield Scenario("SIGKILL in the middle of each step", partial(killed, calls=MIDDLE, how="killed"))
    yield Scenario("SIGKILL after a call took effect", partial(killed, calls=MIDDLE, how="killed after"))
    yield Scenario("SIGKILL at the end of each step", partial(killed, calls=END, how="killed after"))
    yield Scenario("time-out in each step", timed_out)


def killed(ground: Ground, calls: dict[str, tuple[str, int]], how: How) -> Result:
    """One run in which each function is killed once."""
    faults = [Fault(function, operation, frozenset({nth}), how) for function, (operation, nth) in calls.items()]
    return ground.run_with(*faults)


def timed_out(ground: Ground) -> Result:
    """One run in which a call of each function takes longer than the function may."""
    client, before = aws.client("lambda"), {}
    for function in MIDDLE:
        answer = client.get_function_configuration(FunctionName=ground.stack[f"{function}Name"])
        before[function] = answer["Timeout"]
        configure(ground.stack, function, Timeout=TIMEOUTS[function])
    faults = [
        Fault(function, operation, frozenset({nth}), "stalled", stall_seconds=TIMEOUTS[function] + LONGER_SECONDS)
        for function, (operation, nth) in MIDDLE.items()
    ]
    try:
        return ground.run_with(*faults)
    finally:
        for function, seconds in before.items():
            configure(ground.stack, function, Timeout=seconds)
