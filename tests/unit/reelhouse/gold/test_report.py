"""What `reelhouse report` prints about its pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from reelhouse.gold import report
from reelhouse.stack import Stack

STACK = Stack("s", {"GoldBucketName": "gold"})


def test_the_dashboard_page_is_named_when_the_folder_has_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "dashboard.html"
    page.write_text("a page", encoding="utf-8")

    report.print_dashboard(tmp_path)

    assert capsys.readouterr().out == f"Dashboard page: {page}\n"
    assert report.as_dict([], tmp_path, STACK)["dashboard"] == str(page)


def test_the_command_that_writes_the_dashboard_page_is_named_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report.print_dashboard(tmp_path)

    assert capsys.readouterr().out == "Dashboard page: not in this folder; `reelhouse dashboard` writes it\n"
    assert report.as_dict([], tmp_path, STACK)["dashboard"] is None
