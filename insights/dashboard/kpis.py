"""The single numbers (KPIs) of the dashboard page, with and without filters. Pure.

The page computes them in the browser. This is the same arithmetic, for ``reelhouse dashboard --json`` and for the tests
of the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from insights.dashboard.data import Frames, is_list
from insights.dashboard.definition import Dashboard, Kpi, Measure

Choice = Sequence[str] | tuple[int, int]


@dataclass(frozen=True)
class Number:
    """A measure's value and n, the number of films or other things behind it; None where nothing is known."""

    value: float | None
    n: int | None


def kpis(
    definition: Dashboard, frames: Frames, chosen: Mapping[str, Choice] | None = None
) -> dict[str, tuple[Kpi, Number]]:
    """Compute all KPIs, by the name of their visual.

    Parameters
    ----------
    chosen : mapping, optional
        By filter: any of these texts, or first and last year. Only filters of the KPI's sheet act on it.
    """
    numbers = {}
    for sheet, name, visual in definition.visuals():
        if isinstance(visual, Kpi):
            measure = definition.measures[visual.measure]
            acting = {key: value for key, value in (chosen or {}).items() if key in definition.sheets[sheet].filters}
            rows = filtered(definition, measure.data_set, frames[measure.data_set], acting)
            numbers[name] = (visual, evaluate(definition, measure, rows))
    return numbers


def filtered(definition: Dashboard, data_set: str, frame: pd.DataFrame, chosen: Mapping[str, Choice]) -> pd.DataFrame:
    """Return the rows that pass all filters of the data set; a row without a value does not pass a range."""
    for name, choice in chosen.items():
        one = definition.filters[name]
        if data_set not in one.data_sets:
            continue
        values = frame[one.column]
        if one.kind == "range":
            frame = frame[values.between(*choice)]
        elif one.column in definition.data_sets[data_set].explode:
            wanted = set(choice)
            passing = [is_list(items) and not wanted.isdisjoint(items) for items in values]
            frame = frame[pd.Series(passing, index=frame.index, dtype=bool)]
        else:
            frame = frame[values.isin(choice)]
    return frame


def evaluate(definition: Dashboard, measure: Measure, rows: pd.DataFrame) -> Number:
    """Compute a measure over rows with distinct keys."""
    value = _value(measure, rows)
    if measure.n is None:
        return Number(value, None)
    n = _value(definition.measures[measure.n], rows)
    return Number(value, int(n or 0))


def _value(measure: Measure, rows: pd.DataFrame) -> float | None:
    known = rows if measure.of is None else rows[rows[measure.of].notna()]
    if measure.kind == "count":
        return len(known)
    if known.empty:
        return None
    total = float(known[measure.of].max() if measure.kind == "value" else known[measure.of].sum())
    if measure.kind == "mean":
        total /= len(known)
    if measure.kind == "ratio":
        total /= float(known[measure.by].sum())
    return measure.times * total
