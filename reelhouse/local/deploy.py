"""Deploying to the local stack: ``sam build`` and ``sam deploy``, the same commands that deploy to AWS.

What is built and deployed already is not built and deployed again.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from pipeline import aws, settings
from pipeline.errors import LocalStackError
from reelhouse.local import state
from reelhouse.local.state import ROOT, STACK_NAME, State

ARTIFACTS_BUCKET = "reelhouse-artifacts"
SAM = ROOT / ".sam-venv" / "bin" / "sam"
DEPLOY_SECONDS = 300
_SOURCES = ("template.yaml", "samconfig.toml", "lambdas", "pipeline", "insights")


def bring_up_to_date(current: State, parameters: dict[str, str], say: Callable[[str], None]) -> bool:
    """Build and deploy if sources or parameters differ from what is deployed; returns whether it was necessary.

    Raises
    ------
    LocalStackError
        When SAM fails, with the last lines it printed.
    """
    sources = _digest_of_sources()
    wanted = hashlib.sha256(json.dumps([sources, parameters], sort_keys=True).encode()).hexdigest()
    if current.deployed == wanted:
        return False
    if current.built != sources or not _built_template().is_file():
        _sam("build", "--build-dir", str(_built_template().parent), "--no-cached")
        current.built = sources
        say("template.yaml built by `sam build`")
    _deploy(parameters)
    current.deployed = wanted
    say(f"stack {STACK_NAME} deployed by `sam deploy`")
    return True


def _built_template() -> Path:
    return state.home() / "build" / "template.yaml"


def _digest_of_sources() -> str:
    digest = hashlib.sha256()
    for name in _SOURCES:
        top = ROOT / name
        files = sorted(top.rglob("*")) if top.is_dir() else [top]
        for path in files:
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _deploy(parameters: dict[str, str]) -> None:
    with aws.failures_of("up", ARTIFACTS_BUCKET):
        aws.ensure_bucket(aws.client("s3"), ARTIFACTS_BUCKET, state.REGION)
    # Parameters go through a file of the owner's, since a command line is there for everybody to see.
    config = state.home() / "samconfig.toml"
    config.touch(mode=0o600)
    # SAM cuts a value at its first space, such as that of `rate(10 minutes)`, unless it stands in quotation marks.
    overrides = json.dumps([f"{name}={_quoted(value)}" for name, value in parameters.items()])
    config.write_text(
        f"version = 0.1\n[default.deploy.parameters]\nparameter_overrides = {overrides}\n", encoding="utf-8"
    )
    try:
        _sam(
            "deploy", "--template-file", str(_built_template()), "--config-file", str(config),
            "--stack-name", STACK_NAME, "--s3-bucket", ARTIFACTS_BUCKET, "--capabilities", "CAPABILITY_IAM",
            "--no-confirm-changeset", "--no-fail-on-empty-changeset", "--region", state.REGION,
        )  # fmt: skip
    finally:
        config.unlink()


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '\\"') + '"'


def _sam(*arguments: str) -> None:
    log = state.home() / "logs" / f"sam-{arguments[0]}.log"
    environment = settings.environment_with(SAM_CLI_TELEMETRY="0", REELHOUSE_BUILD="local", AWS_CONFIG_FILE="/dev/null")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "OMDB_API_KEY", "OPENAI_API_KEY", "MAKEFLAGS", "MAKELEVEL"):
        environment.pop(name, None)
    with log.open("wb") as output:
        try:
            done = subprocess.run(
                [str(SAM), *arguments],
                cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                timeout=DEPLOY_SECONDS, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise LocalStackError(
                type(error).__name__, subject=f"sam {arguments[0]}", next_step="see `make run`"
            ) from error
    if done.returncode:
        raise LocalStackError(_tail(log), subject=f"sam {arguments[0]} failed", next_step=f"its whole output is {log}")


def _tail(log: Path) -> str:
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return " / ".join(line.strip() for line in lines[-5:])[-1500:]
