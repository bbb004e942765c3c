"""A Silver is built by one function, and by Athena once a run; the last change always leads to a build."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.s3.models import s3_backends

from pipeline import aggregate_to_gold, aws, keys
from pipeline.aggregate_to_gold import GoldEngine
from pipeline.columns import GOLD_TABLES
from pipeline.errors import StorageFailed
from pipeline.gold.athena_engine import AthenaEngine, Queries
from pipeline.gold.duckdb_engine import DuckdbEngine
from pipeline.gold.once_a_run import LONGEST_BUILD, QUIET, begin, must_wait
from pipeline.gold.publication import published_build
from pipeline.settings import AggregateToGoldSettings
from tests.fake_athena import BUILT, FEW_TABLES, FakeAthena, make_catalogue
from tests.integration.moto_lake import Lake
from tests.silver_rows import FIRST, SECOND, film, silver_files

FILMS = 6
NOW = datetime.now(UTC)


@dataclass
class Driver:
    """AggregateToGold and its queue: events of Silver, the messages that it sends itself, and time that passes."""

    lake: Lake
    engine: GoldEngine
    settings: AggregateToGoldSettings
    builds: int = 0
    postponed: int = 0
    delivered: int = 0

    def put(self, run_id: str, number: int) -> None:
        """Add a film's part to Silver, and deliver its event."""
        self.store(run_id, number)
        self.deliver()

    def store(self, run_id: str, number: int) -> None:
        """Add a film's part to Silver."""
        ((_, body),) = silver_files([film(number, run_id)], "movies").values()
        self.lake.put("silver", keys.silver_part(run_id, f"{number:032x}", 1), body)

    def expect(self, run_id: str, films: int) -> None:
        """Write the record of a run."""
        record = {"run_id": run_id, "started_at": f"2026-11-{run_id[6:8]} 03:00:00.000000", "expected": films}
        self.lake.put("silver", keys.silver_run(run_id), json.dumps(record).encode())
        self.deliver()

    def deliver(self) -> None:
        """Invoke the function for one event."""
        if aggregate_to_gold.postpone(self.settings, self.engine):
            self.postponed += 1
        else:
            self.builds += aggregate_to_gold.run(self.settings, self.engine, 60.0).builds

    def a_minute_passes(self) -> None:
        """Let Silver rest for a minute, then deliver what waits in the queue as one event."""
        for account in s3_backends.values():
            for entry in account["aws"].buckets["silver"].keys.values():
                entry.last_modified -= QUIET
        url = self.settings.silver_events_url
        counts = self.lake.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        sent = int(counts["ApproximateNumberOfMessages"]) + int(counts["ApproximateNumberOfMessagesDelayed"])
        if sent > self.delivered:
            self.delivered = sent
            self.deliver()


@pytest.fixture
def driver(lake: Lake) -> Driver:
    make_catalogue(aws.client("glue"), tables=FEW_TABLES)
    queries = Queries(FakeAthena(lake.s3, aws.client("glue")).client, "reelhouse", pause=0)
    tables = tuple(GOLD_TABLES[name] for name in BUILT)
    engine = AthenaEngine(queries, "gold", "reelhouse_silver", "reelhouse_gold", tables)
    url = lake.sqs.create_queue(QueueName="SilverEvents")["QueueUrl"]
    settings = AggregateToGoldSettings("silver", "gold", 256, gold_database="reelhouse_gold", silver_events_url=url)
    return Driver(lake, engine, settings)


def films_in_gold() -> int:
    build = published_build("gold")
    return build.rows["movies"] if build else 0


def test_a_run_of_many_events_is_built_once(driver: Driver) -> None:
    driver.expect(FIRST, FILMS)
    for number in range(FILMS):
        driver.put(FIRST, number)

    assert (driver.builds, films_in_gold()) == (1, FILMS)
    assert driver.postponed == FILMS
    for _ in range(3):
        driver.a_minute_passes()
    assert driver.builds == 1


