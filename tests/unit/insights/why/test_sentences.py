"""What changed, in words."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pandas as pd
import pytest

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
    assert "Of the genres, War's Rotten Tomatoes mean moved most: it fell by" in text
    assert "from Rotten Tomatoes of 10 films: new answers or list entries" in text


def test_another_code_version_is_said() -> None:
    text = said(partial(replay, column="rotten_tomatoes", change=lambda value: value // 2), "1.1")

    assert "The code changed from version 1.0 to 1.1." in text
    assert "read by code 1.1 instead of 1.0" in text


def test_nothing_changed_is_one_sentence() -> None:
    (sentence,) = describe(snapshot(before(), "ratings_by_genre"), snapshot(fetched(before()), "ratings_by_genre", 1))

    assert sentence == "Since the build of 1 January 2026, 03:00 UTC, no film came onto the list or left it."


@pytest.mark.parametrize("missing", [(True, False), (False, True)])
def test_a_build_without_the_table_has_no_largest_move(missing: tuple[bool, bool]) -> None:
    after = correct(before(), column="rotten_tomatoes", change=lambda _: 1, where=("genres", "War"), films=10)
    both = snapshot(before(), "ratings_by_genre"), snapshot(after, "ratings_by_genre", 1)
    example = (replace(one, table=pd.DataFrame()) if gone else one for one, gone in zip(both, missing, strict=True))

    assert "moved most" not in " ".join(describe(*example))
