"""Folders of killed processes are removed by the next one, and those of living ones are left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from pipeline.errors import InvalidInput
from pipeline.workspace import Workspace, private_folder

LIVING = """
import sys, tempfile
tempfile.tempdir = sys.argv[1]
from pipeline.workspace import Workspace
workspace = Workspace()
print(workspace.folder, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_a_workspaces_folder_is_deleted_with_it() -> None:
    workspace = Workspace()
    folder = workspace.folder
    assert folder.is_dir()

    del workspace

    assert not folder.exists()


def test_no_other_user_meets_the_folders(tmp_path: Path) -> None:
    workspace = Workspace()
    (parent,) = tmp_path.iterdir()

    assert workspace.folder.parent == parent
    assert parent.name == f"reelhouse-{os.getuid()}"
    assert parent.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_another_user_made_first_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its owner could replace the files in it; the file behind a link named as the lock would be emptied."""
    us = os.getuid()
    precious, elsewhere = tmp_path / "precious", tmp_path / "elsewhere"
    precious.write_text("kept")
    elsewhere.mkdir()
    (tmp_path / f"reelhouse-{us}").symlink_to(elsewhere)
    (tmp_path / f"reelhouse-{us + 1}").mkdir()
    (tmp_path / f"reelhouse-{us + 1}" / "lock").symlink_to(precious)

    for uid in (us, us + 1):
        monkeypatch.setattr(os, "getuid", lambda uid=uid: uid)
        with pytest.raises(InvalidInput, match="not a folder of this user"):
            Workspace()
    assert (precious.read_text(), list(elsewhere.iterdir())) == ("kept", [])


def test_a_folder_that_is_open_to_others_is_closed(tmp_path: Path) -> None:
    (tmp_path / f"reelhouse-{os.getuid()}").mkdir(mode=0o777)

    assert private_folder().stat().st_mode & 0o777 == 0o700


def test_folders_of_killed_processes_are_removed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LIVING, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        left = Path(process.stdout.readline().strip())
        (left / "silver").mkdir()

        first = Workspace()
        assert left.is_dir(), "its process lives"

        process.send_signal(signal.SIGKILL)
        process.wait()
        second = Workspace()

    assert not left.exists()
    assert first.folder.is_dir()
    assert second.folder.is_dir()
