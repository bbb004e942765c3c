"""``reelhouse lab``: JupyterLab on the notebooks, connected to a stack's Gold.

The environment of this process names the stack (``reelhouse.stack.find`` has set it), and JupyterLab and its kernels
inherit it, so ``from insights import lake; lake.table("ratings_by_genre")`` works in the first cell.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from insights.reports.notebooks import FOLDER
from pipeline import settings
from reelhouse import stack
from reelhouse.options import StackName

HOST = "127.0.0.1"
_NO_UPDATES = "jupyterlab.NeverCheckForUpdate"


def command(
    port: Annotated[int, typer.Option(min=1024, max=65535, help="Port on 127.0.0.1.")] = 8888,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
    stack_name: StackName = None,
) -> None:
    """Open JupyterLab on the notebooks, connected to the stack's Gold.

    In the first cell: from insights import lake; lake.table("ratings_by_genre")

    Example: [bold]reelhouse lab[/]
    """
    run(stack.find(stack_name).name, port, browser=browser)


def server_command(port: int, *, browser: bool) -> list[str]:
    """Return the command that starts JupyterLab with this Python, reachable from this machine only."""
    options = [f"--ServerApp.ip={HOST}", f"--ServerApp.port={port}", f"--ServerApp.root_dir={FOLDER}"]
    # Without this a root user is refused; the address above still keeps other machines out.
    options += ["--ServerApp.allow_root=True", "--LabApp.news_url=", "--LabApp.check_for_updates_class=" + _NO_UPDATES]
    return [sys.executable, "-m", "jupyterlab", *options, *([] if browser else ["--no-browser"])]


def environment(stack_name: str) -> dict[str, str]:
    """Return JupyterLab's environment: this process's, with kernels of this Python first and this code importable."""
    paths = [str(Path(__file__).parents[2]), *filter(None, [settings.variable("PYTHONPATH")])]
    return settings.environment_with(
        JUPYTER_PREFER_ENV_PATH="1", PYTHONPATH=os.pathsep.join(paths), REELHOUSE_STACK=stack_name
    )


def run(stack_name: str, port: int, *, browser: bool) -> NoReturn:
    """Replace this process with JupyterLab, so that every signal reaches it and no process is left behind."""
    os.execve(sys.executable, server_command(port, browser=browser), environment(stack_name))  # noqa: S606 (no shell needed)
