"""The check of the template catches what cfn-lint does not: each breakage is named with its visual and column."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from insights.dashboard import loading
from insights.quicksight import checks, template

TEMPLATE = template.template(loading.load())
Change = Callable[[Any], None]


def dashboard(found: Any) -> Any:
    return found["Resources"]["Dashboard"]["Properties"]["Definition"]


def visual(found: Any, name: str) -> Any:
    """The visual with an id, whatever its kind."""
    return next(
        body
        for sheet in dashboard(found)["Sheets"]
        for one in sheet["Visuals"]
        for body in one.values()
        if body["VisualId"] == name
    )


def wells(found: Any, name: str) -> Any:
    return visual(found, name)["ChartConfiguration"]["FieldWells"]["BarChartAggregatedFieldWells"]


def elements(found: Any, sheet: int = 0) -> Any:
    return dashboard(found)["Sheets"][sheet]["Layouts"][0]["Configuration"]["GridLayout"]["Elements"]


def condition(found: Any, name: str) -> Any:
    groups = dashboard(found)["FilterGroups"]
    return next(body for g in groups for f in g["Filters"] for body in f.values() if body["FilterId"] == name)


def group(found: Any, name: str) -> Any:
    return next(one for one in dashboard(found)["FilterGroups"] if one["FilterGroupId"] == f"group-{name}")


def query(found: Any) -> Any:
    return found["Resources"]["FilmsDataSet"]["Properties"]["PhysicalTableMap"]["films"]["CustomSql"]


def put(place: Callable[[Any], Any], key: Any, value: Any) -> Change:
    def change(found: Any) -> None:
        place(found)[key] = value

    return change


def drop(place: Callable[[Any], Any], key: Any) -> Change:
    def change(found: Any) -> None:
        del place(found)[key]

    return change


def properties(name: str) -> Callable[[Any], Any]:
    return lambda found: found["Resources"][name]["Properties"]


def genre_column(found: Any) -> Any:
    return wells(found, "top_genres")["Category"][0]["CategoricalDimensionField"]["Column"]


def rating_column(found: Any) -> Any:
    return wells(found, "top_genres")["Values"][0]["NumericalMeasureField"]["Column"]


def field(name: str) -> Callable[[Any], Any]:
    return lambda found: next(one for one in dashboard(found)["CalculatedFields"] if one["Name"] == name)


def scope(name: str) -> Callable[[Any], Any]:
    def place(found: Any) -> Any:
        return group(found, name)["ScopeConfiguration"]["SelectedSheets"]["SheetVisualScopingConfigurations"][0]

    return place


def sort_of_genres(found: Any) -> Any:
    return visual(found, "top_genres")["ChartConfiguration"]["SortConfiguration"]["CategorySort"][0]["FieldSort"]


def first_label(found: Any) -> Any:
    return visual(found, "movers")["ChartConfiguration"]["FieldOptions"]["SelectedFieldOptions"][0]


BREAKAGES: dict[str, tuple[Change, list[str]]] = {
    "no permissions": (drop(properties("FilmsDataSet"), "Permissions"), ["FilmsDataSet", "permissions"]),
    "no permissions on the dashboard": (put(properties("Dashboard"), "Permissions", []), ["Dashboard", "permissions"]),
    "someone else's permissions": (
        put(lambda f: properties("GoldDataSource")(f)["Permissions"][0], "Principal", "arn:other"),
        ["GoldDataSource", "QuickSightPrincipalArn"],
    ),
    "a misspelt action": (
        put(lambda f: properties("FilmsDataSet")(f)["Permissions"][0]["Actions"], 0, "quicksight:DescribeDataset"),
        ["FilmsDataSet", "'quicksight:DescribeDataset'", "'quicksight:DescribeDataSet' may be meant"],
    ),
    "a direct query": (put(properties("FilmsDataSet"), "ImportMode", "DIRECT_QUERY"), ["FilmsDataSet", "SPICE"]),
    "waiting for data": (drop(properties("FilmsDataSet"), "IngestionWaitPolicy"), ["FilmsDataSet", "Wait"]),
    "a source that is none": (
        put(query, "DataSourceArn", {"Fn::GetAtt": ["FilmsDataSet", "Arn"]}),
        ["FilmsDataSet", "no data source"],
    ),
    "a column that the SQL lacks": (
        lambda f: query(f)["Columns"].append({"Name": "plot", "Type": "STRING"}),
        ["FilmsDataSet", "plot"],
    ),
    "a column twice": (
        lambda f: query(f)["Columns"].append({"Name": "title", "Type": "STRING"}),
        ["FilmsDataSet", "'title'", "twice"],
    ),
    "a refresh of nothing": (put(properties("FilmsRefresh"), "DataSetId", "films"), ["FilmsRefresh", "films"]),
    "a refresh with a date": (
        put(lambda f: properties("FilmsRefresh")(f)["Schedule"], "StartAfterDateTime", "2026-01-01T00:00:00"),
        ["FilmsRefresh", "StartAfterDateTime"],
    ),
    "a data set that is none": (
        put(lambda f: dashboard(f)["DataSetIdentifierDeclarations"][0], "DataSetArn", {"Fn::GetAtt": ["Films", "Arn"]}),
        ["'films'", "'Films'"],
    ),
    "a data set twice": (
        put(lambda f: dashboard(f)["DataSetIdentifierDeclarations"][1], "Identifier", "films"),
        ["'films'", "twice"],
    ),
    "a field over no column": (
        put(field("Metacritic"), "Expression", "sum({metascor})"),
        ["'Metacritic'", "'metascor'", "'metascore' may be meant"],
    ),
    "a field that sums text": (put(field("Metacritic"), "Expression", "sum({title})"), ["'Metacritic'", "'title'"]),
    "a bracket too many": (put(field("Metacritic"), "Expression", "sum({metascore}))"), ["'Metacritic'", "match"]),
    "a field of no data set": (put(field("Metacritic"), "DataSetIdentifier", "film"), ["'Metacritic'", "'film'"]),
    "a field twice": (put(field("Metacritic"), "Name", "IMDb"), ["films.IMDb", "twice"]),
    "a column that is not there": (
        put(genre_column, "ColumnName", "genres"),
        ["overview", "top_genres", "'genres'", "'genre' may be meant"],
    ),
    "another data set": (put(genre_column, "DataSetIdentifier", "movies"), ["overview", "top_genres", "'movies'"]),
    "two data sets in a visual": (
        put(genre_column, "DataSetIdentifier", "genre_trends"),
        ["overview", "top_genres", "genre_trends"],
    ),
    "a number as a text": (put(genre_column, "ColumnName", "year"), ["overview", "top_genres", "'year'"]),
    "a text as a number": (put(rating_column, "ColumnName", "title"), ["overview", "top_genres", "'title'", "STRING"]),
    "a sort by nothing": (put(sort_of_genres, "FieldId", "top_genres.x"), ["overview", "top_genres", "'top_genres.x'"]),
    "a label of nothing": (put(first_label, "FieldId", "x"), ["trends", "movers", "'x'"]),
    "a field id twice": (
        put(
            lambda f: wells(f, "top_genres")["Values"][0]["NumericalMeasureField"], "FieldId", "top_genres.genre"
        ),
        ["overview", "top_genres", "'top_genres.genre'", "twice"],
    ),
    "no alt text": (drop(lambda f: visual(f, "movers"), "VisualContentAltText"), ["trends", "movers", "alt text"]),
    "an empty alt text": (put(lambda f: visual(f, "imdb"), "VisualContentAltText", " "), ["imdb", "alt text"]),
    "no title": (drop(lambda f: visual(f, "imdb"), "Title"), ["overview", "imdb", "title"]),
    "a visual twice": (put(lambda f: visual(f, "movers"), "VisualId", "imdb"), ["'imdb'", "twice"]),
    "a place for nothing": (put(lambda f: elements(f)[0], "ElementId", "film"), ["overview", "'film'", "'films'"]),
    "no place": (lambda f: elements(f).pop(), ["overview", "films_behind_the_means", "no place"]),
    "an overlap": (put(lambda f: elements(f)[1], "ColumnIndex", 5), ["overview", "'imdb'", "overlaps", "'films'"]),
    "out of the grid": (put(lambda f: elements(f)[5], "ColumnIndex", 31), ["overview", "'box_office'", "36"]),
    "a sheet twice": (put(lambda f: dashboard(f)["Sheets"][1], "SheetId", "overview"), ["'overview'", "twice"]),
    "a filter of no column": (
        put(lambda f: condition(f, "genre")["Column"], "ColumnName", "genres"),
        ["filter genre", "'genres'"],
    ),
    "a range of a text": (
        put(lambda f: condition(f, "year")["Column"], "ColumnName", "title"),
        ["filter year", "'title'", "needs a number"],
    ),
    "a choice of a number": (
        put(lambda f: condition(f, "genre")["Column"], "ColumnName", "year"),
        ["filter genre", "'year'", "needs text"],
    ),
    "a filter on no sheet": (put(scope("film"), "SheetId", "similar"), ["filter film", "'similar'"]),
    "a filter on no visual": (
        put(scope("rising_and_falling-measure"), "VisualIds", ["rising"]),
        ["rising_and_falling", "'rising'"],
    ),
    "a filter twice": (put(lambda f: condition(f, "genre"), "FilterId", "year"), ["'year'", "twice"]),
    "a control of no filter": (
        put(lambda f: dashboard(f)["Sheets"][2]["FilterControls"][0]["Dropdown"], "SourceFilterId", "films"),
        ["recommendations", "control-recommendations-film", "'films'"],
    ),
    "a filter without a control": (
        drop(lambda f: dashboard(f)["Sheets"][2], "FilterControls"),
        ["recommendations", "'film'", "no control"],
    ),
    "a shared control without a default": (
        drop(lambda f: condition(f, "genre"), "DefaultFilterControlConfiguration"),
        ["control-overview-genre", "'genre'"],
    ),
}  # fmt: skip


def test_the_template_has_no_fault() -> None:
    assert list(checks.faults(TEMPLATE)) == []


@pytest.mark.parametrize("name", list(BREAKAGES))
def test_a_breakage_is_named(name: str) -> None:
    change, named = BREAKAGES[name]
    broken = copy.deepcopy(TEMPLATE)
    change(broken)

    said = "; ".join(checks.faults(broken))

    assert [word for word in named if word not in said] == [], said
