"""The numbers of Gold: those of pandas, written apart from the SQL, and those of a person who counts."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pandas as pd
import pytest

from pipeline.columns import FILM, GOLD, SILVER_TABLES
from tests.silver_rows import FILMS, FIRST, QUARANTINE, REJECTED, RUNS, SECOND, engine_of, film

NAMES = [table.name for table in GOLD]
# Column, factor to 0-100, column of votes.
SOURCES = {
    "imdb": ("imdb_rating", 10, "imdb_votes"),
    "metascore": ("metascore", 1, None),
    "rotten_tomatoes": ("rotten_tomatoes", 1, "rotten_tomatoes_reviews"),
    "source_list": ("source_rating", 10, "source_rating_count"),
}


Tables = dict[str, Any]


def gold_of(**tables: list[dict[str, Any]]) -> Tables:
    database = engine_of(**tables)
    assert list(database.build()) == NAMES
    return {name: pd.read_parquet(database.path(name)) for name in NAMES}


@pytest.fixture(scope="module")
def gold() -> Tables:
    return gold_of(movies=FILMS, quarantine=QUARANTINE, rejected=REJECTED, runs=RUNS)


def newest() -> Any:
    """The newest row of each film, by pandas."""
    rows = pd.DataFrame([dict.fromkeys(SILVER_TABLES["movies"].column_names) | row for row in FILMS])
    rows = rows.sort_values(["run_id", "processed_at", "bronze_key"]).groupby("imdb_id", as_index=False).tail(1)
    numeric = ["year", "imdb_rating", "metascore", "rotten_tomatoes", "source_rating", "box_office_usd"]
    rows[numeric] = rows[numeric].astype("float64")
    rows["decade"] = rows["year"] // 10 * 10
    # The second run is incomplete, so film 9 is still listed, but the second run gave its rank to film 3.
    rows["on_list"], rows["rank"] = True, rows["rank"].where(rows["imdb_id"] != "tt0000009")
    return rows.sort_values(["rank", "imdb_id"]).reset_index(drop=True)


def same(actual: Any, expected: Any, keys: list[str]) -> None:
    """Compare two tables whatever their rows' order and their integers' width."""
    for frame in (actual, expected):
        assert not frame.duplicated(keys).any()
    left, right = (frame.sort_values(keys).reset_index(drop=True) for frame in (actual, expected[actual.columns]))
    pd.testing.assert_frame_equal(left, right, check_dtype=False, check_exact=False, rtol=1e-12)


def test_movies_are_the_newest_rows(gold: Tables) -> None:
    movies = gold["movies"].sort_values(["rank", "imdb_id"], ignore_index=True)
    expected = newest()

    assert movies["imdb_id"].tolist() == expected["imdb_id"].tolist()
    for name in (
        "imdb_rating",
        "metascore",
        "box_office_usd",
        "on_list",
        "rank",
        "year",
        "decade",
        "run_id",
        "bronze_key",
    ):
        pd.testing.assert_series_equal(movies[name], expected[name], check_dtype=False)
    assert movies["decade"].dropna().astype(int).tolist() == [1990, 1970, 1970, 1970, 1990, 1990, 1990]


def test_ratings_by_genre_equal_those_of_pandas(gold: Tables) -> None:
    films = newest().explode("genres").dropna(subset=["genres"])
    parts = []
    for source, (column, scale, _) in SOURCES.items():
        rated = films.dropna(subset=[column])
        rated["rating"] = rated[column] * scale
        groups = rated.groupby("genres")["rating"]
        part = groups.agg(films="count", mean="mean", median="median", p90=lambda r: r.quantile(0.9)).reset_index()
        parts.append(part.rename(columns={"genres": "genre"}).assign(source=source))

    same(gold["ratings_by_genre"], pd.concat(parts), ["genre", "source"])


def test_ratings_by_genre_equal_a_hand_calculation(gold: Tables) -> None:
    table = gold["ratings_by_genre"].set_index(["genre", "source"])

    drama = table.loc[("Drama", "imdb")]
    assert drama["films"] == 3
    assert drama["mean"] == pytest.approx((93 + 91 + 70) / 3)
    assert (drama["median"], drama["p90"]) == (pytest.approx(91), pytest.approx(92.6))
    assert table.loc[("Drama", "rotten_tomatoes")].tolist() == [2, 45.5, 45.5, pytest.approx(81.9)]
    assert table.loc[("Comedy", "imdb")].tolist() == [1, 0, 0, 0]
    assert ("Western", "metascore") not in table.index


def test_a_rating_of_zero_counts_and_a_missing_one_does_not(gold: Tables) -> None:
    ratings = gold["movie_ratings"]
    by_source = ratings.groupby("source")["imdb_id"].count()

    assert by_source.to_dict() == {"imdb": 6, "metascore": 3, "rotten_tomatoes": 2, "source_list": 1}
    assert ratings[ratings["imdb_id"] == "tt0000005"]["rating"].tolist() == [0.0]
    one = ratings[ratings["imdb_id"] == "tt0000001"].set_index("source")
    assert one["rating"].to_dict() == pytest.approx(
        {"imdb": 93, "metascore": 80, "rotten_tomatoes": 91, "source_list": 92}
    )
    assert one["votes"].fillna(-1).to_dict() == {
        "imdb": 2_400_369,
        "metascore": -1,
        "rotten_tomatoes": 146,
        "source_list": 2_757_004,
    }


def test_box_office_by_decade_equals_that_of_pandas(gold: Tables) -> None:
    groups = newest().dropna(subset=["decade"]).groupby("decade")
    expected = groups.agg(
        films=("imdb_id", "count"),
        films_with_box_office=("box_office_usd", "count"),
        mean_usd=("box_office_usd", "mean"),
        median_usd=("box_office_usd", "median"),
        total_usd=("box_office_usd", lambda amounts: amounts.sum(min_count=1)),
    ).reset_index()

    same(gold["box_office_by_decade"], expected, ["decade"])


def test_box_office_by_decade_equals_a_hand_calculation(gold: Tables) -> None:
    table = gold["box_office_by_decade"].set_index("decade")

    assert table.loc[1970].tolist() == [3, 2, 68_190_536.5, 68_190_536.5, 136_381_073]
    assert table.loc[1990].tolist() == [4, 2, 14_383_598, 14_383_598, 28_767_196]


@pytest.mark.parametrize(
    ("name", "column", "of"),
    [
        ("films_by_director", "director", "directors"),
        ("films_by_language", "language", "languages"),
        ("films_by_country", "country", "countries"),
        ("films_by_year", "year", "year"),
    ],
)
def test_films_by_tables_equal_those_of_pandas(gold: Tables, name: str, column: str, of: str) -> None:
    groups = newest().explode(of).dropna(subset=[of]).rename(columns={of: column}).groupby(column)
    expected = pd.DataFrame({"films": groups.size()})
    for source, (rating, scale, _) in SOURCES.items():
        expected[f"{source}_mean"] = groups[rating].mean() * scale
        expected[f"{source}_films"] = groups[rating].count()
    expected["films_with_box_office"] = groups["box_office_usd"].count()
    expected["box_office_mean_usd"] = groups["box_office_usd"].mean()
    expected["box_office_total_usd"] = groups["box_office_usd"].sum(min_count=1)

    same(gold[name], expected.reset_index(), [column])
    order = list(zip(-gold[name]["films"], gold[name][column], strict=True))
    assert all(before < after for before, after in pairwise(order))


def test_genre_shares_equal_a_hand_calculation(gold: Tables) -> None:
    """Film 4 has no genre at all, film 8 an empty list of them, film 5 no year."""
    rows = gold["genre_share_by_year"].to_dict("records")

    assert [tuple(row.values()) for row in rows if row["year"] != 1990] == [
        (1972, "Crime", 1, 1, 1.0),
        (1972, "Drama", 1, 1, 1.0),
        (1979, "Crime", 1, 1, 1.0),
        (1979, "Drama", 1, 1, 1.0),
        (1994, "Comedy", 1, 3, pytest.approx(1 / 3)),
        (1994, "Drama", 1, 3, pytest.approx(1 / 3)),
        (1994, "Western", 1, 3, pytest.approx(1 / 3)),
    ]


def test_rank_history_equals_a_hand_calculation(gold: Tables) -> None:
    table = gold["rank_history"]
    moves = {(row.run_id, row.imdb_id): (row.rank, row.previous_rank, row.change) for row in table.itertuples()}

    assert len(table) == 3 + 8
    assert moves[SECOND, "tt0000001"] == (1, 2, 1)
    assert moves[SECOND, "tt0000002"] == (2, 1, -1)
    assert (table["run_id"] == FIRST).sum() == table["previous_run_id"].isna().sum()
    assert table["previous_rank"].notna().sum() == 2


def test_every_film_of_a_run_has_one_outcome(gold: Tables) -> None:
    rows = gold["pipeline_runs"].set_index("run_id")
    names = ["expected", "stored", "rejected", "quarantined", "in_gold", "status"]

    assert rows.loc[FIRST, names].tolist() == [3, 3, 0, 0, 1, "complete"]
    assert rows.loc[SECOND, names].tolist() == [12, 9, 1, 1, 8, "incomplete"]
    assert rows.loc[SECOND, "finished_at"] == pd.Timestamp("2026-11-24 03:05:00")


def test_data_quality_counts_every_column(gold: Tables) -> None:
    movies, table = newest(), gold["data_quality"].set_index("column_name")

    for name in table.index:
        assert table.loc[name, "filled"] == movies[name].notna().sum(), name
    assert (table["rows"] == 9).all()
    assert (table["filled_share"] == table["filled"] / 9).all()
    assert table["unreadable"].sum() == table.loc["runtime_minutes", "unreadable"] == 1
    assert (table["out_of_range"] == 0).all()


def test_values_out_of_range_are_counted() -> None:
    bad = {"year": 3, "runtime_minutes": 0, "imdb_rating": 10.5, "imdb_votes": -1, "metascore": 101, "rank": 0}
    bad |= {"rotten_tomatoes": -1, "rotten_tomatoes_average": -0.5, "rotten_tomatoes_reviews": -1, "box_office_usd": -1}
    bad |= {"source_rating": 11.0, "source_rating_count": -1}
    table = gold_of(movies=[film(1) | bad])["data_quality"].set_index("column_name")

    assert table[table["out_of_range"] == 1].index.tolist() == [name for name in table.index if name in bad]


def test_empty_silver_gives_empty_tables_with_all_columns() -> None:
    tables = gold_of()

    for table in GOLD:
        assert tables[table.name].columns.tolist() == table.column_names
        assert len(tables[table.name]) == (len(FILM) - 1 if table.name == "data_quality" else 0)
    assert tables["data_quality"]["filled_share"].isna().all()
