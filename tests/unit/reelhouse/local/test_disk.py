"""The local stack does not start on a disk that is nearly full."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import LocalStackError
from reelhouse.local import disk
from reelhouse.local.disk import DiskSpace


def test_the_space_of_a_folder_that_is_not_there_yet_is_measured(tmp_path: Path) -> None:
    found = disk.space(tmp_path / "not" / "yet")

    assert 0 < found.free_bytes <= found.total_bytes


def test_a_nearly_full_disk_is_refused_with_its_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "NEEDED_BYTES", 1 << 60)

    with pytest.raises(LocalStackError, match=r"nearly full: \d+\.\d of \d+\.\d GB free at .*REELHOUSE_HOME"):
        disk.require_space(tmp_path)


@pytest.mark.parametrize(("free", "enough"), [(0, False), (1024**3 - 1, False), (1024**3, True)])
def test_one_gigabyte_is_enough(free: int, enough: bool) -> None:
    assert DiskSpace(Path("/"), free, 1024**4).enough is enough