def test_a_run_that_stops_half_way_is_built_after_a_quiet_minute(driver: Driver) -> None:
    driver.expect(FIRST, FILMS)
    for number in range(FILMS // 2):
        driver.put(FIRST, number)
    assert driver.builds == 0

    driver.a_minute_passes()

    assert (driver.builds, films_in_gold()) == (1, FILMS // 2)
    for number in range(FILMS // 2, FILMS):
        driver.put(FIRST, number)
    assert (driver.builds, films_in_gold()) == (2, FILMS)


def test_films_before_their_runs_record_wait_too(driver: Driver) -> None:
    driver.put(FIRST, 1)
    assert driver.builds == 0

    driver.a_minute_passes()

    assert (driver.builds, films_in_gold()) == (1, 1)


def test_an_old_run_that_is_replayed_waits_for_the_quiet_minute(driver: Driver) -> None:
    driver.expect(FIRST, 1)
    driver.put(FIRST, 1)
    driver.a_minute_passes()
    before = driver.builds

    driver.put(FIRST, 2)
    assert driver.builds == before, "more outcomes than films: Silver holds the run twice"

    driver.a_minute_passes()
    assert driver.builds == before + 1


def test_a_complete_run_beside_one_that_pours_in_waits(driver: Driver) -> None:
    driver.expect(FIRST, 1)
    driver.expect(SECOND, FILMS)
    driver.put(SECOND, 1)
    driver.put(FIRST, 2)
    assert driver.builds == 0

    driver.a_minute_passes()

    assert (driver.builds, films_in_gold()) == (1, 2)


def test_a_second_function_with_an_event_of_the_same_silver_does_not_build_it(driver: Driver) -> None:
    """It is told while the first one builds; a minute later it finds Gold up to date."""
    inner = driver.engine.build

    class Slow:
        name, once_a_run, query = driver.engine.name, True, driver.engine.query

        def build(self, *arguments: Any) -> Any:
            written = inner(*arguments)
            driver.deliver()
            return written

    slow = replace(driver, engine=Slow())
    slow.expect(FIRST, 1)

    slow.put(FIRST, 1)

    assert (slow.builds, driver.builds, driver.postponed) == (1, 0, 1)
    driver.a_minute_passes()
    assert driver.builds == 0


def test_a_build_that_was_killed_is_begun_again_after_five_minutes(lake: Lake) -> None:
    assert begin("gold", "basis", NOW)
    assert not begin("gold", "basis", NOW + LONGEST_BUILD - timedelta(seconds=1))
    assert begin("gold", "basis", NOW + LONGEST_BUILD)
    assert begin("gold", "other", NOW + LONGEST_BUILD)
    lake.put("gold", keys.UNDER_WAY, b"{}")
    assert begin("gold", "other", NOW + LONGEST_BUILD)


def test_events_return_to_the_queue_when_the_message_cannot_be_sent(driver: Driver) -> None:
    lost = replace(driver, settings=replace(driver.settings, silver_events_url=f"{driver.settings.silver_events_url}x"))

    with pytest.raises(StorageFailed):
        lost.put(FIRST, 1)


def test_duckdb_builds_at_every_event(driver: Driver) -> None:
    free = replace(driver, engine=DuckdbEngine("silver", "gold", 256))
    free.expect(FIRST, 3)
    free.put(FIRST, 1)

    assert (free.builds, free.postponed) == (2, 0)


def test_of_two_functions_with_events_of_the_same_silver_one_builds_it(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second is told while the first one builds, waits for its build, and finds Gold up to date."""
    monkeypatch.setattr(aggregate_to_gold, "QUIET_SECONDS", 1.0)
    monkeypatch.setattr(aggregate_to_gold, "_settled", lambda silver, *_: silver)
    begun, waits = threading.Event(), threading.Event()
    read = aggregate_to_gold.read_pointer

    class Slow(DuckdbEngine):
        def build(self, *arguments: Any) -> Any:
            begun.set()
            assert waits.wait(60)
            return super().build(*arguments)

    def read_and_tell(bucket: str) -> Any:
        # Its second look at the pointer is that of a function that waits.
        if threading.current_thread() is threading.main_thread() and begun.is_set():
            looks.append(1)
            if len(looks) == 2:
                waits.set()
        return read(bucket)

    looks: list[int] = []
    monkeypatch.setattr(aggregate_to_gold, "read_pointer", read_and_tell)
    driver.store(FIRST, 1)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(aggregate_to_gold.run, driver.settings, Slow("silver", "gold", 256), 60)
        assert begun.wait(60)
        second = aggregate_to_gold.run(driver.settings, DuckdbEngine("silver", "gold", 256), 60)

    assert (first.result().builds, second.builds) == (1, 0)
    assert second.build == first.result().build


def test_the_build_of_a_function_that_was_killed_is_not_awaited_for_long(driver: Driver) -> None:
    engine = DuckdbEngine("silver", "gold", 256)
    driver.store(FIRST, 1)
    silver = aws.list_objects(aws.client("s3"), "silver")
    assert begin("gold", aggregate_to_gold._basis(engine, silver), datetime.now(UTC))

    assert aggregate_to_gold.run(driver.settings, engine, 60).builds == 1


@pytest.mark.parametrize("started_at", ["soon", "2026-11-24T03:00:00"])
def test_a_damaged_announcement_is_replaced(lake: Lake, started_at: str) -> None:
    lake.put("gold", keys.UNDER_WAY, json.dumps({"basis": "basis", "started_at": started_at}).encode())

    assert begin("gold", "basis", NOW)
    assert not begin("gold", "basis", NOW)


def test_a_damaged_record_of_a_run_is_waited_for(lake: Lake) -> None:
    lake.put("silver", keys.silver_run(FIRST), b"[]")
    silver = aws.list_objects(lake.s3, "silver")

    assert must_wait("silver", silver, datetime.now(UTC))
    assert not must_wait("silver", silver, datetime.now(UTC) + QUIET)
    assert not must_wait("silver", [], NOW)
