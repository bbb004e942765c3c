"""Gold as it was: stored builds, and builds that have expired, computed again row for row."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from moto.s3.models import s3_backends

from insights.lake import Lake as GoldLake
from pipeline import keys
from pipeline.columns import GOLD_TABLES
from pipeline.errors import InvalidInput
from pipeline.gold import as_of
from pipeline.gold.publication import published_build
from reelhouse.commands.compact import compact_silver
from reelhouse.operate.differences import MAKING
from tests.integration.moto_lake import LIST_KEY, Cold, Lake, Omdb, s3_event, sqs_event

FILMS = 12
GOLD_LAKE = GoldLake("gold", "reelhouse_gold", "silver")
Tables = dict[str, list[str]]


@dataclass
class History:
    """Daily runs of a list that changes a little, and Gold as it was after each.

    Attributes
    ----------
    builds : dict of str to Tables
        By build id, every table's rows.
    moments : dict of str to datetime
        By build id, a time when it was the published build.
    """

    lake: Lake
    omdb: Omdb
    handler: Cold
    builds: dict[str, Tables] = field(default_factory=dict)
    moments: dict[str, datetime] = field(default_factory=dict)

    def day(self, number: int) -> None:
        """Run the whole pipeline once: a film leaves the list and another joins it, and a rating changes."""
        ids = [f"tt{film:07}" for film in range(number // 5 + 1, number // 5 + 1 + FILMS)]
        items = [{"id": imdb_id, "rank": str(rank)} for rank, imdb_id in enumerate(ids, start=1)]
        self.lake.put("lists", LIST_KEY, json.dumps({"items": items}).encode())
        for index, imdb_id in enumerate(ids):
            rating = f"{number % 10 if index == number % FILMS else 7}.5"
            # A film keeps its genres and director: a build in which all films changed theirs would be held.
            film = int(imdb_id.removeprefix("tt"))
            genre, director = ("Drama, Crime" if film % 2 else "Western"), f"Director {film % 3}"
            self.omdb.film(imdb_id, Genre=genre, imdbRating=rating, imdbVotes="1,000", Director=director)
        self.omdb.error(ids[0], "Incorrect IMDb ID.")
        run = self.handler("get_movies_and_send_to_queue")({"top_n": FILMS, "batch_size": FILMS})
        self.handler("enrich_and_store_movie")(sqs_event(*self.lake.receive()))
        self.process(run["run_id"])
        self.handler("aggregate_to_gold")(sqs_event(s3_event("movies/any")))
        build = published_build("gold")
        assert build
        self.builds[build.build_id] = {name: rows_of(GOLD_LAKE.table(name)) for name in build.tables}
        self.moments[build.build_id] = datetime.now(UTC)

    def process(self, run_id: str = "") -> None:
        """Make Silver of one run's Bronze, or of all."""
        bronze_keys = [key for key in self.lake.keys("bronze") if keys.parse_bronze(key) and run_id in key]
        self.handler("process_bronze_to_silver")(sqs_event(*map(s3_event, bronze_keys)))


def rows_of(frame: pd.DataFrame) -> list[str]:
    """Return comparable rows, without the columns that say when and by which version they were made."""
    kept = frame[[column for column in frame if column not in MAKING]]
    return sorted(kept.to_json(orient="records", lines=True, date_format="iso", double_precision=12).splitlines())


@pytest.fixture
def history(lake: Lake, omdb: Omdb, handler: Cold) -> History:
    return History(lake, omdb, handler)


def expire_all_but_the_newest(history: History) -> None:
    newest = max(history.builds)
    for key in history.lake.keys("gold", keys.BUILDS):
        if keys.build_of(key) != newest:
            history.lake.s3.delete_object(Bucket="gold", Key=key)


def only_changed_tables_are_stored(history: History) -> None:
    """Check that each build wrote the tables whose rows are not those of the build before."""
    written: dict[str, set[str]] = {build_id: set() for build_id in history.builds}
    for key in history.lake.keys("gold", keys.BUILDS):
        if key.endswith(".parquet"):
            written[str(keys.build_of(key))].add(key.split("/")[2])
    first, *others = written
    assert written[first] == set(GOLD_TABLES)
    for before, after in zip(history.builds, others, strict=False):
        changed = {name for name, rows in history.builds[after].items() if rows != history.builds[before][name]}
        # The comparison leaves out when and by which version a row was made, which changes with every run.
        assert changed <= written[after] <= changed | {"movies", "pipeline_runs"}
        assert len(written[after]) < len(GOLD_TABLES)


