"""The deployed stack, prepared for fault injection: functions call AWS through a proxy, and waits are short.

The changed settings are restored at the end: the functions' endpoints, their longest wait for OMDb's quota, and the
visibility time-outs of the queues.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from tenacity import RetryError, retry, retry_if_result, stop_after_delay, wait_fixed

from pipeline import aws
from pipeline.errors import ReelhouseError
from reelhouse import stack as deployed_stack
from reelhouse.commands.run import start
from reelhouse.local import stack as local_stack
from reelhouse.local.state import State
from reelhouse.run import resume
from reelhouse.stack import QUEUES, Stack
from tests.chaos.account import Account, Rows, account, differences, gold_rows
from tests.chaos.proxy import Fault, Proxy
from tests.running import Omdb

FUNCTIONS = ("GetMoviesAndSendToQueue", "EnrichAndStoreMovie", "ProcessBronzeToSilver", "AggregateToGold")
# The deployed queues hide the messages of a dead function for six times its time-out, too long for a test.
VISIBILITY_SECONDS = 6
QUOTA_WAIT_SECONDS = 1
WATCH_SECONDS = 200


@dataclass
class Result:
    """The result of a scenario.

    Attributes
    ----------
    injected : int
        How often the fault was injected.
    differing : list of str
        Gold tables that differ from those of a run without faults.
    note : str
        Another failed check, or "".
    """

    injected: int
    accounts: list[Account] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    note: str = ""

    def broken(self, promise: str) -> Result:
        """Return the same result with a failed check."""
        return replace(self, note=promise)

    @property
    def held(self) -> bool:
        """Whether the fault was injected and every check passed."""
        kept = all(not one.lost and not one.doubled for one in self.accounts)
        return kept and self.injected > 0 and not self.differing and not self.note


@dataclass(frozen=True)
class Scenario:
    """A named fault, and the function that injects it and accounts for its films."""

    name: str
    play: Callable[[Harness], Result]

    def played(self, harness: Harness) -> Result:
        """Run the scenario and restore the stack; one that does not finish has failed."""
        try:
            return self.play(harness)
        except (RetryError, AssertionError, ReelhouseError) as error:
            harness.start_afresh()
            return Result(1, note=f"did not finish: {type(error).__name__} {error}"[:200])
        finally:
            harness.proxy.set()
            harness.omdb.no_faults()


@dataclass
class Harness:
    """A stack, its OMDb-compatible server, and the proxy in front of the emulator."""

    stack: Stack
    state: State
    omdb: Omdb
    films: int
    batch_size: int
    proxy: Proxy
    options: local_stack.Options = field(default_factory=local_stack.Options)
    undisturbed: Rows = field(default_factory=dict)
    first: Account = field(default_factory=lambda: Account(""))

    def start(self) -> str:
        """Start a run; if that fails, do what the alarm asks for: resume it, or start another."""
        before = set(self.stack.run_ids())
        for _ in range(5):
            try:
                return str(start(self.stack, self.films, self.batch_size).run_id)
            except ReelhouseError:
                for run_id in set(self.stack.run_ids()) - before:
                    resume.resume(self.stack, run_id)
                    return run_id
        raise AssertionError("no run could be started")

    def settle(self, *run_ids: str) -> None:
        """Wait until runs are complete in Gold, and all queues are empty."""
        wait_until(lambda: self.is_complete(*run_ids))
        wait_until(self.is_quiet)

    def is_complete(self, *run_ids: str) -> bool:
        """Whether each run is complete in Gold."""
        build = self.stack.build()
        return build is not None and build.complete_runs.issuperset(run_ids)

    def is_quiet(self) -> bool:
        """Whether nothing waits in a queue or is under way; what is parked may stay."""
        return not any(counts.busy for counts in self.stack.queues().values())

    def judge(self, injected: int, *run_ids: str, by_run: bool = True) -> Result:
        """Account for settled runs, and compare Gold with that of the undisturbed one."""
        differing = differences(gold_rows(self.stack, run_ids[-1]), self.undisturbed, by_run=by_run)
        return Result(injected, [account(self.stack, run_id) for run_id in run_ids], differing)

    def run_with(self, *faults: Fault) -> Result:
        """One run through calls that fail; a run that was begun in vain before it is resumed."""
        before = set(self.stack.run_ids())
        self.proxy.set(faults)
        run_id = self.start()
        self.settle(run_id)
        struck = len(self.proxy.struck)
        self.proxy.set()
        begun = sorted(set(self.stack.run_ids()) - before - {run_id})
        for each in begun:
            resume.resume(self.stack, each)
        self.settle(*begun)
        return self.judge(struck, *begun, run_id)

    def bring_up(self) -> None:
        """Do what `reelhouse up` does, and prepare restarted servers again."""
        self.state = local_stack.up(self.options, lambda _: None)
        assert self.state.ministack
        self.proxy.emulator_port, self.proxy.emulator_pid = self.state.ministack.port, self.state.ministack.pid
        if self.state.interrupted:
            # The restored queues hold S3's test events of the deployment, hidden for minutes.
            self.start_afresh()
        make_ready(self.stack, self.proxy)
        resume.resume_after_kill(self.state, deployed_stack.find(None), lambda _: None)

    def start_afresh(self) -> None:
        """Remove what an unfinished scenario left behind."""
        for queue in QUEUES:
            aws.client("sqs").purge_queue(QueueUrl=self.stack[f"{queue}Url"])
        self.put_key(local_stack.SAMPLE_KEY)

    def expected(self) -> set[str]:
        """Return the films of every run."""
        return set(self.stack.manifest(self.first.run_id).expected)

    @property
    def messages(self) -> int:
        """Return the number of messages of every run."""
        return -(-self.films // self.batch_size)

    def put_key(self, key: str) -> None:
        """Rotate the OMDb key."""
        aws.client("secretsmanager").put_secret_value(SecretId=self.stack["OmdbSecretName"], SecretString=key)

    @contextmanager
    def receives(self, limit: int) -> Iterator[None]:
        """Park messages of MovieQueue after ``limit`` receives inside the block."""
        sqs, url = aws.client("sqs"), self.stack["MovieQueueUrl"]
        policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
        sooner = json.dumps(json.loads(policy["RedrivePolicy"]) | {"maxReceiveCount": limit})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": sooner})
        yield
        sqs.set_queue_attributes(QueueUrl=url, Attributes=dict(policy))


@contextmanager
def prepared(state: State, options: local_stack.Options, films: int, batch_size: int) -> Iterator[Harness]:
    """Prepare the local stack, and record the Gold of two runs without faults."""
    assert state.ministack
    assert state.omdb
    stack, omdb = deployed_stack.find(None), Omdb(f"http://127.0.0.1:{state.omdb.port}/")
    proxy = Proxy(state.ministack.port, state.ministack.pid)
    harness = Harness(stack, state, omdb, films, batch_size, proxy, options)
    queues = {queue: _hidden_seconds(stack, queue) for queue in QUEUES}
    variables = {name: _variables(stack, name) for name in FUNCTIONS}
    # Reconfiguring a function aborts its invocations.
    wait_until(harness.is_quiet)
    try:
        make_ready(stack, proxy)
        for _ in range(2):
            run_id = harness.start()
            harness.settle(run_id)
        harness.undisturbed, harness.first = gold_rows(stack, run_id), account(stack, run_id)
        yield harness
    finally:
        omdb.no_faults()
        for name, given in variables.items():
            configure(stack, name, Environment={"Variables": given})
        for queue, seconds in queues.items():
            _hide(stack, queue, seconds)
        proxy.close()


def make_ready(stack: Stack, proxy: Proxy) -> None:
    """Send the functions' calls through the proxy, and make waits short."""
    for function in FUNCTIONS:
        changed = _variables(stack, function) | {"AWS_ENDPOINT_URL": proxy.url_for(function)}
        if function == "EnrichAndStoreMovie":
            changed["QUOTA_WAIT_SECONDS"] = str(QUOTA_WAIT_SECONDS)
        configure(stack, function, Environment={"Variables": changed})
    for queue in QUEUES:
        _hide(stack, queue, VISIBILITY_SECONDS)


