"""Failing calls of the functions to S3, SQS and Secrets Manager: the n-th call of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import cycle, islice

from tests.chaos.harness import Harness, Result, Scenario
from tests.chaos.proxy import Fault, How

# Every call that a step makes, including those it makes only after a failure.
CALLS = {
    "GetMoviesAndSendToQueue": ("GetObject", "PutObject", "SendMessageBatch"),
    "EnrichAndStoreMovie": ("GetSecretValue", "PutObject", "HeadObject", "ChangeMessageVisibility"),
    "ProcessBronzeToSilver": ("GetObject", "PutObject"),
    "AggregateToGold": ("ListObjectsV2", "GetObject", "PutObject"),
}
KINDS: tuple[How, ...] = ("SlowDown", "InternalError", "ThrottlingException", "reset", "answer lost")
NTH = (1, 2, 3, 5, 8, 13)
EVERY_THIRD = frozenset(range(1, 200, 3))


def scenarios() -> Iterator[Scenario]:
    """Yield the n-th call with all its retries, then every third call at its first attempt."""
    for round_ in range(len(NTH)):
        yield Scenario(f"S3, SQS: n-th call of each kind, retries too ({round_ + 1})", partial(lasting, round_=round_))
    for kind in KINDS:
        yield Scenario(f"S3, SQS: every third call, {kind}", partial(passing, kind=kind))


def lasting(harness: Harness, round_: int) -> Result:
    """Run once while the n-th call of each kind fails with all its retries; n and error differ by call."""
    calls = [(function, operation) for function, operations in CALLS.items() for operation in operations]
    kinds, numbers = islice(cycle(KINDS), round_, None), islice(cycle(NTH), round_, None)
    faults = [
        Fault(function, operation, frozenset({nth}), kind)
        for (function, operation), nth, kind in zip(calls, numbers, kinds, strict=False)
    ]
    return harness.run_with(*faults)


def passing(harness: Harness, kind: How) -> Result:
    """Run once while every third call fails at its first attempt."""
    faults = [
        Fault(function, operation, EVERY_THIRD, kind, lasting=False)
        for function, operations in CALLS.items()
        for operation in operations
    ]
    return harness.run_with(*faults)
