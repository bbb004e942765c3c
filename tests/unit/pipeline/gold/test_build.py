"""The record of a build: read back as it was written, and nothing else is accepted as one."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline import keys
from pipeline.columns import GOLD_TABLES
from pipeline.documents import to_json
from pipeline.errors import DocumentInvalid, InvalidInput
from pipeline.gold.build import Build, build_started_at, content_digest, new_build_id
from tests.gold_builds import BUILD_ID, COMPLETE, a_build, a_table

OLDER, NEWER = "20261123T030000Z-aaaaaaaa", "20261124T030000Z-bbbbbbbb"
INCOMPLETE = {**asdict(COMPLETE), "status": "incomplete"}
KEY = keys.build_record(BUILD_ID)
EARLIER = BUILD_ID.replace("24T", "23T")


def test_a_build_survives_json() -> None:
    build = a_build(tables={"movies": a_table(BUILD_ID, "movies", 18, "part-0", "part-1")}, runs={NEWER: COMPLETE})

    assert Build.from_json(build.to_json(), KEY) == build


def test_fields_of_later_versions_are_ignored() -> None:
    assert Build.from_json(to_json({**asdict(a_build()), "later": []}), KEY) == a_build()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"7", b"{}", b"\xff", b"[" * 100_000])
def test_an_invalid_build_record_is_rejected(body: bytes) -> None:
    with pytest.raises(DocumentInvalid, match=KEY):
        Build.from_json(body, KEY)


@pytest.mark.parametrize(
    "odd",
    [
        {"built_at": "yesterday"},
        {"built_at": "2026-11-24"},
        {"built_at": None},
        {"build_id": 7},
        {"build_id": "today"},
        {"silver": []},
        {"tables": {"movies": 18}},
        {"tables": {"movies": {"folder": "builds/", "rows": 18, "digest": "1", "objects": [{"key": "x"}]}}},
        {"runs": {NEWER: None}},
        {"runs": {NEWER: {"status": "complete"}}},
    ],
)
def test_a_field_of_another_type_is_named(odd: dict[str, Any]) -> None:
    (field,) = odd
    with pytest.raises(DocumentInvalid, match=field):
        Build.from_json(to_json({**asdict(a_build()), **odd}), KEY)


def test_a_table_outside_all_builds_is_rejected() -> None:
    tables = {"movies": {"folder": "movies/", "rows": 0, "digest": "1", "objects": []}}

    with pytest.raises(DocumentInvalid, match="folder: is not a folder of a build"):
        Build.from_json(to_json({**asdict(a_build()), "tables": tables}), KEY)


def test_the_newest_and_the_complete_runs() -> None:
    body = to_json({**asdict(a_build()), "runs": {NEWER: INCOMPLETE, OLDER: asdict(COMPLETE)}})
    build = Build.from_json(body, KEY)

    assert (build.newest_run, build.complete_runs) == (NEWER, {OLDER})
    assert (a_build().newest_run, a_build().complete_runs) == (None, set())


def test_tables_of_an_earlier_build_were_not_written() -> None:
    tables = {"movies": a_table(BUILD_ID, "movies", 9, "a", "b"), "rank_history": a_table(EARLIER, "rank_history", 7)}
    build = a_build(tables=tables)

    assert (build.rows, build.written, build.size_written) == ({"movies": 9, "rank_history": 7}, ["movies"], 20)


def test_an_id_is_the_start_of_its_build() -> None:
    moment = datetime(2026, 11, 24, 3, 2, 0, 7, tzinfo=UTC)

    assert keys.is_build_id(new_build_id(moment))
    assert build_started_at(new_build_id(moment)) == moment
    with pytest.raises(InvalidInput, match="a build id looks like"):
        build_started_at("yesterday")


def test_a_digest_depends_on_engine_columns_and_content() -> None:
    movies, ratings = GOLD_TABLES["movies"], GOLD_TABLES["movie_ratings"]
    digests = {
        content_digest(movies, "duckdb 2.0.1", 9, "1"),
        content_digest(movies, "duckdb 2.0.2", 9, "1"),
        content_digest(ratings, "duckdb 2.0.1", 9, "1"),
        content_digest(movies, "duckdb 2.0.1", 8, "1"),
        content_digest(movies, "duckdb 2.0.1", 9, "2"),
    }

    assert len(digests) == 5
    assert content_digest(movies, "athena", 9, "1") == content_digest(movies, "athena", 9, "1")
