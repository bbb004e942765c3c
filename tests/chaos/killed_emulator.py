"""The emulator itself killed with messages in flight, and brought up again on the same folder."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import psutil

from pipeline import keys
from tests.chaos.ground import Ground, Result, Scenario, wait_until


def scenarios() -> Iterator[Scenario]:
    """Killed while films are fetched, and while Silver is made."""
    yield Scenario("emulator killed while films are fetched", partial(killed, bucket="Bronze", films=5))
    yield Scenario("emulator killed while Silver is made", partial(killed, bucket="Silver", films=1))


def killed(ground: Ground, bucket: str, films: int) -> Result:
    """Kill it as a crash does, and do what `reelhouse up` does."""
    ground.omdb.faults(latency_ms=300)
    run_id = ground.start()
    wait_until(lambda: ground.stack.count(bucket, keys.MOVIES, run_id) >= films)
    assert ground.state.ministack
    emulator = psutil.Process(ground.state.ministack.pid)
    for process in (emulator, *emulator.children(recursive=True)):
        process.kill()
    emulator.wait(10)
    ground.omdb.no_faults()
    ground.bring_up()
    ground.settle(run_id)
    return ground.judge(1, run_id)
