"""Charts that anyone can read: one theme, tooltips, a text alternative, the number of films, and no script or address.

Notebooks draw with Altair. :func:`figure` makes a chart part of a report, in one width for a desk and one for a phone;
:func:`picture` draws any other chart. Both are inline SVG. Pure: nothing is read or written.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from insights.reports.style import styled

BLUE, ORANGE, GREY = "#0b5cad", "#b34700", "#868c95"
GREEN, PURPLE = "#3f7016", "#7b4fa3"
INK, QUIET, GRID = "#1c2026", "#4a515b", "#e3e6ea"
# The page knows these colours by name, and has others for dark screens.
_NAMED = {
    BLUE: "var(--blue)",
    ORANGE: "var(--orange)",
    GREY: "var(--grey)",
    GREEN: "var(--green)",
    PURPLE: "var(--purple)",
    INK: "currentColor",
    QUIET: "var(--quiet)",
    GRID: "var(--grid)",
}
# vl-convert measures text with Liberation Sans, whose letters are as wide as Arial's and Helvetica's.
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
WIDE, NARROW = 696, 350  # pixels of the whole picture
NARROW_LABELS = 150
LABEL_HEIGHT, AXIS_HEIGHT = 15, 45  # pixels of a line's label, and of the axis below a chart
_NO_TOOLTIPS = {"line mark", "area mark", "rect mark container", "axis", "legend", "title", "group mark container"}

_AXIS = {"labelColor": QUIET, "titleColor": INK, "gridColor": GRID, "domainColor": GREY, "tickColor": GREY,
         "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "titlePadding": 8,
         "labelOverlap": True, "labelSeparation": 6}  # fmt: skip
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
        "titleFontWeight": "normal",
        "labelColor": INK,
        "titleColor": INK,
        "symbolStrokeWidth": 2.5,
    },
    "header": {"labelFontSize": 12, "labelColor": INK},
    "bar": {"color": BLUE},
    "line": {"color": BLUE, "strokeWidth": 2},
    "point": {"color": BLUE, "filled": True, "size": 45},
    "circle": {"color": BLUE},
    "text": {"color": INK, "fontSize": 12},
    "rule": {"color": GREY},
    "range": {"category": [BLUE, ORANGE, GREEN, PURPLE, GREY]},
}


@dataclass(frozen=True, repr=False)
class Figure:
    """A chart as the output of a cell: a heading, SVG with tooltips, and a text alternative.

    Attributes
    ----------
    alt : str
        What it shows for readers who do not see it, with the numbers that matter.
    about : str
        The line below the title: unit, source and number of films.
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
            return styled(f'<figure>{head}<p class="nothing">{escape(self.alt)}</p></figure>')
        names = ("wide", "narrow")
        pictures = "".join(_svg(spec, name, self.title, self.alt) for spec, name in zip(self.specs, names, strict=True))
        return styled(f"<figure>{head}{pictures}</figure>")


def figure(chart: Any, title: str, *, alt: str, about: str = "", height: int | None = None) -> Figure:
    """Make a chart part of a report; see :class:`Figure`.

    Parameters
    ----------
    chart : altair.Chart or altair.LayerChart
        A chart of one data frame, without size or title. Its columns are named as a reader should read them in a
        tooltip. Without rows nothing is drawn, and the page says so.
    height : int, optional
        Pixels; None leaves it to the chart (each row of bars has a height of its own).
    """
    data = _data(chart)
    if data is not None and data.empty:
        return Figure(title, "There is nothing to draw: Gold has no such values, or too few.", "", ())
    return Figure(title, alt, about, tuple(_spec(chart, width, height) for width in (WIDE, NARROW)))


def line_labels(rows: pd.DataFrame, x: str, y: str, series: str, *, height: int) -> Any:
    """Return a layer that names each line at its end, in its colour, so that the chart needs no legend.

    Labels that would overlap are moved apart, in the order of the lines' ends, and none below the axis.

    Parameters
    ----------
    rows : DataFrame
        Points of all lines; one row or more a series.
    x, y, series : str
        Columns of numbers, and the column that tells lines apart.
    height : int
        Pixels of the whole picture.
    """
    import altair as alt  # noqa: PLC0415 (pages without charts do not need it)

    ends = rows.sort_values(x).groupby(series).tail(1).sort_values(y)
    lowest = min(rows[y].min(), 0)
    gap = (rows[y].max() - lowest) * LABEL_HEIGHT / (height - AXIS_HEIGHT)
    return (
        alt.Chart(ends.assign(Label=_apart(ends[y].tolist(), gap, lowest)))
        .mark_text(align="left", dx=8)
        .encode(alt.X(f"{x}:Q"), alt.Y("Label:Q"), alt.Text(f"{series}:N"), alt.Color(f"{series}:N", legend=None))
    )


