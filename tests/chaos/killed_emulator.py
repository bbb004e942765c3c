"""The emulator killed with messages in flight, and restarted on the same folder."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import psutil

from pipeline import keys
from tests.chaos.harness import Harness, Result, Scenario, wait_until


def scenarios() -> Iterator[Scenario]:
    """Yield a kill during enrichment and one during the Silver step."""
    yield Scenario("emulator killed while films are fetched", partial(killed, bucket="Bronze", films=5))
    yield Scenario("emulator killed while Silver is made", partial(killed, bucket="Silver", films=1))


def killed(harness: Harness, bucket: str, films: int) -> Result:
    """Kill the emulator and do what `reelhouse up` does."""
    harness.omdb.faults(latency_ms=300)
    run_id = harness.start()
    wait_until(lambda: harness.stack.count(bucket, keys.MOVIES, run_id) >= films)
    assert harness.state.ministack
    emulator = psutil.Process(harness.state.ministack.pid)
    for process in (emulator, *emulator.children(recursive=True)):
        process.kill()
    emulator.wait(10)
    harness.omdb.no_faults()
    harness.bring_up()
    harness.settle(run_id)
    return harness.judge(1, run_id)
