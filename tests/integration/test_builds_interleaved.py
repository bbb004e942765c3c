"""Two overlapping builds of Gold: one pauses at its n-th call while the other runs, and Gold converges."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from pipeline import aggregate_to_gold, aws
from pipeline.gold import duckdb_engine
from pipeline.gold.duckdb_engine import DuckdbEngine
from pipeline.settings import AggregateToGoldSettings
from tests.integration.driven_pipeline import Pipeline, Rows
from tests.integration.faulty_aws import Fault, FaultyAws, Killed
from tests.integration.moto_lake import Cold, Lake
from tests.silver_rows import FILMS, QUARANTINE, REJECTED, RUNS, film, silver_files

LEAST_CALLS = 15
NAMES: dict[str, Any] = {"genres": ["Western"], "directors": ["Cy"], "languages": ["French"], "countries": ["France"]}
SCORES: dict[str, Any] = {"imdb_rating": 3.3, "metascore": 33, "rotten_tomatoes": 33, "box_office_usd": 33}
NEWS = film(99, year=1966, **NAMES, **SCORES)


@dataclass
class Meeting(FaultyAws):
    """Run ``meanwhile`` at the n-th call; the process dies ``dies_after`` calls later, if that is not 0."""

    meanwhile: Callable[[], object] = lambda: None
    dies_after: int = 0

    def count(self, name: str) -> Fault | None:
        """Count a call, and run ``meanwhile`` at the n-th."""
        if self.resting:
            return None
        before = self.struck
        super().count(name)
        if self.dies_after and len(self.calls) == self.n + self.dies_after:
            self.die()
        if self.struck and not before:
            with self.rest():
                self.meanwhile()
        return None


@pytest.fixture
def pipeline(lake: Lake, handler: Cold, few_tables: None, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """Return empty buckets for the builds, and a way to read Gold."""
    # One call at a time: while one waits for the other build, others would go uncounted.
    monkeypatch.setattr(duckdb_engine, "ThreadPoolExecutor", lambda _: ThreadPoolExecutor(1))
    monkeypatch.setattr(aws, "MAX_CONNECTIONS", 1)
    return Pipeline(lake, handler)


def begin(lake: Lake) -> None:
    """Create a Silver of two runs, and no Gold."""
    for bucket in ("silver", "gold"):
        for key in lake.keys(bucket):
            lake.s3.delete_object(Bucket=bucket, Key=key)
    for name, rows in (("movies", FILMS), ("quarantine", QUARANTINE), ("rejected", REJECTED), ("runs", RUNS)):
        for key, (_, body) in silver_files(rows, name).items():
            lake.put("silver", key, body)


def news(lake: Lake) -> None:
    """Add a film to Silver that changes every table."""
    for key, (_, body) in silver_files([NEWS], "movies", "news").items():
        lake.put("silver", key, body)


def build() -> int:
    """Bring Gold up to date in a cold function; return the number of builds."""
    return aggregate_to_gold.run(
        AggregateToGoldSettings("silver", "gold", 256), DuckdbEngine("silver", "gold", 256), 60.0
    ).builds


def meetings(
    pipeline: Pipeline, dies_after: Callable[[int], int], *, with_news: bool, step: int = 1
) -> Iterator[tuple[int, Rows]]:
    """Yield Gold after two builds that overlapped at the n-th call of the first, for every ``step``-th n."""
    lake = pipeline.lake

    def meanwhile() -> None:
        if with_news:
            news(lake)
        build()

    for n in count(1, step):
        begin(lake)
        meeting = Meeting(n, meanwhile=meanwhile, dies_after=dies_after(n))
        try:
            with meeting.watching():
                build()
        except Killed:
            meeting.revive()
            build()
        if not meeting.struck:
            assert n > LEAST_CALLS
            return
        yield n, pipeline.gold()


def expected(pipeline: Pipeline, *, with_news: bool) -> Rows:
    begin(pipeline.lake)
    if with_news:
        news(pipeline.lake)
    build()
    assert len(pipeline.gold()["movies"]) == (10 if with_news else 9)
    return pipeline.gold()


def test_overlapping_builds_converge_on_the_newer_silver(pipeline: Pipeline) -> None:
    """The first build continues after every second overlap, and dies at a later call after the others."""
    wanted = expected(pipeline, with_news=True)

    for n, gold in meetings(pipeline, lambda n: 0 if n % 2 else n % 8 + 1, with_news=True, step=7):
        assert gold == wanted, n


@dataclass
class Reader(FaultyAws):
    """Reads Gold before each call, and counts what it sees; at the n-th call another build runs whole."""

    look: Callable[[], str] = str
    meanwhile: Callable[[], object] = lambda: None
    views: list[str] = field(default_factory=list)

    def count(self, name: str) -> Fault | None:
        """Count a call, after a look at Gold."""
        if self.resting:
            return None
        with self.rest():
            self.views.append(self.look())
        super().count(name)
        if len(self.calls) == self.n:
            with self.rest():
                self.meanwhile()
        return None


def test_a_reader_sees_one_whole_build_or_the_one_before(pipeline: Pipeline) -> None:
    """At every call of a build, also when a newer build is published in the middle of it."""
    for overtaken_at in (0, 15):
        begin(pipeline.lake)
        build()
        before = str(pipeline.gold())
        add = [film(98, year=1955)]
        for key, (_, body) in silver_files(add, "movies", "98").items():
            pipeline.lake.put("silver", key, body)

        def overtake() -> None:
            news(pipeline.lake)
            build()

        reader = Reader(overtaken_at, look=lambda: str(pipeline.gold()), meanwhile=overtake)
        with reader.watching():
            build()

        after = str(pipeline.gold())
        assert reader.calls[15:], "the last of these calls was reached"
        assert set(reader.views) <= {before, after}
        assert reader.views == sorted(reader.views, key=lambda view: view == after), "never back to the one before"


@pytest.mark.chaos
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("with_news", [True, False])
@pytest.mark.parametrize("dies_after", range(12))
def test_overlapping_builds_that_die_at_any_call_converge(pipeline: Pipeline, dies_after: int, with_news: bool) -> None:
    wanted = expected(pipeline, with_news=with_news)

    for n, gold in meetings(pipeline, lambda n: dies_after, with_news=with_news):
        assert gold == wanted, n
