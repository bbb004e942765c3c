"""A run as a chain of queues, event by event: list, messages, OMDb, Bronze, Silver, Gold.

Each function takes a batch when it is full or its window has passed, as many batches at once as the template allows.
A batch's time is the function's own time a film, from the measured runs, and its waiting for OMDb and S3. Nothing fails
here; nothing is random. Pure.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field

SECONDS_A_DAY = 86_400.0


@dataclass(frozen=True)
class Function:
    """One function on its queue.

    Attributes
    ----------
    batch : int
        Most items in one invocation.
    window : float
        Seconds that an invocation may be put off so that its batch fills.
    at_once : int
        Invocations at the same time.
    seconds, seconds_an_item : float
        Time of an invocation: fixed, and for each item.
    delay : float
        Seconds from an item's being there to its being seen: S3's notification, SQS's poll.
    """

    batch: int
    window: float
    at_once: int
    seconds: float
    seconds_an_item: float
    delay: float = 0.0

    def duration(self, items: int) -> float:
        """Seconds of an invocation with so many items."""
        return self.seconds + items * self.seconds_an_item


@dataclass(frozen=True)
class Pipeline:
    """What a run goes through; times in seconds.

    Attributes
    ----------
    seconds_a_message : float
        GetMoviesAndSendToQueue's time for a message; ``start`` is its time before the first.
    films_a_message : int
        The parameter ``batch_size``.
    enrich, silver : Function
        Items are messages, and films.
    quota : int or None
        OMDb's calls a day; when they are spent, all waits for the next day. None is without limit.
    """

    start: float
    seconds_a_message: float
    films_a_message: int
    enrich: Function
    silver: Function
    quota: int | None = None


@dataclass
class Outcome:
    """When each stage had all films, invocations, and Silver's parts with their times, in seconds from the start."""

    sent: float = 0.0
    bronze: float = 0.0
    silver: float = 0.0
    enrich_invocations: int = 0
    silver_invocations: int = 0
    parts: list[tuple[float, int]] = field(default_factory=list)


def simulate(films: int, pipeline: Pipeline) -> Outcome:
    """Follow a run of so many films to its last Silver part."""
    result = Outcome()
    messages = -(-films // pipeline.films_a_message)
    sent = [(pipeline.start + place * pipeline.seconds_a_message, 1) for place in range(messages)]
    result.sent = sent[-1][0]
    stored: list[tuple[float, int]] = []
    fetched = 0
    for end, taken in _batches(sent, pipeline.enrich):
        result.enrich_invocations += 1
        size = min(taken * pipeline.films_a_message, films - fetched)
        fetched += size
        # Calls beyond a day's quota are made on the days after.
        days = (fetched - 1) // pipeline.quota if pipeline.quota else 0
        stored.append((max(end, days * SECONDS_A_DAY), size))
    result.bronze = max(end for end, _ in stored)
    # Films of one invocation come spread over its time, which is short beside Silver's window: they count as one.
    for end, taken in _batches(sorted(stored), pipeline.silver):
        result.silver_invocations += 1
        result.parts.append((end, taken))
    result.silver = max(end for end, _ in result.parts)
    return result


def _batches(arrivals: list[tuple[float, int]], function: Function) -> Iterator[tuple[float, int]]:
    """Yield the end of each invocation, and how many items it took; items come as times with counts, oldest first."""
    free = [0.0] * function.at_once
    place, used = 0, 0
    while place < len(arrivals):
        first = arrivals[place][0] + function.delay
        ready = max(first, heapq.heappop(free))
        # A full batch begins at once; what does not fill one waits until its window has passed.
        latest = max(ready, first + function.window)
        taken, begin = 0, ready
        while taken < function.batch and place < len(arrivals) and arrivals[place][0] + function.delay <= latest:
            begin = max(begin, arrivals[place][0] + function.delay)
            here = min(arrivals[place][1] - used, function.batch - taken)
            taken, used = taken + here, used + here
            if used == arrivals[place][1]:
                place, used = place + 1, 0
        begin = begin if taken == function.batch else latest
        end = begin + function.duration(taken)
        heapq.heappush(free, end)
        yield end, taken
