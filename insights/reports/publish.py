"""Reports: notebooks run on Gold, each published as a page, the executed notebook and its headline values.

Reads ``notebooks/`` and what those read; writes to the stores it is given. The command line and the scheduled function
run reports through :func:`run`.
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

from insights.lake import Lake
from insights.reports import headlines
from insights.reports import page as report_page
from insights.reports.kernel import Executed, end_all, execute
from insights.reports.notebooks import Notebook, Value, assign, discover, waves
from insights.reports.store import Store, put, report_keys, write_index
from pipeline.runs import utc

SUCCEEDED, FAILED = "succeeded", "failed"
# A kernel takes a core and half a gigabyte.
AT_ONCE = 2
# The parameter of notebooks that write Gold tables: only reports publish.
PUBLISH = "publish"
Progress = Callable[[Notebook, int], None]


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
    lake: Lake,
    stores: Sequence[Store],
    progress: Progress = lambda notebook, done: None,  # noqa: ARG005 (the names say what)
) -> Iterator[Published]:
    """Run notebooks, two at a time where neither reads from the other, and publish each to all stores.

    A failed one does not stop the others. A notebook's parameter ``publish`` is true unless it is given.

    Parameters
    ----------
    notebooks : sequence of Notebook
        In any order; one that reads what another writes runs after it.
    given : mapping of str to object
        Parameters by name.
    progress : callable
        Called with a notebook and the number of its finished cells.

    Raises
    ------
    InvalidInput
        When a parameter is unknown or of another type; before anything runs, with the first report asked for.
    """
    assigned = assign(notebooks, given)
    for one in notebooks:
        if any(parameter.name == PUBLISH for parameter in one.parameters):
            assigned[one.name].setdefault(PUBLISH, True)
    variables = lake.as_variables()
    order = _order(notebooks, stores)

    def make(one: Notebook) -> tuple[dict[str, Any], dict[str, Any]]:
        started, clock = datetime.now(UTC), time.monotonic()
        executed = execute(one, assigned[one.name], variables, lambda done: progress(one, done))
        report = describe(one, assigned[one.name], executed, started, time.monotonic() - clock)
        return report, executed.notebook

    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            for wave in waves(notebooks):
                for report, notebook in pool.map(make, wave):
                    yield _publish(report, notebook, stores, order)
        finally:
            # After Ctrl-C, the pool would wait for the notebooks that run.
            end_all()
    for store in stores:
        write_index(store, datetime.now(UTC))


def _order(notebooks: Sequence[Notebook], stores: Sequence[Store]) -> list[tuple[str, str]]:
    """Name and title of the reports that a page may link: those that run now, and those that every store has."""
    stored = [{report.name for report in report_keys(store.keys()) if report.latest} for store in stores]
    linked = {one.name for one in notebooks} | (set.intersection(*stored) if stored else set())
    titles = {one.name: one.title for one in (*discover(), *notebooks)}
    return [(name, titles[name]) for name in sorted(titles) if name in linked]


def _publish(
    report: dict[str, Any], notebook: dict[str, Any], stores: Sequence[Store], order: Sequence[tuple[str, str]]
) -> Published:
    """Publish from one thread: nbconvert is not made for several."""
    page = report_page.report_page(report_page.body_of(notebook), report, order)
    text = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    placed = [put(store, report, page, text) for store in stores]
    return Published(report, placed[0] if placed else "")


def describe(
    notebook: Notebook, parameters: Mapping[str, Value], executed: Executed, started: datetime, seconds: float
) -> dict[str, Any]:
    """Make ``report.json``.

    Returns
    -------
    dict
        name, title, stamp, started_at, seconds, status (succeeded or failed), error (or None), parameters (all, with
        their defaults), data (:meth:`.data.Source.about`; None when the notebook did not read Gold), findings and
        headlines.
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
        "findings": headlines.findings(executed.notebook),
        "headlines": headlines.collect(executed.notebook),
    }


def _default(source: str) -> object:
    """Value of a parameter's default; its source text where that is no plain value."""
    try:
        return ast.literal_eval(source)
    except (ValueError, SyntaxError):
        return source
