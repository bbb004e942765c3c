"""The documented deployment and deletion, typed in a pseudo-terminal against the emulator, from a fresh copy."""

from __future__ import annotations

import json
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pexpect  # type: ignore[import-untyped]
import pytest

from pipeline import aws, settings
from reelhouse.local.state import State
from reelhouse.stack import Stack
from tools import delete, deploy

ROOT = Path(__file__).parents[2]
NAME = "typed"
KEY = "3f9c2a7d"
# What a clone does not have; the environments are linked instead, because building them takes minutes.
NOT_CLONED = shutil.ignore_patterns(
    ".git", ".venv", ".sam-venv", ".scan-venv", ".aws-sam", ".reelhouse*", ".*_cache", ".hypothesis", "__pycache__",
    "deployments", "reports",
)  # fmt: skip
DEPLOY_SECONDS = 300


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout without any saved configuration."""
    folder = tmp_path_factory.mktemp("clone") / "reelhouse"
    shutil.copytree(ROOT, folder, ignore=NOT_CLONED)
    # The pattern "reports" is for published pages, which lie in the root only.
    shutil.copytree(ROOT / "insights" / "reports", folder / "insights" / "reports", dirs_exist_ok=True)
    for environment in (".venv", ".sam-venv"):
        (folder / environment).symlink_to(ROOT / environment)
    return folder


@contextmanager
def terminal(clone: Path, command: str) -> Iterator[Any]:
    """Run a command in a pseudo-terminal; what it prints is collected in ``logfile_read``."""
    environment = settings.environment_with(
        REELHOUSE_BUILD="local", AWS_CONFIG_FILE="/dev/null", TERM="dumb", COLUMNS="200"
    )
    for name in ("MAKEFLAGS", "MAKELEVEL", "AWS_PROFILE", "AWS_SESSION_TOKEN", "OMDB_API_KEY"):
        environment.pop(name, None)
    child = pexpect.spawn("/bin/bash", ["-c", command], cwd=clone, env=environment, encoding="utf-8", timeout=60)
    transcript = (clone / "transcript.txt").open("a", encoding="utf-8")
    child.logfile_read = transcript
    try:
        yield child
    finally:
        child.close(force=True)
        transcript.close()


def make(target: str) -> str:
    return f"make -o .venv/.ready -o .sam-venv/.ready {target} STACK={NAME}"


def ended(child: Any, seconds: int = 60) -> int:
    """Wait until a command ends; return its exit status."""
    child.expect(pexpect.EOF, timeout=seconds)
    child.close()
    return int(child.exitstatus)


def account() -> set[str]:
    """Return everything in the account, as ``service: name``."""
    listings: list[tuple[str, Callable[[Any], list[Any]]]] = [
        ("s3", lambda c: [b["Name"] for b in c.list_buckets()["Buckets"]]),
        ("lambda", lambda c: [f["FunctionArn"] for f in c.list_functions()["Functions"]]),
        ("lambda", lambda c: [layer["LayerArn"] for layer in c.list_layers()["Layers"]]),
        ("lambda", lambda c: [m["UUID"] for m in c.list_event_source_mappings()["EventSourceMappings"]]),
        ("sqs", lambda c: c.list_queues().get("QueueUrls", [])),
        ("iam", lambda c: [r["RoleName"] for r in c.list_roles()["Roles"]]),
        ("logs", lambda c: [g["logGroupName"] for g in c.describe_log_groups()["logGroups"]]),
        ("secretsmanager", lambda c: [s["Name"] for s in c.list_secrets()["SecretList"]]),
        ("glue", lambda c: [d["Name"] for d in c.get_databases()["DatabaseList"]]),
        ("athena", lambda c: [w["Name"] for w in c.list_work_groups()["WorkGroups"]]),
        ("cloudwatch", lambda c: [a["AlarmName"] for a in c.describe_alarms()["MetricAlarms"]]),
        ("cloudwatch", lambda c: [d["DashboardName"] for d in c.list_dashboards()["DashboardEntries"]]),
        ("sns", lambda c: [t["TopicArn"] for t in c.list_topics()["Topics"]]),
        ("scheduler", lambda c: [s["Name"] for s in c.list_schedules()["Schedules"]]),
        ("cloudformation", lambda c: [s["StackName"] for s in c.describe_stacks()["Stacks"]]),
    ]
    return {f"{service}: {name}" for service, names in listings for name in names(aws.client(service))}


def nested(stack: str) -> Iterator[str]:
    """Yield a stack and its nested stacks."""
    yield stack
    for _, kind, physical in delete.resources(stack):
        if kind == "AWS::CloudFormation::Stack":
            yield physical


@pytest.mark.timeout(900)
def test_the_documented_deployment_runs_and_its_deletion_leaves_bronze_only(
    clone: Path, stack: Stack, local: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = account()
    monkeypatch.setattr(deploy, "DEPLOYMENTS", clone / "deployments")

    # The first call asks for the settings and writes them; this user wants to edit the file first.
    with terminal(clone, make("deploy")) as child:
        child.expect(r"AWS region \[eu-central-1\]: ")
        child.sendline("")
        child.expect(r"Email address for alarms \[none\]: ")
        child.sendline("")
        child.expect(r"Deploy\? \[y/N\]: ")
        child.sendline("n")
        child.expect("Not deployed")
        assert ended(child) != 0
    path = clone / "deployments" / f"{NAME}.toml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "OmdbApiKey" not in path.read_text(encoding="utf-8")

    # The emulator's addresses; everything else stays as documented.
    assert local.omdb
    source = aws.client("cloudformation").describe_stacks(StackName=stack.name)["Stacks"][0]["Parameters"]
    list_uri = next(one["ParameterValue"] for one in source if one["ParameterKey"] == "SourceListUri")
    text = path.read_text(encoding="utf-8")
    for name, value in {
        "SourceListUri": list_uri, "OmdbUrl": f"http://127.0.0.1:{local.omdb.port}/", "ScheduleState": "DISABLED",
        "ScheduleExpression": "rate(10 minutes)", "RequireTls": "false",
    }.items():  # fmt: skip
        text, changed = re.subn(rf"^# {name} = .*$", f'{name} = "{value}"', text, flags=re.MULTILINE)
        assert changed == 1, name
    path.write_text(text, encoding="utf-8")

    with terminal(clone, make("deploy")) as child:
        child.expect(r"Deploy\? \[y/N\]: ")
        child.sendline("y")
        child.expect(r"OMDb API key \(not shown\): ")
        child.sendline(KEY)
        child.expect(f"reelhouse run --stack {NAME}", timeout=DEPLOY_SECONDS)
        assert ended(child) == 0
    assert aws.client("secretsmanager").get_secret_value(SecretId=f"{NAME}-omdb-api-key")["SecretString"] == KEY
    for one in nested(NAME):
        for stage in ("Original", "Processed"):
            template = aws.client("cloudformation").get_template(StackName=one, TemplateStage=stage)["TemplateBody"]
            text = template if isinstance(template, str) else json.dumps(template)
            assert not re.search(r"[:\-\[,]\s*null\s*([,\n}\]]|$)", text), one

    with terminal(clone, f".venv/bin/python -m reelhouse run --stack {NAME} --top-n 20 --batch-size 5") as child:
        child.expect("is complete", timeout=120)
        assert ended(child) == 0

    # A second deployment with an edited file asks for no key.
    path.write_text(text := path.read_text(encoding="utf-8").replace("# TopN = 250", "TopN = 20"), encoding="utf-8")
    assert "\nTopN = 20" in text
    with terminal(clone, make("deploy")) as child:
        child.expect("TopN = 20")
        child.expect(r"Deploy\? \[y/N\]: ")
        child.sendline("y")
        child.expect(f"reelhouse run --stack {NAME}", timeout=DEPLOY_SECONDS)
        assert ended(child) == 0
    parameters = aws.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"][0]["Parameters"]
    assert {"ParameterKey": "TopN", "ParameterValue": "20"} in parameters
    assert aws.client("secretsmanager").get_secret_value(SecretId=f"{NAME}-omdb-api-key")["SecretString"] == KEY

    bronze = delete.buckets(NAME)["BronzeBucket"]
    films = aws.list_objects(aws.client("s3"), bronze, "movies/")
    with terminal(clone, make("delete")) as child:
        child.expect(f"Type the stack's name to delete it \\[{NAME}\\]: ")
        child.sendline("reelhouse")
        child.expect("Nothing was deleted")
        assert ended(child) != 0
    with terminal(clone, make("delete")) as child:
        child.expect(f"Type the stack's name to delete it \\[{NAME}\\]: ")
        child.sendline(NAME)
        child.expect(f"Kept: the Bronze bucket {bronze}", timeout=120)
        assert ended(child) == 0
    # SAM's own stack and bucket serve every SAM application of the account.
    left = {one for one in account() - before if "aws-sam-cli-managed" not in one}
    assert left == {f"s3: {bronze}"}
    assert aws.list_objects(aws.client("s3"), bronze, "movies/") == films
    assert len(films) == 20
    (sam,) = [one["OutputValue"] for one in aws.client("cloudformation").describe_stacks(StackName=delete.SAM_STACK)[
        "Stacks"][0]["Outputs"] if one["OutputKey"] == "SourceBucket"]  # fmt: skip
    assert aws.list_objects(aws.client("s3"), sam, f"{NAME}/") == []
    # The key appears in nothing that was printed or written.
    written = [one for one in clone.rglob("*") if one.is_file() and ".venv" not in str(one.relative_to(clone))]
    assert [one for one in written if KEY.encode() in one.read_bytes() and one.name != Path(__file__).name] == []
