"""Fixtures of all tests, among them the deployed stack."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Generator, Iterator
from functools import cache
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from pipeline import aws
from reelhouse import stack as deployed_stack
from reelhouse.local import lifeline
from reelhouse.local import stack as local_stack
from reelhouse.local.state import State
from reelhouse.stack import Stack
from tests.running import FILMS, Omdb, let_events_settle, options, remove_run, run_to_the_end, start_afresh

STACK_TEST_SECONDS = 900
STACK_NOTEBOOKS = ("start_here", "summaries_by_a_model")
STACK_TESTS = ("tests/stack/", *(f"tests/notebooks/test_{name}.py" for name in STACK_NOTEBOOKS))
# These take about as long as all others, so that two stacks are done at the same time.
SECOND_STACK = tuple(
    f"tests/{name}.py"
    for name in (
        "stack/test_compact", "stack/test_policies", "stack/test_replay", "stack/test_run_reports",
        "stack/test_secrets", "stack/test_trace", "stack/test_verify", "notebooks/test_start_here",
    )
)  # fmt: skip

# Examples are the same in every run, and no test depends on the machine's speed.
settings.register_profile(
    "reelhouse", deadline=None, derandomize=True, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("reelhouse")


# Tests create hundreds of boto3 sessions, each of which would parse its services' descriptions again, 0.1 s a time.
_parsed = cache(JSONFileLoader().load_file)
JSONFileLoader.load_file = lambda _, path: _parsed(path)  # type: ignore[method-assign, assignment]


def pytest_configure() -> None:
    """Tie the tests' processes to the shell that started them.

    They end with `make` or with the main test process, even when that is killed, and their stacks end with them. When a
    shell starts them in the background, it lets them ignore Ctrl-C; commands that the tests start would inherit that.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if os.environ.get("REELHOUSE_END_WITH_PARENT"):
        lifeline.end_with_parent()


# Imports and collection keep nearly all that they create, and garbage collection would take a quarter of their time.
gc.disable()


def pytest_collection_finish() -> None:
    """Turn garbage collection on for the tests, without what collection made, which it would traverse each time."""
    gc.freeze()
    gc.enable()


class TwoStacks(LoadScopeScheduling):
    """Runs the tests of the deployed stack in two processes, each with a stack of its own, and other tests by file."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        if path in SECOND_STACK:
            return "second stack"
        return "first stack" if path.startswith(STACK_TESTS) else path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Choose how tests are distributed; xdist's own groups have no effect with pytest 9.2."""
    config.option.loadscopereorder = False
    return TwoStacks(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the stacks, which two processes test for minutes, and end with the many short files."""
    first = (*STACK_TESTS, "tests/integration/", "tests/notebooks/")
    items.sort(key=lambda item: next((index for index, start in enumerate(first) if item.nodeid.startswith(start)), 9))
    for item in items:
        # The first of them deploys the stack, which takes minutes on a busy machine.
        if item.nodeid.startswith(STACK_TESTS):
            item.add_marker(pytest.mark.timeout(STACK_TEST_SECONDS))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Escape lone surrogates in what a test logged, since they cannot be sent between test processes."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """The local stack, deployed into a folder of its own, with a first run of 300 films in Gold."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REELHOUSE_HOME", str(tmp_path_factory.mktemp("reelhouse")))
        for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
            patch.setenv(name, "to be restored")
        patch.delenv("OMDB_API_KEY", raising=False)
        state = local_stack.up(options(), lambda _: None)
        try:
            report = run_to_the_end(deployed_stack.find(None), FILMS, 20)
            assert report.status == "complete", report
            yield state
        finally:
            local_stack.down(delete=True)
            aws.forget_clients()


@pytest.fixture(scope="module")
def quiet(local: State) -> None:
    """No event of another module's tests is under way, and Gold is built of all of Silver."""
    start_afresh(deployed_stack.find(None))


@pytest.fixture
def stack(local: State, quiet: None, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """The deployed stack; this test's environment points at it."""
    for name, value in local.connection().items():
        monkeypatch.setenv(name, value)
    return deployed_stack.find(None)


@pytest.fixture(scope="module")
def small_run(quiet: None) -> str:
    """The id of a complete run of 10 films in two messages; tests of a module share it and undo what they do to it."""
    return run_to_the_end(deployed_stack.find(None), 10, 5).run_id


@pytest.fixture
def new_run(stack: Stack) -> Iterator[Callable[[int, int], str]]:
    """Makes a run of ``top_n`` films in batches and returns its id; a test may damage it, since it is removed after."""
    made: list[str] = []

    def make(top_n: int, batch_size: int) -> str:
        made.append(run_to_the_end(stack, top_n, batch_size).run_id)
        return made[-1]

    yield make
    let_events_settle(stack)
    for run_id in made:
        remove_run(stack, run_id)


@pytest.fixture
def omdb(local: State) -> Iterator[Omdb]:
    """The stack's OMDb-compatible server; faults are cleared after the test."""
    assert local.omdb is not None
    server = Omdb(f"http://127.0.0.1:{local.omdb.port}/")
    server.reset_calls()
    yield server
    server.no_faults()
