"""``reelhouse mcp`` on a deployed stack, also as the clients of docs/agents.md start it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client

from reelhouse import lake
from reelhouse.commands import mcp
from reelhouse.stack import Stack
from tests.running import WATCH_SECONDS

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", (ROOT / "docs" / "agents.md").read_text(), re.MULTILINE | re.DOTALL)
REELHOUSE = Path(sys.executable).with_name("reelhouse")


def call(stack: Stack, *calls: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Call tools of the server with their arguments; the documentation's program starts it as a process."""

    async def run() -> list[Any]:
        async with Client(mcp.server(lambda: stack)) as client:
            return [await client.call_tool(tool, arguments) for tool, arguments in calls]

    results = anyio.run(run)
    assert not [result.content[0].text for result in results if result.is_error]
    return [result.structured_content for result in results]


def test_answers_are_those_of_the_lake(stack: Stack) -> None:
    build = stack.build()
    assert build is not None
    film = lake.table("movies").iloc[0]

    counted, listed, traced = call(
        stack,
        ("query", {"sql": "SELECT count(*) AS films FROM movies"}),
        ("list_tables", {}),
        ("trace_film", {"imdb_id": film["imdb_id"]}),
    )

    assert counted["rows"] == [{"films": len(lake.table("movies"))}]
    assert [row["table"] for row in listed["rows"]] == lake.tables()
    assert traced["about"]["movies"][0]["title"] == film["title"]
    assert {answer["build_id"] for answer in (counted, listed, traced)} == {build.build_id}


@pytest.mark.usefixtures("stack")
def test_the_documentation_s_program_runs() -> None:
    (program,) = (body for language, body in BLOCKS if language == "python")
    path = f"{REELHOUSE.parent}{os.pathsep}{os.environ['PATH']}"
    program = program.replace('args=["mcp"])', 'args=["mcp"], env=dict(__import__("os").environ))')

    ran = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | {"PATH": path}, capture_output=True, text=True,
        timeout=WATCH_SECONDS, check=False,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stderr
    assert str(len(lake.table("movies"))) in ran.stdout


def test_the_documentation_s_settings_are_json_and_start_this_command() -> None:
    settings = [json.loads(body) for language, body in BLOCKS if language == "json"]
    servers = [value["reelhouse"] for each in settings for key, value in each.items() if "ervers" in key]
    assert [server["args"] for server in servers] == [["mcp"], ["mcp"]]
    assert all(server["command"].endswith("/.venv/bin/reelhouse") for server in servers)
    (answer,) = (each for each in settings if "build_id" in each)
    assert set(answer) == {"build_id", "sql", "row_count", "rows", "about"}
    assert answer["row_count"] == len(answer["rows"])
