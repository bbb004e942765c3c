"""The profile of a build: its numbers are those of pandas, and Trino would take its SQL."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pandas as pd
import pytest
import sqlglot

from pipeline.columns import GOLD_TABLES
from pipeline.documents import read, to_json
from pipeline.gold import profile
from pipeline.gold.profile import Profile, profile_of, turnover_of
from pipeline.gold.statements import to_duckdb
from tests.daily_films import Builds, first_rows
from tests.silver_rows import FILMS, QUARANTINE, REJECTED, RUNS, engine_of
from tests.unit.pipeline.gold.test_statements import refused_by_trino

COUNT = 100


@pytest.fixture(scope="module")
def published() -> Profile:
    builds = Builds()
    builds.build(first_rows(COUNT), rejected=2, quarantined=1)
    assert builds.published
    return builds.published


def test_trino_accepts_the_profiles_statements() -> None:
    asked: list[str] = []

    def query(sql: str) -> list[list[Any]]:
        asked.append(sql)
        width = len(sqlglot.parse_one(sql, read="trino").selects)
        return [[1] * width]

    before = profile_of(query)
    assert before
    turnover_of(query, before)

    assert len(asked) == 3
    assert [fault for sql in asked for fault in refused_by_trino(sql)] == []


def test_numbers_equal_those_of_pandas(published: Profile) -> None:
    movies = pd.DataFrame(first_rows(COUNT))
    values = movies["runtime_minutes"].astype("float64")
    column = published.columns["runtime_minutes"]

    assert (published.films, published.depth, published.repeated) == (COUNT, COUNT, 0)
    assert (published.settled, published.rejected, published.quarantined) == (COUNT, 2, 1)
    assert published.columns["box_office_usd"].filled == movies["box_office_usd"].count()
    assert column.mean == pytest.approx(values.mean())
    assert column.deviation == pytest.approx(values.std(ddof=0))
    assert column.quantiles == {
        name: values.quantile(share, interpolation="lower") for name, share in profile.QUANTILES.items()
    }


def test_a_date_is_measured_in_days_and_text_is_counted(published: Profile) -> None:
    days = pd.to_datetime(pd.Series([row["released"] for row in first_rows(COUNT)])).dropna()

    assert published.columns["released"].mean == pytest.approx((days - pd.Timestamp(0)).dt.days.mean())
    assert published.columns["title"].mean is None
    assert published.columns["rank"].mean is None


def test_every_column_that_describes_a_film_is_profiled(published: Profile) -> None:
    left_out = set(GOLD_TABLES["movies"].column_names) - set(published.columns)

    assert left_out == {
        "imdb_id", "decade", "unreadable", "run_id", "bronze_key", "bronze_version", "fetched_at", "processed_at",
        "code_version",
    } | ({"on_list"} & set(GOLD_TABLES["movies"].column_names))  # fmt: skip


def test_films_that_are_not_on_the_list_or_below_the_depth_do_not_count() -> None:
    rows = first_rows(COUNT)
    rows[0] |= {"on_list": False, "rank": None}
    builds = Builds()
    builds.build(rows)
    assert builds.published
    before = builds.published
    deeper = first_rows(2 * COUNT)
    builds.build(deeper)

    assert before.films == COUNT - 1
    assert builds.published.films == 2 * COUNT


def test_repeated_films_are_counted() -> None:
    rows = first_rows(COUNT)
    copies = [row | {"imdb_id": f"tt9{number:06}"} for number, row in enumerate(rows[:10])]
    builds = Builds()
    builds.build([*rows, *copies])

    assert builds.published
    assert builds.published.repeated == len(copies)


def test_a_profile_survives_json(published: Profile) -> None:
    assert read(Profile, to_json(asdict(published)), "profile") == published


@pytest.mark.parametrize(("missing", "depth"), [(0, 3), (1, None)])
def test_a_builds_depth_is_that_of_its_complete_runs(missing: int, depth: int | None) -> None:
    """The first of the two runs is complete; the second, with eight films, is not. Before that there is no profile."""
    runs = [run | {"expected": run["expected"] + missing} for run in RUNS]
    engine = engine_of(movies=FILMS, quarantine=QUARANTINE, rejected=REJECTED, runs=runs)
    engine.build()
    computed = profile_of(lambda sql: engine.query(to_duckdb(sql)))

    assert (computed.depth if computed else None) == depth
