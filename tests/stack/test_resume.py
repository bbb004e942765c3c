"""Resuming a run requests its missing films again: after messages were lost, and after the emulator was killed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from pipeline import aws, keys
from reelhouse import stack as deployed_stack
from reelhouse.commands.run import start
from reelhouse.commands.verify import verify
from reelhouse.local import stack as local_stack
from reelhouse.local.state import State
from reelhouse.run import resume
from reelhouse.stack import Stack
from tests.chaos.account import account
from tests.running import WATCH_SECONDS, Omdb, options, reelhouse, wait_until


@pytest.fixture
def held(stack: Stack) -> Iterator[Any]:
    """Switches the taking of a queue's messages off, and on again after the test."""
    client = aws.client("lambda")
    sources = client.list_event_source_mappings()["EventSourceMappings"]

    def hold(function: str, enabled: bool = False) -> None:
        for source in sources:
            if source["FunctionArn"].endswith(stack[f"{function}Name"]):
                client.update_event_source_mapping(UUID=source["UUID"], Enabled=enabled)

    yield hold
    for function in ("EnrichAndStoreMovie", "ProcessBronzeToSilver", "AggregateToGold"):
        hold(function, True)


def resumed(run_id: str) -> Any:
    """Return what the command prints."""
    done = reelhouse("run", "--resume", run_id, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def purge(stack: Stack, queue: str) -> None:
    aws.client("sqs").purge_queue(QueueUrl=stack[f"{queue}Url"])


def test_a_run_whose_messages_are_gone_is_resumed(stack: Stack, held: Any) -> None:
    held("EnrichAndStoreMovie")
    run_id = start(stack, 10, 5).run_id
    purge(stack, "MovieQueue")
    held("EnrichAndStoreMovie", True)

    report = resumed(run_id)

    assert (report["status"], report["expected"], report["stored"], report["messages"]) == ("complete", 10, 10, 2)
    assert report["note"] == "requested again: 10 films from OMDb, 0 stored objects"
    assert account(stack, run_id).doubled == []


def test_objects_whose_events_are_gone_are_announced_again(stack: Stack, held: Any) -> None:
    held("ProcessBronzeToSilver")
    run_id = start(stack, 5, 5).run_id
    wait_until(lambda: stack.count("Bronze", keys.MOVIES, run_id) == 5)
    # Those of the manifest and the films: an event that arrived later would be processed.
    wait_until(lambda: stack.queues()["BronzeEvents"].waiting >= 6)
    purge(stack, "BronzeEvents")
    held("ProcessBronzeToSilver", True)

    report = resumed(run_id)

    assert (report["status"], report["silver_rows"], report["messages"]) == ("complete", 5, 0)
    assert report["note"] == "requested again: 0 films from OMDb, 6 stored objects"


def test_gold_is_built_where_only_that_is_missing(stack: Stack, held: Any) -> None:
    held("AggregateToGold")
    run_id = start(stack, 5, 5).run_id
    wait_until(lambda: not any(resume_needs(stack, run_id)))
    purge(stack, "SilverEvents")

    report = resumed(run_id)

    assert (report["status"], report["note"]) == ("complete", "requested again: 0 films from OMDb, 0 stored objects")


def resume_needs(stack: Stack, run_id: str) -> tuple[list[Any], list[str]]:
    missing = resume.missing_of(stack, stack.manifest(run_id))
    return missing.films, missing.objects


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--resume", "20200101T000000Z-00000000"], 1, "there is no such run"),
        (["--resume", "nonsense"], 2, "a run id looks like"),
        (["--resume", "20200101T000000Z-00000000", "--top-n", "5"], 2, "--resume takes"),
    ],
)
def test_runs_that_cannot_be_resumed_are_rejected(stack: Stack, arguments: list[str], status: int, said: str) -> None:
    done = reelhouse("run", *arguments)

    assert done.returncode == status
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_up_resumes_what_a_killed_emulator_forgot(stack: Stack, local: State, omdb: Omdb) -> None:
    # Slow enough that films are missing when the emulator is killed, on a busy machine too.
    omdb.faults(latency_ms=1500)
    run_id = start(stack, 20, 5).run_id
    wait_until(lambda: stack.count("Bronze", keys.MOVIES, run_id) > 0)
    assert local.ministack
    emulator = psutil.Process(local.ministack.pid)
    for process in (emulator, *emulator.children(recursive=True)):
        process.kill()
    emulator.wait(WATCH_SECONDS)
    omdb.no_faults()
    said: list[str] = []

    again = local_stack.up(options(), said.append)
    local.ministack, local.omdb = again.ministack, again.omdb
    resume.resume_after_kill(again, deployed_stack.find(None), said.append)

    assert any(run_id in line and "MiniStack was killed" in line for line in said)
    wait_until(lambda: run_id in getattr(stack.build(), "complete_runs", ()))
    accounted = account(stack, run_id)
    assert (accounted.stored, accounted.lost, accounted.doubled) == (20, [], [])
    wait_until(lambda: verify(stack, run_id).ok)
    assert not again.interrupted
