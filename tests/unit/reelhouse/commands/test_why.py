"""What ``reelhouse why`` prints: the largest causes on a terminal, every film in a pipe."""

from __future__ import annotations

import re
from io import StringIO

import pytest

from insights.why.explain import BuildName, Explanation, FilmChanges
from insights.why.films import changes
from insights.why.split import split
from reelhouse import console
from reelhouse.commands import why
from tests.gold_snapshots import BUILDS, snapshot
from tests.planted_changes import before, rename, swap_list

KEY = {"genre": "Sci-Fi", "source": "imdb"}


def explanation() -> Explanation:
    """Half of the list was swapped, and a genre renamed in the other half."""
    rows = rename(swap_list(before()), "Sci-Fi", "Science fiction")
    first, second = snapshot(before(), "ratings_by_genre"), snapshot(rows, "ratings_by_genre", 1)
    builds = [BuildName(build_id, "2026-01-01T03:00:00+00:00", "1.0") for build_id in BUILDS]
    return Explanation("ratings_by_genre", KEY, builds[0], builds[1], split(first, second, "ratings_by_genre", KEY))


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> StringIO:
    written = StringIO()
    monkeypatch.setattr(console, "out", console.Terminal(file=written, width=80, force_terminal=True, no_color=True))
    return written


def test_a_terminal_shows_causes_and_their_largest_films_in_80_columns(terminal: StringIO) -> None:
    why.show(explanation())
    text = terminal.getvalue()

    assert "ratings_by_genre" in text
    assert "genres of" in text
    assert "left the list" in text
    assert "a quantile has no exact split" in text
    assert "more; --json and a pipe have all" in text
    assert "Sci-Fi → Science fiction" in text
    assert max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in text.splitlines()) <= 80


def test_rows_hold_every_film_of_every_cause() -> None:
    explained = explanation()
    films = sum(len(cause.films) or 1 for number in explained.numbers for cause in number.causes)
    rows = list(why.rows(explained))

    assert len(rows) == films + sum(not number.causes for number in explained.numbers)
    assert all(len(row) == len(why._FIELDS) for row in rows)


def test_a_terminal_shows_the_changes_of_a_table_of_films_in_80_columns(terminal: StringIO) -> None:
    rows = rename(swap_list(before()), "Sci-Fi", "Science fiction")
    name = BuildName(BUILDS[0], "2026-01-01T03:00:00+00:00", "1.0")
    causes = changes(snapshot(before(), "movies"), snapshot(rows, "movies", 1))
    why.show_films(FilmChanges("movies", {}, name, name, causes))
    text = terminal.getvalue()

    assert "films came onto the list" in text
    assert "Sci-Fi → Science fiction" in text
    assert "more; --json and a pipe have all" in text
    assert max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in text.splitlines()) <= 80
    why.show_films(FilmChanges("movies", {}, name, name, ()))
    assert "nothing changed" in terminal.getvalue()


def test_numbers_that_stayed_are_named(terminal: StringIO) -> None:
    same = snapshot(before(), "ratings_by_genre")
    name = BuildName(BUILDS[0], "2026-01-01T03:00:00+00:00", "1.0")
    key = {"genre": "Drama", "source": "imdb"}
    why.show(Explanation("ratings_by_genre", key, name, name, split(same, same, "ratings_by_genre", key)))

    assert "nothing changed: films, mean, median, p90" in terminal.getvalue()
