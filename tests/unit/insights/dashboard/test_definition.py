"""The dashboard's definition: it holds together, and what breaks it is named with its visual and column."""

from __future__ import annotations

import copy
from contextlib import suppress
from enum import Enum
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from insights.dashboard import checks
from insights.dashboard.definition import PATH, Dashboard, Kpi, load, parse
from pipeline.errors import InvalidInput

TEXT = PATH.read_text(encoding="utf-8")
RAW: dict[str, Any] = yaml.safe_load(TEXT)
OVERVIEW, TRENDS = "sheets.overview.visuals.", "sheets.trends.visuals."
GONE = Enum("Gone", ["GONE"]).GONE


def broken(path: str, value: object) -> str:
    """The definition with one thing changed, as YAML."""
    changed = copy.deepcopy(RAW)
    *way, last = path.split(".")
    node: Any = changed
    for step in way:
        node = node[step]
    if value is GONE:
        del node[last]
    else:
        node[last] = value
    return yaml.safe_dump(changed, sort_keys=False)


def complaints(text: str) -> str:
    """All that is said against a definition; empty when nothing is."""
    try:
        return "; ".join(checks.faults(parse(text)))
    except InvalidInput as error:
        return str(error)


def test_the_definition_has_no_fault() -> None:
    assert complaints(TEXT) == ""
    checks.check(load())


def test_it_has_the_documented_sheets() -> None:
    definition = load()

    assert [sheet.title for sheet in definition.sheets.values()] == [
        "Overview",
        "Trends",
        "Recommendations",
        "Summaries",
        "Data quality and runs",
    ]
    assert {"year", "director", "genre", "country"} <= set(definition.sheets["overview"].filters)
    assert any(isinstance(visual, Kpi) for visual in definition.sheets["overview"].visuals.values())


