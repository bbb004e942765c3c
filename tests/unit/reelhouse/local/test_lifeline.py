"""Servers and programs end with the process that started them, unless it released them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.running import wait_until

SLEEPER = "import time; time.sleep(600)"
SERVER = """
import sys, time
from pathlib import Path
from reelhouse.local import processes
from reelhouse.local.lifeline import Lifeline

folder, ending = Path(sys.argv[1]), sys.argv[2]
lifeline = Lifeline()
server = processes.start(
    "server",
    lambda port: [sys.executable, "-m", "reelhouse.local.omdb.server", "--port", str(port), "--home", str(folder)],
    {}, folder / "log", lifeline=lifeline,
)
if ending == "released":
    lifeline.release()
print(server.pid, flush=True)
time.sleep(600)
"""


def started(*arguments: str) -> tuple[subprocess.Popen[str], psutil.Process]:
    """Start a script; return its process and that whose pid it prints."""
    script = subprocess.Popen([sys.executable, "-c", *arguments], stdout=subprocess.PIPE, text=True)
    assert script.stdout is not None
    return script, psutil.Process(int(script.stdout.readline()))


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_a_server_ends_with_the_process_that_started_it(tmp_path: Path, number: signal.Signals) -> None:
    script, server = started(SERVER, str(tmp_path), "kept")

    script.send_signal(number)
    script.wait(10)

    wait_until(lambda: is_gone(server))


def test_a_released_server_stays(tmp_path: Path) -> None:
    script, server = started(SERVER, str(tmp_path), "released")
    try:
        script.kill()
        script.wait(10)

        with pytest.raises(psutil.TimeoutExpired):
            server.wait(1)
    finally:
        server.kill()


def test_a_program_and_its_children_end_when_the_pipe_is_closed() -> None:
    inner = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SLEEPER!r}])"
    read_end, write_end = os.pipe()
    program = subprocess.Popen(
        [sys.executable, "-m", "reelhouse.local.lifeline", str(read_end), sys.executable, "-c", inner],
        pass_fds=[read_end], start_new_session=True,
    )  # fmt: skip
    os.close(read_end)
    wait_until(lambda: len(psutil.Process(program.pid).children(recursive=True)) == 2)
    family = psutil.Process(program.pid).children(recursive=True)

    os.close(write_end)

    program.wait(10)
    wait_until(lambda: all(is_gone(member) for member in family))


def test_a_program_runs_to_its_end_and_its_exit_code_is_passed_on() -> None:
    read_end, write_end = os.pipe()

    done = subprocess.run(
        [sys.executable, "-m", "reelhouse.local.lifeline", str(read_end), sys.executable, "-c", "raise SystemExit(3)"],
        pass_fds=[read_end], start_new_session=True, check=False, timeout=30,
    )  # fmt: skip

    os.close(read_end)
    os.close(write_end)
    assert done.returncode == 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_end_with_parent(number: signal.Signals) -> None:
    child = f"from reelhouse.local import lifeline; lifeline.end_with_parent(); print('ready', flush=True); {SLEEPER}"
    parent = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {child!r}], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
child.wait()
"""
    script, process = started(parent)

    script.send_signal(number)
    script.wait(10)

    wait_until(lambda: is_gone(process))
