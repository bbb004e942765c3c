"""A user with exactly a documented policy runs the documented commands; without any one statement, a command fails."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.credentials import Credentials

from insights.columns import RECOMMENDATIONS
from pipeline import aws, keys
from pipeline.errors import StorageFailed
from pipeline.gold.publication import read_pointer, records
from pipeline.gold.tables import intact
from reelhouse.stack import Stack
from tests.running import Ended, reelhouse
from tests.stack.test_find_similar_movies import get, recommended

__all__ = ["recommended"]  # a fixture

ROOT = Path(__file__).parents[2]
POLICIES = ROOT / "docs" / "aws"
USER = "documented"
# Commands of README for users of a stack in AWS, in an order in which each has something to do.
OPERATOR = [
    "env", "builds", "rollback {earlier} --because test", "publish {published} --because test",
    "run --top-n 20 --batch-size 5", "run --resume {run_id}", "status", "status {run_id}", "trace tt0068646",
    "verify", "compact", "replay --run-id {run_id}", "redrive --peek", "redrive --queue BronzeEvents",
    "report 02_genre_trends --output {folder}", "table ratings_by_genre", 'query "SELECT title FROM movies LIMIT 1"',
    'similar "the godfather"', "dashboard --output {folder}/page.html", "doctor",
]  # fmt: skip
READER = ["env", "table movies", 'query "SELECT title FROM movies LIMIT 1"', 'similar "the godfather"',
          "dashboard --output {folder}/page.html"]  # fmt: skip
# The command that fails without a statement.
NEEDED_BY = {
    "FindStack": "table movies", "ListGold": "dashboard --output {folder}/page.html", "ReadGold": "table movies",
    "StartRunsAndBuilds": "run --top-n 20 --batch-size 5", "ListData": "status", "ReadData": "status",
    "VerifyBronzeVersions": "verify", "ReplaceSilver": "replay --run-id {run_id}",
    "PublishBuilds": "rollback {earlier} --because test",
    "ReadQueues": "status", "LookAtParkedMessages": "redrive --peek", "SendMessages": "replay --run-id {run_id}",
    "RedriveMessages": "redrive --queue BronzeEvents", "ReadLogs": "status {run_id}",
    "Query": 'query "SELECT title FROM movies LIMIT 1"',
}  # fmt: skip
# What a report publishes needs these: a notebook takes seconds for what one table shows.
OF_REPORTS = ("PublishReports", "RegisterReportTables")
# Statements that only AWS checks, and why.
NOT_ON_THE_EMULATOR = {
    ("operator", "UseQueryResults"): "the emulator's Athena does not use its caller's rights on S3",
    ("operator", "LocateQueryResults"): "as UseQueryResults",
    ("reader", "UseQueryResults"): "as UseQueryResults",
    ("reader", "LocateQueryResults"): "as UseQueryResults",
    ("operator", "ReadCatalogue"): "the emulator's Athena does not use its caller's rights on Glue",
    ("reader", "ReadCatalogue"): "as the operator's",
}
# The emulator finds a call's resource by its queue's URL or its workgroup only. Calls that name a queue's ARN or a
# query must be allowed on every resource.
EMULATOR = {
    "Sid": "Emulator",
    "Effect": "Allow",
    "Action": ["athena:GetQueryExecution", "athena:GetQueryResults", "athena:StopQueryExecution"],
    "Resource": "*",
}  # fmt: skip
# A message that ProcessBronzeToSilver ignores.
TEST_EVENT = json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent"})


def statements(name: str) -> list[dict[str, Any]]:
    return list(json.loads((POLICIES / f"{name}-policy.json").read_text(encoding="utf-8"))["Statement"])


@contextmanager
def user(granted: list[dict[str, Any]]) -> Iterator[dict[str, str]]:
    """Create a user with these statements and no other rights; gives its credentials as environment variables."""
    iam = aws.client("iam")
    iam.create_user(UserName=USER)
    document = json.dumps({"Version": "2012-10-17", "Statement": [*granted, EMULATOR]})
    iam.put_user_policy(UserName=USER, PolicyName="documented", PolicyDocument=document)
    key = iam.create_access_key(UserName=USER)["AccessKey"]
    try:
        yield {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    finally:
        iam.delete_access_key(UserName=USER, AccessKeyId=key["AccessKeyId"])
        iam.delete_user_policy(UserName=USER, PolicyName="documented")
        iam.delete_user(UserName=USER)


@contextmanager
def superseded_part(stack: Stack, run_id: str) -> Iterator[None]:
    """Copy a part of Silver, so that a replay has a part to remove even where it writes the same parts as the last."""
    s3, bucket = aws.client("s3"), stack["SilverBucketName"]
    part = aws.list_objects(s3, bucket, keys.run_prefix(keys.MOVIES, run_id))[0].key
    copy = keys.silver_part(run_id, "0" * 32, keys.rows_of(part))
    s3.put_object(Bucket=bucket, Key=copy, Body=aws.get(s3, bucket, part)[0])
    try:
        yield
    finally:
        aws.client("s3").delete_object(Bucket=bucket, Key=copy)
        stack.build_gold()


@contextmanager
def acting_with(credentials: dict[str, str]) -> Iterator[None]:
    """Let this process have these credentials only."""
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in credentials.items():
                patch.setenv(name, value)
            # awswrangler's session would keep the credentials of an earlier user.
            patch.setattr(boto3, "DEFAULT_SESSION", None)
            aws.forget_clients()
            yield
    finally:
        aws.forget_clients()


def call(credentials: dict[str, str], command: str, **names: object) -> Ended:
    """Run a command of ``reelhouse`` on the stack, as someone who has these credentials only."""
    with acting_with(credentials):
        return reelhouse(*shlex.split(command.format(**names)), "--stack", "reelhouse")


@pytest.fixture
def names(recommended: Stack, small_run: str, tmp_path: Path) -> dict[str, object]:
    """Return what the commands name: a run, a folder, the published build and an earlier one that is whole."""
    bucket = recommended["GoldBucketName"]
    history = [entry.build_id for entry in read_pointer(bucket).history]
    published = history[-1]
    stored = records(bucket, [build_id for build_id in history if build_id != published])
    earlier = next(build_id for build_id, build in stored.items() if intact(bucket, build) == build.tables)
    return {"run_id": small_run, "folder": tmp_path, "published": published, "earlier": earlier}


@pytest.fixture(autouse=True)
def _parked(stack: Stack) -> Iterator[None]:
    """A parked message for each test, and none after it."""
    queue = stack["BronzeEventsDeadLettersUrl"]
    aws.client("sqs").send_message(QueueUrl=queue, MessageBody=TEST_EVENT)
    yield
    aws.client("sqs").purge_queue(QueueUrl=queue)


def has_failed(command: str, ended: Ended) -> bool:
    """Whether a command failed; doctor also fails for what earlier tests left in the stack, such as parked messages."""
    if command == "doctor":
        return "AccessDenied" in ended.stdout + ended.stderr
    return ended.returncode != 0


@pytest.mark.parametrize(("name", "commands"), [("operator", OPERATOR), ("reader", READER)])
def test_a_user_with_the_policy_runs_every_command(names: dict[str, object], name: str, commands: list[str]) -> None:
    with user(statements(name)) as credentials:
        done = {command: call(credentials, command, **names) for command in commands}

    failed = [f"{command}: {one.stdout}{one.stderr}" for command, one in done.items() if has_failed(command, one)]
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize(
    ("name", "sid"),
    [(name, one["Sid"]) for name in ("operator", "reader") for one in statements(name)
     if (name, one["Sid"]) not in NOT_ON_THE_EMULATOR and one["Sid"] not in OF_REPORTS],
)  # fmt: skip
def test_without_a_statement_a_command_fails(
    stack: Stack, small_run: str, names: dict[str, object], name: str, sid: str
) -> None:
    command = NEEDED_BY[sid]
    planted = superseded_part(stack, small_run) if sid == "ReplaceSilver" else nullcontext()
    with planted, user([one for one in statements(name) if one["Sid"] != sid]) as credentials:
        done = call(credentials, command, **names)

    assert done.returncode != 0, done.stdout
    assert "AccessDenied" in done.stdout + done.stderr


@pytest.mark.parametrize("sid", OF_REPORTS)
def test_without_a_statement_a_table_of_a_report_is_not_published(recommended: Stack, sid: str) -> None:
    granted = [one for one in statements("operator") if one["Sid"] != sid]
    with user(granted) as credentials, acting_with(credentials):
        lake = recommended.lake()
        rows = lake.table(RECOMMENDATIONS.name)
        with pytest.raises(StorageFailed, match="AccessDenied"):
            lake.publish(RECOMMENDATIONS, rows)


def test_a_caller_of_lookups_may_call_the_url_and_nothing_else(stack: Stack) -> None:
    with user(statements("lookup")) as given:
        credentials = Credentials(given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"])
        answer = get(stack, "/similar/tt0068646?k=5", credentials)
        other = call(given, "table movies")
    with user([one for one in statements("lookup") if one["Sid"] != "CallTheUrl"]) as given:
        credentials = Credentials(given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"])
        refused = get(stack, "/similar/tt0068646?k=5", credentials)

    # Without recommendations the function answers 503; 403 would come from the URL.
    assert answer.status_code in {200, 503}
    assert other.returncode != 0
    assert refused.status_code == 403
