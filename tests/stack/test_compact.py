"""Compaction on the deployed stack: Gold is identical, verify and replay succeed, and changed objects are kept."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable

import pytest

from pipeline import aws, keys
from pipeline.aws import StoredObject
from reelhouse.commands.replay import replay
from reelhouse.commands.verify import verify
from reelhouse.operate.differences import compare_builds
from reelhouse.stack import Stack
from tests.running import let_events_settle, reelhouse

FILMS = 30


def parts(stack: Stack, run_id: str) -> list[StoredObject]:
    return aws.list_objects(aws.client("s3"), stack["SilverBucketName"], keys.run_prefix(keys.MOVIES, run_id))


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

    young = reelhouse("compact", "--run-id", run_id, "--json")

    assert (young.returncode, json.loads(young.stdout)["runs"]) == (0, 0)
    assert parts(stack, run_id) == before

    done = reelhouse("compact", "--run-id", run_id, "--hours", "0")

    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    # Of a part that is there twice, one is merged.
    assert f"1 run compacted: {len(before) // 2} small parts became 1, {len(before)} replaced parts removed." in said
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


def test_an_object_that_was_written_again_is_not_removed(stack: Stack) -> None:
    """Between being read and being removed: S3 itself compares the ETag."""
    s3, bucket, key = aws.client("s3"), stack["GoldBucketName"], "reports/probe"
    etag = s3.put_object(Bucket=bucket, Key=key, Body=b"older")["ETag"]
    newer = s3.put_object(Bucket=bucket, Key=key, Body=b"newer")["ETag"]

    assert aws.delete_unchanged(s3, bucket, key, etag) is False
    assert aws.get(s3, bucket, key)[0] == b"newer"
    assert aws.delete_unchanged(s3, bucket, key, newer) is True
    assert aws.delete_unchanged(s3, bucket, key, newer) is False


def test_a_run_that_is_unknown_is_refused(stack: Stack) -> None:
    unknown = reelhouse("compact", "--run-id", "20261124T000000Z-ffffffff", "--json")

    assert (unknown.returncode, "no such run" in json.loads(unknown.stdout)["error"]) == (1, True)
