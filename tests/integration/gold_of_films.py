"""Gold built from a few films, in moto."""

from __future__ import annotations

import pytest

from pipeline import aggregate_to_gold
from pipeline.gold.duckdb_engine import DuckdbEngine
from pipeline.settings import AggregateToGoldSettings
from tests.integration.moto_lake import Lake
from tests.silver_rows import FILMS, RUNS, silver_files

# Objects of Silver and Gold after the first build, by bucket and key.
_BUILT: dict[tuple[str, str], bytes] = {}


def build_gold(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put Silver's objects of a few films and their runs, and Gold that was built and published from them once."""
    monkeypatch.setattr(aggregate_to_gold, "QUIET_SECONDS", 0.01)
    if not _BUILT:
        _build(lake)
        _BUILT.update(
            {(bucket, key): lake.get(bucket, key) for bucket in ("silver", "gold") for key in lake.keys(bucket)}
        )
    else:
        for (bucket, key), body in _BUILT.items():
            lake.put(bucket, key, body)


def _build(lake: Lake) -> None:
    for name, part in (("movies", FILMS), ("runs", RUNS)):
        for key, (_, body) in silver_files(part, name).items():
            lake.put("silver", key, body)
    engine = DuckdbEngine("silver", "gold", 256)
    aggregate_to_gold.run(AggregateToGoldSettings("silver", "gold"), engine, 60, again=True)
