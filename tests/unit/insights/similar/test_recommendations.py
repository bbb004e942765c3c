"""Recommendations end to end: from films to rows, also with missing values."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.columns import RECOMMENDATIONS
from insights.similar import features, recommendations
from insights.similar.choice import Options
from insights.similar.features import FieldWeights, PriorWeights
from insights.similar.recommendations import build
from pipeline.errors import InvalidInput

GENRES = ["Drama", "Crime", "Comedy", "Western"]
PEOPLE = ["Ann Lee", "Bo Ek", "Cy Roe", "Di Fox", "Ed Low"]
GODFATHER = {
    "year": 1972,
    "genres": ["Crime", "Drama"],
    "directors": ["Francis Ford Coppola"],
    "writers": ["Mario Puzo", "Francis Ford Coppola"],
    "actors": ["Al Pacino", "Diane Keaton", "Robert Duvall", "Talia Shire"],
    "countries": ["United States"],
    "title": "The Godfather",
}


def film(number: int, **values: object) -> dict[str, object]:
    return {"imdb_id": f"tt{number:07d}", "title": f"Film {number}", "year": 1970 + number % 10, **values}


def films(*rows: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=sorted({name for row in rows for name in row} | {"imdb_id"}))


def crowd(n: int) -> pd.DataFrame:
    """n films of mixed genres and casts, with reviews."""
    draw = np.random.default_rng(3)
    return films(
        *(
            film(
                number,
                title=f"T{number}",
                genres=list(draw.choice(GENRES, 2, replace=False)),
                actors=list(draw.choice(PEOPLE, 2, replace=False)),
                rotten_tomatoes_reviews=float(draw.integers(5, 300)),
                rotten_tomatoes_average=float(draw.uniform(2, 9)),
            )
            for number in range(n)
        )
    )


def of(table: pd.DataFrame, number: int) -> list[str]:
    return table.loc[table["imdb_id"] == f"tt{number:07d}", "recommended_imdb_id"].tolist()


some_films = st.lists(
    st.fixed_dictionaries(
        {
            "title": st.sampled_from(["Hamlet", "Alien", "", None]),
            "year": st.sampled_from([1950, 1951, 1999, None]),
            "genres": st.none() | st.lists(st.sampled_from(GENRES), max_size=2),
            "actors": st.none() | st.lists(st.sampled_from(PEOPLE), max_size=3).map(np.array),
            "imdb_votes": st.none() | st.integers(1, 10**6),
            "imdb_rating": st.none() | st.floats(0, 10),
        }
    ),
    max_size=14,
)


@settings(max_examples=40)
@given(some_films)
def test_rows_keep_their_promises_for_any_films(rows: list[dict[str, object]]) -> None:
    table = build(films(*(film(number, **row) for number, row in enumerate(rows))), Options(k=4, pool=5, chunk=3))

    assert list(table.columns) == RECOMMENDATIONS.column_names
    assert (table["imdb_id"] != table["recommended_imdb_id"]).all()
    assert not table.duplicated(["imdb_id", "recommended_imdb_id"]).any()
    assert table["similarity"].between(0, 1).all()
    assert (table["because"].str.len() > 0).all()
    for _, ranks in table.groupby("imdb_id")["rank"]:
        assert ranks.tolist() == list(range(1, len(ranks) + 1))
        assert len(ranks) <= 4


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_films_give_an_empty_table_with_all_columns(n: int) -> None:
    table = build(crowd(3).head(n))

    assert table.empty
    assert list(table.columns) == RECOMMENDATIONS.column_names


def test_ids_alone_are_enough_and_give_nothing() -> None:
    assert build(pd.DataFrame({"imdb_id": ["tt0000001", "tt0000002"]})).empty


def test_a_table_without_ids_is_refused() -> None:
    with pytest.raises(InvalidInput, match="imdb_id"):
        build(pd.DataFrame({"title": ["Alien"]}))


def test_the_order_of_films_changes_nothing() -> None:
    movies = crowd(60)

    again = build(movies.sample(frac=1, random_state=1), Options(chunk=7, threads=3))

    pd.testing.assert_frame_equal(build(movies), again)


def test_every_film_is_a_candidate_and_none_is_better_than_the_first() -> None:
    movies = crowd(200)

    wide = build(movies, Options(k=20, pool=199, relevance_share=1, threads=1))
    narrow = build(movies, Options(k=20, pool=20, relevance_share=1))

    pd.testing.assert_frame_equal(wide, narrow)


def test_without_prior_rank_follows_similarity() -> None:
    table = build(crowd(80), Options(prior=0, relevance_share=1))

    falls = table.groupby("imdb_id")["similarity"].diff().dropna()
    assert (falls <= 1e-5).all()


def test_the_prior_chooses_candidates_and_not_only_their_order() -> None:
    """Given twenty unknown films that share two actors, a famous one that shares one, and films in between."""
    unknown = (
        film(number, actors=["Ann Lee", "Bo Ek"], genres=["Drama"], year=1975, imdb_votes=number, imdb_rating=3.0)
        for number in range(1, 21)
    )
    others = (film(n, genres=["Comedy"], year=1975, imdb_votes=1000 + n, imdb_rating=6.0) for n in range(30, 80))
    famous = film(90, actors=["Ann Lee"], genres=["Drama"], year=1975, imdb_votes=10**6, imdb_rating=9.0)
    asked = film(99, actors=["Ann Lee", "Bo Ek"], genres=["Drama"], year=1975, imdb_votes=10**6, imdb_rating=9.0)
    movies = films(*unknown, *others, famous, asked)

    assert "tt0000090" in of(build(movies, Options(k=5, pool=5)), 99)
    assert "tt0000090" not in of(build(movies, Options(k=5, pool=5, prior=0)), 99)


def test_a_film_of_the_same_standing_comes_before_a_famous_one_where_only_that_counts() -> None:
    movies = films(*(film(n, title=None, year=1975, genres=["Drama"], imdb_votes=100 * n) for n in range(1, 40)))
    same = PriorWeights(notice=0, rating=0, same_notice=1, same_rating=0)

    assert set(of(build(movies, Options(k=2, prior_weights=same, relevance_share=1)), 20)) == {"tt0000019", "tt0000021"}


def test_fame_alone_recommends_nothing() -> None:
    asked = film(1, genres=["Western"], actors=["Ann Lee"], rotten_tomatoes_reviews=300.0)
    kin = film(2, genres=["Western"])
    famous = film(3, genres=["Comedy"], rotten_tomatoes_reviews=300.0, title="Star")
    others = [film(n, genres=["Comedy"], rotten_tomatoes_reviews=3.0) for n in range(4, 8)]

    options = Options(k=1, pool=1, prior=2, weights=FieldWeights(title=0))
    assert of(build(films(asked, kin, famous, *others), options), 1) == ["tt0000002"], "the pool's only place is its"


def test_an_unknown_year_is_near_no_year() -> None:
    equal = {"title": None, "genres": ["Western"], "actors": ["Ann Lee"]}
    table = build(films(film(1, **equal), film(2, **equal) | {"year": None}), Options(prior=0))

    weights = FieldWeights()
    share = (weights.genres + weights.actors) / weights.total
    assert table["similarity"].tolist() == pytest.approx([share] * 2, abs=1e-5)


def test_a_famous_film_that_is_hardly_similar_is_left_out() -> None:
    asked = film(1, year=1941, title=None, genres=["Drama"], actors=["Ann Lee"], imdb_votes=10**6)
    kin = film(2, year=1941, title=None, genres=["Drama"], actors=["Bo Ek"], imdb_votes=10)
    famous = film(3, year=2010, title=None, genres=["Drama", "Comedy", "Crime"], actors=["Bo Ek"], imdb_votes=10**6)
    movies = films(asked, kin, famous)

    assert of(build(movies), 1) == ["tt0000002"]
    assert set(of(build(movies, Options(min_similarity=0)), 1)) == {"tt0000002", "tt0000003"}


def test_remakes_with_the_same_title_are_distinguished_by_id() -> None:
    movies = films(
        film(1, title="Hamlet", year=1948, genres=["Drama"]),
        film(2, title="Hamlet", year=1996, genres=["Drama"]),
        film(3, title="Other", year=1997, genres=["Drama"]),
    )

    table = build(movies)

    assert of(table, 1)[0] == "tt0000002"
    assert table.set_index(["imdb_id", "recommended_imdb_id"])["because"]["tt0000001", "tt0000002"] == (
        "both dramas; both titles have: hamlet"
    )


def test_variety_breaks_up_a_series() -> None:
    """Given five sequels with one cast, and a film that shares a director: that one comes earlier with variety."""
    cast = ["Ann Lee", "Bo Ek", "Cy Roe"]
    series = [
        film(n, actors=cast, directors=["Y"] if n > 1 else ["X"], genres=["Crime"], year=1970) for n in range(1, 7)
    ]
    other = film(7, actors=["Ann Lee"], directors=["X"], genres=["Drama"], year=1970)
    movies = films(*series, other)

    plain = of(build(movies, Options(prior=0, relevance_share=1)), 1)
    varied = of(build(movies, Options(prior=0, relevance_share=0.3)), 1)

    assert varied.index("tt0000007") < plain.index("tt0000007")


def test_a_film_by_the_same_director_stands_above_films_without_shared_people() -> None:
    """Given an obscure crime film by the director, a famous one without shared people, and one that shares an actor."""
    asked = film(1, title=None, year=1972, genres=["Crime"], directors=["D"], actors=["A"], imdb_votes=1_000_000)
    obscure = film(2, title=None, year=1999, genres=["Crime"], directors=["D"], actors=["B"], imdb_votes=10)
    famous = film(3, title=None, year=1972, genres=["Crime"], directors=["E"], actors=["C"], imdb_votes=900_000)
    actor = film(4, title=None, year=1972, genres=["Crime"], directors=["F"], actors=["A"], imdb_votes=500_000)
    options = Options(min_similarity=0, prior=2)

    table = build(films(asked, obscure, famous, actor), options)

    assert of(table, 1) == ["tt0000004", "tt0000002", "tt0000003"]
    assert table.loc[table["imdb_id"] == "tt0000001", "similarity"].is_monotonic_decreasing
    assert of(build(films(asked, obscure, famous), options), 1) == ["tt0000002", "tt0000003"]
    other_genre = {**obscure, "genres": ["Crime Comedy"]}
    assert of(build(films(asked, other_genre, famous, actor), options), 1)[0:2] == ["tt0000004", "tt0000003"]


def test_the_match_never_rises_with_the_rank_whatever_the_films() -> None:
    """Given films that share directors, actors, genres and years by chance, so that some lists are put in order."""
    chance = np.random.default_rng(7)

    def some(letters: str, limit: int) -> list[str]:
        return list(chance.choice(list(letters), size=chance.integers(1, limit + 1), replace=False))

    made = [
        film(
            number,
            year=int(chance.integers(1950, 2010)),
            genres=some("GHIJ", 2),
            directors=some("DEF", 1),
            actors=some("ABCKLMNO", 3),
            imdb_votes=int(chance.integers(10, 1_000_000)),
        )
        for number in range(1, 61)
    ]
    table = build(films(*made), Options(k=15, min_similarity=0))
    assert table.groupby("imdb_id").size().median() > 10
    assert table.groupby("imdb_id")["similarity"].apply(lambda match: match.is_monotonic_decreasing).all()


def test_films_without_a_reason_are_not_recommended() -> None:
    movies = films(
        film(1, title=None, year=1970, countries=["France"], genres=["Drama"]),
        film(2, title=None, year=1970, countries=["France"], genres=["Comedy"]),
        film(3, title=None, year=1990, countries=["Japan"], genres=["Drama"]),
    )

    table = build(movies, Options(min_similarity=0))

    assert of(table, 1) == ["tt0000003"]
    assert table["rank"].tolist() == [1, 1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"k": 0},
        {"k": 50, "pool": 40},
        {"prior": -1.0},
        {"prior": float("nan")},
    ],
)
def test_options_out_of_range_are_refused_by_name(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        Options(**wrong)  # type: ignore[arg-type]


def reason(one: Mapping[str, object], other: Mapping[str, object], *catalogue: Mapping[str, object]) -> str:
    movies = pd.DataFrame([dict(one), dict(other), *catalogue])
    years = features.numbers(movies, "year").astype(np.float32)
    (said,) = recommendations.reasons(features.read(movies), years, np.array([0]), np.array([1]))
    return said


def test_people_come_first_and_each_is_named_once() -> None:
    sequel = {**GODFATHER, "year": 1974, "title": "The Godfather Part II"}
    serpico = {"actors": ["Al Pacino"]}

    assert reason(GODFATHER, sequel, serpico) == (
        "same director: Francis Ford Coppola; same writer: Mario Puzo; "
        "shared cast: Al Pacino, Diane Keaton, Robert Duvall and 1 other"
    )


def test_what_is_shared_is_named_in_the_order_of_the_film_asked_for() -> None:
    one, other = {"actors": ["Zoe Orr", "Bo Ek", "Ann Lee"]}, {"actors": ["Ann Lee", "Zoe Orr"]}

    assert reason(one, other) == "shared cast: Zoe Orr and Ann Lee"
    assert reason(other, one) == "shared cast: Ann Lee and Zoe Orr"


def test_the_names_of_the_most_films_come_first() -> None:
    one = {"actors": ["Bit Player", "Star", "Regular"]}
    others = [{"actors": ["Star", "Regular"]}, {"actors": ["Star"]}]

    assert reason(one, one, *others) == "shared cast: Star, Regular and Bit Player"


def test_actors_of_no_other_film_follow_the_kind() -> None:
    one = {"genres": ["Crime", "Drama"], "actors": ["Bit Player"], "directors": ["Ann Lee"]}
    kind_first = "same director: Ann Lee; both crime dramas; shared cast: Bit Player"

    assert reason(one, one) == kind_first
    assert reason(one, one, {"actors": ["Star"]}) == kind_first
    assert reason(one, one, {"actors": ["Bit Player"]}) == (
        "same director: Ann Lee; shared cast: Bit Player; both crime dramas"
    )


def test_a_decade_is_claimed_only_of_both() -> None:
    same = {"year": 1979, "genres": ["Drama", "Crime"]}
    later = {"year": 1980, "genres": ["Drama", "Crime"]}
    undated = {"genres": ["Drama", "Crime"]}

    assert reason(GODFATHER, same) == "both crime dramas of the 1970s"
    assert reason(GODFATHER, later) == "both crime dramas"
    assert reason(GODFATHER, undated) == "both crime dramas"


def test_only_shared_genres_are_named() -> None:
    assert reason(GODFATHER, {"year": 1975, "genres": ["Comedy", "Crime"]}) == "both crime films of the 1970s"


def test_a_person_in_another_role_is_not_a_reason() -> None:
    assert reason({"directors": ["Al Pacino"]}, {"actors": ["Al Pacino"]}) == ""


def test_a_shared_country_or_language_is_not_a_reason() -> None:
    assert reason(GODFATHER, {"countries": ["United States"], "languages": ["English"], "year": 1972}) == ""


def test_films_that_share_nothing_have_no_reason() -> None:
    assert reason(GODFATHER, {"year": 1972, "genres": ["Western"]}) == ""


@pytest.mark.parametrize(
    ("genres", "named"),
    [
        (("Comedy", "Romance"), "both romantic comedies"),
        (("Action", "Adventure", "Sci-Fi"), "both action adventure science-fiction films"),
        (("Comedy", "Drama"), "both comedy dramas"),
        (("Drama", "Crime", "Thriller"), "both crime drama thrillers"),
        (("Documentary",), "both documentaries"),
        (("Animation", "Family", "Comedy", "Music"), "both animated family comedies"),
        (("Never Heard",), "both never heard films"),
    ],
)
def test_kinds_of_films_read_as_english(genres: tuple[str, ...], named: str) -> None:
    assert recommendations.kind_of(genres, None) == named


def test_old_films_are_not_called_historical() -> None:
    assert recommendations.kind_of(["Drama", "History"], 1970) == "both dramas of the 1970s"
    assert recommendations.kind_of(["History"], 1970) == ""
