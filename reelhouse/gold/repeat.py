"""Doing something again and again at an interval, by a clock that is passed in. Pure but for that clock."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline.errors import InvalidInput

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_INTERVAL = re.compile(r"(\d{1,5})([smhd])", re.ASCII)
SHORTEST, LONGEST = 60, 30 * 86_400


@dataclass(frozen=True)
class Clock:
    """A clock that only goes forward, in seconds, and a way to wait by it."""

    now: Callable[[], float] = time.monotonic
    wait: Callable[[float], None] = time.sleep


def interval(text: str) -> int:
    """Read an interval such as ``30m``, ``1h`` or ``1d``, in seconds.

    Raises
    ------
    InvalidInput
        When it is none, or not between a minute and 30 days.
    """
    match = _INTERVAL.fullmatch(text.strip())
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    if not SHORTEST <= seconds <= LONGEST:
        raise InvalidInput(
            "must be a whole number of s, m, h or d, from 1m to 30d",
            subject=f"--every {text}"[:80],
            next_step="for example --every 1h",
        )
    return seconds


def rounds(seconds: int, clock: Clock) -> Iterator[int]:
    """Begin a round at once, and one at every interval after that; ends never.

    A round that takes longer than the interval is not cut short: the times that it missed are left out.

    Yields
    ------
    int
        The round's number, from 1.
    """
    start = clock.now()
    number = 0
    while True:
        number += 1
        yield number
        passed = clock.now() - start
        clock.wait(seconds - passed % seconds)
