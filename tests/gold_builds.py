"""A Gold build as tests need one."""

from __future__ import annotations

from typing import Any

from pipeline.gold.build import Build, RunCounts, SilverInput

BUILD_ID = "20261124T030200.000000Z"
COMPLETE = RunCounts(expected=20, stored=19, rejected=1, quarantined=1, in_gold=18, status="complete")


def a_build(**changes: Any) -> Build:
    """Return a build of an empty Silver, with ``changes``."""
    fields: dict[str, Any] = {
        "build_id": BUILD_ID,
        "built_at": "2026-11-24T03:02:00.000000Z",
        "seconds": 1.0,
        "code_version": "1",
        "engine": "duckdb",
        "silver": SilverInput("silver", 0, 0, "0" * 64),
        "tables": {},
        "runs": {},
    }
    return Build(**(fields | changes))
