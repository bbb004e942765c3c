"""Compaction on the deployed stack: Gold is identical, verify and replay succeed, and changed parts are kept."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline import aws, keys
from pipeline.aws import StoredObject
from reelhouse.cli import app
from reelhouse.operate.compact import compact
from reelhouse.operate.differences import compare_builds
from reelhouse.operate.replay import replay
from reelhouse.operate.verify import verify
from reelhouse.stack import Stack
from tests.running import let_events_settle

FILMS = 30


def parts(stack: Stack, run_id: str) -> list[StoredObject]:
    return aws.list_objects(aws.client("s3"), stack["SilverBucketName"], keys.run_prefix("movies", run_id))


def compacted(stack: Stack, run_id: str, settled_before: datetime) -> dict[str, Any]:
    return asdict(compact(stack, [run_id], settled_before, lambda *_: None))


@pytest.fixture
def run_id(stack: Stack, new_run: Callable[[int, int], str]) -> str:
    """A run of several parts, with nothing under way."""
    run_id = new_run(FILMS, 5)
    let_events_settle(stack)
    s3, bucket = aws.client("s3"), stack["SilverBucketName"]
    # A trickle of messages makes many parts; here each is there twice.
    for part in parts(stack, run_id):
        copy = keys.silver_part(run_id, f"{zlib.crc32(part.key.encode()):032x}", keys.rows_of(part.key))
        s3.put_object(Bucket=bucket, Key=copy, Body=aws.get(s3, bucket, part.key)[0])
    let_events_settle(stack)
    return run_id


def test_readers_see_the_same_rows_before_and_after_a_compaction(stack: Stack, run_id: str) -> None:
    before, gold = parts(stack, run_id), stack.build()
    written = max(part.modified for part in before)

    # Some of it is younger: the run is left alone.
    assert compacted(stack, run_id, written - timedelta(seconds=1))["runs"] == 0
    assert parts(stack, run_id) == before

    result = compacted(stack, run_id, datetime.now(UTC) + timedelta(seconds=2))

    assert (result["written"], result["removed"], result["waiting"]) == (1, len(before), 0)
    left = parts(stack, run_id)
    assert [(keys.is_compacted(part.key), keys.rows_of(part.key)) for part in left] == [(True, FILMS)]
    let_events_settle(stack)
    assert verify(stack, run_id).ok
    changes = compare_builds(stack.lake(), gold, stack.build())
    assert all(change.same for change in changes.values()), changes

    # Replay puts parts of its own in the merged part's place.
    replayed = replay(stack, [run_id], lambda *_: None)
    assert (replayed.status, replayed.missing) == ("complete", [])
    assert not any(keys.is_compacted(part.key) for part in parts(stack, run_id))
    assert all(change.same for change in replayed.changes.values()), replayed.changes


def test_a_part_that_was_written_again_is_not_removed(stack: Stack, run_id: str) -> None:
    """Between being read and being removed: S3 itself compares the ETag."""
    s3, bucket = aws.client("s3"), stack["SilverBucketName"]
    part = parts(stack, run_id)[0]
    body = aws.get(s3, bucket, part.key)[0]
    s3.put_object(Bucket=bucket, Key=part.key, Body=body + b"newer")

    assert aws.delete_unchanged(s3, bucket, part.key, part.etag) is False
    assert part.key in [entry.key for entry in parts(stack, run_id)]
    s3.put_object(Bucket=bucket, Key=part.key, Body=body)
    assert aws.delete_unchanged(s3, bucket, part.key, part.etag) is True
    assert aws.delete_unchanged(s3, bucket, part.key, part.etag) is False
    s3.put_object(Bucket=bucket, Key=part.key, Body=body)


def test_the_command_prints_its_counts(stack: Stack, run_id: str) -> None:
    young = CliRunner().invoke(app, ["compact", "--run-id", run_id, "--json"])
    assert (young.exit_code, json.loads(young.stdout)["runs"]) == (0, 0)

    told = CliRunner().invoke(app, ["compact", "--run-id", run_id, "--hours", "0"])

    assert told.exit_code == 0, told.stderr
    assert "1 runs compacted" in told.stdout
    unknown = CliRunner().invoke(app, ["compact", "--run-id", "20261124T000000Z-ffffffff", "--json"])
    assert (unknown.exit_code, "no such run" in json.loads(unknown.stdout)["error"]) == (1, True)
