"""Contributions add up to the change, and the true cause of fifty planted changes comes first."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from math import fsum

import pytest

from insights.why.numbers import explained_tables
from insights.why.split import ROUNDING, Snapshot, Split, split
from pipeline.columns import GOLD_TABLES
from pipeline.errors import InvalidInput
from tests.daily_films import FilmWorld, Row
from tests.gold_snapshots import snapshot
from tests.planted_changes import PLANTED, Planted, before, correct, fetched, leave

TABLES = [name for name in explained_tables() if name != "pipeline_runs"]


def adds_up(explanation: Split) -> bool:
    """Whether the contributions give the change, and none is left to the code of the table."""
    if explanation.change is None or not explanation.exact:
        return all(cause.contribution is None for cause in explanation.causes)
    total = fsum(cause.contribution or 0.0 for cause in explanation.causes)
    close = abs(total - explanation.change) <= ROUNDING * max(abs(explanation.before or 0), abs(explanation.after or 0))
    return close and not any(cause.origin == "definition" for cause in explanation.causes)


@cache
def unchanged(table: str) -> Snapshot:
    return snapshot(before(), table)


def explained(planted: Planted) -> tuple[Split, ...]:
    second = snapshot(planted.change(before()), planted.table, 1)
    return split(unchanged(planted.table), second, planted.table, planted.key)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
def test_the_true_cause_comes_first_and_contributions_add_up(planted: Planted) -> None:
    splits = {explanation.number: explanation for explanation in explained(planted)}
    explanation = splits[planted.number]

    assert all(adds_up(each) for each in splits.values())
    assert explanation.change or explanation.kind == "quantile"
    assert explanation.causes[0].origin in planted.origins
    assert explanation.causes[0].column == planted.column


def test_there_are_fifty() -> None:
    assert len(PLANTED) >= 50


@cache
def two_days() -> tuple[list[Row], list[Row]]:
    world = FilmWorld(150)
    first = [dict(row) for row in world.run()]
    world.live(60)
    return first, world.run()


@pytest.mark.parametrize("table", TABLES)
def test_every_number_of_every_table_is_the_one_of_its_films(table: str) -> None:
    """Two months apart: films came and left, and ratings, votes and facts changed."""
    first, second = (snapshot(rows, table, index) for index, rows in enumerate(two_days()))
    keys = first.table[list(GOLD_TABLES[table].key)].iloc[1:11:2].to_dict("records")
    splits = [explanation for key in keys for explanation in split(first, second, table, key)]
    numbers = [column.name for column in GOLD_TABLES[table].columns if column.name not in GOLD_TABLES[table].key]

    assert sorted({explanation.number for explanation in splits}) == sorted(numbers)
    assert all(adds_up(explanation) for explanation in splits)
    assert sum(bool(explanation.change) for explanation in splits) > 2


def one(first: Snapshot, second: Snapshot, number: str = "mean") -> Split:
    key = {"genre": "Drama", "source": "imdb"}
    return next(
        explanation for explanation in split(first, second, "ratings_by_genre", key) if explanation.number == number
    )


def test_a_film_is_named_with_its_values_run_and_object() -> None:
    rows = correct(before(), "imdb_rating", lambda value: value - 1, ("genres", "Drama"))
    explanation = one(snapshot(before(), "ratings_by_genre"), snapshot(rows, "ratings_by_genre", 1))
    film = explanation.causes[0].films[0]
    row = next(row for row in rows if row["imdb_id"] == film.imdb_id)

    assert film.after == pytest.approx(film.before - 1)
    assert (film.title, film.run_id, film.bronze_key) == (row["title"], row["run_id"], row["bronze_key"])
    assert film.contribution == pytest.approx(explanation.change)


def test_a_median_lists_films_and_says_that_there_is_no_exact_split() -> None:
    rows = leave(before(), ("genres", "Drama"), films=3)
    explanation = one(snapshot(before(), "ratings_by_genre"), snapshot(rows, "ratings_by_genre", 1), "median")

    assert not explanation.exact
    assert len(explanation.causes[0].films) == 3
    assert explanation.causes[0].contribution is None


def test_a_table_that_other_code_computed_otherwise_has_the_definition_as_its_cause() -> None:
    first, second = snapshot(before(), "ratings_by_genre"), snapshot(fetched(before()), "ratings_by_genre", 1, "1.1")
    other = replace(second, table=second.table.assign(mean=second.table["mean"] / 10))
    cause = one(first, other).causes[0]

    assert (cause.origin, cause.code_versions, cause.films) == ("definition", ("1.0", "1.1"), ())
    assert cause.contribution == one(first, other).change
    slightly, rounded = (
        replace(second, table=second.table.assign(mean=second.table["mean"] * factor))
        for factor in (1 + 1e-6, 1 + 1e-12)
    )
    assert [each.origin for each in one(first, slightly).causes] == ["definition"]
    assert one(first, rounded).causes == ()


def test_a_mean_that_had_no_film_has_no_change() -> None:
    first = snapshot([row | {"imdb_rating": None} for row in before()], "ratings_by_genre")
    explanation = one(first, snapshot(fetched(before()), "ratings_by_genre", 1))

    assert (explanation.before, explanation.change, explanation.exact) == (None, None, False)
    assert explanation.after is not None


def test_nothing_changed_has_no_cause() -> None:
    same = snapshot(fetched(before()), "ratings_by_genre", 1)

    assert [
        explanation.causes
        for explanation in split(same, same, "ratings_by_genre", {"genre": "Drama", "source": "imdb"})
    ] == [()] * 4


def test_a_film_that_was_fetched_again_moves_between_runs() -> None:
    rows = before()
    again = fetched(rows[:10]) + rows[10:]
    first, second = snapshot(rows, "data_quality"), snapshot(again, "data_quality", 1)
    (explanation,) = split(
        replace(first, table=first.table.head(0)), second, "pipeline_runs", {"run_id": again[0]["run_id"]}
    )

    assert (explanation.number, explanation.change, explanation.causes[0].column) == ("in_gold", 10, "run_id")


@pytest.mark.parametrize(
    ("table", "first"), [("movies", "ratings_by"), ("rank_history", "ratings_by"), ("genre_trends", "movies")]
)
def test_other_tables_are_refused(table: str, first: str) -> None:
    same = snapshot(before(), "ratings_by_genre")

    with pytest.raises(InvalidInput, match=f"explained are {first}"):
        split(same, same, table, {"genre": "Drama"})
