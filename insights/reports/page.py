"""The pages of reports: an executed notebook as one HTML file that needs nothing else, and the index of all reports.

Reads the templates in ``template/``; pure otherwise. nbconvert renders a notebook's prose and outputs without its code.
The page around them is our own template, because nbconvert's loads scripts from the network.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from nbconvert import HTMLExporter
from papermill.execute import ERROR_MARKER_TAG

from insights import wording
from insights.content_policy import content_policy
from insights.reports import data as report_data
from insights.reports import headlines
from insights.reports.style import for_page
from pipeline import keys

_TEMPLATES = Path(__file__).parent / "template"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )


@cache
def _exporter() -> HTMLExporter:
    return HTMLExporter(
        extra_template_basedirs=[str(_TEMPLATES / "nbconvert")],
        template_name="report",
        exclude_input=True,
        exclude_anchor_links=True,
    )


def _page(template: str, title: str, **values: Any) -> str:
    style, script = _ours("output.css") + _ours("style.css"), _ours("age.js")
    shell = {"title": title, "style": style, "script": script, "policy": content_policy(script)}
    return _environment().get_template(template).render(shell, **values)


def _ours(name: str) -> Markup:
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704 (a file of ours)


def report_page(body: str, report: Mapping[str, Any], order: Sequence[tuple[str, str]] = ()) -> str:
    """Make the page of a report: HTML whose only addresses are those of other reports and the index.

    Parameters
    ----------
    body : str
        What the notebook shows, as :func:`body_of` makes it.
    report : mapping
        The report as ``report.json`` has it.
    order : sequence of (str, str)
        Name and title of all reports, for the links to the previous and the next.
    """
    names = [name for name, _ in order]
    at = names.index(report["name"]) if report["name"] in names else None
    started = datetime.fromisoformat(report["started_at"])
    about = report["data"] or {"build_id": None}
    built = datetime.fromisoformat(about["built_at"]) if about["build_id"] else None
    return _page(
        "report.html.j2",
        report["title"],
        report=report,
        about=about,
        built=wording.moment(built) if built else "",
        age=_age(built, started) if built else "",
        started=wording.moment(started),
        previous=None if not at else order[at - 1],
        following=None if at is None else next(iter(order[at + 1 :]), None),
        latest=keys.LATEST,
        body=Markup(body),  # noqa: S704 (outputs are escaped where they are made)
    )


def _age(built: datetime, started: datetime) -> str:
    return f"{wording.age(built, started)} before this report" if built <= started else "while this report was made"


def body_of(notebook: Mapping[str, Any]) -> str:
    """Show an executed notebook, as nbformat 4 has it, as HTML without its code.

    papermill marks a failed notebook at its top and before the cell that failed; nothing after that is shown.
    """
    shown = nbformat.from_dict(deepcopy(dict(notebook)))  # type: ignore[no-untyped-call]
    marked = [at for at, cell in enumerate(shown.cells) if ERROR_MARKER_TAG in cell.metadata.get("tags", [])]
    run = shown.cells[: max(marked, default=len(shown.cells))]
    shown.cells = [cell for at, cell in enumerate(run) if at not in marked]
    first = next((cell for cell in shown.cells if cell.cell_type == "markdown"), None)
    if first is not None:  # its heading is the page's own
        first.source = re.sub(r"\A# .+\n?", "", first.source)
    body, _ = _exporter().from_notebook_node(shown)
    return for_page(str(body))


def index_page(entries: Sequence[Mapping[str, Any]], now: datetime, dashboard: str | None = None) -> str:
    """Make the page that lists all reports with their findings, as :mod:`insights.reports.store` gives them."""
    built = [entry for entry in entries if entry["page"] and entry["built_at"]]
    shown = [
        {**entry, "headlines": Markup(headlines.cards(entry["headlines"]))}  # noqa: S704 (escaped by cards)
        for entry in entries
    ]
    newest = max(built, key=itemgetter("built_at"), default=None)
    values = {"entries": shown, "newest": newest, "dashboard": dashboard}
    return _page("index.html.j2", "Reports", **values, written=wording.moment(now))


def source_of(notebook: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what an executed notebook says of its data, the last time it does; None if it did not get so far."""
    sources = list(headlines.outputs(dict(notebook), report_data.MIME))
    return sources[-1] if sources else None
