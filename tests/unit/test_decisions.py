"""The decisions of docs/decisions: short, complete, and all in the index."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "decisions"
DECISIONS = sorted(FOLDER.glob("[0-9]*.md"))
MOST_LINES = 40


def test_decisions_are_dated_short_and_complete() -> None:
    for path in DECISIONS:
        lines = path.read_text(encoding="utf-8").splitlines()
        sections = [line for line in lines if line.startswith("## ")]

        assert re.fullmatch(rf"# {path.stem[:4]}\. \S.+", lines[0]), path.stem
        assert re.fullmatch(r"\d{4}-\d\d-\d\d · (accepted|superseded by \d{4}.*)", lines[2]), path.stem
        assert sections == ["## Context", "## Decision", "## Consequences"], path.stem
        assert len(lines) <= MOST_LINES, path.stem


def test_the_index_lists_every_decision_with_its_title_date_and_status() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")

    for path in DECISIONS:
        lines = path.read_text(encoding="utf-8").splitlines()
        title, (date, status) = lines[0].split(". ", 1)[1], lines[2].split(" · ")
        assert f"| [{path.stem[:4]}]({path.name}) | {title} | {date} | {status} |" in index
