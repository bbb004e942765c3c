"""Helpers for tests of the deployed stack: runs, commands, conditions, and the OMDb-compatible server's switches."""

from __future__ import annotations

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
from reelhouse.stack import Stack

WATCH_SECONDS = 240
# Stacks of tests end with their test process.
OPTIONS = local_stack.Options(stays=False)


@dataclass(frozen=True)
class Omdb:
    """The stack's OMDb-compatible server, and its switches."""

    url: str

    def faults(self, **switches: Any) -> None:
        """Set faults; switches that are not named keep their initial value."""
        requests.put(f"{self.url}faults", json=switches, timeout=10).raise_for_status()

    def no_faults(self) -> None:
        """Clear all faults."""
        requests.delete(f"{self.url}faults", timeout=10).raise_for_status()

    def calls(self) -> dict[str, int]:
        """Return the calls by film since the last reset."""
        calls: dict[str, int] = requests.get(f"{self.url}stats", params={"calls": 1}, timeout=10).json()["calls"]
        return calls

    def outcomes(self) -> dict[str, int]:
        """Return the answers by outcome since the last reset."""
        outcomes: dict[str, int] = requests.get(f"{self.url}stats", timeout=10).json()["outcomes"]
        return outcomes

    def reset_calls(self) -> None:
        """Reset the counts."""
        requests.delete(f"{self.url}stats", timeout=10).raise_for_status()


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
    let_events_settle(stack)
    s3 = aws.client("s3")
    for layer in ("Bronze", "Silver"):
        bucket = stack[f"{layer}BucketName"]
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                if keys.run_of(version["Key"]) == run_id:
                    s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])


def let_events_settle(stack: Stack) -> None:
    """Wait until BronzeEvents has been read, and purge failed messages.

    A failed message would otherwise return after minutes, long after its test, and count as in flight until then.
    """
    wait_until(lambda: stack.queues()["BronzeEvents"]["waiting"] == 0)
    for queue in ("BronzeEvents", "SilverEvents"):
        aws.client("sqs").purge_queue(QueueUrl=stack[f"{queue}Url"])


@retry(stop=stop_after_delay(90), wait=wait_fixed(0.5), retry=retry_if_result(lambda reached: not reached))
def wait_until(condition: Callable[[], bool]) -> bool:
    """Wait for a condition for at most 90 seconds; raise ``RetryError`` if it is never met."""
    return condition()
