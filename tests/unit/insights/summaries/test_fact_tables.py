import pandas as pd
import pytest

from insights.summaries import fact_tables
from tests import gold_rows


def rows(frame: pd.DataFrame, *columns: str) -> list[list[object]]:
    return frame[list(columns)].to_numpy().tolist()


def test_shares_of_the_top_tenth_are_kept_if_a_random_tenth_rarely_differs_as_much() -> None:
    traits = fact_tables.top_rated_traits(gold_rows.gold())
    # 20 top films, all dramas; of the other 180 films 90 are dramas. Decade and country are those of all films.
    assert sorted(rows(traits, "name", "top_share", "all_share", "top_films", "all_films")) == [
        ["Comedy", 0.0, 0.45, 20, 200],
        ["Drama", 1.0, 0.55, 20, 200],
    ]
    drama = traits.set_index("name").loc["Drama"]
    assert (round(drama["low"], 3), drama["high"], drama["difference"]) == (0.815, 1.0, pytest.approx(45.0))


def test_shares_that_differ_by_chance_are_not_kept() -> None:
    films = gold_rows.movies().assign(genres=[["Drama"] if film % 2 else ["Comedy"] for film in range(200)])
    films.loc[:2, "genres"] = pd.Series([["Western"]] * 3, index=films.index[:3])
    films.loc[50:60, "genres"] = pd.Series([["Western"]] * 11, index=films.index[50:61])
    assert fact_tables.top_rated_traits({"movies": films}).empty


def test_a_difference_on_both_sides_of_the_list_and_among_several_traits_may_be_chance() -> None:
    # 6 of 10 top films and 26 of 100 films are Westerns: p is 0.018 on one side, 0.036 on both, and 0.072 for one of
    # two traits (hypergeometric, Benjamini-Hochberg).
    films = gold_rows.movies(100).assign(
        genres=[["Western"] if film < 6 or 10 <= film < 30 else [] for film in range(100)]
    )
    assert fact_tables.top_rated_traits({"movies": films}).empty
    more = films.assign(genres=[["Western"] if film < 8 or 10 <= film < 30 else [] for film in range(100)])
    assert fact_tables.top_rated_traits({"movies": more})["name"].tolist() == ["Western"]


@pytest.mark.parametrize(("longer", "differs"), [(6, False), (7, True)])
def test_running_times_are_compared_with_those_of_the_other_films(longer: int, differs: bool) -> None:
    # Mann-Whitney against the other 90 films: p is 0.077 and 0.035; against all 100 films it would be 0.057.
    minutes = [90 + film * 7 % 20 + (longer if film < 10 else 0) for film in range(100)]
    runtime = fact_tables.top_rated_runtime({"movies": gold_rows.movies(100).assign(runtime_minutes=minutes)})
    assert runtime["differs"].tolist() == [differs]


def test_the_newest_run_is_named_and_a_better_rank_is_higher() -> None:
    tables = fact_tables.fact_tables(gold_rows.gold())
    assert rows(tables["newest_runs"], "run_id", "which") == [
        [gold_rows.RUN, "the newest run"], [gold_rows.RUN_BEFORE, "the run before"],
    ]  # fmt: skip
    assert rows(tables["movies"].head(2), "rank", "height") == [[1, -1.0], [2, -2.0]]


def test_films_of_one_rank_have_no_place() -> None:
    films = gold_rows.movies(100)
    films["rank"] = [1, 1, *range(3, 101)]
    places = fact_tables.fact_tables({"movies": films})["movies"]["place"]
    assert (places.isna().tolist()[:3], places[2]) == ([True, True, False], 3)


def test_genres_that_are_rated_clearly_lower_have_a_verdict_too() -> None:
    films = gold_rows.movies().assign(rotten_tomatoes=[40 + film % 9 + (film % 2) * 30 for film in range(1, 201)])
    rated = gold_rows.ratings_by_genre().head(2)
    verdicts = fact_tables.fact_tables({"movies": films, "ratings_by_genre": rated})["ratings_by_genre"]
    assert rows(verdicts, "genre", "verdict") == [["Drama", "higher"], ["Comedy", "lower"]]


