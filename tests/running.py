"""Helpers for tests of the deployed stack: runs, commands, conditions, and the OMDb-compatible server's switches."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psutil
import requests
from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed
from typer.testing import CliRunner

from pipeline import aws, keys
from pipeline.documents import to_json
from reelhouse.cli import app
from reelhouse.commands.run import start
from reelhouse.local import stack as local_stack
from reelhouse.local import state
from reelhouse.local.omdb import films as sample_films
from reelhouse.run.watch import Report, watch
from reelhouse.stack import QUEUES, Stack

# No test depends on speed: only a failure takes this long, on a machine however busy.
WATCH_SECONDS = 240
# After so long in which no function used a processor, a message in flight has failed, or waits for a retry. Unpacking a
# function before it starts takes less, on a busy machine too.
IDLE_SECONDS = 5
# Films on the list of the tests' stacks. Each run parses the list, which takes half a second for all sample films.
FILMS = 300


def options() -> local_stack.Options:
    """Return the options of the tests' stacks: a list of :data:`FILMS` films, and an end with their test process."""
    listed = state.home().with_suffix(".json")
    listed.write_bytes(to_json({"items": sample_films.source_list()["items"][:FILMS]}))
    return local_stack.Options(source_list=str(listed), stays=False)


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
    last, changed = work_of_functions(), time.monotonic()

    def settled() -> bool:
        nonlocal last, changed
        counts, work = stack.queues(), work_of_functions()
        if not any(queue.busy for queue in counts.values()):
            return True
        waiting = any(counts[queue].waiting for queue in ("BronzeEvents", "SilverEvents"))
        if waiting or work != last or any(status != psutil.STATUS_SLEEPING for _, status in work.values()):
            last, changed = work, time.monotonic()
        return time.monotonic() - changed > IDLE_SECONDS

    wait_until(settled)
    for queue in QUEUES:
        aws.client("sqs").purge_queue(QueueUrl=stack[f"{queue}Url"])


def work_of_functions() -> dict[int, tuple[float, str]]:
    """Return the processor seconds so far and the status of each process that runs a function."""
    emulator = state.load().ministack
    assert emulator is not None
    work: dict[int, tuple[float, str]] = {}
    for process in psutil.Process(emulator.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            work[process.pid] = (times.user + times.system, process.status())
    return work


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
