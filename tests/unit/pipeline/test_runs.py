"""Runs: ids that sort by time, times in UTC, manifests and replies that are read back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import keys
from pipeline.errors import DocumentInvalid
from pipeline.runs import Manifest, RunReply, Skipped, new_run_id, utc

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
    skipped=[Skipped(3, "../é", "id is missing")],
    code_version="1.0",
)
times = st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))


@given(times, times)
def test_run_ids_sort_by_time(first: datetime, second: datetime) -> None:
    ids = new_run_id(first, "a"), new_run_id(second, "b")

    assert all(map(keys.is_run_id, ids))
    if second - first >= timedelta(seconds=1):
        assert ids[0] < ids[1]


def test_an_id_derives_from_its_time_and_origin() -> None:
    now = datetime(2026, 11, 24, 3, tzinfo=UTC)

    assert new_run_id(now, "schedule")[:17] == "20261124T030000Z-"
    assert new_run_id(now, "schedule") == new_run_id(now, "schedule")
    assert new_run_id(now, "one invocation") != new_run_id(now, "another invocation")


def test_times_are_written_in_utc() -> None:
    moment = datetime(2026, 11, 24, 5, 0, 0, 7, tzinfo=timezone(timedelta(hours=2)))

    assert utc(moment) == "2026-11-24T03:00:00.000007Z"
    assert new_run_id(moment, "x").startswith("20261124T030000Z-")


def test_a_manifest_is_read_back() -> None:
    assert Manifest.from_json(MANIFEST.to_json()) == MANIFEST


def test_a_newer_manifest_is_read_too() -> None:
    newer = json.dumps({**json.loads(MANIFEST.to_json()), "schema": 2, "more": []}).encode()

    assert Manifest.from_json(newer).expected == {"tt0111161": 1}


LATER_FIELDS = {"schema", "requested_by", "listed", "source_bytes"}


def test_an_older_manifest_is_read_too() -> None:
    older = {name: value for name, value in json.loads(MANIFEST.to_json()).items() if name not in LATER_FIELDS}

    manifest = Manifest.from_json(json.dumps(older).encode())

    assert (manifest.requested_by, manifest.listed, manifest.source_bytes) == (None, None, None)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"expected": []}, "expected: expected an object, found an array"),
        ({"expected": {"tt0111161": "1"}}, "expected.tt0111161: expected a whole number, found text"),
        ({"expected": {"tt0111161": 1, "../x": 2}}, "expected: holds a key that is not an IMDb id"),
        ({"skipped": [{"item": 1}]}, "skipped[0].id: is missing"),
        ({"run_id": "20269924T030000Z-1a2b3c4d"}, "run_id: is not a run id"),
        ({"started_at": "yesterday"}, "started_at: is not an ISO 8601 time"),
        ({"started_at": "2026-11-24T03:00:00"}, "started_at: has no time zone"),
        ({"top_n": True}, "top_n: expected a whole number, found true or false"),
    ],
)
def test_a_damaged_manifest_names_its_first_fault(changes: dict[str, Any], cause: str) -> None:
    body = json.dumps({**json.loads(MANIFEST.to_json()), **changes}).encode()

    with pytest.raises(DocumentInvalid) as caught:
        Manifest.from_json(body, "runs/run_id=R/manifest.json")

    assert (caught.value.cause, caught.value.subject) == (cause, "runs/run_id=R/manifest.json")


def test_a_reply_is_read_back() -> None:
    reply = RunReply(MANIFEST.run_id, "s3://lists/top.json", 20, 1, MANIFEST.skipped, 1, 5)

    assert RunReply.from_json(json.dumps(reply.as_dict()).encode()) == reply
    assert "note" not in reply.as_dict()
    assert reply.as_dict()["skipped"] == [{"item": 3, "id": "../é", "reason": "id is missing"}]
    with pytest.raises(DocumentInvalid):
        RunReply.from_json(b'{"errorMessage": "2026-11-24 Task timed out"}')
