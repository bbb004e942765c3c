"""Calls to OMDb, noted: how many, how long each took, how many bytes came, and which gave no usable answer."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pipeline.errors import OmdbError


@dataclass
class Calls:
    """Calls by any number of threads; a film that is tried again is more than one.

    Attributes
    ----------
    seconds : list of float
        Time of each, whatever came of it.
    bytes_read : list of int
        Length of each body that was read.
    errors : list of str
        Of each that gave no usable answer, why: the name of its error, or ``Unclear``.
    """

    seconds: list[float] = field(default_factory=list)
    bytes_read: list[int] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Note the call inside the block."""
        started = time.monotonic()
        try:
            yield
        except OmdbError as error:
            self.errors.append(type(error).__name__)
            raise
        finally:
            self.seconds.append(time.monotonic() - started)

    def latency_ms(self, share: float) -> float | None:
        """Return the time that this share of the calls took at most (nearest rank); None when there was no call."""
        ordered = sorted(self.seconds)
        return round(ordered[math.ceil(share * len(ordered)) - 1] * 1000, 1) if ordered else None
