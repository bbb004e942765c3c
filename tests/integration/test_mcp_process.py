"""``reelhouse mcp`` as a process of its own: the protocol alone on stdout, HTTP on 127.0.0.1 alone, no stack needed."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pexpect
import psutil
import pytest
import requests
import uvicorn
from mcp import Client, StdioServerParameters

from reelhouse import console, stack
from reelhouse.commands import mcp
from tests.running import reelhouse

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "reelhouse", "mcp"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """No stack, and nothing that names one."""
    hidden = {"GOLD_BUCKET", "GOLD_DATABASE", "SILVER_BUCKET", "AWS_ENDPOINT_URL"}
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    return kept | {"REELHOUSE_HOME": str(tmp_path / "none"), "PYTHONUNBUFFERED": "1"}


async def use(server: Any, mode: str) -> tuple[list[str], str, str]:
    async with Client(server, mode=mode, read_timeout_seconds=60) as client:
        tools = (await client.list_tools()).tools
        called = await client.call_tool("list_tables", {})
        read = await client.read_resource("reelhouse://docs/data.md")
        assert called.is_error
        return [tool.name for tool in tools], called.content[0].text, read.contents[0].text  # type: ignore[union-attr]


def check(answers: tuple[list[str], str, str]) -> None:
    tools, error, documentation = answers
    assert "query" in tools
    assert "`reelhouse up`" in error
    assert "\n" not in error
    assert documentation == (ROOT / "docs" / "data.md").read_text(encoding="utf-8")


def test_stdio(environment: dict[str, str]) -> None:
    server = StdioServerParameters(command=COMMAND[0], args=COMMAND[1:], env=environment, cwd=ROOT)
    check(anyio.run(use, server, "auto"))


def test_stdout_has_the_protocol_only(environment: dict[str, str]) -> None:
    ran = subprocess.run(
        COMMAND, input=b"no protocol\n", env=environment, cwd=ROOT, capture_output=True, timeout=120, check=False
    )  # fmt: skip
    assert all(line.startswith(b'{"jsonrpc"') for line in ran.stdout.splitlines())
    assert ran.returncode == 0, "the end of its input ends it"


def test_on_a_terminal_it_says_what_it_waits_for_and_ctrl_c_ends_it(environment: dict[str, str]) -> None:
    process = pexpect.spawn(COMMAND[0], COMMAND[1:], env=environment, cwd=ROOT, timeout=60, encoding="utf-8")  # type: ignore[arg-type]
    process.expect("Ctrl-C ends it")
    process.sendcontrol("c")
    process.expect(pexpect.EOF)
    process.close()
    assert process.signalstatus == signal.SIGINT
    assert "Traceback" not in process.before


@pytest.fixture
def served(environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with subprocess.Popen(
        [*COMMAND, "--http", "--port", "0"], env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            address = re.search(r"http://127\.0\.0\.1:\d+/mcp", process.stderr.readline())
            assert address
            yield process, address[0]
        finally:
            process.kill()


def test_http(served: tuple[subprocess.Popen[str], str]) -> None:
    process, address = served
    for mode in ("auto", "legacy"):
        check(anyio.run(use, address, mode))

    listening = [c.laddr.ip for c in psutil.Process(process.pid).net_connections("tcp") if c.status == "LISTEN"]
    assert listening == ["127.0.0.1"]
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    for name, value in (("Origin", "https://example.com"), ("Host", "example.com")):
        answer = requests.post(address, json=body, headers=headers | {name: value}, timeout=30)
        assert answer.status_code in (403, 421), "a page on another site must not read the tables"

    port = address.rpartition(":")[2].removesuffix("/mcp")
    again = reelhouse("mcp", "--http", "--port", port)
    assert again.returncode == 1
    assert "choose another --port" in " ".join(again.stderr.split())

    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) in (0, 130, -signal.SIGINT)
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()


def test_the_address_is_printed_when_a_client_may_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    async def serve(self: uvicorn.Server, sockets: list[socket.socket]) -> None:
        pass

    def connect(line: str) -> None:
        port = re.search(r":(\d+)/mcp", line)
        assert port
        socket.create_connection(("127.0.0.1", int(port[1])), timeout=5).close()
        connected.append(line)

    connected: list[str] = []
    monkeypatch.setattr(uvicorn.Server, "serve", serve)
    monkeypatch.setattr(console, "say", connect)
    mcp.serve_http(mcp.server(lambda: stack.find(None)), 0)
    assert connected


def test_the_installed_package_has_the_documentation(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)],
        cwd=ROOT, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as content:
        assert content.read("reelhouse/docs/data.md") == (ROOT / "docs" / "data.md").read_bytes()
