"""Runs one notebook with papermill, in a kernel of this Python that no personal configuration reaches.

Reads the notebook; writes into a temporary folder only, which is also the working directory of the kernel.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakSet

import nbformat
import papermill
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError

from insights.reports.notebooks import Notebook, Value
from pipeline import settings
from pipeline.workspace import Workspace

# Far above the slowest notebook (recommendations for 17,472 films take seconds), and below a function's 15 minutes.
CELL_TIMEOUT_SECONDS = 600
START_TIMEOUT_SECONDS = 60
# Importing insights first spares the kernel an import of two seconds.
_START = "import insights; from ipykernel import kernelapp; kernelapp.launch_new_instance()"
# Configuration, profiles and start-up files of the person at this machine, which could change what a report shows.
_PERSONAL = ("PYTHONSTARTUP", "JUPYTER_CONFIG_DIR", "JUPYTER_CONFIG_PATH", "MPLBACKEND")

Progress = Callable[[int], None]

_managers: WeakSet[AsyncKernelManager] = WeakSet()


class OwnKernelManager(AsyncKernelManager):
    """Starts kernels of the running interpreter: one that a person has installed elsewhere lacks our packages.

    A subclass names the kernel's working directory in ``folder`` and its environment's variables in ``variables``.
    Papermill's own ``cwd`` changes that of this whole process, in which another notebook may be running.
    """

    folder: Path
    variables: Mapping[str, str]

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kernel's command."""
        command = [sys.executable, "-c", _START, "-f", "{connection_file}", "--IPKernelApp.log_level=50"]
        return KernelSpec(argv=command, display_name="Python 3", language="python")

    async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
        """Start the kernel in its folder, with a profile of its own, and its complaints in a file."""
        environment = settings.environment_with(**self.variables, IPYTHONDIR=str(self.folder / "ipython"))
        for name in _PERSONAL:
            environment.pop(name, None)
        self.connection_file = str(self.folder / "connection.json")
        _managers.add(self)
        with log_of(self.folder).open("wb") as log:
            await super().start_kernel(**{**options, "cwd": str(self.folder), "env": environment, "stderr": log})


def end_all() -> None:
    """Kill the kernels that still run, after Ctrl-C for example: each :func:`execute` then returns an error."""
    for manager in list(_managers):
        if process := getattr(manager.provisioner, "process", None):
            process.kill()


def log_of(folder: Path) -> Path:
    """The file with what a kernel wrote to standard error."""
    return folder / "kernel.log"


@dataclass(frozen=True)
class Executed:
    """The cells of a notebook that ran, with their outputs, and the error that stopped it; None when nothing did."""

    notebook: dict[str, Any]
    error: str | None


def execute(
    notebook: Notebook, parameters: Mapping[str, Value], variables: Mapping[str, str], progress: Progress
) -> Executed:
    """Run a notebook to its end, or to its first error. The file is not changed.

    Parameters
    ----------
    parameters : mapping
        Values that replace the defaults; checked by :func:`.notebooks.assign`.
    variables : mapping of str to str
        Environment variables of the kernel, besides those of this process.
    progress : callable
        Called with the number of finished cells.
    """
    logging.getLogger("papermill").setLevel(logging.ERROR)
    to_run = nbformat.read(notebook.path, as_version=4)  # type: ignore[no-untyped-call]
    with Workspace() as workspace:
        output = workspace.folder / "notebook.ipynb"
        own = {"folder": workspace.folder, "variables": dict(variables)}
        manager = type("KernelManagerOfOne", (OwnKernelManager,), own)
        error = _run(to_run, parameters, manager, output, progress)
        executed = nbformat.read(output, as_version=4) if output.is_file() else to_run  # type: ignore[no-untyped-call]
    executed.metadata.pop("papermill", None)  # it holds paths of this machine
    progress(notebook.cells)
    return Executed(executed, error)


def _run(
    notebook: Any, parameters: Mapping[str, Value], manager: type[OwnKernelManager], output: Path, progress: Progress
) -> str | None:
    """Run it with papermill; return the error in one line, or None."""
    try:
        papermill.execute_notebook(
            notebook,
            output,
            parameters=dict(parameters),
            kernel_name="python3",
            kernel_manager_class=manager,
            progress_bar=False,
            request_save_on_cell_execute=False,
            autosave_cell_every=0,
            start_timeout=START_TIMEOUT_SECONDS,
            execution_timeout=CELL_TIMEOUT_SECONDS,
            on_cell_start=lambda cell, cell_index: progress(cell_index),  # noqa: ARG005 (nbclient names them)
        )
    except PapermillExecutionError as error:
        return f"{error.ename}: {error.evalue}"
    except CellTimeoutError:
        return f"a cell took longer than {CELL_TIMEOUT_SECONDS} seconds"
    except DeadKernelError:
        return "the kernel died, perhaps for lack of memory"
    except (RuntimeError, OSError) as error:  # jupyter_client's, when the kernel cannot start
        return f"the kernel did not start: {_last_line(log_of(manager.folder)) or error}"
    return None


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if log.is_file() else []
    return lines[-1].strip()[:300] if lines else ""
