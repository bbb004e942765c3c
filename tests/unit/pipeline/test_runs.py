"""Runs: ids that sort by time, times in UTC, manifests that are read back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline import keys
from pipeline.runs import Manifest, is_manifest, new_run_id, to_json, utc

MANIFEST = Manifest(
    run_id="20261124T030000Z-1a2b3c4d",
    started_at="2026-11-24T03:00:00.000000Z",
    source_uri="s3://lists/top.json",
    source_etag=None,
    source_sha256="0" * 64,
    top_n=20,
    batch_size=5,
    messages=4,
    expected={"tt0111161": 1},
    skipped=[{"item": 3, "id": "../é", "reason": "id is missing"}],
    code_version="1.0",
)
times = st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))


@given(times, times)
def test_run_ids_sort_by_time(first: datetime, second: datetime) -> None:
    ids = new_run_id(first), new_run_id(second)

    assert all(map(keys.is_run_id, ids))
    if second - first >= timedelta(seconds=1):
        assert ids[0] < ids[1]


def test_two_runs_of_one_second_have_two_ids() -> None:
    now = datetime(2026, 11, 24, 3, tzinfo=UTC)

    assert new_run_id(now)[:17] == "20261124T030000Z-"
    assert new_run_id(now) != new_run_id(now)


def test_times_are_written_in_utc() -> None:
    there = datetime(2026, 11, 24, 5, 0, 0, 7, tzinfo=timezone(timedelta(hours=2)))

    assert utc(there) == "2026-11-24T03:00:00.000007Z"
    assert new_run_id(there).startswith("20261124T030000Z-")


def test_a_manifest_is_read_back() -> None:
    assert Manifest.from_json(MANIFEST.to_json()) == MANIFEST


def test_a_newer_manifest_is_read_too() -> None:
    newer = json.dumps({**json.loads(MANIFEST.to_json()), "schema": 2, "more": []}).encode()

    assert Manifest.from_json(newer).expected == {"tt0111161": 1}


LATER_FIELDS = {"schema", "requested_by", "listed", "source_bytes"}


def test_a_manifest_is_told_from_other_json() -> None:
    manifest = json.loads(MANIFEST.to_json())
    older = {name: value for name, value in manifest.items() if name not in LATER_FIELDS}

    assert is_manifest(manifest)
    assert is_manifest(older)
    assert (Manifest(**older).requested_by, Manifest(**older).listed) == (None, None)
    for other in (None, [], {}, "text", {**manifest, "expected": []}, {"run_id": manifest["run_id"]}):
        assert not is_manifest(other)


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.none()))
def test_any_json_is_stored_as_utf_8_and_read_back(value: dict[str, Any]) -> None:
    assert json.loads(to_json(value).decode("utf-8")) == value
    assert json.loads(to_json({"title": "\ud800"})) == {"title": "\ud800"}
