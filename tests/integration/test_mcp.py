"""``reelhouse mcp`` on moto: an official client lists and calls every tool, and nothing but reading is possible."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import anyio
import pandas as pd
import pytest
from mcp import Client
from mcp.types import TextContent

from insights.columns import RECOMMENDATIONS
from insights.lake import Lake as GoldLake
from pipeline import aws
from pipeline.columns import GOLD_TABLES
from pipeline.errors import LocalStackError
from reelhouse.commands import mcp
from reelhouse.stack import Stack
from tests.integration import test_why
from tests.integration.gold_of_films import build_gold
from tests.integration.moto_lake import Lake, as_stack
from tests.refused_queries import REFUSED

DATABASE = "reelhouse_gold"
Answer = dict[str, Any]
Ask = Callable[..., Answer]
ENDLESS = [
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
    "SELECT repeat('x', 3000000000)",
    "FROM range(100000000000)",
]


@pytest.fixture
def deployed(lake: Lake) -> Stack:
    """A stack whose Gold was built from a few films, with recommendations."""
    build_gold(lake)
    aws.client("glue").create_database(DatabaseInput={"Name": DATABASE})
    ids = GoldLake("gold", DATABASE).table("movies")["imdb_id"]
    rows = [[ids[0], rank, other, 0.5, "drama"] for rank, other in enumerate(ids[1:3], start=1)]
    GoldLake("gold", DATABASE).publish(RECOMMENDATIONS, pd.DataFrame(rows, columns=RECOMMENDATIONS.column_names))
    stack = as_stack(lake)
    return Stack(stack.name, stack.outputs | {"GoldDatabaseName": DATABASE})


def with_client(find_stack: Callable[[], Stack], use: Callable[[Client], Coroutine[Any, Any, Any]]) -> Any:
    async def run() -> Any:
        async with Client(mcp.server(find_stack)) as client:
            return await use(client)

    return anyio.run(run)


@pytest.fixture
def ask(deployed: Stack) -> Ask:
    """Call a tool by an official client; returns the answer, or {"error": text}."""

    def call(tool: str, **arguments: Any) -> Answer:
        result = with_client(lambda: deployed, lambda client: client.call_tool(tool, arguments))
        (content,) = result.content
        assert isinstance(content, TextContent)
        if result.is_error:
            return {"error": content.text}
        assert json.loads(content.text) == result.structured_content
        answer: Answer = result.structured_content
        return answer

    return call


def test_tools_and_resources_are_listed_and_read_only(deployed: Stack) -> None:
    tools = with_client(lambda: deployed, lambda client: client.list_tools()).tools
    assert {tool.name for tool in tools} == {
        "list_tables", "describe_table", "query", "find_similar_films", "trace_film", "explain_change",
    }  # fmt: skip
    assert all(tool.annotations.read_only_hint and tool.description and tool.output_schema for tool in tools)

    (resource,) = with_client(lambda: deployed, lambda client: client.list_resources()).resources
    (content,) = with_client(lambda: deployed, lambda client: client.read_resource(resource.uri)).contents
    assert content.text == (Path(__file__).parents[2] / "docs" / "data.md").read_text()


def test_every_answer_has_its_build_its_sql_and_its_row_count(deployed: Stack, ask: Ask) -> None:
    film = deployed.lake().table("recommendations")["imdb_id"][0]
    build = deployed.build()
    assert build is not None
    for tool, arguments in (
        ("list_tables", {}),
        ("describe_table", {"name": "ratings_by_genre"}),
        ("query", {"sql": "SELECT imdb_id, title FROM movies ORDER BY imdb_id"}),
        ("find_similar_films", {"title": film, "k": 2}),
    ):
        answer = ask(tool, **arguments)
        assert answer["build_id"] == build.build_id, tool
        assert answer["row_count"] == len(answer["rows"]) > 0, tool
        assert ask("query", sql=answer["sql"])["rows"] == answer["rows"], f"{tool}: its SQL gives its rows"


def test_tables_and_their_meaning(deployed: Stack, ask: Ask) -> None:
    names = [row["table"] for row in ask("list_tables")["rows"]]
    assert names == deployed.lake().tables()
    assert {*GOLD_TABLES, "silver.movies"} <= set(names)
    described = ask("describe_table", name="recommendations")
    assert "similarity" in [row["column"] for row in described["rows"]]
    assert described["about"]["rows"] == 2
    assert "movies" in ask("describe_table", name="nothing")["error"]


def test_a_film_is_followed_to_gold(deployed: Stack, lake: Lake, ask: Ask) -> None:
    film = deployed.lake().table("movies").iloc[0]
    lake.expect(film["run_id"], film["imdb_id"])

    answer = ask("trace_film", imdb_id=film["imdb_id"])

    assert answer["rows"][0]["run_id"] == film["run_id"]
    assert answer["about"]["movies"][0]["title"] == film["title"]
    assert "no run expected this film" in ask("trace_film", imdb_id="tt9999999")["error"]


def test_a_change_is_explained_by_films(two_builds: Stack) -> None:
    key = {"genre": "Drama", "source": "metascore"}

    async def use(client: Client) -> tuple[Any, Any, Any]:
        explained = await client.call_tool("explain_change", {"table": "ratings_by_genre", "key": key})
        assert not explained.is_error, explained.content[0].text
        row = await client.call_tool("query", {"sql": explained.structured_content["sql"]})
        wrong = await client.call_tool("explain_change", {"table": "ratings_by_genre", "key": {"genre": "Dr'ama"}})
        return explained.structured_content, row.structured_content, wrong

    answer, row, wrong = with_client(lambda: two_builds, use)

    numbers = {number["number"]: number for number in answer["rows"]}
    (cause,) = numbers["films"]["causes"]
    assert (cause["origin"], cause["film_count"], len(cause["films"])) == ("left", 1, 1)
    assert row["rows"][0]["films"] == numbers["films"]["after"]
    assert answer["about"]["after"]["build_id"] == answer["build_id"]
    assert answer["row_count"] == len(numbers)
    assert wrong.is_error
    assert "needs genre=… source=…" in wrong.content[0].text


@pytest.fixture
def two_builds(lake: Lake) -> Stack:
    """A stack with two builds: the second run has one film fewer."""
    test_why.make_two_builds(lake)
    stack = as_stack(lake)
    return Stack(stack.name, stack.outputs | {"GoldDatabaseName": DATABASE})


@pytest.mark.parametrize("kind", REFUSED)
def test_whatever_does_not_read_is_refused_in_one_line(deployed: Stack, kind: str) -> None:
    """One query of each kind, since each starts a process; the unit test of the guarded query runs all."""
    refused_in_one_line(deployed, REFUSED[kind][:1])


@pytest.mark.chaos
@pytest.mark.parametrize("kind", REFUSED)
def test_every_query_that_does_not_read_is_refused_in_one_line(deployed: Stack, kind: str) -> None:
    refused_in_one_line(deployed, REFUSED[kind])


def refused_in_one_line(deployed: Stack, queries: list[str]) -> None:
    planted = pd.DataFrame({"password": ["planted"]})

    async def attempt(client: Client) -> list[str]:
        return [_error(sql, await client.call_tool("query", {"sql": sql})) for sql in queries]

    for sql, text in zip(queries, with_client(lambda: deployed, attempt), strict=True):
        assert "\n" not in text, sql
        assert "Traceback" not in text, sql
        assert 20 < len(text) < 700, (sql, text)
        assert str(Path.home()) not in text, (sql, text)
    assert len(planted) == 1


def _error(sql: str, result: Any) -> str:
    assert result.is_error, (sql, result.content[0].text)
    return str(result.content[0].text)


def test_there_are_at_least_60_attempts() -> None:
    assert sum(map(len, REFUSED.values())) + len(ENDLESS) >= 60


@pytest.mark.parametrize("sql", [ENDLESS[0], *(pytest.param(sql, marks=pytest.mark.chaos) for sql in ENDLESS[1:])])
def test_endless_queries_and_queries_that_fill_memory_end(
    deployed: Stack, ask: Ask, monkeypatch: pytest.MonkeyPatch, sql: str
) -> None:
    monkeypatch.setattr(mcp, "LIMITS", mcp.Limits(rows=1000, seconds=1, memory_mb=256))
    error = ask("query", sql=sql)["error"]
    assert "longer than 1 seconds" in error or "more memory" in error or "more than 1,000 rows" in error


def test_wrong_arguments_are_one_line(ask: Ask) -> None:
    for tool, arguments in (
        ("query", {}), ("query", {"sql": ["x"]}), ("find_similar_films", {"title": "x", "k": 99}),
        ("find_similar_films", {"title": "\x00"}), ("trace_film", {"imdb_id": "x"}), ("nothing", {}),
        ("describe_table", {"name": "movies; DROP TABLE movies"}),
        ("trace_film", {"imdb_id": "tt0000001", "run_id": "x"}),
    ):  # fmt: skip
        error = ask(tool, **arguments)["error"]
        assert "\n" not in error
        assert "pydantic" not in error
        assert "Error executing" not in error


def test_a_very_long_answer_is_refused(ask: Ask) -> None:
    assert "select fewer rows" in ask("query", sql="SELECT repeat('x', 500000) AS text")["error"]


def test_without_a_stack_the_error_says_what_to_start() -> None:
    def missing() -> Stack:
        raise LocalStackError("it is not running", subject="local stack", next_step="`reelhouse up` starts it")

    result = with_client(missing, lambda client: client.call_tool("list_tables", {}))
    assert result.is_error
    assert result.content[0].text.endswith("local stack: it is not running; `reelhouse up` starts it")
