"""The documented deployment and deletion, typed in a pseudo-terminal against the emulator, from a fresh copy."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pexpect  # type: ignore[import-untyped]
import pytest

from pipeline import aws, settings
from pipeline.documents import to_json
from reelhouse.local import deploy
from reelhouse.local.omdb import films as sample_films
from reelhouse.local.stack import SOURCE_BUCKET
from reelhouse.local.state import State
from reelhouse.stack import Stack
from tests.running import WATCH_SECONDS
from tools import delete

ROOT = Path(__file__).parents[2]
NAME = "typed"
KEY = "3f9c2a7d"
# What a clone does not have; the environments are linked instead, because building them takes minutes.
NOT_CLONED = shutil.ignore_patterns(
    ".git", ".venv", ".sam-venv", ".scan-venv", ".aws-sam", ".reelhouse*", ".*_cache", ".hypothesis", "__pycache__",
    "deployments", "reports",
)  # fmt: skip


@pytest.fixture(scope="module")
def clone(local: State, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout without any saved configuration."""
    folder = tmp_path_factory.mktemp("clone") / "reelhouse"
    shutil.copytree(ROOT, folder, ignore=NOT_CLONED)
    # The pattern "reports" is for published pages, which lie in the root only.
    shutil.copytree(ROOT / "insights" / "reports", folder / "insights" / "reports", dirs_exist_ok=True)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    sam = folder / ".sam-venv" / "bin" / "sam"
    sam.parent.mkdir(parents=True)
    # `sam build` has built the same sources for the local stack; a second build takes ten seconds.
    built, real = shlex.quote(str(deploy.build_folder())), shlex.quote(str(ROOT / ".sam-venv/bin/sam"))
    reuse = f'[ "$1" = build ] && mkdir -p .aws-sam && ln -sfn {built} .aws-sam/build && exit'
    sam.write_text(f'#!/bin/bash\n{reuse}\nexec {real} "$@"\n')
    sam.chmod(0o755)
    (folder / ".sam-venv" / ".ready").touch()
    return folder


@contextmanager
def terminal(clone: Path, command: str) -> Iterator[Any]:
    """Run a command in a pseudo-terminal; what it prints is collected in ``logfile_read``."""
    environment = settings.environment_with(
        REELHOUSE_BUILD="local", AWS_CONFIG_FILE="/dev/null", TERM="dumb", COLUMNS="200"
    )
    for name in ("MAKEFLAGS", "MAKELEVEL", "AWS_PROFILE", "AWS_SESSION_TOKEN", "OMDB_API_KEY"):
        environment.pop(name, None)
    child = pexpect.spawn(
        "/bin/bash", ["-c", command], cwd=clone, env=environment, encoding="utf-8", timeout=WATCH_SECONDS
    )
    transcript = (clone / "transcript.txt").open("a", encoding="utf-8")
    child.logfile_read = transcript
    try:
        yield child
    finally:
        child.close(force=True)
        transcript.close()


def make(target: str) -> str:
    return f"make -o .venv/.ready -o .sam-venv/.ready {target} STACK={NAME}"


def ended(child: Any, seconds: int = WATCH_SECONDS) -> int:
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


def decline_at_first(clone: Path) -> Path:
    """Type the first deployment up to its last question, and decline; return the settings file that it wrote."""
    with terminal(clone, make("deploy")) as child:
        child.expect(r"AWS region \[eu-central-1\]: ")
        child.sendline("")
        child.expect(r"Email address for alarms \[none\]: ")
        child.sendline("")
        child.expect(r"Deploy\? \[y/N\]: ")
        child.sendline("n")
        child.expect("Not deployed")
        assert ended(child) != 0
    return clone / "deployments" / f"{NAME}.toml"


def edit(path: Path, values: dict[str, str]) -> None:
    """Change settings as a user does: remove the comment sign and write another value."""
    text = path.read_text(encoding="utf-8")
    for name, value in values.items():
        text, changed = re.subn(rf"^# {name} = .*$", f'{name} = "{value}"', text, flags=re.MULTILINE)
        assert changed == 1, name
    path.write_text(text, encoding="utf-8")


