"""``reelhouse lab``: JupyterLab on the notebooks, with a stack's Gold already in reach.

The environment of this process names the stack (``reelhouse.stack.find`` has set it), and JupyterLab and its kernels
inherit it, so ``from insights import lake; lake.table("ratings_by_genre")`` works in the first cell.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from insights.reports.notebooks import FOLDER
from pipeline import settings

HOST = "127.0.0.1"
_NO_UPDATES = "jupyterlab.NeverCheckForUpdate"


def command(port: int, *, browser: bool) -> list[str]:
    """Return the command that starts JupyterLab, reachable from this machine only, in this very Python."""
    options = [f"--ServerApp.ip={HOST}", f"--ServerApp.port={port}", f"--ServerApp.root_dir={FOLDER}"]
    # A root user would be refused without this; the address above keeps others out all the same.
    options += ["--ServerApp.allow_root=True", "--LabApp.news_url=", "--LabApp.check_for_updates_class=" + _NO_UPDATES]
    return [sys.executable, "-m", "jupyterlab", *options, *([] if browser else ["--no-browser"])]


def environment(stack_name: str) -> dict[str, str]:
    """Environment of JupyterLab: this process's, kernels of this Python first, and the code in reach of them."""
    paths = [str(Path(__file__).parents[2]), *filter(None, [settings.variable("PYTHONPATH")])]
    return settings.environment_with(
        JUPYTER_PREFER_ENV_PATH="1", PYTHONPATH=os.pathsep.join(paths), REELHOUSE_STACK=stack_name
    )


def run(stack_name: str, port: int, *, browser: bool) -> NoReturn:
    """Become JupyterLab: this process is replaced, so that every signal reaches it and nothing is left over."""
    os.execve(sys.executable, command(port, browser=browser), environment(stack_name))  # noqa: S606 (no shell needed)
