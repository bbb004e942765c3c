"""The deployed stack made ready for faults: functions that call through the proxy, and short waits.

What is changed of the deployment is put back at the end: where functions send their calls, how long they may wait for
OMDb's quota, and how long the queues hide what a function that died had taken.
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
from reelhouse.local import stack as local_stack
from reelhouse.local.state import State
from reelhouse.run import resume
from reelhouse.run.start import start
from reelhouse.stack import QUEUES, Stack
from tests.chaos.account import Account, Rows, account, differences, gold_rows
from tests.chaos.proxy import Fault, Proxy
from tests.running import Omdb

FUNCTIONS = ("GetMoviesAndSendToQueue", "EnrichAndStoreMovie", "ProcessBronzeToSilver", "AggregateToGold")
# A queue hides what a dead function had taken for six times the function's time-out; here nobody waits that long.
VISIBILITY_SECONDS = 6
QUOTA_WAIT_SECONDS = 1
WATCH_SECONDS = 200


@dataclass
class Result:
    """What a fault came to.

    Attributes
    ----------
    injected : int
        How often the fault struck.
    differing : list of str
        Gold tables that are not as without a fault.
    note : str
        Another promise that was not kept, or "".
    """

    injected: int
    accounts: list[Account] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    note: str = ""

    def broken(self, promise: str) -> Result:
        """The same, with a promise that was not kept."""
        return replace(self, note=promise)

    @property
    def held(self) -> bool:
        """Whether the fault struck, and every promise was kept."""
        kept = all(not one.lost and not one.doubled for one in self.accounts)
        return kept and self.injected > 0 and not self.differing and not self.note


@dataclass(frozen=True)
class Scenario:
    """A fault by its name, and what lets it strike and accounts for it."""

    name: str
    play: Callable[[Ground], Result]

    def played(self, ground: Ground) -> Result:
        """Play it, and start afresh after it; one that does not come to its end broke a promise."""
        try:
            return self.play(ground)
        except (RetryError, AssertionError, ReelhouseError) as error:
            ground.start_afresh()
            return Result(1, note=f"did not come to its end: {type(error).__name__} {error}"[:200])
        finally:
            ground.proxy.set()
            ground.omdb.no_faults()


@dataclass
class Ground:
    """A stack, its OMDb server, and the proxy in front of the emulator."""

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
        """Start a run; where that fails do what the alarm asks for: resume what was begun, or start anew."""
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
        return all(counts["waiting"] == counts["in_flight"] == 0 for counts in self.stack.queues().values())

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
        """What `reelhouse up` does; what was started anew is made ready again."""
        self.state = local_stack.up(self.options, lambda _: None)
        assert self.state.ministack
        self.proxy.emulator_port, self.proxy.emulator_pid = self.state.ministack.port, self.state.ministack.pid
        if self.state.interrupted:
            # What the queues held when the stack was deployed: S3's test events, hidden for minutes.
            self.start_afresh()
        make_ready(self.stack, self.proxy)
        resume.resume_after_kill(self.state, deployed_stack.find(None), lambda _: None)

    def start_afresh(self) -> None:
        """Leave nothing of a fault behind that did not come to its end."""
        for queue in QUEUES:
            aws.client("sqs").purge_queue(QueueUrl=self.stack[f"{queue}Url"])
        self.put_key(local_stack.SAMPLE_KEY)

    def expected(self) -> set[str]:
        """Films of every run."""
        return set(self.stack.manifest(self.first.run_id).expected)

    @property
    def messages(self) -> int:
        """Messages of every run."""
        return -(-self.films // self.batch_size)

    def put_key(self, key: str) -> None:
        """Rotate the OMDb key."""
        aws.client("secretsmanager").put_secret_value(SecretId=self.stack["OmdbSecretName"], SecretString=key)

    @contextmanager
    def receives(self, most: int) -> Iterator[None]:
        """Park messages of MovieQueue sooner inside the block."""
        sqs, url = aws.client("sqs"), self.stack["MovieQueueUrl"]
        policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
        sooner = json.dumps(json.loads(policy["RedrivePolicy"]) | {"maxReceiveCount": most})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": sooner})
        yield
        sqs.set_queue_attributes(QueueUrl=url, Attributes=dict(policy))


@contextmanager
def prepared(state: State, options: local_stack.Options, films: int, batch_size: int) -> Iterator[Ground]:
    """Make the local stack ready, with the Gold of two undisturbed runs."""
    assert state.ministack
    assert state.omdb
    stack, omdb = deployed_stack.find(None), Omdb(f"http://127.0.0.1:{state.omdb.port}/")
    proxy = Proxy(state.ministack.port, state.ministack.pid)
    ground = Ground(stack, state, omdb, films, batch_size, proxy, options)
    queues = {queue: _hidden_seconds(stack, queue) for queue in QUEUES}
    variables = {name: _variables(stack, name) for name in FUNCTIONS}
    # A function that is changed forgets what it is working on.
    wait_until(ground.is_quiet)
    try:
        make_ready(stack, proxy)
        for _ in range(2):
            run_id = ground.start()
            ground.settle(run_id)
        ground.undisturbed, ground.first = gold_rows(stack, run_id), account(stack, run_id)
        yield ground
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
