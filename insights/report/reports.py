"""Reports: notebooks run on Gold, each published as a page, the executed notebook and its headline values.

Reads ``notebooks/`` and what those read; writes to the stores it is given. The command line, and anything on a
schedule, runs reports through :func:`run`.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import nbformat

from insights.report import headlines, report_page
from insights.report.report_kernel import Executed, execute
from insights.report.report_notebooks import Notebook, Value, assign, waves
from insights.report.report_store import Store, publish
from pipeline.runs import utc

SUCCEEDED, FAILED = "succeeded", "failed"
# A kernel takes a core and half a gigabyte.
AT_ONCE = 2


@dataclass(frozen=True)
class Published:
    """A report as ``report.json`` has it, and the key of its page in the stores."""

    report: dict[str, Any]
    key: str

    @property
    def succeeded(self) -> bool:
        """Whether the notebook ran to its end."""
        return bool(self.report["status"] == SUCCEEDED)


def run(
    notebooks: Sequence[Notebook],
    given: Mapping[str, object],
    stores: Sequence[Store],
    progress: Callable[[Notebook, int], None] = lambda notebook, done: None,  # noqa: ARG005 (the names say what)
) -> Iterator[Published]:
    """Run notebooks, two at a time where neither reads from the other, and publish each to all stores.

    A failed one does not stop the others.

    Parameters
    ----------
    notebooks : sequence of Notebook
        In the order in which they run: later ones read what earlier ones wrote.
    given : mapping of str to object
        Parameters by name.
    stores : sequence of Store
        Where the reports go.
    progress : callable
        Told the notebook and how many of its cells are done.

    Raises
    ------
    InvalidInput
        When a parameter is unknown or of another type; before anything runs, with the first report asked for.
    """
    assigned = assign(notebooks, given)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for wave in waves(notebooks):
            for made in pool.map(lambda one: _execute(one, assigned[one.name], progress), wave):
                yield _publish(*made, stores)


def _execute(
    notebook: Notebook, parameters: Mapping[str, Value], progress: Callable[[Notebook, int], None]
) -> tuple[Executed, dict[str, Any]]:
    started, clock = datetime.now(UTC), time.monotonic()
    executed = execute(notebook, parameters, lambda done: progress(notebook, done))
    return executed, describe(notebook, parameters, executed, started, time.monotonic() - clock)


def _publish(executed: Executed, report: dict[str, Any], stores: Sequence[Store]) -> Published:
    """Publish from one thread: each report renews the index of its store."""
    page = report_page.report_page(executed.notebook, report)
    text = nbformat.writes(executed.notebook)  # type: ignore[no-untyped-call]
    placed = [publish(store, report, page, text) for store in stores]
    return Published(report, placed[0] if placed else "")


def describe(
    notebook: Notebook, parameters: Mapping[str, Value], executed: Executed, started: datetime, seconds: float
) -> dict[str, Any]:
    """Make ``report.json``.

    Returns
    -------
    dict
        name, title, stamp, started_at, seconds, status (succeeded or failed), error (or None), parameters (all, with
        their defaults), data (build_id, built_at, run_id, rows by table and what is missing; None when the notebook
        did not read Gold), headlines (name, value, unit, n).
    """
    defaults = {parameter.name: _default(parameter.default) for parameter in notebook.parameters}
    return {
        "name": notebook.name,
        "title": notebook.title,
        "stamp": f"{started:%Y%m%dT%H%M%S.%fZ}",
        "started_at": utc(started),
        "seconds": round(seconds, 3),
        "status": FAILED if executed.error else SUCCEEDED,
        "error": executed.error,
        "parameters": defaults | dict(parameters),
        "data": report_page.source_of(executed.notebook),
        "headlines": headlines.collect(executed.notebook),
    }


def _default(source: str) -> object:
    """Value of a parameter's default; its source text where that is no plain value."""
    try:
        return ast.literal_eval(source)
    except (ValueError, SyntaxError):
        return source
