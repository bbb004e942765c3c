"""Runs one notebook with papermill, in a kernel of this very Python, and says how it went.

Reads the notebook; writes into a temporary folder only, which is also the working directory of the kernel.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import papermill
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError
from traitlets import default

from insights import inputs
from insights.reports import headlines
from insights.reports.notebooks import Notebook, Value

# Far above the slowest notebook (recommendations for 17,472 films take seconds), and below a function's 15 minutes.
CELL_TIMEOUT_SECONDS = 600
START_TIMEOUT_SECONDS = 60
# Run after the notebook's own cells, and taken out again.
_SHOW_NOTES = "from insights import inputs\ninputs.Shown()"

Progress = Callable[[int], None]


class OwnKernelManager(AsyncKernelManager):
    """Starts kernels of the running interpreter: a kernel that a person has installed elsewhere lacks our packages.

    A subclass names the kernel's working directory in ``folder``. Papermill's own ``cwd`` changes that of this whole
    process, in which another notebook may be running.
    """

    folder: Path

    async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
        """Start the kernel in its folder."""
        await super().start_kernel(**{**options, "cwd": str(self.folder)})

    @default("kernel_spec_manager")
    def _only_native(self) -> KernelSpecManager:
        return KernelSpecManager(kernel_dirs=[], parent=self)


@dataclass(frozen=True)
class Executed:
    """A notebook that ran.

    Attributes
    ----------
    notebook : dict
        Its cells with their outputs.
    error : str or None
        What stopped it.
    noted : dict of str to str
        What it read and wrote, as :mod:`insights.inputs` noted it; {} when it did not get to its end.
    """

    notebook: dict[str, Any]
    error: str | None
    noted: dict[str, str]


def execute(notebook: Notebook, parameters: Mapping[str, Value], progress: Progress) -> Executed:
    """Run a notebook to its end, or to its first error.

    Parameters
    ----------
    notebook : Notebook
        As it stands in the repository; it is not changed.
    parameters : mapping
        Values that replace the defaults; checked by :func:`.report_notebooks.assign`.
    progress : callable
        Told the number of cells done.
    """
    logging.getLogger("papermill").setLevel(logging.ERROR)
    to_run = nbformat.read(notebook.path, as_version=4)  # type: ignore[no-untyped-call]
    to_run.cells.append(nbformat.v4.new_code_cell(_SHOW_NOTES))  # type: ignore[no-untyped-call]
    with tempfile.TemporaryDirectory(prefix="reelhouse-") as folder:
        output = Path(folder, "notebook.ipynb")
        error = _run(to_run, parameters, output, progress)
        executed = nbformat.read(output, as_version=4) if output.is_file() else to_run  # type: ignore[no-untyped-call]
    shown = headlines.outputs({"cells": [executed.cells.pop()]}, inputs.MIME)
    executed.metadata.pop("papermill", None)  # it holds paths of this machine
    progress(notebook.cells)
    return Executed(executed, error, next(shown, {}))


def _run(notebook: Any, parameters: Mapping[str, Value], output: Path, progress: Progress) -> str | None:
    """Run it with papermill; give the error in one line, or None."""
    try:
        papermill.execute_notebook(
            notebook,
            output,
            parameters=dict(parameters),
            kernel_name=NATIVE_KERNEL_NAME,
            kernel_manager_class=type("KernelManagerOfOne", (OwnKernelManager,), {"folder": output.parent}),
            progress_bar=False,
            request_save_on_cell_execute=False,
            autosave_cell_every=0,
            start_timeout=START_TIMEOUT_SECONDS,
            execution_timeout=CELL_TIMEOUT_SECONDS,
            extra_arguments=["--IPKernelApp.log_level=50"],
            on_cell_start=lambda cell, cell_index: progress(cell_index),  # noqa: ARG005 (nbclient names them)
        )
    except PapermillExecutionError as error:
        return f"{error.ename}: {error.evalue}"
    except CellTimeoutError:
        return f"a cell took longer than {CELL_TIMEOUT_SECONDS} seconds"
    except DeadKernelError:
        return "the kernel died, perhaps for lack of memory"
    return None
