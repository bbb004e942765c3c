"""Processes of the local stack: started detached, known by pid and start time, ended with their children."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from pipeline.errors import LocalStackError
from reelhouse.local.state import Process

HOST = "127.0.0.1"
START_SECONDS = 30.0
STOP_SECONDS = 15.0
_TRIES = 3


def free_port(preferred: int = 0) -> int:
    """Return a free port on 127.0.0.1: ``preferred`` if nothing listens there, else one that the system chooses."""
    for port in (preferred, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise LocalStackError("no free port on 127.0.0.1", subject="local stack")


def running(process: Process | None) -> bool:
    """Whether this very process runs (a later one with its pid does not count)."""
    if process is None:
        return False
    try:
        found = psutil.Process(process.pid)
        return bool(abs(found.create_time() - process.created) < 1 and found.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def listens(process: Process) -> bool:
    """Whether the process, and no other, listens on its port, and on 127.0.0.1 alone."""
    try:
        connections = psutil.Process(process.pid).net_connections(kind="tcp")
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
    addresses = {(c.laddr.ip, c.laddr.port) for c in connections if c.status == psutil.CONN_LISTEN and c.laddr}
    return (HOST, process.port) in addresses


def healthy(process: Process | None) -> bool:
    """Whether this very process runs and is the one that listens on its port."""
    return process is not None and running(process) and listens(process)


def runs_module(process: Process | None, module: str) -> bool:
    """Whether the process was started as ``python -m module``."""
    return process is not None and running(process) and module in psutil.Process(process.pid).cmdline()


def signalled(process: Process | None, number: int) -> bool:
    """Send a signal to this very process; False when it does not run."""
    if process is None or not running(process):
        return False
    psutil.Process(process.pid).send_signal(number)
    return True


def start(
    name: str,
    command: Callable[[int], list[str]],
    environment: dict[str, str],
    log: Path,
    *,
    port: int = 0,
    token: str = "",
) -> Process:
    """Start a server and wait until it listens.

    Parameters
    ----------
    command : callable
        Gives the command line for a port.
    environment : dict
        The whole environment of the process, but for ``GATEWAY_PORT``, which is set to the port.
    port : int
        Port to use if it is free; else, and for 0, another is chosen.

    Raises
    ------
    LocalStackError
        When it does not listen within 30 seconds, with the last line of its log.
    """
    for attempt in range(_TRIES):
        chosen = free_port(port if attempt == 0 else 0)
        with log.open("ab") as output:
            child = subprocess.Popen(
                command(chosen),
                env={**environment, "GATEWAY_PORT": str(chosen)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        process = Process(child.pid, psutil.Process(child.pid).create_time(), chosen, token)
        deadline = time.monotonic() + START_SECONDS
        while child.poll() is None and time.monotonic() < deadline:
            if listens(process):
                return process
            time.sleep(0.05)
        stop(process)
    raise LocalStackError(f"did not start ({_last_line(log)})", subject=name, next_step=f"its log is {log}")


def stop(process: Process | None) -> None:
    """End a process and its children: asked first, then killed."""
    if process is None or not running(process):
        return
    parent = psutil.Process(process.pid)
    family = [parent, *parent.children(recursive=True)]
    parent.terminate()
    gone, _ = psutil.wait_procs([parent], timeout=STOP_SECONDS)
    rest = [member for member in family if member not in gone]
    for member in rest:
        try:
            member.terminate()
        except psutil.NoSuchProcess:
            continue
    _, alive = psutil.wait_procs(rest, timeout=2)
    for member in alive:
        member.kill()
    psutil.wait_procs(alive, timeout=2)


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][-300:] if lines else "it said nothing"
