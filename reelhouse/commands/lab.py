"""``reelhouse lab``: JupyterLab on the notebooks and docs, with a stack's tables in reach."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
import webbrowser
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import requests
import typer

from pipeline import http, settings
from pipeline.errors import LocalStackError
from reelhouse import console, stack
from reelhouse.local import state
from reelhouse.local.lifeline import Lifeline
from reelhouse.options import StackName
from reelhouse.stack import Stack

HOST = "127.0.0.1"
START_SECONDS = 60
# Configuration that switches off JupyterLab's prompt for news; the person's own configuration stays in use.
CONFIGURATION = Path(__file__).parent / "jupyter"
# Every user of the machine can read a command line, so the token comes in an environment variable.
_START = """\
import os, sys
from jupyterlab.labapp import main
main([*sys.argv[1:], "--IdentityProvider.token=" + os.environ.pop("REELHOUSE_LAB_TOKEN")])
"""
_NO_UPDATES = "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"


def command(
    port: Annotated[int, typer.Option(min=1024, max=65535, help="Port on 127.0.0.1.")] = 8888,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
    stack_name: StackName = None,
) -> None:
    """Open JupyterLab on the notebooks, connected to the stack's tables.

    In a cell: from reelhouse import lake; lake.table("ratings_by_genre")

    Example: [bold]reelhouse lab[/]
    """
    raise typer.Exit(run(stack.find(stack_name), port, browser=browser))


def server_command(port: int) -> list[str]:
    """Return the command that starts JupyterLab in this Python, reachable from this machine only.

    The environment variable ``REELHOUSE_LAB_TOKEN`` has the token that its visitors need.
    """
    options = [f"--ServerApp.ip={HOST}", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    options += [f"--ServerApp.root_dir={state.ROOT}", "--no-browser"]
    # A root user would be refused without this; the address above keeps others out all the same.
    options += ["--ServerApp.allow_root=True", "--ServerApp.log_level=ERROR"]
    return [sys.executable, "-c", _START, *options, _NO_UPDATES]


def environment(deployed: Stack) -> dict[str, str]:
    """Return JupyterLab's environment: this process's, the stack's tables, and kernels of this Python first."""
    return settings.environment_with(
        JUPYTER_PREFER_ENV_PATH="1",
        JUPYTER_CONFIG_PATH=_joined(str(CONFIGURATION), "JUPYTER_CONFIG_PATH"),
        PATH=_joined(str(Path(sys.executable).parent), "PATH"),
        PYTHONPATH=_joined(str(state.ROOT), "PYTHONPATH"),
        **deployed.lake().as_variables(),
    )


def _joined(first: str, variable: str) -> str:
    """Put a folder before those that a variable names."""
    return os.pathsep.join(filter(None, [first, settings.variable(variable)]))


def run(deployed: Stack, port: int, *, browser: bool) -> int:
    """Start JupyterLab, print its address once it answers, and return its exit status when it ends; 0 after Ctrl-C.

    It ends with this process.

    Raises
    ------
    LocalStackError
        When it does not start; the message has the last line that it wrote.
    """
    token = secrets.token_hex(16)
    log = state.home() / "logs" / "jupyterlab.log"
    # With --stack there may be no local stack, and so no state folder yet.
    state.claim()
    log.parent.mkdir(exist_ok=True)
    with Lifeline() as lifeline, log.open("wb") as output, subprocess.Popen(
        [sys.executable, "-m", "reelhouse.local.lifeline", str(lifeline.read_end), *server_command(port)],
        env=environment(deployed) | {"REELHOUSE_LAB_TOKEN": token}, cwd=state.ROOT, pass_fds=[lifeline.read_end],
        stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            with console.err.status("Starting JupyterLab …"):
                _await(process, f"http://{HOST}:{port}/api/status?token={token}", log)
            address = f"http://{HOST}:{port}/lab/tree/notebooks/00_start_here.ipynb?token={token}"
            console.out.print(f"JupyterLab: {address}", markup=False, soft_wrap=True)
            console.say("Ctrl-C ends it")
            if browser:
                open_browser(address)
            return process.wait()
        except KeyboardInterrupt:
            return 0
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)


def open_browser(address: str) -> None:
    """Open an address in the browser by a page that only this user can read: browsers show theirs in command lines."""
    page = state.home() / "lab.html"
    page.touch(mode=0o600)
    page.write_text(f'<meta http-equiv="refresh" content="0; url={address}">', encoding="utf-8")
    webbrowser.open(page.as_uri())


def _await(process: subprocess.Popen[bytes], status: str, log: Path) -> None:
    """Wait until JupyterLab answers; the address needs its token, so that no other server passes for it."""
    deadline = time.monotonic() + START_SECONDS
    with http.session() as web:  # without a proxy, which would read the token
        while process.poll() is None and time.monotonic() < deadline:
            with suppress(requests.RequestException):
                if web.get(status, timeout=2).ok:
                    return
            time.sleep(0.2)
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    cause = lines[-1].strip()[:200] if lines else "it does not answer"
    raise LocalStackError(cause, subject="JupyterLab", next_step=f"another --port may help; see {log}")
