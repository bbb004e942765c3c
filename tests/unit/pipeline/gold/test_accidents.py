"""The breaker holds forty accidents for the right reason, and lets ordinary days pass."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from pipeline.gold import comparison
from pipeline.gold.comparison import Reason
from pipeline.gold.profile import ColumnProfile, Profile, Turnover
from tests.accidents import ACCIDENTS, Accident
from tests.daily_films import FIRST_DAY, Builds, FilmWorld, Row, documents, first_rows, held_in, movie, stamped

FILMS = 250
# `make chaos` simulates a year.
DAYS = 30
NEXT_DAY = FIRST_DAY + timedelta(days=1)


@cache
def first_build() -> Builds:
    builds = Builds()
    builds.build(first_rows(FILMS))
    return builds


def after(accident: Accident) -> tuple[list[Row], int]:
    """Rows of Gold's movies after the accident befell the second run, and the films that were quarantined."""
    bronze = pickle.loads(pickle.dumps(documents(FILMS)))  # a tenth of deepcopy's time
    bronze = accident.harm(bronze) or bronze
    rows = {row["imdb_id"]: {**row, "on_list": False} for row in first_rows(FILMS)}
    quarantined = 0
    for document in bronze:
        imdb_id, row = document["source"]["id"], movie(document)
        if row:
            rows[imdb_id] = stamped({**row, "rank": int(document["source"]["rank"])}, NEXT_DAY)
        else:
            quarantined += 1
            rows[imdb_id]["on_list"] = True
    return list(rows.values()), quarantined


def reasons_of(accident: Accident) -> tuple[Reason, ...]:
    rows, quarantined = after(accident)
    # What is held is not published, so that each accident is compared with the same build.
    verdict = first_build().build(rows, quarantined=quarantined)
    assert verdict
    assert verdict.reasons
    return verdict.reasons


@pytest.mark.parametrize("accident", ACCIDENTS, ids=lambda accident: accident.name)
def test_an_accident_is_held_for_the_right_reason(accident: Accident) -> None:
    reasons = reasons_of(accident)

    assert reasons
    assert reasons[0].column in accident.expected
    assert accident.word in reasons[0].number


def test_ordinary_days_are_published() -> None:
    assert held_in(DAYS, FILMS) == []


@pytest.mark.parametrize("depths", [(20, 250), (250, 20), (50, 20)])
def test_a_run_of_another_length_is_not_held(depths: tuple[int, int]) -> None:
    world, builds = FilmWorld(FILMS), Builds()
    for depth in depths:
        verdict = builds.build(world.run(depth))

        assert not verdict or not verdict.reasons
    assert builds.published
    assert builds.published.films == max(depths)


def half_empty(rows: list[Row]) -> list[Row]:
    return [row | {"genres": None} if row["year"] % 2 else row for row in rows]


def test_a_repeated_accident_stays_held_and_a_correct_build_is_published() -> None:
    world, builds = FilmWorld(FILMS), Builds()
    builds.build(world.run())
    held = []
    for harm in (half_empty, half_empty, list):
        world.live()
        verdict = builds.build(harm(world.run()))
        assert verdict
        held.append([(reason.column, reason.number) for reason in verdict.reasons])

    assert held == [[("genres", "share of nulls")], [("genres", "share of nulls")], []]


def test_a_reason_names_place_values_and_limit() -> None:
    (reason,) = reasons_of(
        Accident("", lambda films: [film["omdb"].update(Genre="N/A") for film in films] and None, ())
    )

    assert str(reason) == "movies.genres: share of nulls 0.0% → 100.0% (limit: ±5.0 percentage points)"


def profile(**changes: Any) -> Profile:
    schema = {"movies": {"title": "string", "year": "int"}}
    return replace(Profile(100, 100, 0, {"title": ColumnProfile(100)}, 100, 0, 0, schema), **changes)


QUIET = Turnover(0, 0, {})


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"title": "string"}, ["movies.year: type int → missing (limit: no change)"]),
        ({"title": "string", "year": "bigint"}, ["movies.year: type int → bigint (limit: no change)"]),
        ({"title": "string", "year": "int", "slogan": "string"}, []),
    ],
)
def test_a_lost_column_is_held_and_a_new_one_is_not(columns: dict[str, str], expected: list[str]) -> None:
    verdict = comparison.judge(profile(schema={"movies": columns}), profile(), QUIET, [])

    assert [str(reason) for reason in verdict.reasons] == expected


def test_a_lost_table_is_held() -> None:
    assert comparison.judge(profile(schema={}), profile(), QUIET, []).reasons


@pytest.mark.parametrize("earlier", [0.0, 0.04])
def test_a_change_of_the_usual_size_is_not_held(earlier: float) -> None:
    """Seven earlier builds say nothing yet; the median of eight does, and one or two odd ones do not move it."""
    turnover = Turnover(0, 0, {"title": (12, 100)})
    (key,) = (key for key, change in comparison.judge(profile(), profile(), turnover, []).changes.items() if change)

    def held(changes: list[float]) -> bool:
        earlier_builds = [{key: change} for change in changes]
        return bool(comparison.judge(profile(), profile(), turnover, earlier_builds).reasons)

    assert held([])
    assert held([earlier] * 7)
    assert held([0.9, 0.9, *[earlier] * 6]) == (earlier == 0)


