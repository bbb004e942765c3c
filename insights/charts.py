"""Charts that anyone can read: one theme, a text alternative, the films behind them, and no script or address.

Notebooks draw with Altair and hand the chart to :func:`figure`. It becomes inline SVG in two widths, for a desk and for
a phone; the page shows the one that fits. Pure: nothing is read or written.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd
import vl_convert
from altair import AutoSizeParams

BLUE, ORANGE, GREY = "#0b5cad", "#b34700", "#8a9099"
INK, QUIET, GRID = "#1c2026", "#4a515b", "#e3e6ea"
# vl-convert measures text with Liberation Sans, whose letters are as wide as Arial's and Helvetica's.
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
WIDE, NARROW = 696, 350  # pixels of the whole picture
NARROW_LABELS = 96

_AXIS = {"labelColor": QUIET, "titleColor": INK, "gridColor": GRID, "domainColor": GREY, "tickColor": GREY,
         "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "titlePadding": 8}  # fmt: skip
_THEME = {
    "font": FONT,
    "background": "transparent",
    "view": {"stroke": None},
    "axis": _AXIS,
    "axisQuantitative": {"tickCount": 6},
    "axisY": {"domain": False, "ticks": False, "labelPadding": 6},
    "legend": {
        "orient": "top",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "labelColor": INK,
        "labelLimit": 220,
        "symbolType": "stroke",
        "symbolSize": 250,
        "symbolStrokeWidth": 3,
    },
    "header": {"labelFontSize": 12, "labelColor": INK},
    "bar": {"color": BLUE},
    "line": {"color": BLUE, "strokeWidth": 2},
    "point": {"color": BLUE, "filled": True, "size": 45},
    "text": {"color": INK, "fontSize": 11},
    "rule": {"color": GREY},
    "range": {"category": [BLUE, ORANGE, "#4f7f1f", "#7b4fa3", GREY]},
}


@dataclass(frozen=True, repr=False)
class Figure:
    """A chart as the output of a cell: a heading of its own, SVG, and its text alternative.

    Attributes
    ----------
    title : str
        What it shows.
    alt : str
        What a reader sees in it, for those who cannot.
    about : str
        Unit, source and films behind it: the line below the title.
    specs : tuple of dict
        Vega-Lite specifications, wide and narrow; none when there is nothing to draw.
    """

    title: str
    alt: str
    about: str
    specs: tuple[dict[str, Any], ...]

    def __repr__(self) -> str:
        return f"{self.title}: {self.alt}"

    def _repr_html_(self) -> str:
        about = f'<span class="about">{escape(self.about)}</span>' if self.about else ""
        head = f"<figcaption><strong>{escape(self.title)}</strong>{about}</figcaption>"
        if not self.specs:
            return f'<figure>{head}<p class="nothing">{escape(self.alt)}</p></figure>'
        names = ("wide", "narrow")
        pictures = "".join(self._svg(spec, name) for spec, name in zip(self.specs, names, strict=True))
        return f"<figure>{head}{pictures}</figure>"

    def _svg(self, spec: dict[str, Any], size: str) -> str:
        """SVG of a specification; ids are made unique, because the page holds many pictures."""
        svg = vl_convert.vegalite_to_svg(spec)
        key = f"f{hashlib.sha256(json.dumps(spec, default=str).encode()).hexdigest()[:10]}"
        svg = re.sub(r'\bid="', f'id="{key}-', svg)
        svg = svg.replace("url(#", f"url(#{key}-")
        svg = re.sub(r' xmlns(:\w+)?="[^"]*"', "", svg)
        # The parts of a picture are no news to a screen reader that has been given its text alternative.
        svg = re.sub(r' (role|class|aria-[a-z]+)="[^"]*"', "", svg)
        opening = (
            f'<svg role="img" aria-labelledby="{key}-t {key}-d" class="{size}"',
            f'<title id="{key}-t">{escape(self.title)}</title><desc id="{key}-d">{escape(self.alt)}</desc>',
        )
        return re.sub(r"<svg([^>]*)>", lambda match: f"{opening[0]}{match[1]}>{opening[1]}", svg, count=1)


def figure(chart: Any, title: str, *, alt: str, about: str = "", height: int | None = None) -> Figure:
    """Make a chart part of a report.

    Parameters
    ----------
    chart : altair.Chart or altair.LayerChart
        A chart of one data frame, without size or title. Without rows nothing is drawn, and that is said.
    title : str
        What it shows.
    alt : str
        Text alternative: what is to be seen, with the numbers that matter.
    about : str
        Unit, source and films behind it.
    height : int, optional
        Pixels; None leaves it to the chart (rows of bars have a height each).
    """
    data = _data(chart)
    if data is not None and data.empty:
        return Figure(title, f"Nothing to draw: {about or 'Gold has no such values yet'}.", "", ())
    specs = []
    for width in (WIDE, NARROW):
        sized = chart.properties(width=width, autosize=AutoSizeParams(type="fit-x", contains="padding"))
        sized = sized.properties(height=height) if height else sized
        spec = sized.to_dict()
        spec["config"] = _narrow(_THEME) if width == NARROW else _THEME
        specs.append(spec)
    return Figure(title, alt, about, tuple(specs))


def _narrow(theme: dict[str, Any]) -> dict[str, Any]:
    axis = {**_AXIS, "labelLimit": NARROW_LABELS, "labelOverlap": True}
    return {**theme, "axis": axis, "axisQuantitative": {"tickCount": 4}}


def _data(chart: Any) -> pd.DataFrame | None:
    """Data frame of a chart, or of the first of its layers."""
    found = chart.data
    if not isinstance(found, pd.DataFrame) and hasattr(chart, "layer"):
        found = next((layer.data for layer in chart.layer if isinstance(layer.data, pd.DataFrame)), None)
    return found if isinstance(found, pd.DataFrame) else None
