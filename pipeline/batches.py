"""Split items into batches within limits of number and size. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def batches(
    items: Iterable[T], max_items: float = math.inf, *, size: Callable[[T], int] = lambda _: 0, limit: int = 0
) -> Iterator[list[T]]:
    """Yield all items in their order, at most ``max_items`` in a list, whose sizes add up to at most ``limit``.

    An item that is larger than ``limit`` is a batch by itself.
    """
    batch, total = list[T](), 0
    for item in items:
        item_size = size(item)
        if batch and (len(batch) >= max_items or total + item_size > limit):
            yield batch
            batch, total = [], 0
        batch.append(item)
        total += item_size
    if batch:
        yield batch
