"""Runs a notebook's cells in this very process, where a fake S3 can be in reach, and gives what they show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
Outputs = list[dict[str, Any]]


def run(path: Path, **parameters: object) -> dict[str, Any]:
    """Run all cells; give the notebook with their outputs. An error in a cell is raised here.

    ``parameters`` are set after the cell of parameters, as papermill does.
    """
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    # With a cache of results, each reset waits for a garbage collection.
    shell = InteractiveShell.instance(cache_size=0)
    shell.reset(new_session=True)  # type: ignore[no-untyped-call]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            outputs = _run_cell(shell, cell.source)
            cell.outputs = [nbformat.from_dict(output) for output in outputs]  # type: ignore[no-untyped-call]
            if "parameters" in cell.metadata.get("tags", []):
                shell.user_ns.update(parameters)
    return dict(notebook)


def _run_cell(shell: InteractiveShell, source: str) -> Outputs:
    with capture_output() as captured:
        result = shell.run_cell(source)  # type: ignore[no-untyped-call]
    result.raise_error()
    shown = [output.data for output in captured.outputs]
    if result.result is not None and shell.display_formatter is not None:
        shown.append(shell.display_formatter.format(result.result)[0])  # type: ignore[no-untyped-call]
    return [{"output_type": "display_data", "data": json.loads(json.dumps(data)), "metadata": {}} for data in shown]
