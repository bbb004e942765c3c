"""What the doctor says of Silver's parts, on moto."""

from __future__ import annotations

import pytest

from pipeline import keys
from reelhouse.operate import doctor
from reelhouse.stack import Stack
from tests.integration.moto_lake import Lake
from tests.silver_rows import FIRST, SECOND


def test_many_small_parts_are_no_fault_but_worth_a_compaction(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "MOST_SMALL_PARTS", 2)
    check = dict(doctor.CHECKS)["Silver"]
    stack = Stack("reelhouse", {"SilverBucketName": "silver"})
    for place, run_id in enumerate((FIRST, FIRST, SECOND, SECOND)):
        lake.put("silver", keys.silver_part(run_id, f"{place:04x}", 1), b"")

    assert (check(stack).ok, check(stack).found) == (True, "4 parts of 2 runs")

    lake.put("silver", keys.silver_part(SECOND, "00ff", 1), b"")
    assert check(stack).ok is None
    assert "reelhouse compact" in check(stack).advice
