"""Helpers for tests of the deployed stack: runs, commands, conditions, and the OMDb-compatible server's switches."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed
from typer.testing import CliRunner

from pipeline import aws, keys
from reelhouse.cli import app
from reelhouse.local import stack as local_stack
from reelhouse.run.start import start
from reelhouse.run.watch import Report, watch
from reelhouse.stack import QUEUES, Stack

# No test depends on speed: only a failure takes this long, on a machine however busy.
WATCH_SECONDS = 240
# After so long without a change, a message in flight has failed: it is longer than invocations take on a busy machine.
FAILED_SECONDS = 10
# Stacks of tests end with their test process.
OPTIONS = local_stack.Options(stays=False)


@dataclass(frozen=True)
class Omdb:
    """The stack's OMDb-compatible server, and its switches."""

    url: str

    def faults(self, **switches: Any) -> None:
        """Set faults; switches that are not named keep their initial value."""
        requests.put(f"{self.url}faults", json=switches, timeout=WATCH_SECONDS).raise_for_status()

    def no_faults(self) -> None:
        """Clear all faults."""
        requests.delete(f"{self.url}faults", timeout=WATCH_SECONDS).raise_for_status()

    def calls(self) -> dict[str, int]:
        """Return the calls by film since the last reset."""
        return dict(requests.get(f"{self.url}stats", timeout=WATCH_SECONDS).json()["calls"])

    def refused(self, error: str) -> int:
        """Return the number of calls that were refused with an error since the last reset."""
        return int(requests.get(f"{self.url}stats", timeout=WATCH_SECONDS).json()["refused"].get(error, 0))

    def reset_calls(self) -> None:
        """Reset the counts."""
        requests.delete(f"{self.url}stats", timeout=WATCH_SECONDS).raise_for_status()


@dataclass(frozen=True)
class Ended:
    """A command that ended: its exit code and what it printed."""

    returncode: int
    stdout: str
    stderr: str


def reelhouse(*arguments: str) -> Ended:
    """Run a command of the command line in this process; an exception that it does not handle is raised here."""
    result = CliRunner().invoke(app, list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ended(result.exit_code, result.stdout, result.stderr)


def run_to_the_end(stack: Stack, top_n: int, batch_size: int) -> Report:
    """Start a run and watch it until it is complete or cannot become complete."""
    return watch(stack, start(stack, top_n, batch_size), lambda _: None, WATCH_SECONDS)


def remove_run(stack: Stack, run_id: str) -> None:
    """Remove a run from Bronze and Silver, with all versions, as root: nothing else could mend damaged Bronze."""
    for bucket in ("Bronze", "Silver"):
        for kind in ("source", keys.RUNS, keys.MOVIES, keys.REJECTED, keys.QUARANTINE):
            remove_versions(stack[f"{bucket}BucketName"], keys.run_prefix(kind, run_id))


def remove_versions(bucket: str, prefix: str) -> None:
    """Remove all versions of all objects below a prefix."""
    s3 = aws.client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        objects = [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in versions]
        if objects:
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})  # type: ignore[typeddict-item]
            assert not answer.get("Errors"), answer


def let_events_settle(stack: Stack) -> None:
    """Wait until no event waits or is being processed, then purge all queues.

    A failed message stays in flight, as one does that is being processed, and would return minutes after its test.
    """
    last, changed = stack.queues(), time.monotonic()

    def settled() -> bool:
        nonlocal last, changed
        counts = stack.queues()
        if not any(queue.busy for queue in counts.values()):
            return True
        waiting = any(counts[queue].waiting for queue in ("BronzeEvents", "SilverEvents"))
        if waiting or counts != last:
            last, changed = counts, time.monotonic()
        return time.monotonic() - changed > FAILED_SECONDS

    wait_until(settled)
    for queue in QUEUES:
        aws.client("sqs").purge_queue(QueueUrl=stack[f"{queue}Url"])


def start_afresh(stack: Stack) -> None:
    """Let earlier events settle, remove parked messages and incomplete runs, and build Gold of what is left."""
    let_events_settle(stack)
    for queue in QUEUES:
        aws.client("sqs").purge_queue(QueueUrl=stack[f"{queue}DeadLettersUrl"])
    stack.build_gold()
    build = stack.build()
    incomplete = set(stack.run_ids()) - (build.complete_runs if build else set())
    for run_id in incomplete:
        remove_run(stack, run_id)
    if incomplete:
        stack.build_gold()


@retry(stop=stop_after_delay(WATCH_SECONDS), wait=wait_fixed(0.25), retry=retry_if_result(lambda reached: not reached))
def wait_until(condition: Callable[[], bool]) -> bool:
    """Wait for a condition for at most four minutes; raise ``RetryError`` if it is never met."""
    return condition()
