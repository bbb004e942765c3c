"""Two plots of docs/scale.md: where each part gives way, and how the time of a cold read grows without compaction."""

from __future__ import annotations

from math import ceil
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd

from benchmarks.scale.limits import limits
from benchmarks.scale.measured import Measured
from benchmarks.scale.model import BUILD_SECONDS, ROWS_A_PART, day, reading_seconds
from benchmarks.scale.sizes import Sizes

FOLDER = Path(__file__).parents[1] / "plots"
DAYS = (1, 7, 30, 90, 180, 360)
_COLOURS = alt.Scale(range=["#1f5fa8", "#c4661f", "#5b7f3a", "#7a5195"])


def draw(measured: Measured, sizes: Sizes, folder: Path = FOLDER) -> list[Path]:
    """Draw both; returns the files."""
    folder.mkdir(exist_ok=True)
    charts = {"scale_limits": _limits(measured, sizes), "scale_parts": _parts(measured, sizes)}
    for name, chart in charts.items():
        chart.save(folder / f"{name}.svg")
    return [folder / f"{name}.svg" for name in charts]


def _limits(measured: Measured, sizes: Sizes) -> Any:
    points = pd.DataFrame([{"part": each.part, "films": each.films, "basis": each.basis} for each in
                           limits(measured, sizes)])  # fmt: skip
    return (
        alt.Chart(points, width=420, height=320, title="Where each part gives way")
        .mark_point(filled=True, size=90)
        .encode(
            x=alt.X("films:Q", scale=alt.Scale(type="log"), title="films a day", axis=alt.Axis(format="~s")),
            y=alt.Y("part:N", sort=None, title=None, axis=alt.Axis(labelLimit=260, grid=True)),
            color=alt.Color("basis:N", scale=_COLOURS, title=None),
        )
    )


def _parts(measured: Measured, sizes: Sizes) -> Any:
    rows = []
    for films in (250, 17_472, 1_000_000):
        a_run = day(films, measured, sizes, builds=1).parts
        for kept in DAYS:
            for side, parts in (("as written", a_run), ("compacted", ceil(films / ROWS_A_PART))):
                seconds = reading_seconds(kept * parts, kept * films, measured)
                rows.append({"days": kept, "films": f"{films:,} films a day", "Silver": side, "seconds": seconds})
    lines = (
        alt.Chart(pd.DataFrame(rows), width=420, height=280, title="A cold build reads all parts of Silver")
        .mark_line()
        .encode(
            x=alt.X("days:Q", scale=alt.Scale(type="log"), title="days of daily runs"),
            y=alt.Y("seconds:Q", scale=alt.Scale(type="log"), title="seconds", axis=alt.Axis(format="~g")),
            color=alt.Color("films:N", sort=None, scale=_COLOURS, title=None),
            strokeDash=alt.StrokeDash("Silver:N", title=None),
        )
    )
    end = pd.DataFrame([{"seconds": BUILD_SECONDS}])
    return lines + alt.Chart(end).mark_rule(color="#888", strokeDash=[2, 2]).encode(y="seconds:Q")
