"""The dashboard page: the whole dashboard with its data as one HTML file that asks no server for anything. Pure.

Reads the template, style and scripts in ``template/``. The data go in compressed (gzip, base64), so nothing of a film's
text is ever part of the HTML; the scripts set it as text. A content security policy forbids any request.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from insights.content_policy import content_policy
from insights.dashboard import data, schema
from insights.dashboard.data import Frames
from insights.dashboard.definition import Dashboard
from insights.reports.tables import heading

_FOLDER = Path(__file__).parent / "template"
_SCRIPTS = ("data.js", "format.js", "charts.js", "visuals.js", "controls.js", "films.js", "main.js")
_HEADINGS = {"title": "Title", "column_name": "Kind of value"}
_MAIN_DATA_SET = "films"  # its number of rows stands beside the filters


def render(
    definition: Dashboard,
    frames: Frames,
    *,
    stands_on: str,
    as_of: str = "",
    cards: Sequence[Mapping[str, Any]] = (),
    missing: Sequence[str] = (),
) -> str:
    """Make the page.

    Parameters
    ----------
    frames, cards :
        As :mod:`insights.dashboard.data` makes them.
    stands_on : str
        Which run and build the data are of.
    as_of : str
        The time of the data, for the head of the page.
    missing : sequence of str
        What Gold lacks, one sentence each.
    """
    environment = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    shown = {**_described(definition), "data": data.packed(definition, frames), "cards": cards}
    text = json.dumps(shown, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    script = Markup("\n").join([Markup('"use strict";'), *(_ours(name) for name in _SCRIPTS)])
    return environment.get_template("page.html.j2").render(
        definition=definition,
        stands_on=stands_on,
        as_of=as_of,
        missing=missing,
        style=_ours("style.css"),
        script=script,
        policy=content_policy(script),
        data=base64.b64encode(gzip.compress(text.encode(), compresslevel=6, mtime=0)).decode(),
    )


def _ours(name: str) -> Markup:
    return Markup((_FOLDER / name).read_text(encoding="utf-8"))  # noqa: S704 (a file of ours)


def _described(definition: Dashboard) -> dict[str, Any]:
    """The definition as the scripts read it."""
    return {
        "main": _MAIN_DATA_SET,
        "headings": {name: heading(name) for name in schema.TABLES[schema.FILMS].column_names} | _HEADINGS,
        "measures": {name: one.model_dump() for name, one in definition.measures.items()},
        "filters": {name: one.model_dump() for name, one in definition.filters.items()},
        "formats": {
            name: {column: schema.column_format(one, column) for column in schema.columns(one)}
            for name, one in definition.data_sets.items()
        },
        "sheets": [
            {
                "id": sheet_name,
                "filters": sheet.filters,
                "visuals": [
                    {**visual.model_dump(exclude={"place"}), "id": name, "data_set": definition.data_set_of(visual)}
                    for name, visual in sheet.visuals.items()
                    if visual.page
                ],
            }
            for sheet_name, sheet in definition.sheets.items()
        ],
    }
