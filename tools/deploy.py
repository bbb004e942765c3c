"""Deploy a stack to AWS: ``make deploy STACK=reelhouse``, which is ``python -m tools.deploy reelhouse``.

The settings of a stack are in ``deployments/<stack>.toml``, which the first deployment writes and the user edits. Every
deployment passes all of them, so that none depends on the flags of an earlier command. The OMDb key is asked for
without echo when the stack is created, and passed to SAM in a temporary file that only its owner can read.

``sam deploy --guided`` is not used: it asks for an image repository because of the reports' image function, even where
that function is left out.
"""

from __future__ import annotations

import argparse
import getpass
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from pipeline import aws, settings
from pipeline.errors import InvalidInput, ReelhouseError
from reelhouse.local import catalogue
from reelhouse.local.deploy import SAM, sam_config
from reelhouse.local.state import ROOT
from reelhouse.stack import find
from tools.scale import template

DEPLOYMENTS = ROOT / "deployments"
# A Lambda function's name has at most 64 characters, and the longest here is "<stack>-GetMoviesAndSendToQueue".
MAX_NAME_LENGTH = 40
# https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html
# mx-central-1 has no AWS::Lambda::Url in cfn-lint's schemas.
REGIONS_WITHOUT_FUNCTION_URLS = {
    "ap-east-2", "ap-south-2", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-west-1",
    "eu-central-2", "eu-south-2", "il-central-1", "me-central-1", "mx-central-1",
}  # fmt: skip
# A stack in this state has no resources yet: it is created, and needs the OMDb key.
NEW = "REVIEW_IN_PROGRESS"
# States in which only deletion is possible.
_DEAD = {"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"}
_OTHER_PARTITIONS = ("cn-", "us-gov-", "us-iso", "eu-isoe-", "eusc-")


@dataclass(frozen=True)
class Deployment:
    """A stack's settings: its tags, its parameters without the OMDb key, and which of them its file sets."""

    stack: str
    region: str
    parameters: dict[str, str]
    changed: frozenset[str]
    tags: dict[str, str] = field(default_factory=dict)


def template_parameters() -> dict[str, dict[str, Any]]:
    """Return the parameters of ``template.yaml`` that a settings file may set: all but those with NoEcho."""
    return {name: body for name, body in template()["Parameters"].items() if not body.get("NoEcho")}


def check_name(stack: str) -> str:
    """Return a stack's name; raise InvalidInput when some resource could not be named after it."""
    if not re.fullmatch(r"[a-z](?:-?[a-z0-9])*", stack) or len(stack) > MAX_NAME_LENGTH:
        cause = f"must be lower-case letters, digits and single hyphens, at most {MAX_NAME_LENGTH} characters"
        raise InvalidInput(cause, subject=f"stack name {stack}", next_step="make deploy STACK=another-name")
    return stack


def check_region(region: str) -> str:
    """Return a region's name; raise InvalidInput where Lambda has no function URLs or the partition is not ``aws``."""
    hint = "choose another, such as eu-central-1"
    if not re.fullmatch(r"[a-z]{2,4}(-[a-z]+)+-\d", region):
        raise InvalidInput("is not the name of an AWS region", subject=f"region {region}", next_step=hint)
    if region.startswith(_OTHER_PARTITIONS):
        raise InvalidInput("only the commercial AWS regions are supported", subject=f"region {region}", next_step=hint)
    if region in REGIONS_WITHOUT_FUNCTION_URLS:
        raise InvalidInput("has no Lambda function URLs", subject=f"region {region}", next_step=hint)
    return region


def settings_file(stack: str) -> Path:
    """Return the path of a stack's settings file; the file need not exist."""
    return DEPLOYMENTS / f"{stack}.toml"