def deploy_typed(clone: Path, key: str) -> None:
    """Type a deployment; without a key, the command must not ask for one."""
    with terminal(clone, make("deploy")) as child:
        child.expect(r"Deploy\? \[y/N\]: ")
        child.sendline("y")
        if key:
            child.expect(r"OMDb API key \(not shown\): ")
            child.sendline(key)
        child.expect(f"reelhouse run --stack {NAME}", timeout=WATCH_SECONDS)
        assert ended(child) == 0


def delete_typed(clone: Path, name: str, answer: str) -> int:
    """Type a deletion with an answer to its question; return the command's exit status."""
    with terminal(clone, make("delete")) as child:
        child.expect(f"Type the stack's name to delete it \\[{NAME}\\]: ")
        child.sendline(name)
        child.expect(answer)
        return ended(child)


def parameters(stack: str) -> dict[str, str]:
    """Return a stack's parameters."""
    (description,) = aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {one["ParameterKey"]: one["ParameterValue"] for one in description["Parameters"]}


def templates(stack: str) -> Iterator[str]:
    """Yield the templates of a stack and its nested stacks, as uploaded and as processed."""
    for one in nested(stack):
        for stage in ("Original", "Processed"):
            body = aws.client("cloudformation").get_template(StackName=one, TemplateStage=stage)["TemplateBody"]
            yield body if isinstance(body, str) else json.dumps(body)


def stored_key() -> str:
    return str(aws.client("secretsmanager").get_secret_value(SecretId=f"{NAME}-omdb-api-key")["SecretString"])


def test_the_documented_deployment_runs_and_its_deletion_leaves_bronze_only(
    clone: Path, stack: Stack, local: State
) -> None:
    before = account()
    path = decline_at_first(clone)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert local.omdb
    everything = to_json(sample_films.source_list())
    aws.client("s3").put_object(Bucket=SOURCE_BUCKET, Key="everything.json", Body=everything)
    # The emulator's addresses; the list of all sample films; a value with a space; all else as documented.
    edit(path, {
        "SourceListUri": f"s3://{SOURCE_BUCKET}/everything.json", "OmdbUrl": f"http://127.0.0.1:{local.omdb.port}/",
        "ScheduleState": "DISABLED", "ScheduleExpression": "rate(10 minutes)", "RequireTls": "false",
    })  # fmt: skip

    deploy_typed(clone, KEY)
    assert stored_key() == KEY
    assert parameters(NAME)["ScheduleExpression"] == "rate(10 minutes)"
    assert not [text for text in templates(NAME) if re.search(r"[:\-\[,]\s*null\s*([,\n}\]]|$)", text)]
    with terminal(clone, f".venv/bin/python -m reelhouse run --stack {NAME} --top-n 20 --batch-size 5") as child:
        child.expect("20 of 20 films")
        assert ended(child) == 0

    edit(path, {"TopN": "20"})
    deploy_typed(clone, "")
    assert parameters(NAME)["TopN"] == "20"
    assert stored_key() == KEY

    bronze = delete.buckets(NAME)["BronzeBucket"]
    films = aws.list_objects(aws.client("s3"), bronze, "movies/")
    assert len(films) == 20
    assert delete_typed(clone, "reelhouse", "Nothing was deleted") != 0
    assert delete_typed(clone, NAME, f"Kept: the Bronze bucket {bronze}") == 0
    # SAM's own stack and bucket serve every SAM application of the account; the bucket holds nothing of this stack.
    left = account() - before
    assert {one for one in left if "aws-sam-cli-managed" not in one} == {f"s3: {bronze}"}
    assert aws.list_objects(aws.client("s3"), bronze, "movies/") == films
    (sam,) = [one.removeprefix("s3: ") for one in left if one.startswith("s3: aws-sam-cli-managed")]
    assert aws.list_objects(aws.client("s3"), sam, f"{NAME}/") == []
    # The key appears in nothing that was printed or written.
    folders = [one for one in clone.iterdir() if one.is_dir() and not one.is_symlink()]
    files = [one for one in [*clone.iterdir(), *(f for folder in folders for f in folder.rglob("*"))] if one.is_file()]
    files = [one for one in files if one.name != Path(__file__).name]
    assert [one for one in files if KEY.encode() in one.read_bytes()] == []
