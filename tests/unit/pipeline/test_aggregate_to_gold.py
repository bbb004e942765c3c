"""Step 4 without AWS: when Silver counts as changed."""

from __future__ import annotations

from pipeline.aggregate_to_gold import fingerprint
from pipeline.aws import StoredObject

A, B = StoredObject("movies/a.parquet", '"1"', 10), StoredObject("movies/b.parquet", '"1"', 10)


def test_the_same_silver_has_the_same_fingerprint() -> None:
    assert fingerprint([A, B]) == fingerprint([A, B])


def test_a_new_gone_or_replaced_object_changes_it() -> None:
    replaced = StoredObject(A.key, '"2"', 10)

    assert len({fingerprint(silver) for silver in ([], [A], [A, B], [B], [replaced, B])}) == 5