def write_settings(stack: str, region: str, given: Mapping[str, str], tags: Mapping[str, str] | None = None) -> Path:
    """Write a new settings file with every parameter, its description and its value or default; return its path."""
    lines = [
        f"# Settings of the stack {stack}, applied by `make deploy STACK={stack}`.",
        '# To change a setting, remove the "#" before its name and deploy again.',
        f"region = {json.dumps(region)}",
        "",
        "[parameters]",
    ]
    for name, body in template_parameters().items():
        default = body["Default"]
        value = given.get(name, str(default))
        line = f"{name} = {json.dumps(default if value == str(default) else value)}"
        lines += [f"# {body['Description']}", f"# {line}" if value == str(default) else line]
    lines += ["", "[tags]", "# Tags of the stack and of its resources, where the account demands some."]
    lines += [f"{json.dumps(name)} = {json.dumps(value)}" for name, value in (tags or {}).items()] or [
        '# Owner = "films"'
    ]
    path = settings_file(stack)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def create_settings(stack: str) -> Path:
    """Ask for what a new settings file needs, and write it; a stack that somebody else deployed keeps its settings."""
    region = ask_region()
    use_region(region)
    deployed = _created(stack)
    if deployed is None:
        return write_settings(stack, region, {"AlarmEmail": input("Email address for alarms [none]: ").strip()})
    check_ours(stack, deployed)
    print(f"Stack {stack} exists: its settings are taken from it.")
    given = {one["ParameterKey"]: one["ParameterValue"] for one in deployed.get("Parameters", [])}
    return write_settings(stack, region, given, {one["Key"]: one["Value"] for one in deployed.get("Tags", [])})


def read_settings(stack: str) -> Deployment:
    """Read a stack's settings file.

    Raises
    ------
    InvalidInput
        When it is not TOML, or has an unknown parameter, an unusable value or no usable region.
    """
    path, known = settings_file(stack), template_parameters()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"is not TOML ({error})", subject=str(path)) from error
    texts = _table_of_texts(document, "parameters", path)
    if unknown := sorted(set(texts) - set(known)):
        raise InvalidInput(f"unknown parameters: {', '.join(unknown)}", subject=str(path))
    defaults = {name: str(body["Default"]) for name, body in known.items()}
    region = check_region(str(document.get("region", "")))
    return Deployment(stack, region, defaults | texts, frozenset(texts), _table_of_texts(document, "tags", path))


def _table_of_texts(document: dict[str, Any], name: str, path: Path) -> dict[str, str]:
    """Return a table of a settings file, with its values as CloudFormation takes them."""
    given = document.get(name, {})
    if not isinstance(given, dict):
        raise InvalidInput(f"{name} must be a table: [{name}]", subject=str(path))
    if odd := sorted(key for key, value in given.items() if not isinstance(value, str | int)):
        raise InvalidInput(f"neither text nor whole numbers: {', '.join(odd)}", subject=str(path))
    # TOML's true is CloudFormation's "true".
    return {key: json.dumps(value) if isinstance(value, bool) else str(value) for key, value in given.items()}


def ask_region() -> str:
    """Ask for the AWS region; the environment's is the default."""
    default = settings.variable("AWS_REGION") or settings.variable("AWS_DEFAULT_REGION") or "eu-central-1"
    return check_region(input(f"AWS region [{default}]: ").strip() or default)


def use_region(region: str) -> None:
    """Make this process and SAM use a region, whatever the environment names."""
    settings.set_variables({"AWS_REGION": region, "AWS_DEFAULT_REGION": region})


def exists(stack: str) -> bool:
    """Return whether the account has the stack, in whatever state but a deleted or never created one."""
    return _created(stack) is not None


def check_ours(stack: str, description: Mapping[str, Any]) -> None:
    """Raise InvalidInput for another application's stack of this name: its resources would be deleted."""
    if "OmdbApiKey" not in {one["ParameterKey"] for one in description.get("Parameters", [])}:
        raise InvalidInput("it is not a stack of Reelhouse", subject=f"stack {stack}", next_step="choose another name")


def check_state(stack: str, state: str) -> None:
    """Raise InvalidInput when CloudFormation would reject an update: ``sam build`` would take a minute first."""
    if state in _DEAD:
        next_step = f"make delete STACK={stack}, then deploy again"
    elif state == "UPDATE_ROLLBACK_FAILED":
        next_step = f"aws cloudformation continue-update-rollback --stack-name {stack}, then deploy again"
    elif state.endswith("_IN_PROGRESS"):
        next_step = "wait until that has ended"
    else:
        return
    raise InvalidInput(f"it cannot be updated while {state}", subject=f"stack {stack}", next_step=next_step)


def state_of(stack: str) -> str:
    """Return a stack's state, such as CREATE_COMPLETE; "" when it was never created.

    Raises InvalidInput for another application's stack.
    """
    description = _created(stack)
    if description is None:
        return ""
    check_ours(stack, description)
    return str(description["StackStatus"])


def _created(stack: str) -> dict[str, Any] | None:
    """Return CloudFormation's description of a stack; None when it was never created, or is deleted."""
    description = _description(stack)
    return None if description is None or description["StackStatus"] == NEW else description


