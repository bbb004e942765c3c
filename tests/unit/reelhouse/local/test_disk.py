"""The local stack does not start on a disk that is nearly full."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from pipeline.errors import LocalStackError
from reelhouse.local import disk

Usage = namedtuple("Usage", ["total", "used", "free"])


@pytest.mark.parametrize(("free", "enough"), [(0, False), (1024**3 - 1, False), (1024**3, True)])
def test_one_gigabyte_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, enough: bool) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(4 * 1024**3, 0, free) if path.exists() else None)

    assert disk.space(tmp_path / "not" / "yet").enough is enough


def test_a_nearly_full_disk_is_refused_with_its_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(4 * 1024**3, 0, 1024**3 // 2))

    with pytest.raises(LocalStackError, match=r"nearly full: 0\.5 of 4\.0 GB free at .*REELHOUSE_HOME"):
        disk.require_space(tmp_path)
