"""QuickSight's calculated fields, one per measure. Pure.

A film is several rows of an exploded data set, so its value is first reduced to one: ``max`` per key within the groups
of the visual, a level-aware aggregation, which is then summed. The reference is the QuickSight user guide, "Using
level-aware calculations": ``sum({sales}, [${visualDimensions}, {Country}])``. Filters act before it.
"""

from __future__ import annotations

from insights.dashboard.definition import Dashboard, DataSet, Measure


def formula(definition: Dashboard, measure: Measure) -> str:
    """Return a measure as an expression in QuickSight's language, over its data set's columns."""
    data_set = definition.data_sets[measure.data_set]
    body = _body(data_set, measure)
    return body if measure.times == 1 else f"{measure.times:g} * {body}"


def _body(data_set: DataSet, measure: Measure) -> str:
    if measure.kind == "count":
        return _count(data_set, measure.of)
    if measure.kind == "mean":
        return f"{_sum(data_set, measure.of)} / {_count(data_set, measure.of)}"
    if measure.kind == "ratio":
        return f"{_sum(data_set, measure.of)} / {_sum(data_set, measure.by)}"
    return f"max({{{measure.of}}})" if measure.kind == "value" else _sum(data_set, measure.of)


def _count(data_set: DataSet, of: str | None) -> str:
    key = data_set.key[0]
    return f"distinct_count({{{key}}})" if of is None else f"distinct_countIf({{{key}}}, isNotNull({{{of}}}))"


def _sum(data_set: DataSet, of: str | None) -> str:
    if not data_set.explode:
        return f"sum({{{of}}})"
    key = ", ".join(f"{{{name}}}" for name in data_set.key)
    return f"sum(max({{{of}}}, [${{visualDimensions}}, {key}]))"
