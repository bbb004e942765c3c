"""Servers start from anywhere; one that ends while it is stopped or signalled is no error; its children end with it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from reelhouse.local import processes
from reelhouse.local.state import Process

# Ignores SIGTERM, and prints the pid of a child that does too.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(15, 1); time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


def test_a_process_that_has_just_ended_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    ended = Process(child.pid, 0.0, 1)
    monkeypatch.setattr(processes, "running", lambda _: True)

    processes.stop(ended)
    processes.stop(ended, at_once=True)
    assert processes.signalled(ended, signal.SIGUSR1) is False


def test_a_server_imports_nothing_from_the_folder_where_it_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "socketserver.py").write_text("raise ImportError", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def command(port: int) -> list[str]:
        return [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]

    server = processes.start("server", command, {}, tmp_path / "log")

    assert processes.healthy(server)
    processes.stop(server, at_once=True)


@pytest.mark.parametrize("at_once", [False, True])
def test_a_process_that_ignores_sigterm_is_killed_with_its_children(
    at_once: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "STOP_SECONDS", 0.2)
    with subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        family = [psutil.Process(parent.pid), psutil.Process(int(parent.stdout.readline()))]

        processes.stop(Process(parent.pid, family[0].create_time(), 1), at_once=at_once)

        assert not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in family)
