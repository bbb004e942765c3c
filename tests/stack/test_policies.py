"""A user with exactly a documented policy runs the documented commands; without any one statement, a command fails."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import Credentials

from pipeline import aws, settings
from reelhouse.local.state import State
from reelhouse.stack import Stack
from tests.stack.test_find_similar_movies import get

ROOT = Path(__file__).parents[2]
POLICIES = ROOT / "docs" / "aws"
USER = "documented"
# Commands of README for users of a stack in AWS, in an order in which each has something to do.
OPERATOR = [
    "run --top-n 20 --batch-size 5", "run --resume {run_id}", "status", "status {run_id}", "doctor", "trace tt0068646",
    "verify", "compact", "replay --run-id {run_id}", "redrive --peek", "redrive --queue BronzeEvents",
    "report 01_gold_aggregates", "table ratings_by_genre", 'query "SELECT title FROM movies LIMIT 1"',
    'similar "the godfather"', "dashboard --output {folder}/page.html",
]  # fmt: skip
READER = ["table movies", 'query "SELECT title FROM movies LIMIT 1"', 'similar "the godfather"',
          "dashboard --output {folder}/page.html"]  # fmt: skip
# The command that fails without a statement.
NEEDED_BY = {
    "FindStack": "table movies", "ListGold": "table movies", "ReadGold": "table movies",
    "StartRunsAndBuilds": "run --top-n 20 --batch-size 5", "ListData": "status", "ReadData": "status",
    "VerifyBronzeVersions": "verify", "ReplaceSilver": "replay --run-id {run_id}",
    "PublishReports": "report 01_gold_aggregates", "RegisterReportTables": "report 02_genre_trends",
    "ReadQueues": "status", "LookAtParkedMessages": "redrive --peek", "SendMessages": "replay --run-id {run_id}",
    "RedriveMessages": "redrive --queue BronzeEvents", "ReadLogs": "status {run_id}",
    "Query": 'query "SELECT title FROM movies LIMIT 1"', "ReadCatalogue": "report 02_genre_trends",
}  # fmt: skip
# Statements that only AWS checks, and why.
NOT_ON_THE_EMULATOR = {
    ("operator", "UseQueryResults"): "the emulator's Athena does not use its caller's rights on S3",
    ("operator", "LocateQueryResults"): "as UseQueryResults",
    ("reader", "UseQueryResults"): "as UseQueryResults",
    ("reader", "LocateQueryResults"): "as UseQueryResults",
    ("reader", "ReadCatalogue"): "the emulator's Athena does not use its caller's rights on Glue",
}
# A message that ProcessBronzeToSilver ignores.
TEST_EVENT = json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent"})


def statements(name: str) -> list[dict[str, Any]]:
    return list(json.loads((POLICIES / f"{name}-policy.json").read_text(encoding="utf-8"))["Statement"])


@contextmanager
def user(granted: list[dict[str, Any]]) -> Iterator[dict[str, str]]:
    """Create a user with these statements and no other rights; gives its credentials as environment variables."""
    iam = aws.client("iam")
    iam.create_user(UserName=USER)
    document = json.dumps({"Version": "2012-10-17", "Statement": granted})
    iam.put_user_policy(UserName=USER, PolicyName="documented", PolicyDocument=document)
    key = iam.create_access_key(UserName=USER)["AccessKey"]
    try:
        yield {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    finally:
        iam.delete_access_key(UserName=USER, AccessKeyId=key["AccessKeyId"])
        iam.delete_user_policy(UserName=USER, PolicyName="documented")
        iam.delete_user(UserName=USER)


def call(credentials: dict[str, str], command: str, folder: Path, run_id: str) -> subprocess.CompletedProcess[str]:
    """Run a command of ``reelhouse`` on the stack, as someone who has these credentials only."""
    line = f"{sys.executable} -m reelhouse {command.format(run_id=run_id, folder=folder)} --stack reelhouse"
    environment = settings.environment_with(**credentials, REELHOUSE_HOME=str(folder / "none"), COLUMNS="200")
    return subprocess.run(
        line, shell=True, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=200, check=False
    )


@pytest.fixture(scope="module")
def run_id(local: State) -> str:
    """A completed run of the stack."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in local.connection().items():
            patch.setenv(name, value)
        aws.forget_clients()
        outputs = aws.client("cloudformation").describe_stacks(StackName="reelhouse")["Stacks"][0]["Outputs"]
        names = {one["OutputKey"]: one["OutputValue"] for one in outputs}
        found = Stack("reelhouse", names).run_ids()[0]
    aws.forget_clients()
    return found


@pytest.mark.parametrize(("name", "commands"), [("operator", OPERATOR), ("reader", READER)])
def test_a_user_with_the_policy_runs_every_command(
    stack: Stack, run_id: str, tmp_path: Path, name: str, commands: list[str]
) -> None:
    aws.client("sqs").send_message(QueueUrl=stack["BronzeEventsDeadLettersUrl"], MessageBody=TEST_EVENT)
    with user(statements(name)) as credentials:
        done = {command: call(credentials, command, tmp_path, run_id) for command in commands}

    failed = {command: one.stdout + one.stderr for command, one in done.items() if one.returncode}
    assert failed == {}


@pytest.mark.parametrize(
    ("name", "sid"),
    [(name, one["Sid"]) for name in ("operator", "reader") for one in statements(name)
     if (name, one["Sid"]) not in NOT_ON_THE_EMULATOR],
)  # fmt: skip
def test_without_a_statement_a_command_fails(stack: Stack, run_id: str, tmp_path: Path, name: str, sid: str) -> None:
    command = NEEDED_BY[sid]
    aws.client("sqs").send_message(QueueUrl=stack["BronzeEventsDeadLettersUrl"], MessageBody=TEST_EVENT)
    with user([one for one in statements(name) if one["Sid"] != sid]) as credentials:
        done = call(credentials, command, tmp_path, run_id)

    assert done.returncode != 0, done.stdout
    assert "AccessDenied" in done.stdout + done.stderr


def test_a_caller_of_lookups_may_call_the_url_and_nothing_else(stack: Stack) -> None:
    with user(statements("lookup")) as given:
        credentials = Credentials(given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"])
        answer = get(stack, "/similar/tt0068646?k=5", credentials)
        other = call(given, "table movies", Path("/tmp"), "")
    with user([one for one in statements("lookup") if one["Sid"] != "CallTheUrl"]) as given:
        credentials = Credentials(given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"])
        refused = get(stack, "/similar/tt0068646?k=5", credentials)

    # Without recommendations the function answers 503; 403 would come from the URL.
    assert answer.status_code in {200, 503}
    assert other.returncode == 1
    assert refused.status_code == 403
