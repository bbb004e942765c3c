"""Fixtures of all tests: no network but this machine's, and one deployed stack for those that need it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from pipeline import aws
from reelhouse import local_stack, runs
from reelhouse import stack as deployed_stack
from reelhouse.stack import Stack
from reelhouse.state import State

FILMS = 300
WATCH_SECONDS = 240


@dataclass(frozen=True)
class Omdb:
    """The stack's OMDb-compatible server, and its switches."""

    url: str

    def faults(self, **switches: Any) -> None:
        """Set faults; what is not named is as at the start."""
        requests.put(f"{self.url}faults", json=switches, timeout=10).raise_for_status()

    def no_faults(self) -> None:
        """Back to none."""
        requests.delete(f"{self.url}faults", timeout=10).raise_for_status()

    def calls(self) -> dict[str, int]:
        """Calls by film since the last reset."""
        calls: dict[str, int] = requests.get(f"{self.url}stats", params={"calls": 1}, timeout=10).json()["calls"]
        return calls

    def reset_calls(self) -> None:
        """Count anew."""
        requests.delete(f"{self.url}stats", timeout=10).raise_for_status()


def run_to_the_end(stack: Stack, top_n: int, batch_size: int) -> runs.Report:
    """Start a run and watch it until it is complete or hopeless."""
    return runs.watch(stack, runs.start(stack, top_n, batch_size), lambda _: None, WATCH_SECONDS)


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """The local stack, deployed once a session into a folder of its own, with a first run of 300 films in Gold."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REELHOUSE_HOME", str(tmp_path_factory.mktemp("reelhouse")))
        for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
            patch.setenv(name, "to be restored")
        patch.delenv("OMDB_API_KEY", raising=False)
        state = local_stack.up(local_stack.Options(), lambda _: None)
        try:
            report = run_to_the_end(deployed_stack.find(None), FILMS, 20)
            assert report.status == "complete", report
            yield state
        finally:
            local_stack.down(delete=True)
            aws.forget_clients()


@pytest.fixture
def stack(local: State, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """The deployed stack, with this test's environment pointing at it."""
    for name, value in local.connection().items():
        monkeypatch.setenv(name, value)
    for name in ("GOLD_BUCKET", "GOLD_DATABASE"):
        monkeypatch.setenv(name, "set when the stack is found")
    aws.forget_clients()
    yield deployed_stack.find(None)
    aws.forget_clients()


@pytest.fixture
def omdb(local: State) -> Iterator[Omdb]:
    """The stack's OMDb-compatible server; its faults end with the test."""
    assert local.omdb is not None
    server = Omdb(f"http://127.0.0.1:{local.omdb.port}/")
    server.reset_calls()
    yield server
    server.no_faults()
