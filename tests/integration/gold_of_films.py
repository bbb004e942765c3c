"""Gold built from a few films, in moto."""

from __future__ import annotations

from collections.abc import Callable

from pipeline import aggregate_to_gold
from pipeline.gold.duckdb_engine import DuckdbEngine
from pipeline.settings import AggregateToGoldSettings
from tests.integration.moto_lake import Lake
from tests.silver_rows import FILMS, RUNS, silver_files

# Objects of Silver and Gold that were made once, by name, bucket and key.
_MADE: dict[str, dict[tuple[str, str], bytes]] = {}


def made_once(lake: Lake, name: str, make: Callable[[], None]) -> None:
    """Call ``make`` in an empty Silver and Gold; from the second time on, put the objects that it made."""
    if name in _MADE:
        for (bucket, key), body in _MADE[name].items():
            lake.put(bucket, key, body)
    else:
        make()
        _MADE[name] = {
            (bucket, key): lake.get(bucket, key) for bucket in ("silver", "gold") for key in lake.keys(bucket)
        }


def build_gold(lake: Lake) -> None:
    """Put Silver's objects of a few films and their runs, and Gold as it is built and published from them."""

    def build() -> None:
        for name, part in (("movies", FILMS), ("runs", RUNS)):
            for key, (_, body) in silver_files(part, name).items():
                lake.put("silver", key, body)
        engine = DuckdbEngine("silver", "gold", 256)
        aggregate_to_gold.run(AggregateToGoldSettings("silver", "gold"), engine, 60, again=True)

    made_once(lake, "films", build)
