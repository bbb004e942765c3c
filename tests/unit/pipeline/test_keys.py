"""Keys: every key that is built can be parsed, and nothing else can."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import keys
from pipeline.errors import InvalidInput
from pipeline.keys import BronzeKey
from pipeline.runs import new_run_id

RUN = "20261124T030000Z-1a2b3c4d"
BUILD = "20261124T030000.000000Z"
imdb_ids = st.from_regex(keys.IMDB_ID, fullmatch=True)
run_ids = st.datetimes(min_value=datetime(2000, 1, 1)).map(lambda moment: new_run_id(moment, "test"))


@given(kind=st.sampled_from([keys.MOVIES, keys.REJECTED]), run_id=run_ids, imdb_id=imdb_ids)
def test_a_films_key_is_read_back(kind: str, run_id: str, imdb_id: str) -> None:
    key = keys.film(kind, run_id, imdb_id)

    assert keys.parse_bronze(key) == BronzeKey(kind, run_id, imdb_id)
    assert (keys.run_of(key), keys.film_of(key)) == (run_id, imdb_id)


@pytest.mark.parametrize(
    ("built", "expected"),
    [
        (keys.source_list(RUN), f"source/run_id={RUN}/list.json"),
        (keys.manifest(RUN), f"runs/run_id={RUN}/manifest.json"),
        (keys.silver_run(RUN), f"runs/run_id={RUN}/run.json"),
        (keys.film(keys.MOVIES, RUN, "tt0111161"), f"movies/run_id={RUN}/imdb_id=tt0111161.json"),
        (keys.film(keys.REJECTED, RUN, "tt0111161"), f"rejected/run_id={RUN}/imdb_id=tt0111161.json"),
        (keys.film(keys.QUARANTINE, RUN, "tt10272386"), f"quarantine/run_id={RUN}/imdb_id=tt10272386.json"),
        (keys.silver_part(RUN, "0af3", 7), f"movies/run_id={RUN}/part-0af3-7.parquet"),
        (keys.silver_compacted(RUN, "0af3", 7), f"movies/run_id={RUN}/compacted-0af3-7.parquet"),
        (keys.gold_table("summaries"), "summaries/summaries.parquet"),
        (keys.build_record(BUILD), f"builds/{BUILD}/build.json"),
        (keys.build_table(BUILD, "movies"), f"builds/{BUILD}/movies/"),
    ],
)
def test_keys_match_the_contract(built: str, expected: str) -> None:
    assert built == expected


def test_a_manifest_is_read_back() -> None:
    assert keys.parse_bronze(keys.manifest(RUN)) == BronzeKey("runs", RUN, None)


def test_a_claim_is_known_by_its_key() -> None:
    assert keys.is_claim(keys.claim("one"))
    assert not keys.is_claim(keys.source_list(RUN))


@pytest.mark.parametrize(
    "key",
    [
        "",
        f"source/run_id={RUN}/list.json",
        f"movies/run_id={RUN}/imdb_id=tt0111161.json/",
        f"movies/run_id={RUN}/imdb_id=tt0111161.json\n",
        f"/movies/run_id={RUN}/imdb_id=tt0111161.json",
        f"movies/run_id={RUN}/../imdb_id=tt0111161.json",
        "movies/run_id=1/imdb_id=tt0111161.json",
        f"movies/run_id={RUN}/imdb_id=tt٠١٢٣٤٥٦.json",
        f"quarantine/run_id={RUN}/imdb_id=tt0111161.json",
    ],
)
def test_other_keys_are_not_read(key: str) -> None:
    assert keys.parse_bronze(key) is None


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        ("tt0111161", True),
        ("tt10272386", True),
        ("tt1234567890", True),
        ("tt00111161", False),
        ("tt0000111161", False),
        ("tt123456", False),
        ("tt12345678901", False),
        ("TT0111161", False),
        ("tt01111x1", False),
        (" tt0111161", False),
        ("tt0111161\n", False),
        ("../tt0111161", False),
        ("tt٠١٢٣٤٥٦", False),
        (111161, False),
        (None, False),
    ],
)
def test_imdb_ids(value: object, is_one: bool) -> None:
    assert keys.is_imdb_id(value) is is_one


@given(imdb_ids, st.integers(0, 3))
def test_every_spelling_of_an_id_is_read_as_one(imdb_id: str, zeros: int) -> None:
    longer = f"tt{'0' * zeros}{imdb_id[2:]}"
    expected = imdb_id if len(longer) <= 12 else None

    assert keys.imdb_id_in(longer) == keys.imdb_id_in(f"https://www.imdb.com/title/{longer}/") == expected


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        (RUN, True),
        ("20260230T030000Z-1a2b3c4d", False),
        ("00000000T000000Z-00000000", False),
        ("20261124T250000Z-1a2b3c4d", False),
        ("20261124T030000Z-1A2B3C4D", False),
        (RUN + "/", False),
        (1, False),
    ],
)
def test_run_ids(value: object, is_one: bool) -> None:
    assert keys.is_run_id(value) is is_one


@pytest.mark.parametrize("bad", ["../../etc/passwd", "TT1", "", "tt0111161/../x", "x" * 5000])
def test_no_key_is_built_from_an_invalid_id(bad: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        keys.film(keys.MOVIES, RUN, bad)
    assert len(str(caught.value)) < 300
    with pytest.raises(InvalidInput):
        keys.run_prefix(keys.MOVIES, bad)
    with pytest.raises(InvalidInput):
        keys.gold_table(bad)
    with pytest.raises(InvalidInput):
        keys.build_table(BUILD, bad)
    with pytest.raises(InvalidInput):
        keys.build_folder(bad)


@pytest.mark.parametrize(
    ("key", "build_id"),
    [
        (f"builds/{BUILD}/movies/movies.parquet", BUILD),
        (f"builds/{BUILD}/build.json", BUILD),
        ("builds/unpublished/movies/x.parquet", None),
        (f"movies/builds/{BUILD}/x.parquet", None),
    ],
)
def test_build_of_an_object_of_gold(key: str, build_id: str | None) -> None:
    assert keys.build_of(key) == build_id


@given(st.integers(0, 10**6))
def test_rows_of_a_part_are_in_its_name(rows: int) -> None:
    part, merged = keys.silver_part(RUN, "00ff", rows), keys.silver_compacted(RUN, "00ff", rows)

    assert keys.rows_of(part) == keys.rows_of(merged) == rows
    assert (keys.is_compacted(part), keys.is_compacted(merged)) == (False, True)


@pytest.mark.parametrize("key", [keys.silver_run(RUN), "movies/part-00ff-x.parquet", "part-00ff-7.parquet", ""])
def test_other_objects_have_no_rows(key: str) -> None:
    assert keys.rows_of(key) == 0


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("movies", True),
        ("films_by_year", True),
        ("_summary_answers", False),
        ("Movies", False),
        ("a/b", False),
        ("", False),
    ],
)
def test_names_of_tables(name: str, is_one: bool) -> None:
    assert keys.is_table_name(name) is is_one
