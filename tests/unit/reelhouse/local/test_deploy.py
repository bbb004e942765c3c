"""What `sam build` made is packed once, and SAM never outlives the command that runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import psutil
import pytest

from pipeline.errors import LocalStackError
from reelhouse.local import deploy, state
from reelhouse.local.deploy import pack
from reelhouse.local.lifeline import Lifeline
from tests.running import wait_until

TEMPLATE = """
Globals: { Function: { CodeUri: . } }
Resources:
  First: { Type: "AWS::Serverless::Function", Properties: { CodeUri: First } }
  Second: { Type: "AWS::Serverless::Function", Properties: { CodeUri: Second } }
  Layer: { Type: "AWS::Serverless::LayerVersion", Properties: { ContentUri: Layer } }
  Tables: { Type: "AWS::CloudFormation::Stack", Properties: { TemplateURL: Tables/template.yaml } }
  Bucket: { Type: "AWS::S3::Bucket" }
"""


def test_functions_with_the_same_code_share_an_archive(tmp_path: Path) -> None:
    code = {"lambdas/step.py": b"def handler(event, context): ...", "CODE_VERSION": b"1"}
    for folder, files in {"First": code, "Second": code, "Layer": {"python/package.py": b""}}.items():
        for name, body in files.items():
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
            os.utime(path, (len(folder), len(folder)))
    template = tmp_path / "template.yaml"
    template.write_text(TEMPLATE, encoding="utf-8")

    pack(template)

    written = json.loads(template.read_text(encoding="utf-8"))["Resources"]
    first, second, layer, tables, _ = (resource.get("Properties", {}) for resource in written.values())
    assert first["CodeUri"] == second["CodeUri"] != layer["ContentUri"]
    assert tables == {"TemplateURL": "Tables/template.yaml"}
    with zipfile.ZipFile(tmp_path / first["CodeUri"]) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == code
        assert {member.compress_type for member in archive.infolist()} == {zipfile.ZIP_STORED}
    # Only what is deployed is kept.
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        {first["CodeUri"], layer["ContentUri"], template.name}
    )


def test_functions_are_packed_into_a_folder_with_any_name(tmp_path: Path) -> None:
    folder = tmp_path / """it's "$HOME" ü; $(exit 1)"""
    folder.mkdir()
    # Installing packages is left out: it takes seconds.
    command = ["make", "--silent", "build-AggregateToGold", "UV=/bin/true", f"BIN={Path(sys.executable).parent}"]

    done = subprocess.run(
        command, cwd=state.ROOT, env={**os.environ, "ARTIFACTS_DIR": str(folder), "REELHOUSE_BUILD": "local"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "pipeline" / "CODE_VERSION").is_file()
    assert list((folder / "pipeline" / "__pycache__").glob("settings.*.pyc"))
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_sam_ends_with_all_its_processes_when_it_takes_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build that goes on would write into the folder of the next one."""
    monkeypatch.setenv("REELHOUSE_HOME", str(tmp_path / "home"))
    state.save(state.State())
    sam = tmp_path / "sam"
    sam.write_text(
        f"#!/bin/sh\nsleep 600 &\necho $! > {tmp_path}/pid.new\nmv {tmp_path}/pid.new {tmp_path}/pid\nwait\n"
    )
    sam.chmod(0o700)
    monkeypatch.setattr(deploy, "SAM", sam)
    monkeypatch.setattr(deploy, "SAM_SECONDS", 2)

    with Lifeline() as lifeline, pytest.raises(LocalStackError, match="sam build: did not end within 2 seconds"):
        deploy._sam("build", lifeline=lifeline)

    child = int((tmp_path / "pid").read_text())
    wait_until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)


def test_a_missing_sam_is_one_line_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REELHOUSE_HOME", str(tmp_path / "home"))
    state.save(state.State())
    monkeypatch.setattr(deploy, "SAM", tmp_path / "sam")

    with Lifeline() as lifeline, pytest.raises(LocalStackError, match="make environment"):
        deploy._sam("build", lifeline=lifeline)


@pytest.mark.parametrize("state", ["CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED"])
def test_a_failed_deployment_names_the_resource_and_its_reason_and_not_the_roll_back(
    state: str, tmp_path: Path
) -> None:
    log = tmp_path / "sam-deploy.log"
    log.write_text(f"""\
ResourceStatus           ResourceType             LogicalResourceId        ResourceStatusReason
-------------------------------------------------------------------------------------------------
UPDATE_IN_PROGRESS       AWS::S3::Bucket          GoldBucket
{state}            AWS::CloudFormation::S   GlueTables               AWS::Glue::Table
                         tack                                              create failed: Table
                                                                           movies already exists
UPDATE_ROLLBACK_COMPLE   AWS::CloudFormation::S   reelhouse
TE                       tack
Error: Failed to create/update the stack
""")

    assert deploy.failure(log) == "GlueTables: AWS::Glue::Table create failed: Table movies already exists"

    log.write_text("Error: no credentials\n")
    assert deploy.failure(log) == "Error: no credentials"
