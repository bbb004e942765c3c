"""Repeat an action at an interval, for ``reelhouse report --every``."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from itertools import count

from pipeline.errors import InvalidInput, ReelhouseError
from reelhouse import console

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_INTERVAL = re.compile(r"(\d{1,5})([smhd])", re.ASCII)
SHORTEST, LONGEST = 60, 30 * 86_400


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
        cause = "must be a whole number of s, m, h or d, from 1m to 30d"
        raise InvalidInput(cause, subject=f"--every {text}"[:80], next_step="for example --every 1h")
    return seconds


def repeat(action: Callable[[], object], seconds: int) -> None:
    """Do something now and at every interval, until Ctrl-C; times that pass during a longer round are left out.

    Raises
    ------
    ReelhouseError
        When the first round cannot run: a wrong name stays wrong. A later error is printed, and the next round tries
        again, since the stack may be back by then.
    """
    start = time.monotonic()
    try:
        for number in count(1):
            try:
                action()
            except ReelhouseError as error:
                if number == 1:
                    raise
                console.fail(str(error))
            console.say(f"again every {seconds:,} seconds; Ctrl-C ends it")
            time.sleep(seconds - (time.monotonic() - start) % seconds)
    except KeyboardInterrupt:
        console.say("no more reports")
