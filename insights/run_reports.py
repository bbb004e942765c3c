"""RunReports: run the reports that an event names, as ``reelhouse report`` does.

Reads Gold through the notebooks; writes ``reports/`` in the Gold bucket, and the tables that the notebooks publish.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from insights.lake import Lake
from insights.reports import notebooks as report_notebooks
from insights.reports import publish
from insights.reports.store import Store
from pipeline import keys
from pipeline.errors import InvalidInput, ReportFailed

_FIELDS = ("names", "parameters")


def run(event: Mapping[str, Any], lake: Lake, store: Store) -> dict[str, Any]:
    """Run the reports of one event.

    Parameters
    ----------
    event : mapping
        ``names``, a list of notebooks (missing or empty means all), and ``parameters``, their values by name.
    store : Store
        Where the reports go.

    Returns
    -------
    dict
        ``index``, the key of the index, and ``reports``: for each its name, status, seconds and the key of its page.

    Raises
    ------
    InvalidInput
        When the event, a name or a parameter cannot be used; nothing has run then.
    ReportFailed
        When a notebook failed, after all were run and published.
    """
    names, parameters = read(event)
    notebooks = report_notebooks.choose(report_notebooks.discover(), names)
    published = list(publish.run(notebooks, parameters, lake, [store]))
    failed = [one.report for one in published if not one.succeeded]
    if failed:
        causes = "; ".join(f"{report['name']}: {report['error']}" for report in failed)
        raise ReportFailed(causes[:1000], subject="reports", next_step=f"its page is in {keys.REPORTS}")
    kept = ("name", "status", "seconds")
    return {
        "index": keys.REPORT_INDEX,
        "reports": [{name: one.report[name] for name in kept} | {"page": one.key} for one in published],
    }


def read(event: Mapping[str, Any]) -> tuple[list[str], dict[str, object]]:
    """Return the names and parameters of an event.

    Raises
    ------
    InvalidInput
        When it has other fields, or these are of another type.
    """
    names, parameters = event.get("names", []), event.get("parameters", {})
    unknown = sorted(set(event) - set(_FIELDS))
    if unknown:
        fault = f"{', '.join(unknown)[:80]} is unknown"
    elif not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        fault = "names must be a list of texts"
    elif not isinstance(parameters, dict):
        fault = "parameters must be an object"
    else:
        return names, parameters
    raise InvalidInput(fault, subject="event", next_step=f"its fields may be: {', '.join(_FIELDS)}; nothing was run")
