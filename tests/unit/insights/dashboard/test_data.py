"""The dashboard's numbers: a film counts once, however many rows QuickSight has of it, and means are of films."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.dashboard import data, schema
from insights.dashboard.data import Choice, Number
from insights.dashboard.definition import load
from insights.frames import arrow_schema, typed
from pipeline.gold.statements import to_duckdb
from tests import dashboard_gold

DEFINITION = load()
GOLD = dashboard_gold.gold()
FRAMES = dashboard_gold.frames()
CHOICES: list[dict[str, Choice]] = [
    {},
    {"genre": ["Drama"]},
    {"genre": ["Drama", "Crime"], "country": ["France"]},
    {"year": (1970, 1989)},
    {"director": ["Chloé Zhao"], "year": (1950, 2009), "country": ["Japan", "France"]},
    {"genre": ["Western"]},
]


VALUES = ("imdb_rating", "metascore", "rotten_tomatoes", "source_rating", "box_office_usd")


def numbers(films: pd.DataFrame, chosen: Mapping[str, Choice]) -> dict[str, Number]:
    frames = {**FRAMES, **data.frames(DEFINITION, {"movies": films})}
    return {name: number for name, (_, number) in data.kpis(DEFINITION, frames, chosen).items()}


def exploded(films: pd.DataFrame, chosen: Mapping[str, Choice]) -> pd.DataFrame:
    """Rows of QuickSight's data set that pass the filters, made by the SQL that QuickSight sends to Athena."""
    with duckdb.connect() as database:
        database.execute("CREATE SCHEMA gold")
        movies = schema.TABLES["movies"]
        arrow = pa.Table.from_pandas(typed(films, movies), arrow_schema(movies), preserve_index=False)
        database.register("given", arrow)
        database.execute("CREATE TABLE gold.movies AS SELECT * FROM given")
        rows = database.execute(to_duckdb(schema.sql(DEFINITION.data_sets["films"], "gold"))).df()
    for column, choice in chosen.items():
        rows = rows[rows[column].between(*choice) if column == "year" else rows[column].isin(choice)]
    return rows


def recomputed(films: pd.DataFrame, chosen: Mapping[str, Choice]) -> dict[str, Number]:
    """The same numbers as QuickSight's formulas give them: max per film, then sums over films by counts of films."""
    once = exploded(films, chosen).groupby("imdb_id")[list(VALUES)].max()
    expected = {"films": Number(len(once), None)}
    ratings = {"imdb": ("imdb_rating", 10), "metascore": ("metascore", 1), "rotten_tomatoes": ("rotten_tomatoes", 1)}
    for name, (column, times) in {
        **ratings,
        "source_list": ("source_rating", 10),
        "box_office": ("box_office_usd", 1),
    }.items():
        known = once[column].dropna().astype(float)
        expected[name] = Number(times * known.mean() if len(known) else None, len(known))
    return expected


def same(one: Number, other: Number) -> bool:
    return one.n == other.n and (one.value == other.value or one.value == pytest.approx(other.value, rel=1e-12))


@pytest.mark.parametrize("chosen", CHOICES, ids=str)
def test_the_numbers_are_those_of_quicksights_rows(chosen: dict[str, Choice]) -> None:
    actual, wanted = numbers(GOLD["movies"], chosen), recomputed(GOLD["movies"], chosen)

    assert [name for name, number in wanted.items() if not same(actual[name], number)] == []


def test_the_numbers_are_those_of_the_films() -> None:
    films = GOLD["movies"]
    actual = numbers(films, {})

    assert actual["films"] == Number(len(films), None)
    assert actual["imdb"].value == pytest.approx(10 * films["imdb_rating"].mean())
    assert actual["box_office"] == Number(
        pytest.approx(films["box_office_usd"].astype(float).mean()), films["box_office_usd"].count()
    )
    dramas = films[[bool(genres) and "Drama" in genres for genres in films["genres"]]]
    assert numbers(films, {"genre": ["Drama"]})["metascore"] == Number(
        pytest.approx(dramas["metascore"].astype(float).mean()), dramas["metascore"].count()
    )


def test_a_film_that_left_the_list_counts_in_no_number_and_keeps_its_card() -> None:
    films = GOLD["movies"].assign(on_list=[film != "tt0000007" for film in GOLD["movies"]["imdb_id"]])

    assert numbers(films, {})["films"] == recomputed(films, {})["films"] == Number(len(films) - 1, None)
    (card,) = [card for card in data.cards({"movies": films}) if card["imdb_id"] == "tt0000007"]
    assert card["on_list"] is False


@pytest.mark.parametrize("explode", [False, True])
def test_a_year_without_films_of_a_genre_counts_in_its_share(explode: bool) -> None:
    rows = [(2000, "Drama", 3, 4), (2000, "War", 1, 4), (2001, "Drama", 6, 6)]
    table = schema.TABLES["genre_share_by_year"]
    given = typed(pd.DataFrame(rows, columns=["year", "genre", "films", "films_in_year"]), table)
    with duckdb.connect() as database:
        database.execute("CREATE SCHEMA gold; CREATE TABLE gold.genre_share_by_year AS FROM given")
        sql = to_duckdb(schema.sql(DEFINITION.data_sets["genre_share_by_year"], "gold", explode=explode))
        shares = database.execute(sql).df().sort_values(["genre", "year"])
    assert shares[["year", "genre", "films", "films_in_year"]].to_numpy().tolist() == [
        [2000, "Drama", 3, 4], [2001, "Drama", 6, 6], [2000, "War", 1, 4], [2001, "War", 0, 6],
    ]  # fmt: skip
    assert len(given) == 3


