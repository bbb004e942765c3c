"""Plots: of each module whose results lie on a curve, time and memory by size, as SVG in ``plots/``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd

from benchmarks.measure import Result

FOLDER = Path(__file__).parent / "plots"
_COLOURS = alt.Scale(domain=["ours", "baseline"], range=["#1f5fa8", "#c4661f"])


def draw(name: str, results: list[Result], folder: Path = FOLDER) -> str | None:
    """Draw a module's curves; returns the file's name, or None where fewer than two sizes were measured."""
    charts = [_chart(points, label) for points, label in _curves(results) if points["size"].nunique() > 1]
    if not charts:
        return None
    folder.mkdir(exist_ok=True)
    file = f"{name}.svg"
    alt.hconcat(*charts, title=results[0].case.row).save(folder / file)
    return file


def _curves(results: list[Result]) -> list[tuple[pd.DataFrame, str]]:
    """Points of the curves: those with a time, and those with a peak of memory."""
    on_curve = [result for result in results if result.case.size is not None]
    timed = [result for result in on_curve if result.unit == "s"]
    times = [_points(result, result.ours, result.baseline) for result in timed]
    peaks = [_points(result, result.peak_mb, result.baseline_peak_mb) for result in on_curve]
    return [(_frame(times), "seconds"), (_frame(peaks), "peak memory, MB")]


def _points(result: Result, ours: float | None, baseline: float | None) -> list[dict[str, Any]]:
    """Two points; the line they belong to is told apart by the case's name after its first comma."""
    kind = result.case.name.partition(", ")[2]
    return [
        {"size": result.case.size, "side": side, "kind": kind, "value": value}
        for side, value in (("ours", ours), ("baseline", baseline))
        if value is not None
    ]


def _frame(points: list[list[dict[str, Any]]]) -> pd.DataFrame:
    return pd.DataFrame([point for both in points for point in both], columns=["size", "side", "kind", "value"])


def _chart(points: pd.DataFrame, label: str) -> Any:
    several = points["kind"].nunique() > 1
    return (
        alt.Chart(points, width=320, height=240)
        .mark_line(point=True)
        .encode(
            x=alt.X("size:Q", scale=alt.Scale(type="log"), title="size", axis=alt.Axis(format="~s", tickCount=5)),
            y=alt.Y("value:Q", scale=alt.Scale(type="log"), title=label, axis=alt.Axis(format="~s", tickCount=5)),
            color=alt.Color("side:N", scale=_COLOURS, title=None),
            strokeDash=alt.StrokeDash("kind:N", title=None) if several else alt.StrokeDash(),
        )
    )
