"""The record of calls to OMDb: latency percentiles and errors."""

from __future__ import annotations

import pytest

from pipeline.errors import OmdbKeyInvalid, OmdbQuotaSpent
from pipeline.omdb.calls import Calls


@pytest.mark.parametrize(
    ("milliseconds", "p50", "p95"),
    [
        ([], None, None),
        ([7], 7.0, 7.0),
        (list(range(1, 101)), 50.0, 95.0),
        (list(range(100, 0, -1)), 50.0, 95.0),
        ([1, 1, 1, 90], 1.0, 90.0),
    ],
)
def test_a_latency_percentile_is_the_duration_of_a_call(
    milliseconds: list[int], p50: float | None, p95: float | None
) -> None:
    calls = Calls(seconds=[one / 1000 for one in milliseconds])

    assert (calls.latency_ms(0.5), calls.latency_ms(0.95)) == (p50, p95)


def test_failed_calls_are_recorded_too() -> None:
    calls = Calls()
    with calls.one():
        pass
    for error in (OmdbQuotaSpent, OmdbKeyInvalid):
        with pytest.raises(error), calls.one():
            raise error("refused")

    assert len(calls.seconds) == 3
    assert calls.errors == ["OmdbQuotaSpent", "OmdbKeyInvalid"]
