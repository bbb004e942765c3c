"""Third-party scanners, without a network: checkov on templates, image and files, parliament on every IAM policy.

`make audit` looks the locked packages up in the databases of known vulnerabilities, which needs a network.
"""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.templates import GRANTS, RESOURCE_POLICIES, resolved

ROOT = Path(__file__).parents[2]
POLICIES = sorted((ROOT / "docs" / "aws").glob("*-policy.json"))
PARLIAMENT = """
import json, sys
from parliament import analyze_policy_string
for policy in json.load(sys.stdin):
    found = analyze_policy_string(json.dumps(policy)).findings
    print(json.dumps([f"{finding.issue}: {finding.detail}" for finding in found]))
"""
# What parliament's data do not have yet, with the page of AWS that has it.
NEWER_THAN_PARLIAMENT = {
    # https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html, since October 2025
    "UNKNOWN_CONDITION_FOR_ACTION: Unknown condition lambda:InvokedViaFunctionUrl for action lambda:InvokeFunction",
}
CHECKOV = ROOT / ".scan-venv" / "bin" / "checkov"
# Without .reelhouse.lock, which a local stack leaves in the checkout.
LOCKS = sorted(path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("[!.]*.lock"), *ROOT.glob("lambdas/*.lock")])
PINNED = re.compile(r"[a-z0-9][a-z0-9.-]*==[0-9][A-Za-z0-9.+]*( ; [^@]+)?( \\)?")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
OFFLINE = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "PATH": "/usr/bin:/bin"}


@pytest.fixture(scope="module")
def configuration() -> Any:
    return yaml.safe_load((ROOT / ".checkov.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def reports(configuration: Any, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Checkov's findings by framework, with no check skipped; without a list it skips the configured ones."""
    assert CHECKOV.is_file(), "`make .scan-venv/.ready` builds it"
    everything = tmp_path_factory.mktemp("checkov") / "everything.yaml"
    shown = configuration | {"output": ["json"], "quiet": False, "skip-check": ["NONE"]}
    everything.write_text(yaml.safe_dump(shown), encoding="utf-8")
    ran = subprocess.run(
        [CHECKOV, "--config-file", everything], cwd=ROOT, env=OFFLINE, capture_output=True, check=False, timeout=240
    )
    assert ran.returncode in (0, 1), ran.stderr.decode()
    results = json.loads(ran.stdout)
    return results if isinstance(results, list) else [results]


def test_checkov_has_read_all_templates(reports: list[Any]) -> None:
    (templates,) = [report for report in reports if report["check_type"] == "cloudformation"]
    passed = {check["file_path"].lstrip("/") for check in templates["results"]["passed_checks"]}

    assert templates["summary"]["parsing_errors"] == 0
    assert passed == {"template.yaml", "lambdas/run_reports.template.yaml", "lambdas/run_reports_image.template.yaml"}
    assert templates["summary"]["passed"] > 100


def test_checkov_finds_only_what_is_skipped_with_a_reason(reports: list[Any], configuration: Any) -> None:
    failed: dict[str, set[str]] = {}
    for report in reports:
        for check in report["results"]["failed_checks"]:
            failed.setdefault(check["check_id"], set()).add(f"{check['resource']}: {check['check_name']}")
    skipped = set(configuration["skip-check"])

    assert not {check: where for check, where in failed.items() if check not in skipped}
    assert not skipped - set(failed), "these checks pass and need not be skipped"


def test_every_skipped_check_has_its_reason() -> None:
    before = ""
    for line in (ROOT / ".checkov.yaml").read_text(encoding="utf-8").partition("skip-check:\n")[2].splitlines():
        assert line.startswith(("  # ", "  - CKV")), line
        assert not line.startswith("  - ") or before.startswith(("  # ", "  - ")), line
        before = line


def findings(policies: list[dict[str, Any]]) -> list[set[str]]:
    """Return parliament's findings for each policy."""
    command = [ROOT / ".scan-venv" / "bin" / "python", "-W", "ignore", "-c", PARLIAMENT]
    ran = subprocess.run(command, input=json.dumps(policies), capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stderr
    return [set(json.loads(line)) - NEWER_THAN_PARLIAMENT for line in ran.stdout.splitlines()]


def test_iam_knows_every_action_resource_and_condition_of_the_policies() -> None:
    statements = {f"{where} {body.get('Sid', '')}": body for where, body in [*GRANTS, *RESOURCE_POLICIES]}
    policies = {
        where: {"Version": "2012-10-17", "Statement": [resolved(where, body)]} for where, body in statements.items()
    }
    documented = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in POLICIES}
    problems = findings([*policies.values(), *documented.values()])

    assert len(documented) == 3
    assert {where: one for where, one in zip([*policies, *documented], problems, strict=True) if one} == {}


def test_parliament_would_find_a_mistake() -> None:
    statement = {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::bucket/*"]}

    assert findings([{"Version": "2012-10-17", "Statement": [statement]}]) != [set()]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_versions_and_hashes_and_no_other_source(lock: str) -> None:
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()

    assert lines
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        assert PINNED.fullmatch(line) or HASH.fullmatch(line), line
        # A package is followed by its first hash, and a line that goes on by another.
        assert line.endswith("\\") == bool(HASH.fullmatch(following)), line
        assert line.endswith("\\") or not PINNED.fullmatch(line), line


def test_every_package_comes_from_a_lock_with_hashes() -> None:
    for name in ("Makefile", "lambdas/build.mk", "lambdas/Dockerfile"):
        text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
        for line in text.splitlines():
            if re.search(r"\bpip (install|sync)\b", line):
                # Our own code is the one exception: without dependencies, and built by what is installed.
                assert "--require-hashes" in line or "--no-build-isolation --editable ." in line, f"{name}: {line}"


def test_what_is_installed_is_what_is_locked_and_complete() -> None:
    uv, python = ROOT / ".venv" / "bin" / "uv", ROOT / ".venv" / "bin" / "python"
    lock = ROOT / "requirements.lock"
    ran = subprocess.run(
        [uv, "pip", "sync", "--dry-run", "--offline", "--python", python, "--require-hashes", lock],
        env=OFFLINE, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    changes = [line.strip() for line in ran.stderr.splitlines() if re.match(r" [-+~] ", line)]

    assert ran.returncode == 0, ran.stderr
    assert [change.partition("==")[0] for change in changes] == ["- reelhouse"], ran.stderr
    # What pyproject.toml leaves out on purpose is all that may be missing.
    left_out = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]["exclude-dependencies"]
    check = subprocess.run(
        [uv, "pip", "check", "--python", python], capture_output=True, text=True, check=False, timeout=60
    )
    faults = [line for line in check.stderr.splitlines() if line.startswith("The package")]
    assert check.returncode == (1 if faults else 0), check.stderr
    assert [line for line in faults if not re.search(rf"requires `({'|'.join(left_out)})\b", line)] == []
