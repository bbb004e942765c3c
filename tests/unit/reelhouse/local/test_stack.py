"""`up` checks its options before it starts or changes anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import InvalidInput, ReelhouseError
from reelhouse.local import stack
from reelhouse.local.stack import Options


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"<html>", b"name,born\nAda,1815\n", b"\xff\xfe\x00", b'[{"id": "tt1"}]']
)
def test_a_file_without_a_usable_film_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("REELHOUSE_HOME", str(home))
    path = tmp_path / "films.csv"
    path.write_bytes(content)

    with pytest.raises(ReelhouseError, match=r"films\.csv"):
        stack.up(Options(source_list=str(path)), lambda _: None)

    assert not home.exists()


@pytest.mark.parametrize(
    "given",
    [
        "/nowhere/list.json", "http://example.org/list.json", "ftp://example.org/list", "s3://", "s3://bucket/",
        ".", "/proc/self/mem", "x" * 300,
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_used_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("REELHOUSE_HOME", str(tmp_path / "home"))

    with pytest.raises(InvalidInput):
        stack.up(Options(source_list=given), lambda _: None)

    assert not (tmp_path / "home").exists()


def test_imdbs_own_export_is_a_list(tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text("Position,Const,Title\n1,tt0111161,The Shawshank Redemption\n", encoding="utf-8")

    assert stack._source(str(path)) == path.read_bytes()