def _description(stack: str) -> dict[str, Any] | None:
    cloudformation = aws.client("cloudformation")
    with aws.failures_of("deploy", f"stack {stack}", "check the AWS credentials and the region"):
        try:
            (description,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
        except cloudformation.exceptions.ClientError as error:
            if aws.error_code(error) == "ValidationError":
                return None
            raise
    return dict(description)


def deploy(deployment: Deployment, omdb_api_key: str) -> None:
    """Run ``sam build`` and ``sam deploy``; raise InvalidInput when SAM fails, after it has printed the reason.

    ``omdb_api_key`` is for a new stack; "" keeps the one that an existing stack has.
    """
    values = deployment.parameters | ({"OmdbApiKey": omdb_api_key} if omdb_api_key else {})
    _sam("build")
    # The key must not be on a command line, where other users of the machine could read it. Files made this way are
    # readable by their owner only.
    with tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8") as config:
        config.write(sam_config(values, deployment.tags))
        config.flush()
        _sam(
            "deploy", "--config-file", config.name, "--stack-name", deployment.stack, "--region", deployment.region,
            "--resolve-s3", "--s3-prefix", deployment.stack, "--capabilities", "CAPABILITY_IAM",
            "--no-confirm-changeset", "--no-fail-on-empty-changeset",
        )  # fmt: skip


def _sam(*arguments: str) -> None:
    # SAM runs make, which must not take over the flags of the make that runs this.
    given = settings.environment_with(SAM_CLI_TELEMETRY="0")
    environment = {name: value for name, value in given.items() if not name.startswith("MAKE")}
    done = subprocess.run([str(SAM), *arguments], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise InvalidInput("failed; its output above names the cause", subject=f"sam {arguments[0]}")


def _confirm(deployment: Deployment) -> bool:
    with aws.failures_of("deploy", "the AWS account", "set up AWS credentials"):
        account = aws.client("sts").get_caller_identity()["Account"]
    print(f"Stack {deployment.stack}, account {account}, region {deployment.region}")
    for name in sorted(deployment.changed):
        print(f"  {name} = {deployment.parameters[name]}")
    for name, value in sorted(deployment.tags.items()):
        print(f"  tag {name} = {value}")
    return input("Deploy? [y/N]: ").strip().lower() == "y"


def _ask_key() -> str:
    key = getpass.getpass("OMDb API key (not shown): ").strip()
    if not key:
        raise InvalidInput("is empty", subject="the OMDb API key", next_step="get one at https://www.omdbapi.com/")
    return key


def _bring_gold_up_to_date(stack: str, outcome: str) -> None:
    # CloudFormation does not notice a table that was dropped from the catalogue, and resets one whose definition
    # changed. The build also takes the new code.
    try:
        deployed = find(stack)
        for name in catalogue.restore(deployed):
            print(f"{name} was missing in the catalogue and is there again")
        deployed.build_gold()
    except ReelhouseError as error:
        print(f"{outcome} Gold was not brought up to date: {error}", file=sys.stderr)


def main(arguments: list[str]) -> int:
    """Deploy a stack after asking; return 0 when it was deployed, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tools.deploy", description="Deploy a stack to AWS.")
    parser.add_argument("stack")
    stack = check_name(parser.parse_args(arguments).stack)
    if not settings_file(stack).is_file():
        path = create_settings(stack)
        print(f"Settings written to {path.relative_to(ROOT)}; edit it for all other settings.")
    deployment = read_settings(stack)
    use_region(deployment.region)
    if not _confirm(deployment):
        print("Not deployed.")
        return 1
    state = state_of(stack)
    check_state(stack, state)
    try:
        deploy(deployment, "" if state else _ask_key())
    except InvalidInput:
        if state:
            # A rollback resets the tables whose definitions it changes back.
            _bring_gold_up_to_date(stack, "Not deployed, and")
        raise
    _bring_gold_up_to_date(stack, "Deployed, but")
    print("Deployed. Start a run:")
    print(f"  AWS_REGION={deployment.region} reelhouse run --stack {stack} --top-n 20 --batch-size 5")
    return 0


def run_command(main: Callable[[list[str]], int]) -> NoReturn:
    """Run a command with this process's arguments, and exit; an error is one line, without a traceback."""
    try:
        sys.exit(main(sys.argv[1:]))
    except ReelhouseError as error:
        sys.exit(str(error))
    except (KeyboardInterrupt, EOFError):
        sys.exit("\nStopped.")


if __name__ == "__main__":
    run_command(main)
