"""The record of a build: read back as it was written, and nothing else is taken for one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from pipeline.documents import to_json
from pipeline.errors import DocumentInvalid
from pipeline.gold.build import Build
from tests.gold_builds import COMPLETE, a_build

OLDER, NEWER = "20261123T030000Z-aaaaaaaa", "20261124T030000Z-bbbbbbbb"
INCOMPLETE = {**asdict(COMPLETE), "status": "incomplete"}


def test_a_build_is_read_back_as_it_was_written() -> None:
    build = a_build(tables={"movies": 18}, runs={NEWER: COMPLETE}, size=10, etags={"movies/movies.parquet": '"1"'})

    assert Build.from_json(build.to_json()) == build


def test_fields_of_later_versions_are_ignored() -> None:
    assert Build.from_json(to_json({**asdict(a_build()), "checks": []})) == a_build()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"7", b"{}", b"\xff", b"[" * 100_000])
def test_what_is_no_build_is_refused(body: bytes) -> None:
    with pytest.raises(DocumentInvalid, match=r"_build\.json: .*; the next build replaces it"):
        Build.from_json(body)


@pytest.mark.parametrize(
    "odd",
    [
        {"built_at": "yesterday"},
        {"built_at": "2026-11-24"},
        {"built_at": None},
        {"build_id": 7},
        {"silver": []},
        {"tables": {"movies": "many"}},
        {"runs": {NEWER: None}},
        {"runs": {NEWER: {"status": "complete"}}},
        {"etags": 7},
        {"locations": ["movies"]},
    ],
)
def test_a_field_of_another_type_is_named(odd: dict[str, Any]) -> None:
    (field,) = odd
    with pytest.raises(DocumentInvalid, match=field):
        Build.from_json(to_json({**asdict(a_build()), **odd}))


def test_the_newest_and_the_complete_runs() -> None:
    build = Build.from_json(to_json({**asdict(a_build()), "runs": {NEWER: INCOMPLETE, OLDER: asdict(COMPLETE)}}))

    assert (build.newest_run, build.complete_runs) == (NEWER, {OLDER})
    assert (a_build().newest_run, a_build().complete_runs) == (None, set())
