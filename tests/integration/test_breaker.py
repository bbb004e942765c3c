"""A damaged run on moto is held: readers keep the build before."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from click.testing import Result as Ran
from typer.testing import CliRunner

from insights import wording
from insights.reports import data as report_data
from pipeline import aggregate_to_gold, keys
from pipeline.aggregate_to_gold import Result
from pipeline.columns import Table
from pipeline.gold import duckdb_engine
from pipeline.gold.build import Build
from pipeline.gold.duckdb_engine import DuckdbEngine, GoldDatabase
from pipeline.gold.publication import Pointer, correct, published_build, read_pointer, records
from pipeline.gold.tables import intact
from pipeline.settings import AggregateToGoldSettings
from reelhouse import cli, stack
from reelhouse.commands import doctor
from reelhouse.commands.trace import trace
from reelhouse.commands.verify import verify
from reelhouse.stack import Stack
from tests.daily_films import held_in
from tests.integration.gold_of_films import made_once
from tests.integration.moto_lake import Lake, as_stack
from tests.silver_rows import RUNS, Row, film, silver_files

SETTINGS = AggregateToGoldSettings("silver", "gold", 256)
RUN_IDS = [f"202611{day:02}T030000Z-aaaaaaaa" for day in range(1, 29)]
FILMS = 40
pytestmark = pytest.mark.usefixtures("few_tables")


def run(lake: Lake, day: int, films: int = FILMS, top_n: int | None = None, **changes: Any) -> None:
    """Store the Silver of a complete run; ``changes`` replace values of its films."""
    run_id = RUN_IDS[day]
    rows: list[Row] = []
    for number in range(1, films + 1):
        values: Row = {"runtime_minutes": 80 + number, "year": 1980 + number, "genres": ["Drama"], "metascore": number}
        moment = f"2026-11-{day + 1:02} 03:01:00.000000"
        rows.append(film(number, run_id, **values | changes, processed_at=moment, fetched_at=moment))
    for _, body in silver_files(rows, "movies").values():
        lake.put("silver", keys.silver_part(run_id, "0" * 32, films), body)
    started_at = f"2026-11-{day + 1:02} 03:00:00.000000"
    record = RUNS[0] | {"run_id": run_id, "expected": films, "top_n": top_n or films, "started_at": started_at}
    for _, body in silver_files([record], "runs").values():
        lake.put("silver", f"runs/run_id={run_id}/run.json", body)


def build() -> Result:
    return aggregate_to_gold.run(SETTINGS, DuckdbEngine("silver", "gold", 256), 60.0)


def record(build_id: str) -> Build:
    return records("gold", [build_id])[build_id]


def test_a_damaged_run_is_held_until_a_good_one_comes(lake: Lake) -> None:
    run(lake, 0)
    first = build()
    run(lake, 1, runtime_minutes=6000)
    held = build()
    again = build()

    assert held.held
    assert held.build == first.build == published_build("gold")
    assert held.held.reasons[0].startswith("movies.runtime_minutes: mean 100.50 → 6,000 (limit: ±")
    assert record(held.held.build_id).reasons == held.held.reasons
    moment = wording.moment(datetime.fromisoformat(held.held.at))
    assert report_data.load(as_stack(lake).lake()).held.startswith(f"Newer data, of {moment}, is held back until")
    # The same Silver is not built again, and stays held.
    assert (again.builds, again.held) == (0, held.held)

    run(lake, 2, metascore=50, genres=None)
    still = build()
    assert still.held
    assert still.held.build_id > held.held.build_id

    run(lake, 3)
    good = build()
    assert good.held is None
    assert report_data.load(as_stack(lake).lake()).held == ""
    assert good.build.build_id > still.held.build_id
    assert record(good.build.build_id).profile
    assert read_pointer("gold").history[-1].build_id == good.build.build_id


@pytest.mark.chaos
@pytest.mark.parametrize("films", [20, 250, 1000])
def test_a_year_of_ordinary_days_has_at_most_one_false_hold(films: int) -> None:
    assert len(held_in(365, films)) <= 1


@pytest.mark.parametrize("films", [(20, FILMS), (FILMS, 20)])
def test_a_run_of_another_length_is_published(lake: Lake, films: tuple[int, int]) -> None:
    for day, count in enumerate(films):
        run(lake, day, count)
        assert build().held is None
    published = published_build("gold")

    assert published
    assert published.profile
    assert published.profile.films == FILMS


def test_a_damaged_published_table_does_not_hold_its_repair(lake: Lake) -> None:
    run(lake, 0)
    first = build().build
    run(lake, 1)
    (damaged,) = first.tables["movies"].objects
    lake.put("gold", damaged.key, b"no parquet")
    repaired = build()

    assert repaired.held is None
    assert repaired.build.build_id > first.build_id
    assert lake.s3.get_object(Bucket="gold", Key=keys.build_record(repaired.build.build_id))


def test_a_wrong_aggregate_of_right_films_is_held(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    run(lake, 0)
    first = build()
    right = duckdb_engine.rows_of

    def rows_of(table: Table) -> str:
        wrong = table.name == "films_by_year"
        return right(table).replace("COUNT(*) AS films", "2 * COUNT(*) AS films") if wrong else right(table)

    monkeypatch.setattr(duckdb_engine, "rows_of", rows_of)
    run(lake, 1)
    held = build()

    assert held.build == first.build
    assert held.held
    (reason,) = held.held.reasons
    assert reason == f"films_by_year: total of films: {2 * FILMS} instead of {FILMS} (limit: no difference)"


@pytest.fixture
def damaged(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> tuple[Pointer, str]:
    """The newest build is held, and an object of the published one is damaged, whose key is the second value."""

    def make() -> None:
        for day, changes in ((0, {}), (1, {"runtime_minutes": 6000})):
            run(lake, day, **changes)
            build_id = f"2026110{day + 1}T040000.000000Z"
            monkeypatch.setattr(aggregate_to_gold, "new_build_id", lambda _, build_id=build_id: build_id)
            build()

    made_once(lake, "a damaged and a held build", make)
    pointer = read_pointer("gold")
    assert pointer.build
    assert pointer.held
    (entry,) = pointer.build.tables["movies"].objects
    lake.put("gold", entry.key, b"no parquet")
    return pointer, entry.key


def test_a_damaged_published_table_is_repaired_while_a_newer_build_is_held(
    lake: Lake, damaged: tuple[Pointer, str], caplog: pytest.LogCaptureFixture
) -> None:
    before, key = damaged
    after = build()

    assert before.build
    assert ("WARNING", f"damaged tables of build {before.build.build_id} were computed again: movies") in [
        (line.levelname, line.getMessage()) for line in caplog.records
    ]

    assert (after.builds, after.held, after.build.build_id) == (0, before.held, before.build.build_id)
    assert intact("gold", after.build).keys() == before.build.tables.keys()
    assert record(after.build.build_id) == after.build == published_build("gold")
    rows = pq.read_table(io.BytesIO(lake.get("gold", key))).column("runtime_minutes").to_pylist()
    assert sorted(rows) == [80 + number for number in range(1, FILMS + 1)], "those of the published build"


def test_a_damaged_build_by_athena_is_left(
    lake: Lake, damaged: tuple[Pointer, str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    before, key = damaged
    correct("gold", replace(before.build, engine="athena"), read_pointer("gold"))
    monkeypatch.setattr(aggregate_to_gold, "recompute", None)

    assert build().held == before.held
    assert lake.get("gold", key) == b"no parquet"
    assert "is damaged and cannot be computed again: athena built it" in caplog.text


def test_a_damaged_table_whose_rows_would_be_others_is_left(
    lake: Lake, damaged: tuple[Pointer, str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    before, key = damaged
    monkeypatch.setattr(GoldDatabase, "_digest", lambda *_: "of other code")

    assert build().build == before.build
    assert lake.get("gold", key) == b"no parquet"
    assert "is damaged and cannot be computed again: movies" in caplog.text


@pytest.fixture
def held(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> tuple[Stack, str, str]:
    """A stack with a published build and one that is held, and their ids."""
    deployed = as_stack(lake)
    deployed = Stack(deployed.name, deployed.outputs | {"GoldDatabaseName": "reelhouse_gold"})
    monkeypatch.setattr(stack, "find", lambda _: deployed)
    monkeypatch.setattr(Stack, "build_gold", lambda _: build())

    def make() -> None:
        run(lake, 0)
        build()
        run(lake, 1, runtime_minutes=6000, genres=None)
        build()

    made_once(lake, "a held build", make)
    pointer = read_pointer("gold")
    assert pointer.build
    assert pointer.held
    return deployed, pointer.build.build_id, pointer.held.build_id


def ran(*arguments: str) -> Ran:
    return CliRunner().invoke(cli.app, list(arguments))


def test_why_compares_a_held_build_with_the_published_one(held: tuple[Stack, str, str]) -> None:
    _, first, build_id = held
    explained = json.loads(ran("why", "movies", "--to", build_id, "--json").stdout)

    assert (explained["before"]["build_id"], explained["after"]["build_id"]) == (first, build_id)
    assert {cause["column"] for cause in explained["causes"]} == {"runtime_minutes", "genres"}


def test_trace_and_verify_say_that_the_build_is_held(lake: Lake, held: tuple[Stack, str, str]) -> None:
    deployed, _, build_id = held
    lake.expect(RUN_IDS[1], "tt0000001")
    lake.put("bronze", keys.film(keys.MOVIES, RUN_IDS[1], "tt0000001"), b"{}")

    (traced,) = trace(deployed, "tt0000001").runs
    (gold,) = [one for one in verify(deployed).differences if one.layer == "gold"]

    # Neither a resumption nor a replay would help.
    assert traced.stopped == f"in Silver; build {build_id} of Gold has it, and is held: `reelhouse status` says why"
    assert gold.difference == f"Gold was not built from the current Silver: build {build_id} is held"


def test_publish_needs_a_reason_and_keeps_it(held: tuple[Stack, str, str]) -> None:
    _, first, build_id = held

    assert ran("publish", build_id).exit_code == 2
    assert ran("publish", build_id, "--because", " ").exit_code == 2
    assert ran("publish", "yesterday", "--because", "x").exit_code == 2
    assert published_build("gold") == record(first)

    result = ran("publish", build_id, "--because", "OMDb now gives seconds", "--json")
    publication = read_pointer("gold").history[-1]

    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["publication"]["because"] == publication.because == "OMDb now gives seconds"
    assert publication.by.startswith("arn:aws:")
    assert published_build("gold") == record(build_id)
    assert read_pointer("gold").held is None


def test_only_a_build_that_is_held_can_be_published(lake: Lake, held: tuple[Stack, str, str]) -> None:
    _, first, build_id = held

    assert "is the published build" in ran("publish", first, "--because", "x").output
    assert "is not stored" in ran("publish", "20200101T000000.000000Z", "--because", "x").output
    ran("publish", build_id, "--because", "right")
    assert f"reelhouse rollback {first}" in ran("publish", first, "--because", "x").output

    (key,) = (entry.key for entry in record(build_id).tables["movies"].objects)
    ran("rollback", first, "--because", "wrong")
    lake.s3.delete_object(Bucket="gold", Key=key)
    assert "is not stored" in ran("publish", build_id, "--because", "x").output


def test_what_comes_after_is_compared_with_the_build_that_a_person_published(
    lake: Lake, held: tuple[Stack, str, str]
) -> None:
    _, _, build_id = held
    ran("publish", build_id, "--because", "OMDb now gives seconds")
    run(lake, 2, runtime_minutes=6000, genres=None)

    assert build().held is None


def test_doctor_says_what_is_held_and_how_to_publish_it(held: tuple[Stack, str, str]) -> None:
    deployed, _, build_id = held
    check = dict(doctor.CHECKS)["Gold publication"](deployed)

    assert check.ok is False
    assert check.found.startswith(f"build {build_id} is held: movies.genres: share of nulls 0.0% → 100.0%")
    assert f"reelhouse publish {build_id} --because TEXT" in check.advice

    ran("publish", build_id, "--because", "right")
    assert dict(doctor.CHECKS)["Gold publication"](deployed).ok
