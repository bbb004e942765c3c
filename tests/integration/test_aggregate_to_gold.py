"""Step 4 on moto: Gold follows Silver, concurrent builds converge, and unchanged Silver starts no build."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline import aggregate_to_gold, aws, keys
from pipeline.aggregate_to_gold import Result
from pipeline.columns import GOLD
from pipeline.errors import StorageFailed
from pipeline.gold import duckdb_engine
from pipeline.gold.build import Build
from pipeline.gold.duckdb_engine import DuckdbEngine, GoldDatabase
from pipeline.gold.once_a_run import begin
from pipeline.gold.publication import hold, published_build, read_pointer
from pipeline.settings import AggregateToGoldSettings
from tests.gold_builds import body_of, keys_of, rewrite
from tests.integration.moto_lake import Lake
from tests.silver_rows import FILMS, QUARANTINE, REJECTED, RUNS, film, silver_files

SETTINGS = AggregateToGoldSettings("silver", "gold", 256)
pytestmark = pytest.mark.usefixtures("few_tables")


class Interrupted(GoldDatabase):
    """A database in whose first build something else happens, once Silver has been read and nothing written."""

    def __init__(self, meanwhile: Callable[[], object], times: int = 1) -> None:
        super().__init__(256, "silver")
        self.meanwhile, self.times = meanwhile, times

    def build(self, deadline: float | None = None) -> dict[str, int]:
        """Build, after what happens meanwhile."""
        if self.times:
            self.times -= 1
            self.meanwhile()
        return super().build(deadline)


def engine_with(database: GoldDatabase) -> DuckdbEngine:
    engine = DuckdbEngine("silver", "gold", 256)
    engine.database = database
    return engine


def store(lake: Lake, rows: list[dict[str, Any]], name: str = "movies", etag: str = "1") -> None:
    for key, (_, body) in silver_files(rows, name, etag).items():
        lake.put("silver", key, body)


def build(engine: DuckdbEngine | None = None, seconds: float = 60.0, again: bool = False) -> Result:
    return aggregate_to_gold.run(SETTINGS, engine or DuckdbEngine("silver", "gold", 256), seconds, again=again)


def movies(lake: Lake) -> list[str]:
    return sorted(pd.read_parquet(io.BytesIO(body_of("gold", "movies")))["imdb_id"])


@contextmanager
def nothing_written(lake: Lake) -> Iterator[None]:
    before = lake.keys("gold")
    lake.s3.put_bucket_versioning(Bucket="gold", VersioningConfiguration={"Status": "Enabled"})
    yield
    versions = lake.s3.list_object_versions(Bucket="gold").get("Versions", [])
    assert len(versions) == len(before)


def test_a_build_records_its_tables_and_its_silver(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb_engine, "GOLD", GOLD)
    for name, rows in (("movies", FILMS), ("quarantine", QUARANTINE), ("rejected", REJECTED), ("runs", RUNS)):
        store(lake, rows, name)

    result = build()

    record, folder = keys.build_record(result.build.build_id), keys.build_folder(result.build.build_id)
    tables = [f"{folder}{table.name}/{table.name}.parquet" for table in GOLD]
    assert lake.keys("gold") == sorted([keys.BUILD, keys.UNDER_WAY, record, *tables])
    assert Build.from_json(lake.get("gold", record), record) == published_build("gold") == result.build
    assert result.build.rows["movies"] == len(movies(lake)) == 9
    assert result.build.silver.objects == len(lake.keys("silver"))
    assert result.completed_runs == [RUNS[0]["run_id"]]
    assert result.build.runs[RUNS[1]["run_id"]].status == "incomplete"


def test_an_empty_silver_makes_empty_tables(lake: Lake) -> None:
    assert build().build.rows["movies"] == 0
    assert movies(lake) == []


def test_nothing_is_built_twice_unless_asked_for(lake: Lake) -> None:
    store(lake, [film(1)])
    build()

    with nothing_written(lake):
        assert build().builds == 0
    assert build(again=True).builds == 1


def test_a_warm_function_reads_only_what_is_new(lake: Lake) -> None:
    store(lake, [film(1)])
    engine = DuckdbEngine("silver", "gold", 256)
    build(engine)
    store(lake, [film(2)], etag="2")

    assert build(engine).builds == 1

    assert sorted(engine.database.silver.objects) == ["movies/part-1.parquet", "movies/part-2.parquet"]
    assert movies(lake) == ["tt0000001", "tt0000002"]


def test_replaced_and_removed_objects_are_read_again(lake: Lake) -> None:
    store(lake, [film(1)], etag="1")
    store(lake, [film(2)], etag="2")
    engine = DuckdbEngine("silver", "gold", 256)
    build(engine)
    lake.put("silver", "movies/part-1.parquet", silver_files([film(3)], "movies")["movies/part-1.parquet"][1])
    build(engine)
    assert movies(lake) == ["tt0000002", "tt0000003"]

    lake.s3.delete_object(Bucket="silver", Key="movies/part-2.parquet")
    build(engine)

    assert movies(lake) == ["tt0000003"]


def test_a_build_that_silver_overtook_is_built_again(lake: Lake) -> None:
    store(lake, [film(1)])

    result = build(engine_with(Interrupted(lambda: store(lake, [film(2)], etag="2"))))

    assert result.builds == 2
    assert movies(lake) == ["tt0000001", "tt0000002"]


def test_two_overlapping_builds_converge_on_the_newer_silver(lake: Lake) -> None:
    """The slow build has read the older Silver, and finds the pointer moved by a quick build of the newer."""
    store(lake, [film(1)])

    def overtake() -> None:
        store(lake, [film(2)], etag="2")
        assert build().builds == 1

    result = build(engine_with(Interrupted(overtake)))

    assert result.builds == 1, "the overtaken build is not made again"
    assert movies(lake) == ["tt0000001", "tt0000002"]
    with nothing_written(lake):
        assert build().builds == 0


class Dying(Interrupted):
    """A database that dies while its tables are uploaded."""

    built = False

    def build(self, deadline: float | None = None) -> dict[str, int]:
        """Build all of them."""
        rows = super().build(deadline)
        self.built = True
        return rows

    def path(self, name: str) -> Path:
        """Return the first tables only."""
        if self.built and name == "rank_history":
            raise MemoryError
        return super().path(name)


def test_a_build_that_dies_half_way_changes_nothing_that_is_read(lake: Lake) -> None:
    store(lake, [film(1)])
    before = build().build
    store(lake, [film(2)], etag="2")

    with pytest.raises(MemoryError):
        build(engine_with(Dying(lambda: None)))

    assert published_build("gold") == before
    assert movies(lake) == ["tt0000001"]
    assert build().builds == 1
    assert movies(lake) == ["tt0000001", "tt0000002"]


def test_a_table_with_the_same_rows_is_not_written_again(lake: Lake) -> None:
    store(lake, [film(1)])
    store(lake, RUNS[:1], "runs")
    first = build().build
    store(lake, RUNS, "runs")

    second = build().build

    assert second.written == ["pipeline_runs"]
    written = lake.keys("gold", keys.build_folder(second.build_id))
    assert written == [keys.build_record(second.build_id), *keys_of("gold", "pipeline_runs")]
    assert {name for name, table in second.tables.items() if table != first.tables[name]} == {"pipeline_runs"}


@pytest.mark.parametrize("damage", ["replaced", "deleted"])
def test_a_damaged_object_of_gold_is_written_again(lake: Lake, damage: str) -> None:
    store(lake, [film(1)])
    build()
    (key,) = keys_of("gold", "movies")
    if damage == "deleted":
        lake.s3.delete_object(Bucket="gold", Key=key)
    else:
        lake.put("gold", key, b"<html>")

    result = build()

    assert (result.builds, result.build.written) == (1, ["movies"])
    assert movies(lake) == ["tt0000001"]


def test_while_a_build_is_held_a_damaged_object_leads_to_no_build(lake: Lake, caplog: pytest.LogCaptureFixture) -> None:
    """The same Silver would be held again, at every event. These films are of no run, so they cannot be repaired."""
    store(lake, [film(1)])
    result = build()
    hold("gold", result.build, ("odd",), read_pointer("gold"))
    rewrite("gold", "movies", b"<html>")

    assert build().builds == 0
    assert "is damaged and cannot be computed again" in caplog.text


class Clock:
    """A clock that only sleeping moves; at some of its times something happens."""

    def __init__(self, events: dict[float, Callable[[], None]]) -> None:
        self.now, self.events = 0.0, events

    def monotonic(self) -> float:
        """Return the seconds slept so far."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move on, and let happen what is due."""
        self.now += seconds
        for due in [moment for moment in self.events if moment <= self.now]:
            self.events.pop(due)()


