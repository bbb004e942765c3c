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

from insights.reports import headlines, reuse
from insights.reports import page as report_page
from insights.reports.kernel import Executed, execute
from insights.reports.notebooks import Notebook, Value, assign, waves
from insights.reports.reuse import Earlier
from insights.reports.store import Store, put, write_index
from pipeline.runs import utc

SUCCEEDED, FAILED = "succeeded", "failed"
# A kernel takes a core and half a gigabyte.
AT_ONCE = 2
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
    stores: Sequence[Store],
    progress: Progress = lambda notebook, done: None,  # noqa: ARG005 (the names say what)
    *,
    fresh: bool = False,
) -> Iterator[Published]:
    """Run notebooks, two at a time where neither reads from the other, and publish each to all stores.

    A failed one does not stop the others. One for which nothing changed since it ran for the newest report in the last
    store is not run: what it showed then is published anew.

    Parameters
    ----------
    notebooks : sequence of Notebook
        In the order in which they run: later ones read what earlier ones wrote.
    given : mapping of str to object
        Parameters by name.
    stores : sequence of Store
        Where the reports go; in the last one earlier reports are looked for.
    progress : callable
        Told the notebook and how many of its cells are done.
    fresh : bool
        Run all, changed or not.

    Raises
    ------
    InvalidInput
        When a parameter is unknown or of another type; before anything runs, with the first report asked for.
    """
    assigned = assign(notebooks, given)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for wave in waves(notebooks):
            for made in pool.map(lambda one: _make(one, assigned[one.name], stores[-1:], progress, fresh), wave):
                yield _publish(made, stores)
            for store in stores:
                write_index(store, datetime.now(UTC))


@dataclass(frozen=True)
class _Made:
    """A notebook that ran, now or earlier, and what ``report.json`` says of it."""

    notebook: Notebook
    executed: Executed
    earlier: Earlier | None
    report: dict[str, Any]


def _make(
    notebook: Notebook, parameters: Mapping[str, Value], earlier_in: Sequence[Store], progress: Progress, fresh: bool
) -> _Made:
    started, clock = datetime.now(UTC), time.monotonic()
    defaults = {parameter.name: _default(parameter.default) for parameter in notebook.parameters}
    all_parameters = defaults | dict(parameters)
    earlier = next((reuse.find(notebook, all_parameters, store) for store in earlier_in if not fresh), None)
    if earlier:
        progress(notebook, notebook.cells)
        executed = Executed(earlier.notebook, None, earlier.noted)
    else:
        executed = execute(notebook, parameters, lambda done: progress(notebook, done))
    report = describe(notebook, all_parameters, executed, started, time.monotonic() - clock)
    return _Made(notebook, executed, earlier, report)


def _publish(made: _Made, stores: Sequence[Store]) -> Published:
    """Publish from one thread: what renders notebooks is not made for several."""
    earlier, executed = made.earlier, made.executed
    text = nbformat.writes(executed.notebook)  # type: ignore[no-untyped-call]
    body = earlier.body if earlier else report_page.body_of(executed.notebook)
    report = made.report | {
        "reused_from": earlier.stamp if earlier else None,
        "ran_at": earlier.ran_at if earlier else made.report["started_at"],
        "stands_on": reuse.stands_on(made.notebook, executed.noted, text, body),
    }
    page = report_page.report_page(body, report)
    placed = [put(store, report, page, text) for store in stores]
    return Published(report, placed[0] if placed else "")


def describe(
    notebook: Notebook, parameters: Mapping[str, object], executed: Executed, started: datetime, seconds: float
) -> dict[str, Any]:
    """Make ``report.json``, but for what tells whether it can be used again.

    Returns
    -------
    dict
        name, title, stamp, started_at, seconds, status (succeeded or failed), error (or None), parameters (all, with
        their defaults), data (build_id, built_at, run_id, rows by table and what is missing; None when the notebook
        did not read Gold), headlines (name, value, unit, n).
    """
    return {
        "name": notebook.name,
        "title": notebook.title,
        "stamp": f"{started:%Y%m%dT%H%M%S.%fZ}",
        "started_at": utc(started),
        "seconds": round(seconds, 3),
        "status": FAILED if executed.error else SUCCEEDED,
        "error": executed.error,
        "parameters": dict(parameters),
        "data": report_page.source_of(executed.notebook),
        "headlines": headlines.collect(executed.notebook),
    }


def _default(source: str) -> object:
    """Value of a parameter's default; its source text where that is no plain value."""
    try:
        return ast.literal_eval(source)
    except (ValueError, SyntaxError):
        return source