PLACE = {"kind": "kpi", "place": [0, 0, 6, 6], "measure": "films", "title": "Films", "alt": "Number of films, again."}
BREAKAGES = [
    # (what is broken, its new value, what the message must name)
    ("data_sets.films.table", "movis", ["data_sets.films", "'movis'", "'movies' may be meant"]),
    ("data_sets.films.columns", ["imdb_id", "titel"], ["data_sets.films", "'titel'", "'title' may be meant"]),
    ("data_sets.films.columns", ["imdb_id", "genres"], ["data_sets.films", "'genres'", "list"]),
    ("data_sets.films.columns", ["imdb_id", "imdb_id"], ["data_sets.films", "'imdb_id'", "duplicate"]),
    ("data_sets.films.key", ["id"], ["data_sets.films", "'id'", "key"]),
    ("data_sets.films.only", "title", ["data_sets.films", "'title'", "boolean"]),
    ("data_sets.films.explode.genre", "title", ["data_sets.films", "'title'", "no list"]),
    ("data_sets.recommendations.look_up.film.by", "imdbid", ["data_sets.recommendations", "'imdbid'"]),
    ("data_sets.recommendations.look_up.film.take", "titel", ["data_sets.recommendations", "'titel'"]),
    ("measures.metascore_mean.of", "metascor", ["measures.metascore_mean", "'metascor'", "'metascore' may be meant"]),
    ("measures.metascore_mean.of", "title", ["measures.metascore_mean", "'title'", "needs a number"]),
    ("measures.metascore_mean.data_set", "film", ["measures.metascore_mean", "'film'", "'films' may be meant"]),
    ("measures.metascore_mean.n", "metascore", ["measures.metascore_mean", "no measure 'metascore'"]),
    ("measures.metascore_mean.n", GONE, ["measures.metascore_mean", "needs 'n'"]),
    ("measures.metascore_mean.n", "imdb_films", ["measures.metascore_mean", "imdb_rating", "'metascore'"]),
    ("measures.metascore_mean.kind", "average", ["measures.metascore_mean", "kind"]),
    ("data_sets.genre_share_by_year.complete", "film", ["data_sets.genre_share_by_year", "'film'"]),
    ("data_sets.data_quality.complete", "rows", ["data_sets.data_quality", "the key to have two"]),
    ("measures.genre_share.kind", "mean", ["measures.genre_share", "average of averages"]),
    ("measures.genre_share.by", GONE, ["measures.genre_share", "ratio needs it"]),
    ("measures.films.title", "IMDb", ["measures.imdb_mean", "twice"]),
    ("filters.genre.column", "genres", ["filters.genre", "'genres'", "'genre' may be meant"]),
    ("filters.genre.column", "year", ["filters.genre", "'year'", "needs text"]),
    ("filters.year.column", "genre", ["filters.year", "'genre'", "needs a number"]),
    ("filters.year.data_sets", ["films", "share"], ["filters.year", "'share'"]),
    ("filters.year.minimum", 2100, ["filters.year", "2100"]),
    ("filters.film.first_by", "because", ["filters.film", "'because'"]),
    ("filters.genre.data_sets", ["films", "genre_share_by_year"], ["sheets.trends", "'genre'", "genre_trends"]),
    ("sheets.overview.filters", ["yaer"], ["sheets.overview", "'yaer'", "'year' may be meant"]),
    ("sheets.summaries.filters", ["year"], ["sheets.summaries", "'year'", "no visual"]),
    ("sheets.recommendations.filters", [], ["filters.film", "no sheet"]),
    (OVERVIEW + "imdb.measure", "imdb_avg", [OVERVIEW + "imdb", "'imdb_avg'", "may be meant"]),
    (OVERVIEW + "top_genres.dimension", "genres", [OVERVIEW + "top_genres", "'genres'", "'genre' may be meant"]),
    (OVERVIEW + "top_genres.measure", "expected", [OVERVIEW + "top_genres", "'genre'", "pipeline_runs"]),
    (OVERVIEW + "top_genres.alt", "", [OVERVIEW + "top_genres", "alt"]),
    (OVERVIEW + "top_genres.alt", GONE, [OVERVIEW + "top_genres", "alt"]),
    (OVERVIEW + "top_genres.alt", "Genres", [OVERVIEW + "top_genres", "'Genres'"]),
    (OVERVIEW + "top_genres.title", "", [OVERVIEW + "top_genres", "title"]),
    (OVERVIEW + "top_genres.kind", "pie", [OVERVIEW + "top_genres", "pie"]),
    (OVERVIEW + "top_genres.colour", "red", [OVERVIEW + "top_genres", "colour"]),
    (OVERVIEW + "top_genres.top", "many", [OVERVIEW + "top_genres", "top"]),
    (OVERVIEW + "top_genres.place", [20, 6, 18, 14], [OVERVIEW + "top_genres", "36 columns"]),
    (OVERVIEW + "top_genres.place", [0, 5, 18, 14], [OVERVIEW + "top_genres", "overlaps", "'films'"]),
    (OVERVIEW + "top_genres.place", [0, 6, 18, 40], [OVERVIEW + "top_genres", "height"]),
    (OVERVIEW + "top_genres.place", [0, 6, 18], [OVERVIEW + "top_genres", "place"]),
    (OVERVIEW + "box_office_by_decade.sort.by", "year", [OVERVIEW + "box_office_by_decade", "'year'"]),
    (OVERVIEW + "ratings_by_genre.sort.by", "expected", [OVERVIEW + "ratings_by_genre", "'expected'"]),
    (TRENDS + "films_by_year.dimension", "title", [TRENDS + "films_by_year", "'title'", "needs a number"]),
    (TRENDS + "genre_shares.series", "year", [TRENDS + "genre_shares", "'year'", "text"]),
    (TRENDS + "ratings_by_year.series", "genre", [TRENDS + "ratings_by_year", "not both"]),
    (TRENDS + "rising_and_falling.where", {}, [TRENDS + "rising_and_falling", "genre_trend_slope", "measure"]),
    (TRENDS + "rising_and_falling.where", {"films": ["1"]}, [TRENDS + "rising_and_falling", "'films'", "text"]),
    (TRENDS + "rising_and_falling.where", {"kind": ["x"]}, [TRENDS + "rising_and_falling", "'kind'"]),
    (TRENDS + "movers.data_set", "movers", [TRENDS + "movers", "'movers'", "'rank_movers' may be meant"]),
    (TRENDS + "movers.columns", {"rnk": "Rank"}, [TRENDS + "movers", "'rnk'", "'rank' may be meant"]),
    (TRENDS + "movers.sort.order", "up", [TRENDS + "movers", "order"]),
    ("sheets.summaries.visuals.answers.body", "answer", ["sheets.summaries.visuals.answers", "body", "'answer'"]),
    ("sheets.summaries.visuals.films", PLACE, ["sheets.summaries.visuals.films", "'films'", "duplicate"]),
    ("sheets.summaries.visuals", {}, ["sheets.summaries", "visuals"]),
]


@pytest.mark.parametrize(
    ("path", "value", "named"), BREAKAGES, ids=[f"{path}={value}"[:80] for path, value, _ in BREAKAGES]
)
def test_each_fault_of_a_definition_is_named(path: str, value: object, named: list[str]) -> None:
    said = complaints(broken(path, value))

    assert [word for word in named if word not in said] == []


def test_a_duplicate_id_is_rejected_with_its_line() -> None:
    doubled = TEXT.replace("      directors: {", "      languages: {", 1)

    with pytest.raises(InvalidInput, match=r"line \d+: duplicate key 'languages'"):
        parse(doubled)


def test_invalid_yaml_is_rejected() -> None:
    with pytest.raises(InvalidInput, match="dashboard definition"):
        parse("title: [")


def paths(node: object, way: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Ways to every key of the definition."""
    if not isinstance(node, dict):
        return [way]
    return ([way] if way else []) + [deeper for key, value in node.items() for deeper in paths(value, (*way, str(key)))]


@given(
    st.sampled_from(paths(RAW)), st.sampled_from(["nowhere", "", 7, None, [], {}, ["nowhere"], {"nowhere": "x"}, GONE])
)
@settings(max_examples=150)
def test_reading_a_changed_definition_raises_nothing_but_a_validation_error(
    way: tuple[str, ...], value: object
) -> None:
    changed = copy.deepcopy(RAW)
    node: Any = changed
    for step in way[:-1]:
        node = node[step]
    if value is GONE:
        del node[way[-1]]
    else:
        node[way[-1]] = value

    with suppress(ValidationError):
        list(checks.faults(Dashboard.model_validate(changed)))