@retry(stop=stop_after_delay(WATCH_SECONDS), wait=wait_fixed(0.3), retry=retry_if_result(lambda reached: not reached))
def wait_until(condition: Callable[[], bool]) -> bool:
    """Wait for a condition; ``RetryError`` when it does not come in time."""
    return condition()


def configure(stack: Stack, function: str, **changes: Any) -> None:
    """Change a function's configuration, and wait until it is in force."""
    client, name = aws.client("lambda"), stack[f"{function}Name"]
    client.update_function_configuration(FunctionName=name, **changes)
    client.get_waiter("function_updated_v2").wait(FunctionName=name)


def _variables(stack: Stack, function: str) -> dict[str, str]:
    answer = aws.client("lambda").get_function_configuration(FunctionName=stack[f"{function}Name"])
    return dict(answer["Environment"]["Variables"])


def _hidden_seconds(stack: Stack, queue: str) -> int:
    url = stack[f"{queue}Url"]
    answer = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    return int(answer["Attributes"]["VisibilityTimeout"])


def _hide(stack: Stack, queue: str, seconds: int) -> None:
    """Set how long a queue hides what was taken."""
    aws.client("sqs").set_queue_attributes(
        QueueUrl=stack[f"{queue}Url"], Attributes={"VisibilityTimeout": str(seconds)}
    )
