"""Step 4 on moto with damaged Silver: no object is dropped silently, and each damaged one is named."""

from __future__ import annotations

import io
import json
from typing import Any

import pandas as pd
import pytest

from pipeline import aggregate_to_gold, keys
from pipeline.aggregate_to_gold import Result
from pipeline.errors import SilverDamaged, StorageFailed
from pipeline.gold.duckdb_engine import DuckdbEngine
from pipeline.gold.publication import published_build
from pipeline.settings import AggregateToGoldSettings
from tests.gold_builds import a_build, body_of, published_json
from tests.integration.moto_lake import Lake
from tests.silver_rows import FIRST, RUNS, SECOND, film, silver_files

PARTS = {f"movies/run_id={run_id}/part-{'0' * 32}-1.parquet": run_id for run_id in (FIRST, SECOND)}
pytestmark = pytest.mark.usefixtures("few_tables")


@pytest.fixture
def engine(lake: Lake) -> DuckdbEngine:
    """A warm engine that has built Gold of two runs of one film each."""
    for number, (key, run_id) in enumerate(PARTS.items(), start=1):
        lake.put("silver", key, part(film(number, run_id)))
    warm = DuckdbEngine("silver", "gold", 256)
    build(warm)
    return warm


def part(row: dict[str, Any]) -> bytes:
    ((_, body),) = silver_files([row], "movies").values()
    return body


def build(engine: DuckdbEngine) -> Result:
    return aggregate_to_gold.run(AggregateToGoldSettings("silver", "gold", 256), engine, 60.0)


def movies(lake: Lake) -> list[str]:
    return sorted(pd.read_parquet(io.BytesIO(body_of("gold", "movies")))["imdb_id"])


def test_a_damaged_part_is_named_and_gold_stays_as_it_was(lake: Lake, engine: DuckdbEngine) -> None:
    damaged = f"movies/run_id={SECOND}/part-{'1' * 32}-1.parquet"
    lake.put("silver", damaged, b"<html>")

    with pytest.raises(SilverDamaged) as caught:
        build(engine)

    assert (caught.value.step, caught.value.subject.split(" ")[0]) == ("AggregateToGold", damaged)
    assert f"Gold is unchanged; `reelhouse replay --run-id {SECOND}` rebuilds them from Bronze" in str(caught.value)
    assert movies(lake) == ["tt0000001", "tt0000002"]

    lake.put("silver", damaged, part(film(3)))

    assert build(engine).builds == 1
    assert movies(lake) == ["tt0000001", "tt0000002", "tt0000003"]


def test_each_damaged_part_of_many_is_found(lake: Lake, engine: DuckdbEngine) -> None:
    good = {f"movies/run_id={FIRST}/part-{number:032x}-1.parquet": film(number) for number in range(10, 40)}
    for key, row in good.items():
        lake.put("silver", key, part(row))
    damaged = list(good)[3:24:3]
    for key in damaged:
        lake.put("silver", key, b"PAR1")

    with pytest.raises(SilverDamaged) as caught:
        build(engine)

    assert [key for key in damaged if key in caught.value.subject] == damaged[:5]
    assert caught.value.subject.endswith(" and 2 more")


def test_a_damaged_record_of_a_run_is_named_too(lake: Lake, engine: DuckdbEngine) -> None:
    lake.put("silver", keys.silver_run(FIRST), json.dumps(RUNS[0]).encode())
    lake.put("silver", keys.silver_run(SECOND), json.dumps({**RUNS[1], "top_n": "many"}).encode())

    with pytest.raises(SilverDamaged, match=keys.silver_run(SECOND)):
        build(engine)


def test_running_out_of_memory_does_not_count_as_damage(lake: Lake, engine: DuckdbEngine) -> None:
    for number in range(20):
        plot = {"plot": f"{number}" * 300_000}
        lake.put("silver", f"movies/run_id={FIRST}/part-{number:032x}-1.parquet", part(film(number) | plot))

    with pytest.raises(StorageFailed, match=r"silver\.movies: DuckDB: OutOfMemoryException; its message is retried"):
        build(DuckdbEngine("silver", "gold", 6))


def test_a_damaged_build_record_is_rewritten(lake: Lake, engine: DuckdbEngine) -> None:
    for body in (b"", b"[" * 100_000, published_json(a_build(), runs={FIRST: {"status": "complete"}})):
        lake.put("gold", keys.BUILD, body)

        result = build(engine)

        assert (result.builds, result.build.rows["movies"]) == (1, 2), body[:100]
        assert published_build("gold") == result.build, body[:100]
