"""Options that several commands share: what is read, and what is wrong usage."""

from __future__ import annotations

import pytest
import typer

from reelhouse.options import pairs


def test_pairs_are_names_and_values() -> None:
    assert pairs(["genre=Drama", "title=a=b", "note="], "x=1") == {"genre": "Drama", "title": "a=b", "note": ""}
    assert pairs(None, "x=1") == {}


@pytest.mark.parametrize(
    ("texts", "fault"),
    [
        (["Drama"], "'Drama' is not a name and a value, such as genre=Drama"),
        (["=Drama"], "'=Drama' is not a name and a value"),
        (["a=1", "a=2"], "'a=2' gives a name twice"),
    ],
)
def test_other_texts_are_wrong_usage(texts: list[str], fault: str) -> None:
    with pytest.raises(typer.BadParameter, match=fault):
        pairs(texts, "genre=Drama")
