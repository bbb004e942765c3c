"""A list of real films that changes from day to day, as OMDb and a source list change: for tests of the breaker.

The films are those of the sample. IMDb's ratings and votes, which the sample lacks, are made of the critics' average
and the number of reviews. Rows have the columns of Gold's ``movies``.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]

from insights.frames import ARROW_TYPES
from pipeline.columns import GOLD_TABLES
from pipeline.gold import comparison, profile
from pipeline.gold.comparison import Verdict
from pipeline.gold.profile import Profile
from pipeline.gold.statements import to_duckdb
from pipeline.silver.records import Clean, to_silver
from reelhouse.local.omdb import films as sample

Row = dict[str, Any]
FIRST_DAY = datetime(2026, 1, 1, 3, tzinfo=UTC)


@cache
def documents(count: int) -> list[dict[str, Any]]:
    """Bronze documents of the best ranked sample films."""
    bronze = []
    for rank, film in enumerate(list(sample.films_by_id().values())[:count], start=1):
        omdb = sample.omdb_record(film, tomatoes=True)
        if film["average"] and rank % 50:
            rating = min(9.9, max(1.0, film["average"] + (rank * 37 % 21 - 10) / 10))
            omdb |= {
                "imdbRating": f"{rating:.1f}",
                "imdbVotes": f"{int((film['reviews'] or 1) ** 1.5 * (rank * 91 % 300 + 40)):,}",
            }
        source = sample.source_item(film, rank) | {"imDbRating": omdb["imdbRating"].replace("N/A", "")}
        bronze.append({"fetched_at": FIRST_DAY.isoformat(), "source": source, "omdb": omdb})
    return bronze


def movie(document: dict[str, Any]) -> Row | None:
    """The row that Silver makes of a Bronze document; None when it is quarantined."""
    clean = to_silver(document, document["source"]["id"])
    if not isinstance(clean, Clean):
        return None
    row = {**clean.row, "unreadable": clean.unreadable, "on_list": True}
    row["decade"] = row["year"] and row["year"] // 10 * 10
    return stamped(row, FIRST_DAY)


def stamped(row: Row, moment: datetime, code_version: str = "1.0") -> Row:
    """The row with the lineage of a run at that moment."""
    run_id = f"{moment:%Y%m%dT%H%M%SZ}-00000000"
    at = moment.replace(tzinfo=None)
    return {
        **row,
        "run_id": run_id,
        "bronze_key": f"movies/run_id={run_id}/imdb_id={row['imdb_id']}.json",
        "bronze_version": None,
        "fetched_at": at,
        "processed_at": at,
        "code_version": code_version,
    }


@cache
def _first_rows(count: int) -> tuple[Row, ...]:
    return tuple(row for document in documents(count) if (row := movie(document)))


def first_rows(count: int) -> list[Row]:
    """Rows of the best ranked films, of a run on the first day."""
    return [dict(row) for row in _first_rows(count)]


def as_arrow(rows: list[Row]) -> Any:
    """Rows as an Arrow table with the types of ``movies``."""
    columns = {column.name: column.type for column in GOLD_TABLES["movies"].columns} | {"on_list": "boolean"}
    dates = [{**row, "released": _date(row["released"])} for row in rows]
    return pa.Table.from_pylist(dates, pa.schema([(name, ARROW_TYPES[kind]) for name, kind in columns.items()]))


def _date(value: Any) -> Any:
    return datetime.fromisoformat(value).date() if isinstance(value, str) else value


class FilmWorld:
    """A source list and OMDb that change a little every day.

    Parameters
    ----------
    listed : int
        Films on the list. There are some more, which may come onto it.
    """

    def __init__(self, listed: int, seed: int = 1) -> None:
        self.random, self.listed, self.moment = random.Random(seed), listed, FIRST_DAY
        self.films = {row["imdb_id"]: row for row in first_rows(listed + 300)}
        self.ranking = list(self.films)
        # Gold's movies: the newest row of each film that was ever listed.
        self.gold: dict[str, Row] = {}

    def live(self, days: int = 1) -> None:
        """Let days pass: ratings drift, votes grow, facts are corrected, films move on the list and leave it."""
        draw, gauss = self.random.random, self.random.gauss
        for _ in range(days):
            self.moment += timedelta(days=1)
            for film in self.films.values():
                if film["imdb_votes"]:
                    film["imdb_votes"] = round(film["imdb_votes"] * (1 + abs(gauss(0, 0.001)))) + (draw() < 0.3)
                if film["imdb_rating"] and draw() < 0.03:
                    film["imdb_rating"] = round(min(10, film["imdb_rating"] + self.random.choice((-0.1, 0.1))), 1)
                for name, low in (("metascore", 0.001), ("rotten_tomatoes", 0.01)):
                    if film[name] is not None and draw() < low:
                        film[name] = min(100, max(0, film[name] + self.random.choice((-2, -1, 1, 2))))
                if draw() < 0.002:
                    self._correct(film)
            self._move_on_list()

    def _correct(self, film: Row) -> None:
        """Change one fact, or let OMDb lose or learn one."""
        name = self.random.choice(
            ("title", "box_office_usd", "released", "runtime_minutes", "genres", "actors", "writers")
        )
        other = self.random.choice(list(self.films.values()))
        if name == "title":
            film["title"] = f"{film['title']} "[:-1] + "!"
        else:
            film[name] = other[name] if self.random.random() < 0.5 else film[name]

    def _move_on_list(self) -> None:
        # A Top 250 changes by a film every three days or so; here by more than one a day, on shorter lists by fewer.
        for _ in range(self.random.choice((0, 0, 1, 1, 2, 4))):
            if self.random.random() > self.listed / 250:
                continue
            leaves = self.random.randrange(self.listed // 2, self.listed)
            comes = self.random.randrange(self.listed, len(self.ranking))
            self.ranking[leaves], self.ranking[comes] = self.ranking[comes], self.ranking[leaves]
        for _ in range(self.listed // 10):
            index = self.random.randrange(self.listed - 1)
            self.ranking[index], self.ranking[index + 1] = self.ranking[index + 1], self.ranking[index]

    def run(self, top_n: int | None = None) -> list[Row]:
        """Run the pipeline on the list; return the rows of Gold's movies."""
        depth = min(top_n or self.listed, self.listed)
        chosen = self.ranking[:depth]
        for film in self.gold.values():
            if film["on_list"] and film["rank"] is not None and film["rank"] <= depth and film["imdb_id"] not in chosen:
                film |= {"on_list": False, "rank": None}
        for rank, imdb_id in enumerate(chosen, start=1):
            self.gold[imdb_id] = {**stamped(self.films[imdb_id], self.moment), "rank": rank, "on_list": True}
        taken = {film["rank"]: film["run_id"] for film in sorted(self.gold.values(), key=lambda film: film["run_id"])}
        return [{**film, "rank": film["rank"] if film["run_id"] == taken[film["rank"]] else None}
                for film in self.gold.values()]  # fmt: skip


