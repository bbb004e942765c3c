"""``reelhouse why`` on moto: two stored builds, their rows and what is refused."""

from __future__ import annotations

import json
from math import fsum
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from insights.why.explain import explain
from insights.why.sentences import what_changed
from pipeline import aws, keys
from pipeline.errors import InvalidInput
from pipeline.gold.publication import read_pointer
from reelhouse import cli, stack
from reelhouse.stack import Stack
from tests.integration.gold_of_films import made_once
from tests.integration.moto_lake import Lake, as_stack
from tests.integration.test_breaker import FILMS, RUN_IDS, build, run

KEY = {"genre": "Drama", "source": "metascore"}


@pytest.fixture
def deployed(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A stack with two builds: the second run has one film fewer."""
    lake_stack = as_stack(lake)
    lake_stack = Stack(lake_stack.name, lake_stack.outputs | {"GoldDatabaseName": "reelhouse_gold"})
    monkeypatch.setattr(stack, "find", lambda _: lake_stack)
    make_two_builds(lake)
    return lake_stack


def make_two_builds(lake: Lake) -> None:
    """Build Gold of a run, and of a second one with a film fewer."""

    def make() -> None:
        for day, films in ((0, FILMS), (1, FILMS - 1)):
            # top_n of the second run is that of the first: the last film has left the list.
            run(lake, day, films, top_n=FILMS)
            assert build().held is None

    made_once(lake, "two builds", make)


def ran(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, list(arguments))


def test_the_published_build_is_compared_with_the_one_before(deployed: Stack) -> None:
    explained = explain(deployed.lake(), "ratings_by_genre", KEY)
    first, second = (entry.build_id for entry in read_pointer("gold").history)
    numbers = {number.number: number for number in explained.numbers}
    (cause,) = numbers["mean"].causes
    (film,) = cause.films

    assert (explained.before.build_id, explained.after.build_id) == (first, second)
    assert (numbers["films"].before, numbers["films"].after) == (FILMS, FILMS - 1)
    assert (cause.origin, film.imdb_id, film.run_id) == ("left", f"tt{FILMS:07}", RUN_IDS[0])
    assert film.bronze_key == f"movies/run_id={RUN_IDS[0]}/imdb_id=tt{FILMS:07}.json"
    assert fsum(each.contribution or 0 for each in numbers["mean"].causes) == pytest.approx(numbers["mean"].change)


def test_builds_can_be_named_and_swapped(deployed: Stack) -> None:
    first, second = (entry.build_id for entry in read_pointer("gold").history)
    explained = explain(deployed.lake(), "ratings_by_genre", KEY, second, first)

    assert explained.numbers[0].causes[0].origin == "came"


@pytest.mark.parametrize(
    ("table", "key", "message"),
    [
        ("ratings_by_genre", {"genre": "Drama"}, "needs genre=… source=…"),
        ("ratings_by_genre", {"genre": "Dramma", "source": "metascore"}, "there are: Drama"),
        ("films_by_year", {"year": "1981.5"}, "is not a whole number"),
        ("movies", {"imdb_id": "tt0000001"}, "is no aggregate"),
        ("genre_trends", {"genre": "Drama"}, "is not built by AggregateToGold.*movies, movie_ratings"),
    ],
)
def test_what_cannot_be_explained_is_refused(deployed: Stack, table: str, key: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        explain(deployed.lake(), table, key)


def test_without_an_earlier_build_there_is_nothing_to_explain(lake: Lake) -> None:
    run(lake, 0)
    build()
    gold = Stack("moto", as_stack(lake).outputs | {"GoldDatabaseName": "reelhouse_gold"}).lake()

    with pytest.raises(InvalidInput, match="no build was published before it"):
        explain(gold, "ratings_by_genre", KEY)
    assert what_changed(gold) == []


def test_a_pipe_gets_every_film_with_its_object(deployed: Stack) -> None:
    result = ran("why", "ratings_by_genre", "genre=Drama", "source=metascore")
    header, *rows = (line.split("\t") for line in result.stdout.splitlines())
    lines = [dict(zip(header, row, strict=True)) for row in rows]

    assert result.exit_code == 0, result.output
    assert {line["number"] for line in lines} == {"films", "mean", "median", "p90"}
    assert all(line["bronze_key"].endswith(f"tt{FILMS:07}.json") for line in lines)


def test_json_has_the_whole_explanation(deployed: Stack) -> None:
    result = ran("why", "films_by_year", f"year={1980 + FILMS}", "--json")
    explained = json.loads(result.stdout)

    assert explained["key"] == {"year": 1980 + FILMS}
    assert explained["numbers"][0]["change"] == -1
    assert explained["numbers"][0]["causes"][0]["films"][0]["imdb_id"] == f"tt{FILMS:07}"


def test_a_table_of_films_names_who_left_and_what_changed(deployed: Stack) -> None:
    header, *rows = (line.split("\t") for line in ran("why", "movies").stdout.splitlines())
    (line,) = (dict(zip(header, row, strict=True)) for row in rows)
    explained = json.loads(ran("why", "movies", f"imdb_id=tt{FILMS:07}", "--json").stdout)

    assert (line["cause"], line["imdb_id"], line["run_id"]) == ("left", f"tt{FILMS:07}", RUN_IDS[0])
    assert line["bronze_key"] == f"movies/run_id={RUN_IDS[0]}/imdb_id=tt{FILMS:07}.json"
    assert explained["causes"][0]["films"][0]["title"] == f"Film {FILMS}"
    assert json.loads(ran("why", "movies", "imdb_id=tt0000001", "--json").stdout)["causes"] == []
    for table in ("movie_ratings", "rank_history"):
        assert len(ran("why", table).stdout.splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("movies", "imdb_id=tt9999999"), "has no film tt9999999"),
        (("movie_ratings", "source=imdb"), "takes only imdb_id="),
    ],
)
def test_a_film_that_is_not_there_is_refused(deployed: Stack, arguments: tuple[str, ...], message: str) -> None:
    result = ran("why", *arguments)

    assert result.exit_code == 1
    assert message in result.output


@pytest.mark.parametrize("arguments", [["Drama"], ["genre=Drama", "--from", "monday"], []])
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    assert ran("why", "ratings_by_genre", *arguments).exit_code == 2


def test_a_report_opens_with_what_changed(deployed: Stack) -> None:
    sentences = what_changed(deployed.lake())

    assert f"1 film left the list (“Film {FILMS}”)." in sentences[0]
    assert sentences[-1].startswith("Of the genres with 20 rated films or more, Drama's Metacritic mean moved most:")
    assert "it fell by 0.50 points" in sentences[-1]
    assert sentences[-1].endswith("Main cause: 1 film left the list (-0.50 points).")


def test_a_damaged_record_of_an_earlier_build_fails_no_report(deployed: Stack) -> None:
    first = read_pointer("gold").history[0].build_id
    aws.client("s3").put_object(Bucket="gold", Key=keys.build_record(first), Body=b"{")

    assert what_changed(deployed.lake()) == []