def _apart(values: Sequence[float], gap: float, lowest: float) -> list[float]:
    """Move sorted values apart by ``gap`` or more, as little as possible, and none below ``lowest``."""
    from scipy.optimize import isotonic_regression  # noqa: PLC0415 (as above)

    steps = gap * np.arange(len(values))
    moved: list[float] = (np.maximum(isotonic_regression(values - steps).x, lowest) + steps).tolist()
    return moved


def picture(chart: Any) -> str:
    """Draw any Altair chart as inline SVG with tooltips, in the theme of the reports unless it has one of its own."""
    spec = chart.to_dict()
    given = {name: value for name, value in spec.get("config", {}).items() if name != "view"}
    spec["config"] = _THEME | given
    title = spec.get("title", "")
    name = title if isinstance(title, str) else str(title.get("text", ""))
    return styled(_svg(spec, "wide", name or "Chart", str(spec.get("description", ""))))


def _spec(chart: Any, width: int, height: int | None) -> dict[str, Any]:
    from altair import AutoSizeParams  # noqa: PLC0415 (pages without charts do not need it)

    sized = chart.properties(width=width, autosize=AutoSizeParams(type="fit-x", contains="padding"))
    spec: dict[str, Any] = (sized.properties(height=height) if height else sized).to_dict()
    if width == NARROW:
        narrow = {"axis": {**_AXIS, "labelLimit": NARROW_LABELS}, "axisQuantitative": {"tickCount": 4}}
        return {**spec, "config": _THEME | narrow}
    return {**spec, "config": _THEME}


def _svg(spec: dict[str, Any], size: str, title: str, alt: str) -> str:
    """Draw a specification. Ids are made unique, because a page has many pictures."""
    import vl_convert  # noqa: PLC0415 (as above)

    svg = vl_convert.vegalite_to_svg(spec)
    key = f"f{hashlib.sha256(json.dumps(spec, default=str).encode()).hexdigest()[:10]}"
    svg = re.sub(r'\bid="', f'id="{key}-', svg)
    svg = svg.replace("url(#", f"url(#{key}-")
    svg = re.sub(r' xmlns(:\w+)?="[^"]*"', "", svg)
    svg = _with_tooltips(svg)
    for colour, name in _NAMED.items():
        svg = svg.replace(f'"{colour}"', f'"{name}"')
    opening = (
        f'<svg role="img" aria-labelledby="{key}-t {key}-d" class="{size}"',
        f'<title id="{key}-t">{escape(title)}</title><desc id="{key}-d">{escape(alt or title)}</desc>',
    )
    return re.sub(r"<svg([^>]*)>", lambda match: f"{opening[0]}{match[1]}>{opening[1]}", svg, count=1)


def _with_tooltips(svg: str) -> str:
    """Turn the labels that Vega gives to marks into tooltips; a screen reader has the text alternative instead."""

    def mark(match: re.Match[str]) -> str:
        attributes = match[1]
        label = re.search(r'aria-label="([^"]*)"', attributes)
        role = re.search(r'aria-roledescription="([^"]*)"', attributes)
        plain = re.sub(r' (role|class|aria-[a-z]+)="[^"]*"', "", attributes)
        if label is None or role is None or role[1] in _NO_TOOLTIPS:
            return f"<path{plain}/>"
        return f"<path{plain}><title>{_lines(label[1])}</title></path>"

    svg = re.sub(r"<path([^>]*)/>", mark, svg)
    return re.sub(r' (role|class|aria-[a-z]+)="[^"]*"', "", svg)


def _lines(label: str) -> str:
    """One line a value; a value that is both drawn and named in the tooltip is written once."""
    return "\n".join(dict.fromkeys(label.split("; ")))


def _data(chart: Any) -> pd.DataFrame | None:
    """Data frame of a chart, or of the first of its layers."""
    data = chart.data
    if not isinstance(data, pd.DataFrame) and hasattr(chart, "layer"):
        data = next((layer.data for layer in chart.layer if isinstance(layer.data, pd.DataFrame)), None)
    return data if isinstance(data, pd.DataFrame) else None
