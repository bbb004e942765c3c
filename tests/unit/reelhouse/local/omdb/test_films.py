import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelhouse.local.omdb import films
from reelhouse.local.omdb.films import Film

OMDB_KEYS = (
    "Title Year Rated Released Runtime Genre Director Writer Actors Plot Language Country Awards Poster Ratings "
    "Metascore imdbRating imdbVotes imdbID Type {}DVD BoxOffice Production Website Response"
)
TOMATO_KEYS = (
    "tomatoMeter tomatoImage tomatoRating tomatoReviews tomatoFresh tomatoRotten tomatoConsensus tomatoUserMeter "
    "tomatoUserRating tomatoUserReviews tomatoURL "
)
LIST_KEYS = "id rank title fullTitle year image crew imDbRating imDbRatingCount"
FULL_CAST = "Ann Ash, Bob Bay, Cid Cox"


def film(**known: Any) -> Film:
    """A film of which only the id, the title and the year are known, and what is given."""
    unknown = dict.fromkeys(next(iter(films.films_by_id().values())))
    return {**unknown, "row_id": 1, "imdb_id": "tt0000001", "title": "Léon", "year": 1994, **known}


@pytest.mark.parametrize(
    ("column", "value", "key", "text"),
    [
        ("runtime", 142.0, "Runtime", "142 min"),
        ("released", "1994-10-14", "Released", "14 Oct 1994"),
        ("released", "1994-09-01", "Released", "01 Sep 1994"),
        ("released", "1994-01-01", "Released", "N/A"),
        ("box_office", 28767189.0, "BoxOffice", "$28,767,189"),
        ("box_office", 126.404, "BoxOffice", "N/A"),
        ("box_office", 0.0, "BoxOffice", "N/A"),
        ("box_office", -5.0, "BoxOffice", "N/A"),
        ("metascore", 80, "Metascore", "80"),
        ("metascore", 80, "Ratings", [{"Source": "Metacritic", "Value": "80/100"}]),
        ("meter", 91, "Ratings", [{"Source": "Rotten Tomatoes", "Value": "91%"}]),
        ("meter", 0, "Ratings", [{"Source": "Rotten Tomatoes", "Value": "0%"}]),
        ("meter", 0, "tomatoMeter", "0"),
        ("average", 7.5, "tomatoRating", "7.5"),
        ("average", 10.0, "tomatoRating", "10"),
        ("reviews", 146, "tomatoReviews", "146"),
        ("actors", FULL_CAST, "Actors", FULL_CAST),
        ("title", 'Waiting for "Superman"', "Title", 'Waiting for "Superman"'),
    ],
)
def test_values_are_written_as_omdb_writes_them(column: str, value: Any, key: str, text: Any) -> None:
    assert films.omdb_record(film(**{column: value}), tomatoes=True)[key] == text


def test_missing_values_are_not_available_and_never_zero() -> None:
    record = films.omdb_record(film(), tomatoes=True)

    known = {"Title": "Léon", "Year": "1994", "imdbID": "tt0000001", "Type": "movie", "Response": "True", "Ratings": []}
    assert {key: record[key] for key in known} == known
    assert {record[key] for key in record if key not in known} == {"N/A"}


def test_keys_are_omdbs_in_omdbs_order() -> None:
    assert " ".join(films.omdb_record(film())) == OMDB_KEYS.format("")
    assert " ".join(films.omdb_record(film(), tomatoes=True)) == OMDB_KEYS.format(TOMATO_KEYS)


def test_list_entry_is_all_text_and_names_the_director_first() -> None:
    entry = films.source_item(film(director="Luc Besson, Ann Ash", actors=FULL_CAST), 7)

    assert " ".join(entry) == LIST_KEYS
    assert entry["rank"] == "7"
    assert entry["fullTitle"] == "Léon (1994)"
    assert entry["crew"] == "Luc Besson (dir.), Ann Ash, Bob Bay"
    assert entry["imDbRating"] == entry["imDbRatingCount"] == entry["image"] == ""


@pytest.mark.parametrize(
    ("known", "crew"), [({}, ""), ({"actors": "Ann Ash"}, "Ann Ash"), ({"director": "Y"}, "Y (dir.)")]
)
def test_crew_names_only_who_is_known(known: dict[str, str], crew: str) -> None:
    assert films.source_item(film(**known), 1)["crew"] == crew


def test_of_rows_with_the_same_id_the_most_complete_one_is_kept() -> None:
    rows = [film(row_id=2, awards="Won 2 Oscars."), film(row_id=1), film(row_id=3, awards="Won 1 Oscar.")]

    assert films.unique(rows) == films.unique(rows[::-1]) == [rows[0]]


def test_few_reviews_do_not_lead_and_no_rating_comes_last() -> None:
    rows = [
        film(imdb_id="tt0000005", average=None, reviews=400),
        film(imdb_id="tt0000004", average=10.0, reviews=3),
        film(imdb_id="tt0000003", average=9.0, reviews=300),
        film(imdb_id="tt0000002", average=5.0, reviews=300),
        film(imdb_id="tt0000001", average=5.0, reviews=300),
    ]

    order = [row["imdb_id"][-1] for row in films.ranked(rows)]

    assert order == ["3", "4", "1", "2", "5"]


@given(st.floats(0, 10), st.floats(0, 10), st.integers(0, 1000))
def test_score_lies_between_mean_and_average_and_nears_the_average_with_reviews(
    average: float, mean: float, reviews: int
) -> None:
    few, more = (films.score(average, count, mean) for count in (reviews, reviews + 10))

    assert min(average, mean) - 1e-9 <= few <= max(average, mean) + 1e-9
    assert abs(more - average) <= abs(few - average) + 1e-9
    assert films.score(average, 0, mean) == pytest.approx(mean)


def test_all_films_are_listed_once_with_ranks_in_order() -> None:
    items = films.source_list()["items"]

    assert len(items) == len({item["id"] for item in items}) == 17_470
    assert [item["rank"] for item in items] == [str(rank) for rank in range(1, 17_471)]
    assert all(re.fullmatch(r"tt[0-9]{7,8}", item["id"]) for item in items)
    assert {type(value) for item in items for value in item.values()} == {str}
    assert {item["title"] for item in items if item["id"] in {"tt0078788", "tt0850669"}} == {
        "Apocalypse Now",
        "Slacker Uprising",
    }


def test_every_film_is_answered_in_omdbs_format() -> None:
    shapes = {
        "Year": r"\d{4}",
        "Runtime": r"N/A|\d+ min",
        "Released": r"N/A|\d\d [A-Z][a-z]{2} \d{4}",
        "BoxOffice": r"N/A|\$\d{1,3}(,\d{3})*",
        "Metascore": r"N/A|\d{1,3}",
        "tomatoRating": r"N/A|\d{1,2}(\.\d)?",
        "tomatoReviews": r"N/A|\d+",
    }
    for item in films.source_list()["items"]:
        answer = films.omdb_record(films.films_by_id()[item["id"]], tomatoes=True)
        assert (answer["imdbID"], answer["Title"], answer["Year"]) == (item["id"], item["title"], item["year"])
        assert not [key for key, shape in shapes.items() if not re.fullmatch(shape, answer[key], re.ASCII)]
        assert all(value for key, value in answer.items() if key != "Ratings")
