"""The dashboard's single numbers, filtered or not, from the data sets' frames. Pure.

The page computes them by itself, for any filter; this is the same arithmetic for ``reelhouse dashboard --json``, and
what the page is tested against.
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
    """A measure's value and the films, or what else, it stands on; None where nothing is known."""

    value: float | None
    n: int | None


def kpis(
    definition: Dashboard, frames: Frames, chosen: Mapping[str, Choice] | None = None
) -> dict[str, tuple[Kpi, Number]]:
    """All single numbers by their visual.

    Parameters
    ----------
    chosen : mapping, optional
        By filter: any of these texts, or first and last year. A number is filtered by what its sheet has filters for.
    """
    found = {}
    for sheet, name, visual in definition.visuals():
        if isinstance(visual, Kpi):
            measure = definition.measures[visual.measure]
            acting = {key: value for key, value in (chosen or {}).items() if key in definition.sheets[sheet].filters}
            rows = filtered(definition, measure.data_set, frames[measure.data_set], acting)
            found[name] = (visual, evaluate(definition, measure, rows))
    return found


def filtered(definition: Dashboard, data_set: str, frame: pd.DataFrame, chosen: Mapping[str, Choice]) -> pd.DataFrame:
    """Rows that pass all filters acting on the data set; of a range, a row without the number does not."""
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
    """A measure over rows that are one a key."""
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
