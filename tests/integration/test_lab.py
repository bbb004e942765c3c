"""``reelhouse lab``: the address is that of the JupyterLab it started, which ends with it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import webbrowser
from pathlib import Path

import psutil
import pytest
import requests

from reelhouse.commands import lab
from reelhouse.local import state
from reelhouse.local.processes import free_port
from tests.running import wait_until

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from reelhouse.commands import lab
from reelhouse.stack import Stack
names = ("GoldBucketName", "GoldDatabaseName", "SilverBucketName")
sys.exit(lab.run(Stack("none", dict.fromkeys(names, "none")), int(sys.argv[1]), browser=False))
"""


def answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=60).ok
    except requests.RequestException:
        return False


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_jupyterlab_is_the_one_started_and_ends_with_its_command(tmp_path: Path, how: signal.Signals) -> None:
    port = str(free_port(0))
    home = tmp_path / "home"
    environment = os.environ | {"REELHOUSE_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-c", PROGRAM, port]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            token = re.search(r"token=(\w+)", process.stdout.readline())
            assert token
            status = f"http://127.0.0.1:{port}/api/status?token={token[1]}"
            assert answers(status)
            assert not answers(f"http://127.0.0.1:{port}/api/status"), "it needs its token"
            started = psutil.Process(process.pid).children(recursive=True)
            assert started
            assert not any(token[1] in argument for one in started for argument in one.cmdline())
            assert (home / state.MARKER).is_file(), "`reelhouse up` would refuse a folder without it"

            if how == signal.SIGKILL:
                other = environment | {"REELHOUSE_HOME": str(tmp_path / "other")}
                again = subprocess.run(
                    command, cwd=ROOT, env=other, capture_output=True, text=True, timeout=120, check=False
                )
                assert "another --port may help" in again.stderr, "another server on the port is not taken for it"
                assert "token=" not in again.stdout

            process.send_signal(how)
            process.wait(timeout=60)
        finally:
            process.kill()
    assert wait_until(lambda: not answers(status))


def test_jupyterlab_is_reachable_from_this_machine_only() -> None:
    assert "--ServerApp.ip=127.0.0.1" in lab.server_command(8888)


def test_the_token_is_in_no_command_line_of_the_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REELHOUSE_HOME", str(tmp_path))
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)

    lab.open_browser("http://127.0.0.1:8888/lab?token=secret")

    page = tmp_path / "lab.html"
    assert opened == [page.as_uri()]
    assert "token=secret" in page.read_text()
    assert page.stat().st_mode & 0o777 == 0o600