class Builds:
    """Compares builds of ``movies`` as AggregateToGold does, and publishes those that are not held."""

    def __init__(self) -> None:
        self.published: Profile | None = None
        self.changes: list[dict[str, float]] = []
        self._database = duckdb.connect()
        self._database.execute("CREATE SCHEMA gold; CREATE SCHEMA published")
        self._database.execute("SET threads = 1")

    def build(self, rows: list[Row], *, rejected: int = 0, quarantined: int = 0) -> Verdict | None:
        """Build, compare and, unless it is held, publish; None when there was nothing to compare with."""
        self._load("gold", rows)
        depth = max((row["rank"] for row in rows if row["rank"]), default=1)
        self._database.execute(
            f"CREATE OR REPLACE VIEW gold.pipeline_runs AS SELECT '1' AS run_id, 'complete' AS status, "
            f"{len(rows) - rejected} AS stored, {rejected} AS rejected, {quarantined} AS quarantined"
        )
        self._database.execute(f"CREATE OR REPLACE VIEW gold.rank_history AS SELECT '1' AS run_id, {depth} AS rank")
        before = self.published
        current = profile.profile_of(self._query, before.depth if before else None)
        assert current
        if before is None:
            self._publish(current, rows)
            return None
        verdict = comparison.judge(current, before, profile.turnover_of(self._query, before), self.changes)
        if not verdict.reasons:
            deeper = current if depth == before.depth else profile.profile_of(self._query)
            assert deeper
            self.changes.insert(0, verdict.changes)
            self._publish(deeper, rows)
        return verdict

    def _publish(self, current: Profile, rows: list[Row]) -> None:
        self.published = current
        self._load("published", rows)

    def _load(self, schema: str, rows: list[Row]) -> None:
        self._database.register("incoming", as_arrow(rows))
        self._database.execute(f"CREATE OR REPLACE TABLE {schema}.movies AS FROM incoming")

    def _query(self, sql: str) -> list[tuple[Any, ...]]:
        return self._database.execute(to_duckdb(sql)).fetchall()


def held_in(days: int, listed: int) -> list[str]:
    """Simulate ordinary days; return the reasons of builds that were held.

    Films are rejected or quarantined now and then. Every few weeks a run is a small one, and once a month nothing runs
    for ten days.
    """
    world, builds = FilmWorld(listed), Builds()
    held = []
    for day in range(days):
        world.live(10 if day % 30 == 29 else 1)
        verdict = builds.build(
            world.run(20 if day % 40 == 7 else None),
            rejected=world.random.choice((0, 0, 1)),
            quarantined=world.random.choice((0, 0, 1)),
        )
        held += [f"day {day}: {reason}" for reason in verdict.reasons] if verdict else []
    return held