FILM = st.fixed_dictionaries(
    {
        "year": st.none() | st.integers(1990, 1994),
        "genres": st.none() | st.lists(st.sampled_from(["Drama", "Crime", "War"]), max_size=3, unique=True),
        "directors": st.none() | st.lists(st.sampled_from(["A", "B", "C"]), max_size=3, unique=True),
        "countries": st.none() | st.lists(st.sampled_from(["France", "Japan"]), max_size=2, unique=True),
        "languages": st.none() | st.lists(st.sampled_from(["French", "Thai"]), max_size=2, unique=True),
        "imdb_rating": st.none() | st.integers(10, 100).map(lambda rating: rating / 10),
        "box_office_usd": st.none() | st.integers(0, 10**9),
    }
)
CHOSEN = st.fixed_dictionaries(
    {},
    optional={
        "genre": st.lists(st.sampled_from(["Drama", "Crime"]), min_size=1, unique=True),
        "director": st.lists(st.sampled_from(["A", "B"]), min_size=1, unique=True),
        "year": st.tuples(st.integers(1990, 1992), st.integers(1992, 1994)),
    },
)


@given(st.lists(FILM, max_size=12), CHOSEN)
@settings(max_examples=12)
def test_the_numbers_are_those_of_quicksights_rows_for_any_films(
    films: list[dict[str, object]], chosen: dict[str, Choice]
) -> None:
    columns = ["year", "genres", "directors", "countries", "languages", "imdb_rating", "box_office_usd"]
    frame = pd.DataFrame(films, columns=columns, dtype=object).assign(
        imdb_id=[f"tt{film}" for film in range(len(films))]
    )
    actual, wanted = numbers(frame, chosen), recomputed(frame, chosen)

    assert [name for name in ("films", "imdb", "box_office") if not same(actual[name], wanted[name])] == []


def test_similar_films_have_their_years_and_unknown_films_are_left_out() -> None:
    known = GOLD["recommendations"].head(1)
    rows = pd.concat([known, known.assign(rank=2, recommended_imdb_id="tt9999999")])
    frame = data.frames(DEFINITION, {**GOLD, "recommendations": rows})["recommendations"].sort_values("rank")

    assert list(frame["film"]) == ["Film 1 (1951)"] * 2
    assert list(frame["similar_film"].fillna("")) == ["Film 2 (1952)", ""]
    assert list(frame["list_rank"]) == [1, 1]


def test_gold_without_tables_gives_no_rows_and_no_numbers() -> None:
    frames = data.frames(DEFINITION, {})
    actual = data.kpis(DEFINITION, frames)

    assert {name: len(frame) for name, frame in frames.items()} == dict.fromkeys(DEFINITION.data_sets, 0)
    assert actual["films"][1] == Number(0, None)
    assert actual["imdb"][1] == Number(None, 0)


def test_packed_columns_have_the_values_of_the_frames() -> None:
    packed = data.packed(DEFINITION, FRAMES)
    films = packed["films"]["columns"]
    index = list(FRAMES["films"]["imdb_id"]).index("tt0000007")
    film = GOLD["movies"].set_index("imdb_id").loc["tt0000007"]

    assert packed["films"]["rows"] == len(GOLD["movies"])
    assert films["year"]["values"][index] == film["year"]
    assert [films["genre"]["texts"][one] for one in films["genre"]["lists"][index]] == film["genres"]
    assert films["year"]["values"][list(FRAMES["films"]["imdb_id"]).index("tt0000015")] is None
    assert films["genre"]["lists"][list(FRAMES["films"]["imdb_id"]).index("tt0000010")] == []
    assert packed["pipeline_runs"]["columns"]["started_at"]["texts"] == ["2026-11-24 03:00"]
    assert packed["pipeline_runs"]["columns"]["finished_at"]["places"] == [-1, -1]


def test_only_recommendations_that_can_be_shown_are_packed() -> None:
    many = pd.concat([GOLD["recommendations"].assign(rank=rank) for rank in range(1, 31)])
    packed = data.packed(DEFINITION, data.frames(DEFINITION, {**GOLD, "recommendations": many}))

    assert packed["recommendations"]["rows"] == 10 * len(GOLD["movies"])
    assert set(packed["recommendations"]["columns"]["rank"]["values"]) == {1, 2, 3, 4, 5}


def test_a_card_has_a_films_facts_and_its_path_to_bronze() -> None:
    films = dashboard_gold.movies(2).assign(
        bronze_key="movies/run_id=R/imdb_id=x.json", run_id="R", actors=[list("aabcdefgh")] * 2, poster=None,
        languages=[[]] * 2,
    )  # fmt: skip
    first, second = data.cards({"movies": films.iloc[::-1]})
    assert (first["rank"], second["rank"]) == (1, 2)
    assert first["label"] == f"{first['title']} ({first['year']})"
    assert (first["bronze_key"], first["run_id"]) == ("movies/run_id=R/imdb_id=x.json", "R")
    assert first["actors"] == list("abcdef")
    assert not {"poster", "languages"} & set(first)
    assert data.cards({}) == []


def test_a_card_has_the_name_that_its_film_has_among_similar_films() -> None:
    """By it the page finds the card of a picked film. One film has no title, one no year, and two share both."""
    films = dashboard_gold.movies(15)
    films.loc[1, "title"] = None
    films.loc[5, ["title", "year"]] = films.loc[6, ["title", "year"]]
    gold = {"movies": films, "recommendations": dashboard_gold.recommendations(films)}
    similar = data.frames(DEFINITION, gold)["recommendations"]
    labels = {card["imdb_id"]: card["label"] for card in data.cards(gold)}
    assert set(labels.values()) == set(similar["film"]) == set(similar["similar_film"])
    assert len(set(labels.values())) == 15
    assert labels["tt0000006"] == "Film 7 (1957, tt0000006)"
