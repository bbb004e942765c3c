"""The local stack: started twice, stopped, started again, interrupted, and listening on 127.0.0.1 only."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest
from botocore.exceptions import ClientError

from pipeline import aws
from reelhouse import stack as deployed_stack
from reelhouse.local import processes, state
from reelhouse.local import stack as local_stack
from reelhouse.local.state import State
from reelhouse.stack import Stack
from tests.running import FILMS, WATCH_SECONDS, options, reelhouse, wait_until

NOT_SIGNED_BY_US = {
    "InvalidSignatureException", "SignatureDoesNotMatch", "UnrecognizedClientException", "InvalidAccessKeyId",
}  # fmt: skip


def answer(*arguments: str) -> Any:
    """Return the one document that a command prints with ``--json``."""
    done = reelhouse(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_run_prints_one_json_object_with_its_counts(stack: Stack) -> None:
    # In a process of its own, as it is used. Other tests run commands in theirs, which is quicker.
    arguments = ["run", "--top-n", "20", "--batch-size", "5", "--json"]
    command = [sys.executable, "-m", "reelhouse", *arguments]
    report = json.loads(subprocess.run(command, capture_output=True, timeout=WATCH_SECONDS, check=True).stdout)

    assert (report["messages"], report["batch_size"], report["expected"], report["stored"]) == (4, 5, 20, 20)
    assert (report["rejected"], report["quarantined"], report["silver_rows"]) == (0, 0, 20)
    assert report["status"] == "complete"
    assert report["gold"]["movies"] >= 20
    assert set(report["seconds"]) == {"bronze", "silver", "gold", "total"}


def test_status_shows_runs_and_queues(stack: Stack) -> None:
    first = next(run_id for run_id, counts in stack.build().runs.items() if counts.expected == FILMS)

    status = answer("status", first)

    assert [(run["run_id"], run["expected"], run["stored"]) for run in status["runs"]] == [(first, FILMS, FILMS)]
    assert set(status["queues"]) == {"MovieQueue", "BronzeEvents", "SilverEvents"}
    assert set(status["queues"]["MovieQueue"]) == {"waiting", "in_flight", "parked"}


@pytest.mark.parametrize("arguments", [["--top-n", "0"], ["--top-n", "-1"], ["--top-n", "2.5"], ["--batch-size", "x"]])
def test_run_rejects_invalid_options(stack: Stack, arguments: list[str]) -> None:
    done = reelhouse("run", *arguments)

    assert done.returncode == 2
    assert arguments[0] in done.stderr


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_table_writes_files(stack: Stack, tmp_path: Any, ending: str) -> None:
    path = tmp_path / f"genres.{ending}"

    done = reelhouse("table", "ratings_by_genre", "--output", str(path))

    assert done.returncode == 0, done.stderr
    assert path.stat().st_size > 0


def test_an_unknown_table_is_rejected_with_the_known_names(stack: Stack) -> None:
    done = reelhouse("table", "nonsense")

    assert done.returncode == 1
    assert "ratings_by_genre" in done.stderr
    assert "Traceback" not in done.stderr


def test_doctor_reports_a_healthy_stack(stack: Stack) -> None:
    checks = {check["name"]: check for check in json.loads(reelhouse("doctor", "--json").stdout)}

    assert checks["MiniStack"]["ok"] is checks["OMDb-compatible server"]["ok"] is checks["stack"]["ok"] is True
    assert "127.0.0.1" in checks["MiniStack"]["found"]
    assert checks["disk"]["ok"] is True


def test_servers_listen_on_loopback_only(stack: Stack, local: State) -> None:
    for process in (local.ministack, local.omdb):
        assert process is not None
        addresses = {address for member in with_children(process.pid) for address in listening(member)}
        assert addresses == {"127.0.0.1"}


@pytest.mark.parametrize("key_id", ["", "test", "000000000000"])
def test_the_emulator_checks_who_asks(stack: Stack, local: State, key_id: str) -> None:
    """MiniStack takes any signature of its root user's keys, these two among them; here only ours, with its secret."""
    session = boto3.Session(aws_access_key_id=key_id or local.access_key_id, aws_secret_access_key="not it")
    calls = {
        "secretsmanager": ("get_secret_value", {"SecretId": stack["OmdbSecretName"]}),
        "s3": ("list_objects_v2", {"Bucket": stack["BronzeBucketName"]}),
        "lambda": ("list_functions", {}),
    }

    for service, (method, arguments) in calls.items():
        client: Any = session.client(service)  # type: ignore[call-overload]
        with pytest.raises(ClientError) as refused:
            getattr(client, method)(**arguments)
        assert aws.error_code(refused.value) in NOT_SIGNED_BY_US