def test_fewer_rejected_films_are_not_held() -> None:
    assert not comparison.judge(profile(), profile(rejected=40), QUIET, []).reasons
    (reason,) = comparison.judge(profile(rejected=40), profile(), QUIET, []).reasons
    # Five times sqrt(2 * share * (1 - share) / 100), where the share is taken as (0 + 1) / (100 + 2).
    limit = "limit: ±7.0 percentage points"
    assert str(reason) == f"movies: share of rejected films in the newest run 0.0% → 40.0% ({limit})"


def test_a_build_of_few_films_is_not_held() -> None:
    few = {"films": 3, "settled": 3, "columns": {}}
    assert not comparison.judge(profile(**few), profile(**few), Turnover(3, 3, {}), []).reasons


LEFT = "movies: share of films that left the list 0.0% → 30.0% (limit: ±10.0 percentage points)"


@pytest.mark.parametrize(
    ("films", "turnover", "reasons"),
    [
        (90, Turnover(0, 10, {}), []),
        (110, Turnover(10, 0, {}), []),
        (89, Turnover(0, 11, {}), ["movies: films on the list 100 → 89 (limit: ±10)"]),
        (111, Turnover(11, 0, {}), ["movies: films on the list 100 → 111 (limit: ±10)"]),
        (85, Turnover(15, 30, {}), ["movies: films on the list 100 → 85 (limit: ±10)"]),
        (100, Turnover(30, 30, {}), [LEFT]),
    ],
)
def test_a_list_may_lose_or_gain_a_tenth_of_its_films(films: int, turnover: Turnover, reasons: list[str]) -> None:
    verdict = comparison.judge(profile(films=films), profile(columns={}), turnover, [])

    assert [str(reason) for reason in verdict.reasons] == reasons


def test_missing_values_are_named_before_changed_ones() -> None:
    half = profile(columns={"title": ColumnProfile(50)})
    verdict = comparison.judge(half, profile(), Turnover(0, 0, {"title": (100, 100)}), [])

    assert [reason.number for reason in verdict.reasons] == ["share of nulls"]


def test_the_largest_change_of_a_kind_is_named_first() -> None:
    columns = {name: ColumnProfile(filled) for name, filled in (("rated", 60), ("title", 20), ("writers", 40))}
    before = profile(columns=dict.fromkeys(columns, ColumnProfile(100)))
    verdict = comparison.judge(profile(columns=columns), before, QUIET, [])

    assert [reason.column for reason in verdict.reasons] == ["title", "writers", "rated"]


@pytest.mark.parametrize(
    ("films", "after", "held"),
    [
        ((50, 50), 59.9, False),
        ((50, 50), 60.1, True),
        ((200, 25), 60.5, False),
        ((200, 25), 60.7, True),
        ((10, 10), 99.0, True),
        ((9, 10), 99.0, False),
        ((10, 9), 99.0, False),
    ],
)
def test_a_mean_may_move_by_five_standard_errors(films: tuple[int, int], after: float, *, held: bool) -> None:
    """The standard error of the difference of two means is 10 * sqrt(1 / n + 1 / m): 2 of 50 films each."""

    def scores(filled: int, mean: float) -> Profile:
        return profile(films=filled, columns={"metascore": ColumnProfile(filled, mean, 10.0)})

    verdict = comparison.judge(scores(films[1], after), scores(films[0], 50.0), QUIET, [])

    assert any(reason.number == "mean" for reason in verdict.reasons) == held


@pytest.mark.parametrize(("films", "held"), [(99, False), (100, True)])
def test_the_tails_of_few_films_hold_no_build(films: int, *, held: bool) -> None:
    """The 10% quantile of 35 films is the fourth lowest value, which moved by five deviations on an ordinary day."""

    def scores(lowest: float) -> Profile:
        column = ColumnProfile(films, 90.0, 3.0, {"p10": lowest, "median": 91.0, "p90": 95.0})
        return profile(films=films, columns={"metascore": column})

    assert bool(comparison.judge(scores(80.0), scores(86.0), QUIET, []).reasons) == held


def test_a_date_is_named_as_a_day_and_its_limit_in_days() -> None:
    """Days since 1970: 9,000 is 23 August 1994, and 12,000 is 9 November 2002."""
    after, before = (profile(columns={"released": ColumnProfile(50, day, 1000.0)}) for day in (12_000.0, 9_000.0))
    (reason,) = (one for one in comparison.judge(after, before, QUIET, []).reasons if one.number == "mean")

    assert str(reason) == "movies.released: mean 1994-08-23 → 2002-11-09 (limit: ±1,000 days)"
    assert reason.excess == pytest.approx(3)


def damaged(film: Row) -> Row:
    return film | {"runtime_minutes": (film["runtime_minutes"] or 1) * 10}


@pytest.mark.parametrize(("harm", "held"), [(damaged, True), (dict, False)])
def test_a_damaged_run_is_held_before_it_is_complete(harm: Callable[[Row], Row], *, held: bool) -> None:
    """Of 250 films 30 are fetched again so far: the share is taken of those."""
    builds = Builds()
    rows = first_rows(FILMS)
    builds.build(rows)
    again = [harm(stamped(row, NEXT_DAY)) if row["rank"] <= 30 else row for row in rows]
    verdict = builds.build(again)

    assert verdict
    assert bool(verdict.reasons) == held
