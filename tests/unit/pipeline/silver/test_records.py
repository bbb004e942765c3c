"""Records: each Bronze object becomes a Silver row or reasons, for any content of OMDb or the list."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline import keys, process_bronze_to_silver
from pipeline.columns import FILM, SILVER_TABLES
from pipeline.documents import to_json
from pipeline.errors import InvalidInput
from pipeline.runs import Manifest
from pipeline.silver.records import (
    PROCESSING,
    BronzeObject,
    Clean,
    Quarantined,
    SilverMovie,
    part_digest,
    reasons,
    silver_row,
    sql_time,
    to_silver,
)

CASES = Path(__file__).parents[3] / "cases" / "omdb"
SOURCE = {
    "id": "tt0110413",
    "rank": "35",
    "title": "Léon",
    "year": "1995",
    "imDbRating": "8.4",
    "imDbRatingCount": "999",
}
NOTHING = dict.fromkeys(column.name for column in FILM)
CONTEXT = {"asked_for": "tt0111161", "this_year": 2026}
BARE: dict[str, Any] = {column.name: None for column in FILM} | {"imdb_id": "tt0111161", "rank": 1}


def case(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def silver(omdb: dict[str, Any], source: dict[str, Any] | None = None, asked_for: str = "") -> Clean | Quarantined:
    document = {"omdb": omdb, "source": SOURCE if source is None else source, "fetched_at": "2026-11-24T03:00:00.0Z"}
    return to_silver(document, asked_for or str(omdb.get("imdbID")))


def clean_row(omdb: dict[str, Any], source: dict[str, Any] | None = None) -> dict[str, Any]:
    outcome = silver(omdb, source)
    assert isinstance(outcome, Clean), outcome
    return outcome.row


def test_a_film_becomes_a_typed_row() -> None:
    assert clean_row(case("movie")) == {
        "imdb_id": "tt0110413",
        "title": "Léon: The Professional",
        "year": 1994,
        "type": "movie",
        "rated": "R",
        "released": "1994-11-18",
        "runtime_minutes": 110,
        "genres": ["Action", "Crime", "Drama"],
        "directors": ["Luc Besson"],
        "writers": ["Luc Besson"],
        "actors": ["Jean Reno", "Gary Oldman", "Natalie Portman"],
        "languages": ["English", "Italian", "French"],
        "countries": ["France", "United States"],
        "plot": 'A hit man takes in the girl next door & teaches her his "trade".',
        "awards": "5 wins & 17 nominations",
        "poster": "https://example.org/leon.jpg",
        "production": None,
        "imdb_rating": 8.5,
        "imdb_votes": 1263109,
        "metascore": 64,
        "rotten_tomatoes": 75,
        "rotten_tomatoes_average": None,
        "rotten_tomatoes_reviews": None,
        "box_office_usd": 19501238,
        "rank": 35,
        "source_rating": 8.4,
        "source_rating_count": 999,
    }


def test_the_lists_values_and_omdbs_do_not_collide() -> None:
    """The list's imDbRating, title and year stay apart from OMDb's imdbRating, Title and Year, in either order."""
    omdb = case("movie") | {"imDbRating": "1", "title": "no", "year": "1", "rank": "9"}
    source = SOURCE | {"imdbRating": "2", "Title": "no", "Year": "2", "imdbVotes": "3"}

    assert clean_row(omdb, source) == clean_row(case("movie"))
    bare = clean_row(omdb, {"id": "tt0110413", "rank": "35"})
    assert (bare["rank"], bare["source_rating"]) == (35, None)


def test_nothing_known_is_null_and_never_zero() -> None:
    row = clean_row(case("movie_with_nothing"), {"id": "tt9000001", "rank": "7"})

    assert row == NOTHING | {"imdb_id": "tt9000001", "title": "Nothing Is Known", "type": "movie", "rank": 7}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("series", {"year": 2005, "languages": ["English", "American Sign"], "box_office_usd": None, "type": "series"}),
        ("open_series", {"year": 2007, "runtime_minutes": 120, "imdb_rating": None, "imdb_votes": 12}),
        (
            "episode",
            {
                "runtime_minutes": 75,
                "writers": ["David Example", "D.B. Example"],
                "countries": ["United Kingdom", "United States"],
            },
        ),
        ("game", {"runtime_minutes": None, "box_office_usd": 30459009, "type": "game"}),
    ],
)
def test_other_types(name: str, expected: dict[str, Any]) -> None:
    row = clean_row(case(name))

    assert {column: row[column] for column in expected} == expected


def test_unparseable_values_are_null_and_listed() -> None:
    outcome = silver(case("game"))

    assert isinstance(outcome, Clean)
    assert outcome.unreadable == ["runtime_minutes: '34S min' is not a running time"]


def test_a_score_that_ratings_fill_is_not_listed_as_unparseable() -> None:
    outcome = silver(case("movie") | {"Metascore": "?", "Ratings": [{"Source": "Metacritic", "Value": "64/100"}]})

    assert isinstance(outcome, Clean)
    assert (outcome.row["metascore"], outcome.unreadable) == (64, [])


def test_what_cannot_be_true_is_quarantined_with_every_reason() -> None:
    outcome = silver(case("impossible"))

    assert isinstance(outcome, Quarantined)
    assert [reason.split(":")[0] for reason in outcome.reasons] == [
        "year",
        "runtime_minutes",
        "imdb_rating",
        "imdb_votes",
        "metascore",
        "box_office_usd",
    ]


@pytest.mark.parametrize("answered", ["tt0068646", "", "N/A", None, ["tt0110413"], 110413])
def test_an_answer_about_another_film_is_quarantined(answered: Any) -> None:
    outcome = silver(case("movie") | {"imdbID": answered}, asked_for="tt0110413")

    assert isinstance(outcome, Quarantined)
    assert outcome.reasons[0].startswith("imdb_id: ")


@pytest.mark.parametrize("rank", [None, "", "first", "0", "9" * 15])
def test_a_film_without_a_rank_is_quarantined(rank: Any) -> None:
    outcome = silver(case("movie"), SOURCE | {"rank": rank})

    assert isinstance(outcome, Quarantined)
    assert outcome.reasons[0].startswith("rank: ")


def test_ratings_stand_in_for_empty_scores_only() -> None:
    ratings = [
        {"Source": "Internet Movie Database", "Value": "9.3/10"},
        {"Source": "Metacritic", "Value": "80/100"},
        {"Source": "Rotten Tomatoes", "Value": "91%"},
        {"Source": "Rotten Tomatoes", "Value": "1%"},
        {"Source": "Somebody", "Value": "A+"},
        {"Source": ["Metacritic"], "Value": "1/100"},
        "nonsense",
    ]
    nothing = case("movie_with_nothing")

    row = clean_row(nothing | {"Ratings": ratings})
    assert (row["imdb_rating"], row["metascore"], row["rotten_tomatoes"]) == (9.3, 80, 91)
    row = clean_row(nothing | {"Ratings": ratings, "imdbRating": "5.0", "Metascore": "50", "tomatoMeter": "55"})
    assert (row["imdb_rating"], row["metascore"], row["rotten_tomatoes"]) == (5.0, 50, 55)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)
values = (
    json_values
    | st.text("0123456789,.-–$%/()hminMBk OctNA&;#", max_size=12)
    | st.integers(-(10**19), 10**19).map(str)
    | st.sampled_from(["N/A", "1994", "142 min", "14 Oct 1994", "9.3", "$1", "a, b", "\ud800", "\x00", "tt0110413"])
)
FIELDS = [*case("movie"), "tomatoMeter", "tomatoRating", "tomatoReviews"]
answers = st.dictionaries(st.sampled_from(FIELDS) | st.text(), values, max_size=12)
items = st.dictionaries(st.sampled_from([*SOURCE]) | st.text(), values, max_size=6)


@given(omdb=answers, source=items, with_id=st.booleans())
def test_no_answer_crashes_and_no_row_is_about_another_film(
    omdb: dict[str, Any], source: dict[str, Any], with_id: bool
) -> None:
    if with_id:
        omdb, source = omdb | {"imdbID": "tt0110413"}, source | {"rank": "1"}

    outcome = silver(omdb, source, asked_for="tt0110413")

    if isinstance(outcome, Clean):
        assert outcome.row["imdb_id"] == "tt0110413"
        assert set(outcome.row) == set(NOTHING)
        to_json(outcome.row).decode("utf-8")
    else:
        assert outcome.reasons
        assert all(len(reason) < 400 for reason in outcome.reasons)


@settings(max_examples=20)
@given(st.lists(answers, min_size=20, max_size=20))
def test_every_clean_row_can_be_stored(given_answers: list[dict[str, Any]]) -> None:
    outcomes = [silver(omdb | {"imdbID": "tt0110413"}, asked_for="tt0110413") for omdb in given_answers]
    rows = [one.row | {"unreadable": one.unreadable} for one in outcomes if isinstance(one, Clean)]

    assert process_bronze_to_silver.encode(rows, SILVER_TABLES["movies"])[:4] == b"PAR1"


@pytest.mark.parametrize(
    ("iso", "expected"),
    [
        ("2026-11-24T03:00:01.000007Z", "2026-11-24 03:00:01.000007"),
        ("2026-11-24T05:00:01+02:00", "2026-11-24 03:00:01.000000"),
    ],
)
def test_times_are_in_utc_without_a_zone(iso: str, expected: str) -> None:
    assert sql_time(iso) == expected


RUN = "20261124T030000Z-1a2b3c4d"


def bronze(kind: str, **document: Any) -> BronzeObject:
    """Return a Bronze object of the film tt0110413."""
    body = {"fetched_at": "2026-11-24T03:00:00.000001Z", "source": SOURCE} | document
    return BronzeObject(keys.film(kind, RUN, "tt0110413"), "v1", to_json(body))


def manifest(run_id: str = RUN) -> BronzeObject:
    """Return the manifest of a run of one film, under the key of ``RUN``."""
    body = Manifest(
        run_id, "2026-11-24T03:00:00Z", "s3://l/t.json", None, "0" * 64, 9, 5, 1, {"tt0110413": 35}, [], "c"
    )
    return BronzeObject(keys.manifest(RUN), "v1", body.to_json())


def test_each_kind_of_object_becomes_a_row_of_its_table() -> None:
    film, refused = bronze("movies", omdb=case("movie")), bronze("rejected", reason="Movie not found!")
    wrong = BronzeObject(film.path, "v2", film.body.replace(b'"8.5"', b'"85"'))
    lineage = {"imdb_id": "tt0110413", "run_id": RUN, "fetched_at": "2026-11-24 03:00:00.000001"}

    tables, (row, rejected, quarantined, run) = zip(
        *((one.table, one.row) for one in map(silver_row, (film, refused, wrong, manifest()))), strict=True
    )

    assert tables == ("movies", "rejected", "quarantine", "runs")
    assert row == clean_row(case("movie")) | lineage | {
        "bronze_key": film.path, "bronze_version": "v1", "unreadable": None,
    }  # fmt: skip
    assert set(row) | set(PROCESSING) == set(SILVER_TABLES["movies"].column_names)
    assert (quarantined["bronze_version"], len(quarantined["reasons"])) == ("v2", 1)
    assert rejected["reason"] == "Movie not found!"
    assert (run["run_id"], run["top_n"], run["expected"]) == (RUN, 9, 1)


@pytest.mark.parametrize(
    ("foreign", "cause"),
    [
        (BronzeObject("movies/x.json", None, b"{}"), "is not a key of Bronze"),
        (BronzeObject(bronze("movies").path, None, b"[]"), "is not a Bronze object"),
        (BronzeObject(bronze("movies").path, None, b"{"), "is not a Bronze object"),
        (bronze("movies", omdb=[]), "is not a Bronze object"),
        (bronze("movies", omdb={}, fetched_at="yesterday"), "is not a Bronze object"),
        (manifest("20261125T030000Z-1a2b3c4d"), "another run's manifest"),
    ],
)
def test_a_foreign_object_is_named(foreign: BronzeObject, cause: str) -> None:
    with pytest.raises(InvalidInput, match=cause) as caught:
        silver_row(foreign)

    assert caught.value.subject == foreign.path


def test_the_digest_of_a_part_depends_on_keys_and_versions_alone() -> None:
    rows = [{"bronze_key": key, "bronze_version": "1", "title": key} for key in ("a", "b")]

    assert part_digest(rows) == part_digest([{**row, "title": "x"} for row in reversed(rows)])
    assert part_digest(rows) != part_digest(rows[:1])
    assert part_digest(rows) != part_digest([rows[0], rows[1] | {"bronze_version": "2"}])


def check(**values: Any) -> SilverMovie:
    return SilverMovie.model_validate({**BARE, **values}, context=CONTEXT)


def test_the_fields_are_the_columns() -> None:
    assert list(SilverMovie.model_fields) == [column.name for column in FILM]


def test_a_film_of_which_nothing_is_known_is_clean() -> None:
    assert check().model_dump() == BARE


@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [
        ("year", [1870, 1994, 2036], [0, -1, 1869, 2037, 3994]),
        ("released", [date(1994, 10, 14), date(2036, 12, 31)], [date(1, 1, 1), date(2037, 1, 1)]),
        ("runtime_minutes", [1, 142, 60_000], [0, -142, 60_001]),
        ("imdb_rating", [0.0, 9.3, 10.0], [-0.1, 10.1, 93.0, float("nan"), float("inf")]),
        ("imdb_votes", [0, 2_400_369], [-5, 10**12 + 1]),
        ("metascore", [0, 100], [-1, 101]),
        ("rotten_tomatoes", [0, 100], [-1, 101]),
        ("rotten_tomatoes_average", [0.0, 10.0], [-0.5, 10.5]),
        ("rotten_tomatoes_reviews", [0, 584], [-1, 2_000_000]),
        ("box_office_usd", [0, 2_923_706_026], [-1, 10**10 + 1]),
        ("rank", [1, 250], [0, -1, None, 2**31]),
        ("source_rating", [0.0, 9.2], [-1.0, 10.5]),
        ("source_rating_count", [0, 2_757_004], [-1]),
    ],
)
def test_ranges(column: str, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        assert getattr(check(**{column: value}), column) == value
    for value in bad:
        with pytest.raises(ValidationError) as caught:
            check(**{column: value})
        (reason,) = reasons(caught.value)
        assert reason.startswith(f"{column}: {str(value)[:60]!r}: ")


def test_an_answer_about_another_film_is_kept_out() -> None:
    with pytest.raises(ValidationError) as caught:
        check(imdb_id="tt0068646")

    assert reasons(caught.value) == ["imdb_id: 'tt0068646': the answer is about another film than tt0111161"]


def test_every_fault_is_named() -> None:
    with pytest.raises(ValidationError) as caught:
        check(year=3994, metascore=101, imdb_votes=-5)

    assert [reason.split(":")[0] for reason in reasons(caught.value)] == ["year", "imdb_votes", "metascore"]


def test_a_number_too_long_to_be_written_is_named() -> None:
    with pytest.raises(ValidationError) as caught:
        check(runtime_minutes=10**5000)

    assert reasons(caught.value)[0].startswith("runtime_minutes: 'a number of more than 60 digits': ")


def test_a_long_value_is_shortened() -> None:
    with pytest.raises(ValidationError) as caught:
        check(imdb_id="x" * 10_000)

    assert len(reasons(caught.value)[0]) < 200
