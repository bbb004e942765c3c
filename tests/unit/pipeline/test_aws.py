"""Batches within limits of number and size."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipeline.aws import batches


@given(st.lists(st.integers(0, 30)), st.integers(1, 5), st.integers(1, 40))
def test_batches_hold_every_item_once_and_no_more_than_they_may(sizes: list[int], max_items: int, limit: int) -> None:
    cut = list(batches(sizes, max_items, size=lambda size: size, limit=limit))

    assert [size for batch in cut for size in batch] == sizes
    assert all(len(batch) == 1 or (len(batch) <= max_items and sum(batch) <= limit) for batch in cut)
    assert all(len(one) == max_items or sum(one) + two[0] > limit for one, two in pairwise(cut))


def test_without_a_size_only_the_number_counts() -> None:
    assert list(batches("abcde", 2)) == [["a", "b"], ["c", "d"], ["e"]]
    assert list(batches([], 2)) == []
