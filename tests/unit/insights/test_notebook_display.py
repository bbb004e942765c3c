"""Data frames in a notebook: text to the left, numbers to the right, and pandas' own otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

from insights import notebook_display

FRAME = pd.DataFrame({"title": ["A & B"], "year": [1994], "genres": [["Drama"]], "good": [True], "share": [0.5]})


def left(html: str) -> list[int]:
    """Places of the cells that are aligned to the left; the index is the first."""
    style = re.search(r"<style>([^<]*)\{ text-align: left; \}", html)
    return [int(column) for column in re.findall(r"nth-child\((\d+)\)", style[1])] if style else []


def test_text_is_aligned_to_the_left_and_numbers_are_not() -> None:
    html = notebook_display.aligned(FRAME)

    assert html is not None
    assert left(html) == [2, 4, 5]
    assert FRAME._repr_html_() in html
    assert left(notebook_display.aligned(FRAME.set_index(["title", "year"])) or "") == [3, 4]
    assert left(notebook_display.aligned(FRAME[["year"]]) or "") == []


def test_two_frames_on_a_page_do_not_share_their_style() -> None:
    first, second = (notebook_display.aligned(FRAME) or "" for _ in range(2))
    assert re.findall(r'id="([^"]+)"', first) != re.findall(r'id="([^"]+)"', second)


def test_wide_frames_and_several_rows_of_names_are_pandas_own() -> None:
    wide = pd.DataFrame([["text"] * 100])
    with pd.option_context("display.max_columns", 20):
        assert notebook_display.aligned(wide) == wide._repr_html_()
    grouped = FRAME.groupby("title").agg({"year": ["min", "max"]})
    assert notebook_display.aligned(grouped) == grouped._repr_html_()


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    shell = InteractiveShell.instance()
    yield shell
    InteractiveShell.clear_instance()


def test_a_notebook_shows_frames_so(shell: InteractiveShell) -> None:
    notebook_display.register_formatters()

    assert shell.display_formatter is not None
    shown, _ = shell.display_formatter.format(FRAME)  # type: ignore[no-untyped-call]
    assert left(shown["text/html"]) == [2, 4, 5]
    assert "A & B" in shown["text/plain"]
    with pd.option_context("display.notebook_repr_html", False):
        assert "text/html" not in shell.display_formatter.format(FRAME)[0]  # type: ignore[no-untyped-call]