@pytest.mark.parametrize("days", [(0, 1, 5), pytest.param(range(30), marks=pytest.mark.chaos)], ids=len)
def test_past_builds_are_recalled_row_for_row_after_expiry_replay_and_compaction(
    history: History, days: Sequence[int]
) -> None:
    for number in days:
        history.day(number)
    only_changed_tables_are_stored(history)
    assert len(history.builds) == len(days)
    assert len({json.dumps(tables) for tables in history.builds.values()}) == len(days)
    stored = {build_id: as_of.find("gold", build_id) for build_id in history.builds}
    assert all(recalled.build and recalled.build.build_id == build_id for build_id, recalled in stored.items())

    # A replay makes all of Silver again, compaction merges it, and the files of past builds expire.
    for key in history.lake.keys("silver"):
        history.lake.s3.delete_object(Bucket="silver", Key=key)
    history.process()
    for account in s3_backends.values():
        for entry in account["aws"].buckets["silver"].keys.values():
            entry.last_modified -= timedelta(hours=2)
    merged = compact_silver("silver", None, datetime.now(UTC) - timedelta(hours=1), lambda *_: None)
    assert merged
    expire_all_but_the_newest(history)

    for build_id, expected in list(history.builds.items())[:-1]:
        recalled = as_of.find("gold", build_id)
        assert recalled.build is None
        computed = as_of.recompute("silver", recalled.moment)
        for name, rows in expected.items():
            assert rows_of(pd.read_parquet(computed.path(name), dtype_backend="numpy_nullable")) == rows, build_id


@pytest.mark.usefixtures("few_tables")
def test_a_table_of_a_time_is_that_of_the_build_published_then(history: History) -> None:
    for number in (0, 5):
        history.day(number)

    for build_id, moment in history.moments.items():
        for at in (build_id, moment, moment.isoformat(), f"{moment:%Y-%m-%dT%H:%M:%S.%f}"):
            frame = GOLD_LAKE.table("rank_history", at=at)
            assert rows_of(frame) == history.builds[build_id]["rank_history"]
            assert frame.attrs["as_of"].startswith(f"Gold build {build_id} of ")
    today = GOLD_LAKE.table("movies", at=f"{datetime.now(UTC):%Y-%m-%d}")
    assert rows_of(today) == rows_of(GOLD_LAKE.table("movies")), "a date means its end"


@pytest.mark.usefixtures("few_tables")
def test_a_build_that_has_expired_is_computed_again_and_says_so(history: History) -> None:
    history.day(0)
    first = max(history.builds)
    history.day(5)
    expire_all_but_the_newest(history)

    with pytest.warns(UserWarning, match="movies: no build of that time is stored: computed again from the Silver"):
        frame = GOLD_LAKE.table("movies", ["imdb_id", "rank"], at=history.moments[first])

    assert "computed again" in frame.attrs["as_of"]
    with warnings.catch_warnings(record=True):
        assert rows_of(GOLD_LAKE.table("movies", at=first)) == history.builds[first]["movies"]
    with pytest.raises(InvalidInput, match="Silver may not be read here"):
        GoldLake("gold", "reelhouse_gold").table("movies", at=first)


@pytest.mark.parametrize("at", ["yesterday", "", "2026-13-01", "20261124T030000Z"])
def test_what_is_neither_a_time_nor_a_build_is_refused(lake: Lake, at: str) -> None:
    if at == "20261124T030000Z":
        with pytest.raises(InvalidInput, match="no run had started"):
            as_of.recompute("silver", as_of.find("gold", at).moment)
    else:
        with pytest.raises(InvalidInput, match="is neither a time nor a build id"):
            as_of.find("gold", at)


def test_the_future_and_tables_without_builds_are_refused(lake: Lake) -> None:
    with pytest.raises(InvalidInput, match="is in the future"):
        as_of.find("gold", datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(InvalidInput, match="has no earlier builds"):
        GOLD_LAKE.table("summaries", at="2026-11-24")
