"""Processes of the local stack: started in the background, identified by pid and start time.

Each server names its state folder in its command line. So a server whose start was interrupted before it was recorded
is found as well.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from pipeline.errors import LocalStackError
from reelhouse.local.lifeline import Lifeline
from reelhouse.local.state import ROOT, Process

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
    """Whether this very process runs; a later one with the same pid does not count."""
    if process is None:
        return False
    try:
        candidate = psutil.Process(process.pid)
        return bool(abs(candidate.create_time() - process.created) < 1 and candidate.status() != psutil.STATUS_ZOMBIE)
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


def signalled(process: Process | None, number: int) -> bool:
    """Send a signal to this very process; False when it does not run."""
    if process is None or not running(process):
        return False
    try:
        psutil.Process(process.pid).send_signal(number)
    except psutil.NoSuchProcess:
        return False
    return True


def start(
    name: str,
    command: Callable[[int], list[str]],
    environment: dict[str, str],
    log: Path,
    *,
    port: int = 0,
    lifeline: Lifeline | None = None,
) -> Process:
    """Start a server and wait until it listens.

    Parameters
    ----------
    command : callable
        Returns the command line for a port.
    environment : dict
        The whole environment of the process, except ``GATEWAY_PORT``, which is set to the port.
    port : int
        Port to use if it is free. Otherwise, and for 0, another is chosen.
    lifeline : Lifeline, optional
        Ends the server with this process; its descriptor is added to the command line as ``--lifeline FD``. None
        starts a server that outlives this process.

    Raises
    ------
    LocalStackError
        When it does not listen within 30 seconds, with the last line of its log.
    """
    tied = ["--lifeline", str(lifeline.read_end)] if lifeline else []
    for attempt in range(_TRIES):
        chosen = free_port(port if attempt == 0 else 0)
        with log.open("ab") as output:
            child = subprocess.Popen(
                [*command(chosen), *tied],
                env={**environment, "GATEWAY_PORT": str(chosen)},
                cwd=ROOT,  # `python -m` would import modules of the current folder
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=[lifeline.read_end] if lifeline else [],
            )
        process = Process(child.pid, psutil.Process(child.pid).create_time(), chosen)
        deadline = time.monotonic() + START_SECONDS
        while child.poll() is None and time.monotonic() < deadline:
            if listens(process):
                return process
            time.sleep(0.05)
        stop(process)
    raise LocalStackError(f"did not start ({_last_line(log)})", subject=name, next_step=f"its log is {log}")


def of_home(home: Path) -> list[Process]:
    """Return all running processes of the stack of a state folder, recorded or not; their ports are unknown (0)."""
    processes = []
    for process in psutil.process_iter(["cmdline", "create_time"]):
        arguments = process.info["cmdline"] or []
        is_server = any(name.startswith("reelhouse.local.") for name in arguments) and str(home) in arguments
        is_worker = any(argument.startswith(f"{home}/ministack/tmp/") for argument in arguments)
        if (is_server or is_worker) and process.pid != os.getpid():
            processes.append(Process(process.pid, process.info["create_time"], 0))
    return processes


def stop(process: Process | None, *, at_once: bool = False) -> None:
    """Stop a process and its children: by SIGTERM first, then by SIGKILL.

    Parameters
    ----------
    at_once : bool
        Send SIGKILL only, where nothing that the process would save is needed.
    """
    if process is None or not running(process):
        return
    try:
        parent = psutil.Process(process.pid)
        children = parent.children(recursive=True)
    except psutil.NoSuchProcess:
        return
    alive = [parent, *children]
    if not at_once:
        alive = _end([parent], signal.SIGTERM, STOP_SECONDS)
        alive = _end([*alive, *children], signal.SIGTERM, 2)
    _end(alive, signal.SIGKILL, 2)


def _end(members: list[psutil.Process], number: int, seconds: float) -> list[psutil.Process]:
    """Send a signal to processes, wait for their end, and return those that still run."""
    for member in members:
        with suppress(psutil.NoSuchProcess):
            member.send_signal(number)
    return list(psutil.wait_procs(members, timeout=seconds)[1])


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][-300:] if lines else "no output"