@pytest.mark.parametrize(("changes", "waited"), [([], 1.0), ([0.2, 0.6], 1.75), ([n / 2 for n in range(61)], 30.0)])
def test_silver_is_quiet_one_second_after_its_last_change(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, changes: list[float], waited: float
) -> None:
    def arrival(number: int) -> Callable[[], None]:
        return lambda: lake.put("silver", f"runs/run_id=r{number}/run.json", b"{}")

    lake.put("silver", "runs/run_id=r/run.json", b"{}")
    clock = Clock({moment: arrival(number) for number, moment in enumerate(changes)})
    monkeypatch.setattr(aggregate_to_gold, "time", clock)
    monkeypatch.setattr(aggregate_to_gold, "QUIET_SECONDS", 1.0)

    silver = aggregate_to_gold._settled(aws.list_objects(lake.s3, "silver"), "silver", deadline=60.0)

    assert (clock.now, len(silver)) == (waited, 1 + sum(moment <= waited for moment in changes))


def test_a_run_is_built_as_soon_as_its_last_film_is_there(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = RUNS[0]["run_id"]
    parts = [keys.silver_part(run_id, digest * 32, 1) for digest in "ab"]
    lake.put("silver", keys.silver_run(run_id), b'{"expected": 2}')
    arrivals = {moment: partial(lake.put, "silver", part, b"") for moment, part in zip((0.2, 0.6), parts, strict=True)}
    clock = Clock(arrivals)
    monkeypatch.setattr(aggregate_to_gold, "time", clock)
    monkeypatch.setattr(aggregate_to_gold, "QUIET_SECONDS", 1.0)

    silver = aggregate_to_gold._settled(aws.list_objects(lake.s3, "silver"), "silver", deadline=60.0)

    assert (clock.now, len(silver)) == (0.75, 3)


@pytest.mark.parametrize("begun", [True, False])
@pytest.mark.parametrize(("first_film", "waited"), [(3.0, 4.0), (9.0, 5.75)])
def test_a_run_that_has_only_begun_is_not_built_for_five_seconds(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, first_film: float, waited: float, begun: bool
) -> None:
    run_id = RUNS[0]["run_id"]
    if begun:
        lake.put("silver", keys.silver_run(run_id), b'{"expected": 2}')
    clock = Clock({first_film: partial(lake.put, "silver", keys.silver_part(run_id, "a" * 32, 1), b"")})
    monkeypatch.setattr(aggregate_to_gold, "time", clock)
    monkeypatch.setattr(aggregate_to_gold, "QUIET_SECONDS", 1.0)

    aggregate_to_gold._settled(aws.list_objects(lake.s3, "silver"), "silver", deadline=60.0)

    assert clock.now == waited


def test_who_waits_for_a_build_looks_again_when_a_newer_one_is_published(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(lake, [film(1)])
    build()
    before = read_pointer("gold")

    def newer() -> None:
        store(lake, [film(1), film(2)])
        # DuckDB's time budget is by the real clock.
        build(seconds=1e6)

    clock = Clock({0.5: newer})
    monkeypatch.setattr(aggregate_to_gold, "time", clock)
    monkeypatch.setattr(aggregate_to_gold, "QUIET_SECONDS", 1.0)
    assert begin("gold", "basis", datetime.now(UTC))

    moved = aggregate_to_gold._built_by_another("gold", "basis", before, deadline=60.0)

    assert moved == read_pointer("gold") != before
    assert clock.now < 5


def test_a_silver_that_is_as_published_again_is_neither_built_nor_waited_for(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(lake, FILMS)
    begin("gold", build().build.basis, datetime.now(UTC))
    before = set(lake.keys("silver"))
    store(lake, [film(9)], etag="2")
    (added,) = set(lake.keys("silver")) - before

    def settled(*_: object) -> list[aws.StoredObject]:
        lake.s3.delete_object(Bucket="silver", Key=added)
        return aws.list_objects(lake.s3, "silver")

    monkeypatch.setattr(aggregate_to_gold, "_settled", settled)
    monkeypatch.setattr(aggregate_to_gold, "_built_by_another", None)

    with nothing_written(lake):
        assert build().builds == 0


def test_a_silver_that_never_rests_fails_within_the_time_budget(lake: Lake) -> None:
    store(lake, [film(1)])
    numbers = iter(range(2, 10_000))

    def pour() -> None:
        number = next(numbers)
        store(lake, [film(number)], etag=str(number))

    with pytest.raises(StorageFailed, match=r"keeps changing|out of time") as caught:
        build(engine_with(Interrupted(pour, times=10_000)), seconds=1.0)

    assert caught.value.retryable


def test_a_bucket_that_is_gone_is_our_error(lake: Lake) -> None:
    lake.s3.delete_bucket(Bucket="silver")

    with pytest.raises(StorageFailed, match="NoSuchBucket"):
        build()
