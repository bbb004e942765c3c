"""Deploying to the local stack: ``sam build`` and ``sam deploy``, the same commands that deploy to AWS.

What is already built or deployed is not built or deployed again. All stacks of a checkout share one build.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml
from filelock import FileLock, Timeout

from pipeline import aws, settings
from pipeline.errors import LocalStackError
from reelhouse.local import state
from reelhouse.local.lifeline import Lifeline
from reelhouse.local.state import ROOT, STACK_NAME, State

ARTIFACTS_BUCKET = "reelhouse-artifacts"
SAM = ROOT / ".sam-venv" / "bin" / "sam"
BUILDS = ROOT / ".aws-sam" / "local"
SAM_SECONDS = 300
# How often SAM looks for the end of a deployment; its default of 5 is for AWS.
POLL_SECONDS = "0.5"
_SOURCES = ("template.yaml", "samconfig.toml", "lambdas", "pipeline", "insights")
# They would reach SAM, or the makefile and uv that it runs, and change where it deploys or what it builds.
_DROPPED = ("SAM_", "MAKE", "PYTHON", "OMDB_API_KEY", "OPENAI_API_KEY", "VIRTUAL_ENV", "PIP_TARGET", "UV_TARGET")


def bring_up_to_date(
    current: State, parameters: dict[str, str], say: Callable[[str], None], lifeline: Lifeline
) -> bool:
    """Build and deploy if sources or parameters differ from what is deployed; return whether they did.

    Raises
    ------
    LocalStackError
        When SAM fails, with the last lines of its output.
    """
    sources = _digest_of_sources()
    wanted = hashlib.sha256(json.dumps([sources, parameters], sort_keys=True).encode()).hexdigest()
    if current.deployed == wanted:
        return False
    template = _build(sources, say, lifeline)
    _deploy(template, parameters, lifeline)
    current.deployed = wanted
    say(f"stack {STACK_NAME} deployed by `sam deploy`")
    return True


def build_folder() -> Path:
    """Return the folder of what `sam build` made of the current sources, one subfolder a function."""
    return BUILDS / _digest_of_sources()[:16]


def _build(sources: str, say: Callable[[str], None], lifeline: Lifeline) -> Path:
    """Return the built template of these sources; build it unless another stack of this checkout has."""
    folder = BUILDS / sources[:16]
    template = folder / "template.yaml"
    BUILDS.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(BUILDS.with_suffix(".lock"), timeout=SAM_SECONDS):
            if template.is_file():
                return template
            unfinished = BUILDS / "unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            _sam("build", "--build-dir", str(unfinished), "--no-cached", lifeline=lifeline)
            for older in BUILDS.iterdir():
                if older != unfinished:
                    shutil.rmtree(older, ignore_errors=True)
            pack(unfinished / template.name)
            unfinished.rename(folder)
    except Timeout as error:
        raise LocalStackError(
            "another command has been building for five minutes", subject="sam build", next_step="try again"
        ) from error
    say("template.yaml built by `sam build`")
    return template


def pack(template: Path) -> None:
    """Replace the folders of code that a built template names by archives, and write the template as JSON.

    SAM would compress 150 MB at each deployment, and the emulator decompress them for each worker: these archives are
    not compressed, and functions with the same code share one. SAM parses the template 16 times; JSON, which is YAML
    too, takes a tenth of the time.
    """
    document = yaml.load(template.read_bytes(), yaml.CSafeLoader)
    for resource in document["Resources"].values():
        properties = resource.get("Properties", {})
        for name in {"CodeUri", "ContentUri"} & properties.keys():
            properties[name] = _archive(template.parent / properties[name])
    template.write_text(json.dumps(document), encoding="utf-8")


def _archive(folder: Path) -> str:
    """Replace a folder by an archive, without times, so that equal folders give one; return the file's name."""
    unnamed = folder.with_suffix(".unnamed")
    with zipfile.ZipFile(unnamed, "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.writestr(zipfile.ZipInfo(path.relative_to(folder).as_posix()), path.read_bytes())
    shutil.rmtree(folder)
    with unnamed.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return unnamed.rename(folder.with_name(f"{digest}.zip")).name


def _digest_of_sources() -> str:
    # Packages are built for the Python that runs this.
    digest = hashlib.sha256(sys.version.encode())
    for name in _SOURCES:
        for path in sorted((ROOT / name).rglob("*")) or [ROOT / name]:
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _deploy(template: Path, parameters: dict[str, str], lifeline: Lifeline) -> None:
    with aws.failures_of("up", ARTIFACTS_BUCKET):
        aws.ensure_bucket(aws.client("s3"), ARTIFACTS_BUCKET, state.REGION)
    # Parameters go through a private file, since every user can read a command line.
    config = state.home() / "samconfig.toml"
    config.touch(mode=0o600)
    config.write_text(sam_config(parameters), encoding="utf-8")
    try:
        _sam(
            "deploy", "--template-file", str(template), "--config-file", str(config),
            "--stack-name", STACK_NAME, "--s3-bucket", ARTIFACTS_BUCKET, "--capabilities", "CAPABILITY_IAM",
            "--no-confirm-changeset", "--no-fail-on-empty-changeset", "--region", state.REGION,
            lifeline=lifeline,
        )  # fmt: skip
    finally:
        config.unlink()


def sam_config(parameters: dict[str, str], tags: Mapping[str, str] | None = None) -> str:
    """Return a configuration file of SAM that gives a template's parameters, and a stack's tags, to `sam deploy`."""
    # SAM cuts a value at its first space, such as that of `rate(10 minutes)`, unless it is quoted.
    lines = ["version = 0.1", "[default.deploy.parameters]"]
    lines.append(f"parameter_overrides = {json.dumps([f'{n}={_quoted(value)}' for n, value in parameters.items()])}")
    if tags:
        lines.append(f"tags = {json.dumps([f'{_quoted(n)}={_quoted(value)}' for n, value in tags.items()])}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace('"', '\\"')
    return f'"{escaped}"'


def _environment() -> dict[str, str]:
    """Return the environment of SAM: this process's, pointed at the local stack, without settings of a person's own."""
    kept = {name: value for name, value in settings.environment_with().items() if not name.startswith(_DROPPED)}
    return kept | {
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": POLL_SECONDS,
        "__SAM_CLI_APP_DIR": str(state.home() / "sam"),  # instead of ~/.aws-sam
        "REELHOUSE_BUILD": "local",
    }


def _sam(*arguments: str, lifeline: Lifeline) -> None:
    if not SAM.is_file():
        raise LocalStackError("is not installed", subject="SAM CLI", next_step="`make environment` installs it")
    log = state.home() / "logs" / f"sam-{arguments[0]}.log"
    command = [sys.executable, "-m", "reelhouse.local.lifeline", str(lifeline.read_end), str(SAM), *arguments]
    with log.open("wb") as output, subprocess.Popen(
        command, cwd=ROOT, env=_environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        start_new_session=True, pass_fds=[lifeline.read_end],
    ) as process:  # fmt: skip
        try:
            process.wait(SAM_SECONDS)
        except subprocess.TimeoutExpired as error:
            cause = f"did not end within {SAM_SECONDS} seconds"
            raise LocalStackError(cause, subject=f"sam {arguments[0]}", next_step=f"its output is {log}") from error
        finally:
            # After a time-out or Ctrl-C, SAM would go on: it has a session of its own.
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode:
        raise LocalStackError(
            failure(log), subject=f"sam {arguments[0]} failed", next_step=f"its whole output is {log}"
        )


def failure(log: Path) -> str:
    """Return why SAM failed: CloudFormation's first resource that failed and its reason, else the log's last lines."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    header = next((line for line in lines if "ResourceStatusReason" in line), "")
    name, reason = header.find("LogicalResourceId"), header.find("ResourceStatusReason")
    for index, line in enumerate(lines):
        if header and re.match("(CREATE|UPDATE|DELETE)_FAILED ", line):
            # The table wraps long cells; the first column of a wrapped row is empty.
            row = [line, *itertools.takewhile(lambda following: following.startswith(" "), lines[index + 1 :])]
            resource = "".join(part[name:reason].strip() for part in row)
            return f"{resource}: {' '.join(part[reason:].strip() for part in row)}"[:1500]
    return " / ".join([line.strip() for line in lines if line.strip()][-5:])[-1500:]