def test_runtime_and_directors_of_the_top_tenth_are_compared() -> None:
    gold = gold_rows.gold()
    runtime = fact_tables.top_rated_runtime(gold)
    assert rows(runtime, "top_median", "all_median", "differs") == [[120.0, 90.0, True]]
    # The 95% interval of a share of one half of 20 films: ±1.96 * sqrt(0.5 * 0.5 / 20) is 22 percentage points.
    assert rows(runtime, "top_films", "all_films", "detectable") == [[20, 200, 22]]
    mixed = gold["movies"].assign(runtime_minutes=[90 + film * 7 % 20 for film in range(200)])
    assert not fact_tables.top_rated_runtime({"movies": mixed})["differs"].any()
    assert rows(fact_tables.top_rated_directors(gold), "director", "top_films", "all_films") == [["Ann Ash", 20, 20]]
    alone = gold["movies"].assign(directors=[["Ann Ash"] if film % 19 < 2 else [f"Bo {film}"] for film in range(200)])
    directors = fact_tables.top_rated_directors({"movies": alone})
    assert rows(directors, "director", "top_films", "all_films") == [["Ann Ash", 3, 22]]


@pytest.mark.parametrize(("count", "top"), [(0, 0), (1, 0), (99, 0), (100, 10), (205, 20)])
def test_there_is_no_top_tenth_of_fewer_than_ten_films(count: int, top: int) -> None:
    assert len(fact_tables.top_films(gold_rows.movies(count))) == top


def test_shares_by_decade_and_over_all_years_count_each_year_once() -> None:
    gold = gold_rows.gold()
    shares = rows(fact_tables.genre_share_by_decade(gold), "decade", "genre", "films", "films_in_decade", "share")
    assert shares[1] == [1970, "Drama", 90, 150, 0.6]
    assert rows(fact_tables.genres(gold), "genre", "films", "films_with_genre")[2] == ["Horror", 10, 150]


def test_moves_between_runs_are_listed_and_counted() -> None:
    changes = fact_tables.rank_changes(gold_rows.gold()).set_index("imdb_id")
    assert changes["move"].to_dict() == {"tt1": "climber", "tt2": "faller", "tt4": "leaver", "tt5": "new entry"}
    assert (changes.loc["tt1", "climbed"], changes.loc["tt2", "fell"]) == (2, 2)
    (counts,) = fact_tables.run_changes(gold_rows.gold()).to_dict("records")
    assert counts == {"run_id": gold_rows.RUN, "climbed": 1, "fell": 1, "new": 1, "left": 1, "same": 1}


def test_without_an_earlier_run_nothing_has_changed() -> None:
    history = gold_rows.rank_history()
    first = {"rank_history": history[history["run_id"] == gold_rows.RUN_BEFORE]}
    assert fact_tables.rank_changes(first).empty
    assert fact_tables.run_changes(first).empty


def test_rows_are_ranked_within_one_source_if_they_have_enough_films() -> None:
    placed = fact_tables.with_places(gold_rows.ratings_by_genre(), "mean", films="films", within=["source"])
    places = placed["place"].astype("object").where(placed["place"].notna(), None).tolist()
    assert places == [1, 2, 3, None, 1, 2]
    assert placed["place_of"].tolist()[:3] == [3, 3, 3]


def test_ties_and_single_values_have_no_rank() -> None:
    equal = gold_rows.ratings_by_genre().iloc[:3].assign(mean=[50.0, 50.0, 40.0])
    placed = fact_tables.with_places(equal, "mean", films="films", within=["source"])
    assert placed["place"].isna().tolist() == [True, True, False]
    alone = fact_tables.with_places(gold_rows.box_office_by_decade(), "mean_usd", films="films_with_box_office")
    assert alone["place"].isna().all()


def test_films_that_left_the_list_are_in_no_fact() -> None:
    films = gold_rows.movies().assign(on_list=[film >= 100 for film in range(200)])
    tables = fact_tables.fact_tables({"movies": films})
    assert (len(tables["movies"]), tables["movies"]["place_of"].unique()) == (100, [100])
    assert tables["top_rated_runtime"]["all_films"].tolist() == [100]


def test_empty_tables_and_tables_of_an_older_schema_are_left_out() -> None:
    gold = {**gold_rows.gold(), "rank_history": gold_rows.rank_history().drop(columns="rank")}
    gold["genre_share_by_year"] = gold["genre_share_by_year"].iloc[:0]
    tables = fact_tables.fact_tables(gold)
    assert not {"rank_changes", "run_changes", "genres", "genre_share_by_decade", "genre_share_by_year"} & set(tables)
    assert "top_rated_traits" in tables
    assert fact_tables.fact_tables({}) == {}
