"""A record of the calls to OMDb: number, latency, bytes, and errors."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pipeline.errors import ReelhouseError


@dataclass
class Calls:
    """Calls by any number of threads, every retry one of its own: duration of each, length of each body that was read.

    ``errors`` has the error's name of each call that gave no usable answer, or ``Unclear``.
    """

    seconds: list[float] = field(default_factory=list)
    bytes_read: list[int] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Record the call made inside the block."""
        started = time.monotonic()
        try:
            yield
        except ReelhouseError as error:
            self.errors.append(type(error).__name__)
            raise
        finally:
            self.seconds.append(time.monotonic() - started)

    def latency_ms(self, share: float) -> float | None:
        """Return a percentile of the latency in milliseconds (nearest rank), or None without calls.

        ``share`` is the percentile as a fraction, such as 0.95.
        """
        ordered = sorted(self.seconds)
        return round(ordered[math.ceil(share * len(ordered)) - 1] * 1000, 1) if ordered else None
