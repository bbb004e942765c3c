"""A planted OMDb key is used by a run with faults, then searched for in everything that is stored, logged or shown."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from pipeline import aws
from reelhouse import local_stack, state
from reelhouse.stack import Stack
from tests.running import Omdb, run_to_the_end

BUCKETS = ("Bronze", "Silver", "Gold")


@pytest.fixture
def planted(stack: Stack, omdb: Omdb) -> Iterator[str]:
    """A key that is nowhere but in the secret, and in the OMDb server's list of accepted keys."""
    key = secrets.token_hex(8)

    def put(value: str) -> None:
        aws.client("secretsmanager").put_secret_value(SecretId=stack["OmdbSecretName"], SecretString=value)

    put(key)
    yield key
    put(local_stack.SAMPLE_KEY)


def objects(stack: Stack) -> Iterator[tuple[str, bytes]]:
    for name in BUCKETS:
        s3, bucket = aws.client("s3"), stack[f"{name}BucketName"]
        wanted = [entry.key for entry in aws.list_objects(s3, bucket)]
        for key, answer in zip(wanted, aws.get_many(s3, bucket, wanted), strict=True):
            if isinstance(answer, tuple):
                yield f"{name}: {key}", key.encode() + answer[0]


def log_lines(stack: Stack) -> Iterator[tuple[str, bytes]]:
    logs = aws.client("logs")
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            for events in logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"]):
                for event in events["events"]:
                    yield group["logGroupName"], event["message"].encode()


def files() -> Iterator[tuple[str, bytes]]:
    """What the local stack leaves on disk, but for the emulator's own memory, in which the secret itself is kept."""
    for path in state.home().rglob("*"):
        if path.is_file() and "ministack" not in path.relative_to(state.home()).parts and path.stat().st_size < 50e6:
            yield str(path), path.read_bytes()


def processes(current: state.State) -> Iterator[tuple[str, bytes]]:
    for process in (current.ministack, current.omdb):
        assert process
        for one in [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]:
            try:
                shown = [*one.cmdline(), *(f"{name}={value}" for name, value in one.environ().items())]
            except psutil.Error:
                continue
            yield f"process {one.pid}", "\n".join(shown).encode()


def answers() -> Iterator[tuple[str, bytes]]:
    for arguments in (["status", "--json"], ["doctor", "--json"], ["redrive", "--peek", "--json"]):
        done = subprocess.run([sys.executable, "-m", "reelhouse", *arguments], capture_output=True, check=False)
        yield " ".join(arguments), done.stdout + done.stderr


def test_a_planted_key_is_found_nowhere(stack: Stack, local: state.State, omdb: Omdb, planted: str) -> None:
    omdb.faults(keys=[planted])
    assert run_to_the_end(stack, 5, 5).status == "complete"
    omdb.faults(keys=[planted], fail_rate=0.5, seed=3)
    run_to_the_end(stack, 20, 5)
    omdb.faults(keys=["another"])
    run_to_the_end(stack, 5, 5)
    omdb.no_faults()

    searched: dict[str, int] = {}
    for kind, found in {
        "objects": objects(stack), "log lines": log_lines(stack), "files": files(),
        "processes": processes(local), "answers": answers(),
    }.items():  # fmt: skip
        for where, content in found:
            searched[kind] = searched.get(kind, 0) + 1
            assert planted.encode() not in content, where

    assert set(searched) == {"objects", "log lines", "files", "processes", "answers"}, searched
    assert read_secret(stack) == planted


def read_secret(stack: Stack) -> Any:
    """The search would find it: it is where it belongs."""
    return aws.client("secretsmanager").get_secret_value(SecretId=stack["OmdbSecretName"])["SecretString"]
