"""The state folder is changed only if it is Reelhouse's; its file is read completely or rejected."""

from __future__ import annotations

import json
import os
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from pipeline.errors import LocalStackError
from reelhouse.local import stack, state
from reelhouse.local.state import Process, State

VALID = {"ministack": {"pid": 7, "created": 1.5, "port": 4566}, "deployed": "x", "stopped": False}
Usage = namedtuple("Usage", ["total", "used", "free"])


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("REELHOUSE_HOME", str(folder))
    return folder


def test_a_saved_state_is_read_back() -> None:
    saved = State(ministack=Process(7, 1.5, 4566), deployed="x", stopped=False)

    state.save(saved)

    assert state.load() == saved


def test_folder_and_file_are_private(home: Path) -> None:
    state.save(State())

    assert home.stat().st_mode & 0o777 == 0o700
    assert (home / "state.json").stat().st_mode & 0o777 == 0o600


def test_nothing_saved_is_a_new_state_with_its_own_credentials() -> None:
    assert state.load().ministack is None
    assert state.load().secret_access_key != state.load().secret_access_key


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "null", "1", '"text"', "{", '{"ministack": []}', '{"ministack": {"pid": "7"}}', '{"omdb": 1}',
        '{"stopped": "yes"}', '{"access_key_id": null}', '{"ministack": {"pid": 7}}', "[" * 100_000, "NaN",
        json.dumps(VALID | {"deployed": 1}), json.dumps(VALID | {"ministack": VALID["ministack"] | {"port": 1.5}}),  # type: ignore[operator]
    ],
    ids=lambda text: text[:40] or "empty",
)  # fmt: skip
def test_a_damaged_file_is_one_error_with_a_next_step(home: Path, text: str) -> None:
    state.save(State())
    (home / "state.json").write_text(text, encoding="utf-8")

    with pytest.raises(LocalStackError, match=r"state\.json: is damaged .*`reelhouse down`, then remove this file"):
        state.load()
    assert stack.down(delete=False) is False
    (home / "state.json").unlink()
    assert state.load().ministack is None, "`reelhouse up` starts with a new record, and the data is still there"
    assert home.exists()


def test_bytes_that_are_no_text_are_damage(home: Path) -> None:
    state.save(State())
    (home / "state.json").write_bytes(b"\xff\xfe{}")

    with pytest.raises(LocalStackError, match="is damaged"):
        state.load()


def test_fields_of_a_newer_version_are_ignored(home: Path) -> None:
    state.save(State())
    (home / "state.json").write_text(json.dumps(VALID | {"new": 1}), encoding="utf-8")

    assert state.load().ministack == Process(7, 1.5, 4566)


def test_a_folder_that_is_not_reelhouses_is_left_alone(home: Path) -> None:
    home.mkdir(mode=0o755)
    (home / "thesis.txt").write_text("years of work")

    for change in (lambda: state.save(State()), lambda: stack.down(delete=True), state.claim, state.delete):
        with pytest.raises(LocalStackError, match="was not created by Reelhouse and is left alone"):
            change()

    assert [path.name for path in home.iterdir()] == ["thesis.txt"]
    assert home.stat().st_mode & 0o777 == 0o755


def test_a_file_in_the_place_of_the_folder_is_left_alone(home: Path) -> None:
    home.write_text("text")

    with pytest.raises(LocalStackError, match="left alone"):
        stack.down(delete=True)

    assert home.read_text() == "text"


def test_an_empty_folder_is_used_but_not_removed_before(home: Path) -> None:
    home.mkdir()

    state.delete()
    assert home.is_dir()

    state.save(State())
    state.delete()
    assert not home.exists()


def test_a_folder_that_cannot_be_removed_completely_is_an_error(home: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may remove anything")
    state.save(State())
    kept = home / "ministack" / "s3"
    kept.mkdir(parents=True)
    (kept / "object").touch()
    kept.chmod(0o500)

    with pytest.raises(LocalStackError, match="Permission denied"):
        state.delete()

    kept.chmod(0o700)


def test_nothing_is_created_by_down(home: Path) -> None:
    assert stack.down(delete=False) is False

    assert not home.exists()


def test_a_home_below_a_file_is_one_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("REELHOUSE_HOME", str(tmp_path / "file" / "home"))

    with pytest.raises(LocalStackError, match=r"home\.lock: .*; check the folder"):
        stack.down(delete=False)


@pytest.mark.parametrize(("free", "enough"), [(0, False), (1024**3 - 1, False), (1024**3, True)])
def test_one_gigabyte_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, enough: bool) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(4 * 1024**3, 0, free) if path.exists() else None)

    assert state.space(tmp_path / "not" / "yet").enough is enough


def test_a_nearly_full_disk_is_refused_with_its_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(4 * 1024**3, 0, 1024**3 // 2))

    with pytest.raises(LocalStackError, match=r"nearly full: 0\.5 of 4\.0 GB free at .*REELHOUSE_HOME"):
        state.require_space(tmp_path)