def test_up_again_changes_nothing(stack: Stack, local: State) -> None:
    said: list[str] = []

    again = local_stack.up(options(), said.append)

    assert said == []
    assert again.ministack == local.ministack


def test_the_schedule_starts_a_run(stack: Stack) -> None:
    scheduler = aws.client("scheduler")
    name = next(s["Name"] for s in scheduler.list_schedules()["Schedules"] if "GetMovies" in s["Name"])
    schedule = scheduler.get_schedule(Name=name)
    assert json.loads(schedule["Target"]["Input"]) == {
        "top_n": 250,
        "batch_size": 10,
        "requested_by": "schedule",
        "scheduled_time": "<aws.scheduler.scheduled-time>",
    }
    assert schedule["ScheduleExpression"] == "cron(0 3 * * ? *)", "its spaces must reach the stack"
    # A run requested by the schedule is postponed while MovieQueue holds messages, and other tests may have left some.
    event = json.loads(schedule["Target"]["Input"]) | {"requested_by": "test"}
    before = set(stack.run_ids())

    scheduler.update_schedule(
        Name=name, State="ENABLED", FlexibleTimeWindow={"Mode": "OFF"},
        Target={**schedule["Target"], "Input": json.dumps(event)},
        ScheduleExpression=f"at({datetime.now(UTC) + timedelta(seconds=3):%Y-%m-%dT%H:%M:%S})",
    )  # fmt: skip

    try:
        wait_until(lambda: complete(stack, set(stack.run_ids()) - before))
    finally:
        scheduler.update_schedule(
            Name=name, State="DISABLED", FlexibleTimeWindow={"Mode": "OFF"}, Target=schedule["Target"],
            ScheduleExpression=schedule["ScheduleExpression"],
        )  # fmt: skip


def complete(stack: Stack, run_ids: set[str]) -> bool:
    build = stack.build()
    return bool(build) and any(build.runs[run_id].stored == 250 for run_id in run_ids & build.runs.keys())


def test_down_leaves_no_process_and_up_restores_the_data(stack: Stack, local: State) -> None:
    runs_before, films_before = stack.run_ids(), stack.build().tables["movies"]
    family = [child for p in (local.ministack, local.omdb) if p for child in with_children(p.pid)]

    temporary = state.home() / "ministack" / "tmp"
    assert any(temporary.glob("ministack-lambda-*")), "where the emulator unpacks functions"

    local_stack.down(delete=False)

    assert not temporary.exists()
    assert not any(process.is_running() for process in family)
    again = local_stack.up(options(), lambda _: None)
    local.ministack, local.omdb = again.ministack, again.omdb
    restored = deployed_stack.find(None)
    assert restored.run_ids() == runs_before
    assert restored.build().tables["movies"] == films_before
    assert processes.running(again.ministack)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_an_interrupted_up_leaves_no_process(tmp_path: Path, number: signal.Signals) -> None:
    home = tmp_path / "home"
    command = subprocess.Popen(
        [sys.executable, "-m", "reelhouse", "up"], env={**os.environ, "REELHOUSE_HOME": str(home)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    # The emulator, the OMDb-compatible server and SAM.
    wait_until(lambda: len(psutil.Process(command.pid).children()) == 3 or command.poll() is not None)
    assert command.poll() is None, "SAM was not reached"
    family = psutil.Process(command.pid).children(recursive=True)

    command.send_signal(number)
    command.wait(WATCH_SECONDS)

    wait_until(lambda: not any(process.is_running() for process in family))
    assert processes.of_home(home) == []


def listening(process: psutil.Process) -> set[str]:
    """Addresses that a process listens on; none if it has ended."""
    with suppress(psutil.NoSuchProcess):
        return {c.laddr.ip for c in process.net_connections() if c.status == "LISTEN"}
    return set()


def with_children(pid: int) -> list[psutil.Process]:
    return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
