"""Evaluation: perfect, useless and known rankings, and the file formats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from insights.similar import evaluate as evaluation
from insights.similar.choice import Options
from insights.similar.evaluate import Method, Protocol, co_liked, evaluate, measure, read
from pipeline.errors import InvalidInput

KINDS = 4
FILMS = 80


def catalogue() -> pd.DataFrame:
    """Films of four kinds; films of a kind share genre and an actor, and are of the same years."""
    return pd.DataFrame(
        {
            "imdb_id": [f"tt{number:07}" for number in range(FILMS)],
            "title": None,
            "year": [1950 + 20 * (number % KINDS) for number in range(FILMS)],
            "genres": [[f"Genre {number % KINDS}"] for number in range(FILMS)],
            "actors": [[f"Actor {number % KINDS}"] for number in range(FILMS)],
        }
    )


def ratings(seed: int = 0, users: int = 400) -> pd.DataFrame:
    """Each user likes eight films of one kind, and dislikes eight others."""
    random = np.random.default_rng(seed)
    rows = []
    for user in range(users):
        liked = random.choice(np.arange(user % KINDS, FILMS, KINDS), 8, replace=False)
        disliked = random.choice(np.arange((user + 1) % KINDS, FILMS, KINDS), 8, replace=False)
        rows += [(user, f"tt{film:07}", 5.0) for film in liked] + [(user, f"tt{film:07}", 1.0) for film in disliked]
    return pd.DataFrame(rows, columns=["user", "imdb_id", "rating"])


@pytest.fixture(scope="module")
def scores() -> pd.DataFrame:
    return evaluate(catalogue(), ratings(), Protocol()).set_index("method")


def test_recommendations_find_what_popularity_and_chance_do_not(scores: pd.DataFrame) -> None:
    # users like films of one kind, so a method that knows the kind finds films that are liked together
    assert scores.loc["recommendations", "ndcg_low"] > scores.loc["popularity", "ndcg_high"]
    assert scores.loc["recommendations", "ndcg_low"] > scores.loc["random", "ndcg_high"]
    assert scores.loc["recommendations", "hit_rate"] > 0.9
    assert scores.loc["popularity", "coverage"] < 0.5 < scores.loc["recommendations", "coverage"]


def test_co_liked_films_are_those_of_the_highest_cosine() -> None:
    # given 40 users who like A, of whom 20 like B, as 5 others do, and 10 like C
    likes = [(user, "A") for user in range(40)] + [(user, "B") for user in [*range(20), *range(70, 75)]]
    likes += [(user, "C") for user in range(20, 30)] + [(60, "D"), (0, "D")]
    frame = pd.DataFrame(likes, columns=["user", "imdb_id"])
    # when
    neighbours = co_liked(frame, pd.Series([7, 8, 9, 10], index=["A", "B", "C", "D"]), 2)
    # then D has too few likes, B (cosine 20 / sqrt(40 * 25)) comes before C (10 / sqrt(40 * 10)), and nobody likes both
    assert {film: films.tolist() for film, films in neighbours.items()} == {7: [8, 9], 8: [7], 9: [7]}


def test_measures_of_two_lists_by_hand() -> None:
    """The film itself and films without a score are in no list; a hit at place 2 counts 1 / log2(3)."""
    scores = {0: [9.0, 5.0, 0.0, 4.0], 3: [0.1, 3.0, 0.0, 8.0]}
    wanted = {0: np.array([1, 2]), 3: np.array([0])}
    second = 1 / np.log2(3)
    measured = measure(lambda film: np.array(scores[film]), wanted, Protocol(k=4))
    assert measured["ndcg"] == pytest.approx((1 / (1 + second) + second) / 2)
    assert measured["hit_rate"] == 1
    assert measured["coverage"] == 1, "films 0 and 3 are in some list, and film 1 is not tested"


def test_intervals_are_of_95_percent() -> None:
    """Of 400 lists, half with a hit: the standard error of the share is 0.025."""
    wanted = {film: np.array([400 + film % 2]) for film in range(400)}
    first_hits = np.zeros(402)
    first_hits[400] = 1
    measured = measure(lambda _: first_hits, wanted, Protocol())
    assert measured["hit_rate_low"] == pytest.approx(0.5 - 1.96 * 0.025, abs=0.004)
    assert measured["hit_rate_high"] == pytest.approx(0.5 + 1.96 * 0.025, abs=0.004)


def test_popularity_knows_no_held_out_like_and_counts_a_like_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight likes a user: of 401 users 201 are held out."""
    methods: list[Method] = []

    def measured(method: Method, *_: object) -> dict[str, float]:
        methods.append(method)
        return {}

    monkeypatch.setattr(evaluation, "measure", measured)
    rated = ratings(users=401)
    evaluate(catalogue(), pd.concat([rated, rated]), Protocol())
    assert methods[3](0).sum() == 8 * 200


def test_intervals_hold_their_value_and_half_the_users_are_held_out(scores: pd.DataFrame) -> None:
    for name in ("ndcg", "hit_rate"):
        assert (scores[f"{name}_low"] <= scores[name]).all()
        assert (scores[name] <= scores[f"{name}_high"]).all()
    assert scores["users"].tolist() == [200] * 5
    assert scores.index.tolist() == ["recommendations", "without prior", "metadata soup", "popularity", "random"]


def test_lists_are_tested_in_the_order_of_their_ranks_and_only_users_of_tested_films_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # given recommendations of one match score, of which the last film of the catalogue has rank 1
    lists = pd.DataFrame(
        {"imdb_id": "tt0000000", "recommended_imdb_id": ["tt0000079", "tt0000004"], "similarity": 0.5, "rank": [1, 2]}
    )
    monkeypatch.setattr(evaluation.recommendations, "build", lambda *_: lists)
    assert evaluation._by_lists(catalogue(), Options())(0)[[79, 4]].tolist() == [1, 0.5]
    # given twelve users who like only a film that has too few likes to be tested
    rare = [(1000 + user, "tt0000099", 5.0) for user in range(12)]
    movies = pd.concat([catalogue(), catalogue().head(1).assign(imdb_id="tt0000099")])
    rated = pd.concat([ratings(), pd.DataFrame(rare, columns=["user", "imdb_id", "rating"])])
    assert evaluate(movies, rated, Protocol())["users"].max() < 206


def test_the_same_seed_gives_the_same_scores(scores: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(scores, evaluate(catalogue(), ratings(), Protocol()).set_index("method"))


def test_dislikes_do_not_count_as_likes() -> None:
    with pytest.raises(InvalidInput, match="like"):
        evaluate(catalogue(), ratings().assign(rating=3.5), Protocol())


def test_plain_and_movielens_files_are_read(tmp_path: Path) -> None:
    plain = tmp_path / "likes.csv"
    plain.write_text("user,imdb_id,rating\n1,tt0068646,5\n2,tt0068646,none\n")
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating,timestamp\n7,858,4.5,0\n7,999,3.0,0\n")
    (tmp_path / "links.csv").write_text("movieId,imdbId,tmdbId\n858,68646,238\n")

    assert read(plain).values.tolist() == [[1, "tt0068646", 5.0]]
    assert read(tmp_path / "ratings.csv").values.tolist() == [[7, "tt0068646", 4.5]]


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "userId,movieId,rating\n1,2,3\n", "a\n1,2\n1,2,3\n"])
def test_other_files_are_refused_in_one_line_with_the_formats(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text(text)

    with pytest.raises(InvalidInput, match="imdb_id") as error:
        read(path)
    assert "\n" not in str(error.value)
