"""``reelhouse similar``: what a person and a program read."""

from __future__ import annotations

import json
from typing import Any

import pytest
import typer

from reelhouse.commands import similar

FILM = {"imdb_id": "tt1", "title": "Crash", "year": None}
SIMILAR = {"rank": 1, "imdb_id": "tt2", "title": "Heat", "year": 1995, "similarity": 0.503, "because": "both dramas"}
UNDATED = {**SIMILAR, "rank": 2, "imdb_id": "tt3", "year": None}


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The answer that the command gets; a test fills it."""
    given: dict[str, Any] = {}
    monkeypatch.setattr(similar.stack, "find", lambda _: {"GoldBucketName": "gold"})
    monkeypatch.setattr(similar, "similar_films", lambda *_: given)
    return given


def test_a_film_without_a_year_leaves_the_years_of_others_whole(
    answer: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    answer |= {**FILM, "similar": [SIMILAR, UNDATED]}

    similar.command("crash")

    assert capsys.readouterr().out.splitlines() == [
        "rank\ttitle\tyear\tmatch\tbecause", "1\tHeat\t1995\t50\tboth dramas", "2\tHeat\t\t50\tboth dramas",
    ]  # fmt: skip


def test_a_film_without_similar_films_is_named_without_a_missing_year(
    answer: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    answer |= {**FILM, "similar": []}

    similar.command("crash")

    assert capsys.readouterr().out.startswith("Crash (tt1) has no similar films")


@pytest.mark.parametrize("json_output", [False, True])
def test_several_films_are_an_error_with_the_films(
    answer: dict[str, Any], capsys: pytest.CaptureFixture[str], json_output: bool
) -> None:
    answer |= {"films": [FILM, {**FILM, "imdb_id": "tt2", "year": 2004}]}

    with pytest.raises(typer.Exit) as ended:
        similar.command("crash", json_output=json_output)

    printed = capsys.readouterr()
    assert ended.value.exit_code == 1
    assert "crash: several films have this title" in printed.err
    if json_output:
        assert json.loads(printed.out) == {"error": printed.err.strip("✗ \n"), **answer}
    else:
        assert printed.out.splitlines() == ["imdb_id\ttitle\tyear", "tt1\tCrash\t", "tt2\tCrash\t2004"]
