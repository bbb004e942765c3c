"""QuickSight's filter groups and controls. Pure.

A filter on several sheets is one filter with a control on each (``CrossSheet``), so that a choice applies to all.
Across data sets it acts by the column's name (``ALL_DATASETS``).
"""

from __future__ import annotations

from collections.abc import Iterator

from insights.dashboard.definition import Bar, Dashboard, Filter, Sheet
from insights.quicksight.fields import Json, column

_SHOW_ALL = {"SelectAllOptions": "FILTER_ALL_VALUES"}


def filter_groups(definition: Dashboard) -> Iterator[Json]:
    """Yield all filter groups: the readers' filters, then the fixed ones of visuals."""
    for name, one in definition.filters.items():
        sheets = _sheets_with(definition, name)
        scopes = [{"SheetId": sheet, "Scope": "ALL_VISUALS"} for sheet in sheets]
        condition = _condition(name, one)
        if len(sheets) > 1:
            next(iter(condition.values()))["DefaultFilterControlConfiguration"] = {
                "Title": one.title,
                "ControlOptions": _default_control(one),
            }
        yield _group(name, condition, scopes, every_data_set=len(one.data_sets) > 1)
    yield from _fixed(definition)


def _fixed(definition: Dashboard) -> Iterator[Json]:
    for sheet, name, visual in definition.visuals():
        scopes = [{"SheetId": sheet, "Scope": "SELECTED_VISUALS", "VisualIds": [name]}]
        for fixed, texts in visual.where.items():
            filter_id = f"{name}-{fixed}"
            configuration = {"MatchOperator": "CONTAINS", "CategoryValues": texts}
            condition = {
                "CategoryFilter": {
                    "FilterId": filter_id,
                    "Column": column(definition.data_set_of(visual), fixed),
                    "Configuration": {"FilterListConfiguration": configuration},
                }
            }
            yield _group(filter_id, condition, scopes)
        if isinstance(visual, Bar) and visual.fewest is not None:
            yield _group(f"{name}-fewest", _fewest(definition, f"{name}-fewest", visual), scopes)


def _fewest(definition: Dashboard, filter_id: str, visual: Bar) -> Json:
    measure = definition.measures[visual.measure]
    n = definition.measures[measure.n or visual.measure]
    return {
        "NumericRangeFilter": {
            "FilterId": filter_id,
            "Column": column(n.data_set, n.title),
            "NullOption": "NON_NULLS_ONLY",
            "RangeMinimum": {"StaticValue": visual.fewest},
            "IncludeMinimum": True,
        }
    }


def _condition(name: str, one: Filter) -> Json:
    about = {"FilterId": name, "Column": column(one.data_sets[0], one.column)}
    if one.kind != "range":
        configuration = {"MatchOperator": "CONTAINS", "NullOption": "ALL_VALUES", **_SHOW_ALL}
        return {"CategoryFilter": {**about, "Configuration": {"FilterListConfiguration": configuration}}}
    return {
        "NumericRangeFilter": {
            **about,
            "NullOption": "NON_NULLS_ONLY",
            "RangeMinimum": {"StaticValue": one.minimum},
            "RangeMaximum": {"StaticValue": one.maximum},
            "IncludeMinimum": True,
            "IncludeMaximum": True,
        }
    }


def _group(name: str, condition: Json, scopes: list[Json], *, every_data_set: bool = False) -> Json:
    return {
        "FilterGroupId": f"group-{name}",
        "Filters": [condition],
        "ScopeConfiguration": {"SelectedSheets": {"SheetVisualScopingConfigurations": scopes}},
        "Status": "ENABLED",
        "CrossDataset": "ALL_DATASETS" if every_data_set else "SINGLE_DATASET",
    }


def _sheets_with(definition: Dashboard, name: str) -> list[str]:
    return [sheet_name for sheet_name, sheet in definition.sheets.items() if name in sheet.filters]


def _default_control(one: Filter) -> Json:
    if one.kind == "range":
        return {"DefaultSliderOptions": _slider(one)}
    return {"DefaultDropdownOptions": {"Type": "MULTI_SELECT" if one.kind == "choice" else "SINGLE_SELECT"}}


def _slider(one: Filter) -> Json:
    return {"Type": "RANGE", "MinimumValue": one.minimum, "MaximumValue": one.maximum, "StepSize": 1}


def controls(definition: Dashboard, sheet_name: str, sheet: Sheet) -> Iterator[Json]:
    """Yield the controls of a sheet, one per filter."""
    for name in sheet.filters:
        one = definition.filters[name]
        about = {"FilterControlId": f"control-{sheet_name}-{name}", "SourceFilterId": name}
        if len(_sheets_with(definition, name)) > 1:
            yield {"CrossSheet": about}
        elif one.kind == "range":
            yield {"Slider": {**about, "Title": one.title, **_slider(one)}}
        else:
            kind = "MULTI_SELECT" if one.kind == "choice" else "SINGLE_SELECT"
            yield {"Dropdown": {**about, "Title": one.title, "Type": kind}}
