"""What changed, in words."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

import pandas as pd
import pytest

from insights.why import sentences
from insights.why.sentences import cause, describe
from insights.why.split import Cause, FilmChange
from tests.gold_snapshots import snapshot
from tests.planted_changes import Change, before, come, correct, fetched, leave, replay, several

FILM = FilmChange("tt1", "Alien", 1.0, 8.4, 8.5, "R", "K")
DRAMA = ("genres", "Drama")


def said(change: Change, code_version: str = "1.0") -> str:
    first = snapshot(before(), "ratings_by_genre")
    return " ".join(describe(first, snapshot(change(before()), "ratings_by_genre", 1, code_version)))


@pytest.mark.parametrize(
    ("example", "text"),
    [
        (Cause("came", "", 1.0, (FILM, FILM)), "2 films came onto the list"),
        (Cause("left", "", 1.0, (FILM,)), "1 film left the list"),
        (Cause("source", "imdb_rating", 1.0, (FILM,)), "imdb_rating of 1 film: new answers or list entries"),
        (
            Cause("code", "year", 1.0, (FILM,), ("1", "2")),
            "year of 1 film: the same answers, read by code 2 instead of 1",
        ),
        (
            Cause("source or code", "year", 1.0, (FILM,), ("1", "2")),
            "year of 1 film: fetched again, and read by code 2 instead of 1",
        ),
        (Cause("definition", "", 1.0, (), ("1", "2")), "no film: the table was built by code 2 instead of 1"),
    ],
)  # fmt: skip
def test_a_cause_in_words(example: Cause, text: str) -> None:
    assert cause(example) == text


def test_films_that_came_and_left_are_named() -> None:
    text = said(partial(several_films, films=5))

    assert "5 films came onto the list (“" in text
    assert "and 2 others) and 2 films left the list (“" in text


def several_films(rows: list[dict[str, object]], films: int) -> list[dict[str, object]]:
    return several(rows, partial(leave, where=DRAMA, films=2), partial(come, where=DRAMA, films=films))


def test_changed_values_are_counted_and_the_largest_move_has_its_cause() -> None:
    text = said(partial(correct, column="rotten_tomatoes", change=lambda _: 1, where=("genres", "War"), films=10))

    assert "no film came onto the list or left it" in text
    assert "Values changed in Rotten Tomatoes of 10 films." in text
    assert "Of the genres with 20 rated films or more, War's Rotten Tomatoes mean moved most: it fell by" in text
    assert "Main cause: Rotten Tomatoes of 10 films: new answers or list entries (-" in text


def test_another_code_version_is_said() -> None:
    text = said(partial(replay, column="rotten_tomatoes", change=lambda value: value // 2), "1.1")

    assert "The code changed from version 1.0 to 1.1." in text
    assert "read by code 1.1 instead of 1.0" in text


def test_nothing_changed_is_one_sentence() -> None:
    (sentence,) = describe(snapshot(before(), "ratings_by_genre"), snapshot(fetched(before()), "ratings_by_genre", 1))

    assert sentence == "Since the data of 1 January 2026, 03:00 UTC, no film came onto the list or left it."


def test_the_films_of_a_first_run_are_no_change(monkeypatch: pytest.MonkeyPatch) -> None:
    after = snapshot(before(), "ratings_by_genre", 1)
    empty = replace(after, movies=after.movies.head(0), table=after.table.head(0))
    monkeypatch.setattr(sentences, "builds_of_two_runs", lambda lake: ("before", "after"))
    monkeypatch.setattr(sentences, "snapshot", lambda lake, build, table: {"before": empty, "after": after}[build])

    assert sentences.what_changed(None) == []  # type: ignore[arg-type]


def test_the_largest_move_is_named_with_its_largest_cause_and_no_more_than_three_columns() -> None:
    def change(rows: list[dict[str, object]]) -> list[dict[str, object]]:
        changed = correct(rows, column="rotten_tomatoes", change=lambda _: 1, where=("genres", "War"), films=10)
        for column in ("runtime_minutes", "box_office_usd", "imdb_votes"):
            changed = correct(changed, column=column, change=lambda value: value + 1, where=("genres", "War"), films=2)
        return leave(changed, where=("genres", "War"), films=1)

    text = said(change)
    assert (
        "Values changed in Rotten Tomatoes of 9 films, Box office of 2 films, IMDb votes of 1 film and 1 other" in text
    )
    cause_of_mean = r"Main cause: Rotten Tomatoes of \d+ films: new answers or list entries \(-\d+\.\d\d points\)\.$"
    assert re.search(cause_of_mean, text)


@pytest.mark.parametrize(("films", "more", "named"), [(19, 5.0, False), (20, 5.0, True), (20, 1e-13, False)])
def test_a_move_of_few_films_or_by_rounding_is_not_named(films: int, more: float, named: bool) -> None:
    first = snapshot(before(), "ratings_by_genre")
    row = {"genre": "War", "source": "rotten_tomatoes", "films": films, "mean": 60.0, "median": 60.0, "p90": 90.0}
    old, new = (replace(first, table=pd.DataFrame([row | {"mean": mean}])) for mean in (60.0, 60.0 + more))
    assert ("moved most: it rose by 5.00 points to 65.0 of 100" in " ".join(describe(old, new))) is named


@pytest.mark.parametrize("missing", [(True, False), (False, True)])
def test_a_build_without_the_table_has_no_largest_move(missing: tuple[bool, bool]) -> None:
    after = correct(before(), column="rotten_tomatoes", change=lambda _: 1, where=("genres", "War"), films=10)
    both = snapshot(before(), "ratings_by_genre"), snapshot(after, "ratings_by_genre", 1)
    example = (replace(one, table=pd.DataFrame()) if gone else one for one, gone in zip(both, missing, strict=True))

    assert "moved most" not in " ".join(describe(*example))
